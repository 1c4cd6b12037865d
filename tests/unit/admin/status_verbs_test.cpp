// Status, peers and events.
#include <gtest/gtest.h>

#include <sstream>

#include "admin/api/event_filter.h"
#include "admin/api/peer_rows.h"
#include "admin/api/problems.h"
#include "admin/api/settings_alarm.h"
#include "admin/print/print.h"
#include "fake_node.h"

namespace sallyport::test {
namespace {

xmpp::DomainPair pair(const std::string& local, const std::string& remote) {
    return {*xmpp::Domain::parse(local), *xmpp::Domain::parse(remote)};
}

link::SessionStatus open_link(std::vector<std::string> bound, Role far_role = Role::core) {
    link::SessionStatus link;
    link.state = link::LinkState::open;
    link.far_realm = "core1-b-test";
    link.far_role = far_role;
    link.bound = std::move(bound);
    return link;
}

s2s::StreamStatus stream(s2s::Direction direction, std::vector<s2s::Inbound::Pair> pairs) {
    s2s::StreamStatus status;
    status.direction = direction;
    status.pairs = std::move(pairs);
    status.state = "open";
    status.tls_version = "TLSv1.3";
    status.remote_address = "192.0.2.1:5269";
    status.stanzas_in = direction == s2s::Direction::inbound ? 7 : 0;
    status.stanzas_out = direction == s2s::Direction::outbound ? 9 : 0;
    return status;
}

bool has_problem(FakeNode& node, const std::string& part) {
    const auto found = admin::problems({node.current, node.node_file, *node.settings().snapshot(), node.loop().wall()});
    for (const auto& problem : found) {
        EXPECT_FALSE(problem.remedy.empty()) << problem.text;
        if (problem.text.find(part) != std::string::npos) return true;
    }
    return false;
}

TEST(Status, NamesWhatIsWrong) {
    FakeNode node{{{"federation.enabled", "false"}}};
    node.current.federation_enabled = false;
    node.board.raise(services::AlarmCode::settings_store, "the database", "the disk is full");
    node.current.alarms = node.board.standing();
    EXPECT_TRUE(has_problem(node, "federation is off"));
    EXPECT_TRUE(has_problem(node, "the link to a core is down: no core has dialled this node"));
    EXPECT_TRUE(has_problem(node, "no domain of ours federates"));
    EXPECT_TRUE(has_problem(node, "the disk is full"));
    EXPECT_TRUE(has_problem(node, "the allow list is empty"));
}

TEST(Status, WarnsOfRouterLinksOnWhichANodeCouldPassForAnother) {
    FakeNode node;
    EXPECT_FALSE(has_problem(node, "link.accept"));
    node.node_file.weak_links = {{"link.accept: names no core", "`sallyport init --migrate` fixes it"}};
    EXPECT_TRUE(has_problem(node, "link.accept: names no core"));
}

TEST(Status, CountsWhatStreamsCarriedThatAreGone) {
    FakeNode node;
    const xmpp::DomainPair pair{*xmpp::Domain::parse("b.test"), *xmpp::Domain::parse("a.test")};
    node.current.streams = {stream(s2s::Direction::inbound, {{pair, s2s::Method::dialback, false}}),
                            stream(s2s::Direction::outbound, {{pair, s2s::Method::dialback, false}})};
    const auto counted = [&] {
        const auto status = node.ask("status");
        const auto& totals = status.at("streams");
        return std::pair{totals.at("stanzas_in").to_number<int>(), totals.at("stanzas_out").to_number<int>()};
    };
    EXPECT_EQ(counted(), (std::pair{7, 9}));
    node.current.streams.clear();
    node.current.counters.stanzas_in = 7;
    node.current.counters.stanzas_out = 9;
    EXPECT_EQ(counted(), (std::pair{7, 9}));
}

TEST(Status, WarnsBeforeACertificateExpires) {
    FakeNode node;
    admin::OwnCertificate own{admin::CertificateUse::s2s, "b.test", "b.pem", {}};
    own.facts.dns_names = {"b.test"};
    own.facts.not_after = node.loop().wall() + std::chrono::hours{24 * 3 + 1};
    node.current.certificates = {own};
    EXPECT_TRUE(has_problem(node, "the certificate for s2s b.test expires within 7 days: b.pem, 3 days left"));
    node.current.certificates[0].facts.not_after += std::chrono::hours{24 * 20};
    EXPECT_TRUE(has_problem(node, "expires within 30 days")) << "as the alarm says";
    EXPECT_FALSE(has_problem(node, "no certificate covers"));
    node.current.certificates[0].facts.not_after = node.loop().wall() - std::chrono::hours{1};
    EXPECT_TRUE(has_problem(node, "has expired"));
    node.current.certificates.clear();
    EXPECT_TRUE(has_problem(node, "no certificate covers b.test"));
}

TEST(Status, ShowsAlarmsAsProblemsAndTheChain) {
    FakeNode node;
    node.board.raise(services::AlarmCode::ssh_host_key, "10.20.0.10:2222", "it shows another");
    node.current.alarms = node.board.standing();
    node.current.chain = {{"received on core1.b.test", StepState::pending, {"the connection is down"}}};
    EXPECT_TRUE(has_problem(node, "10.20.0.10:2222 presents another SSH host key"));
    const auto status = node.ask("status");
    EXPECT_EQ(text_at(status.at("alarms").at(0), "code"), "ssh.host_key");
    EXPECT_EQ(text_at(status.at("chain").at(0), "state"), "pending");
}

TEST(Status, NamesPartnersThatTakeNothingThoughAStreamIsOpen) {
    FakeNode node;
    for (int n = 0; n < 7; ++n) {
        s2s::DestinationStatus& to = node.current.destinations.emplace_back();
        to.pair = pair("b.test", "n" + std::to_string(n) + ".test");
        to.phase = s2s::PairPhase::ready;
        to.unacknowledged = 20;
        to.queued = 3;
    }
    EXPECT_FALSE(has_problem(node, "n0.test")) << "a window that is full is no finding";
    node.current.destinations[0].stalled = std::chrono::seconds{30};
    EXPECT_TRUE(
        has_problem(node, "n0.test has made no progress for 30 s: 20 stanzas are unacknowledged, 3 are queued"));
    EXPECT_FALSE(has_problem(node, "n1.test"));
    for (auto& to : node.current.destinations) to.stalled = std::chrono::seconds{30};
    EXPECT_TRUE(has_problem(node, "n4.test has made no progress"));
    EXPECT_FALSE(has_problem(node, "n5.test")) << "five are named, the rest are counted";
    EXPECT_TRUE(has_problem(node, "2 more domains make no progress"));
    EXPECT_NE(text_at(node.ask("status"), "problems").find("\"peer.stalled\""), std::string::npos);
}

TEST(Status, NamesDomainsToWhichTooMuchIsUnderWay) {
    FakeNode node;
    EXPECT_FALSE(has_problem(node, "slow.test"));
    node.current.slow_partners = {{"slow.test", Role::edge, 812, 8 << 20, 0}};
    EXPECT_TRUE(has_problem(node, "812 stanzas (8192 KiB) to slow.test are unacknowledged"));
    EXPECT_FALSE(has_problem(node, "were refused"));
    node.current.slow_partners.front().refused = 90;
    EXPECT_TRUE(has_problem(node, "90 were refused"));
    node.current.slow_partners = {{"slow.test", Role::edge, 1, 8 << 20, 1}};
    EXPECT_TRUE(has_problem(node, "1 stanza (8192 KiB) to slow.test is unacknowledged"));
    EXPECT_TRUE(has_problem(node, "1 was refused"));
    node.current.held_for_link = 1;
    EXPECT_TRUE(has_problem(node, "1 stanza is held for a link"));
    node.current.held_for_link = 2;
    EXPECT_TRUE(has_problem(node, "2 stanzas are held for a link"));
}

/// A reader of JSON refuses the whole answer for one byte that is no UTF-8: whoever chose a name would hide all the
/// rest.
TEST(Alarms, AreReadableWhateverTheirWordsAreCutFrom) {
    FakeNode node;
    std::string words = "x";
    for (int i = 0; i < 400; ++i) words += "ü";
    node.board.raise(services::AlarmCode::link_stanza, "core1", words);
    const auto standing = node.ask("alarms");
    EXPECT_EQ(text_at(standing.at("alarms").at(0), "detail"), words.substr(0, 499));
}

TEST(Events, AreReadableWhateverIsInOneOfThem) {
    FakeNode node;
    node.log_event(LogModule::s2s, LogLevel::info, "s2s.one", {{"from", "h\xC3"}});
    node.log_event(LogModule::s2s, LogLevel::info, "s2s.two", {{"from", "a.test"}});
    const auto found = node.ask("events").at("events");
    ASSERT_EQ(found.as_array().size(), 2U);
    EXPECT_EQ(text_at(found.at(0).at("facts"), "from"), "h\xEF\xBF\xBD");
}

TEST(Alarms, AreListedWithTheirCureAndThoseLoweredOnRequest) {
    FakeNode node;
    node.board.raise(services::AlarmCode::ssh_down, "a", "no answer");
    node.board.raise(services::AlarmCode::ssh_down, "b", "no answer");
    node.board.lower(services::AlarmCode::ssh_down, "b");
    const auto standing = node.ask("alarms");
    ASSERT_EQ(standing.at("alarms").as_array().size(), 1u);
    EXPECT_EQ(text_at(standing.at("alarms").at(0), "key"), "a");
    EXPECT_NE(text_at(standing.at("alarms").at(0), "cure"), "(absent)");
    EXPECT_EQ(text_at(standing, "lowered"), "(absent)");
    EXPECT_EQ(text_at(node.ask("alarms", R"({"all":true})").at("lowered").at(0), "key"), "b");
}

TEST(Status, IsContentWithAHealthyNode) {
    FakeNode node{{{"federation.enabled", "true"},
                   {"federation.domains", R"(["b.test"])"},
                   {"federation.allow_list", R"(["a.test"])"}}};
    admin::OwnCertificate own{admin::CertificateUse::s2s, "b.test", "b.pem", {}};
    own.facts.dns_names = {"b.test"};
    own.facts.not_after = node.loop().wall() + std::chrono::hours{24 * 90};
    node.current.certificates = {own};
    node.current.links = {open_link({"b.test"})};
    EXPECT_EQ(text_at(node.ask("status"), "problems"), "[]");
}

TEST(PeerRows, JoinDirectionsAndQueueOfAPair) {
    admin::NodeStatus status;
    status.streams = {stream(s2s::Direction::inbound, {{pair("b.test", "a.test"), s2s::Method::dialback, false},
                                                       {pair("rooms.b.test", "a.test"), s2s::Method::none, true}}),
                      stream(s2s::Direction::outbound, {{pair("b.test", "a.test"), s2s::Method::external, false}})};
    s2s::DestinationStatus waiting;
    waiting.pair = pair("b.test", "c.test");
    waiting.phase = s2s::PairPhase::waiting;
    waiting.queued = 4;
    waiting.failure = xmpp::Failure{.stage = Stage::tcp, .why = "connection refused"};
    waiting.users = {"anna@b.test"};
    waiting.users_more = 3;
    status.destinations = {waiting};
    const auto rows = admin::peer_rows(status);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].local, "b.test");
    EXPECT_TRUE(rows[0].inbound && rows[0].outbound);
    EXPECT_EQ(rows[0].stanzas_in, 7u);
    EXPECT_EQ(rows[0].stanzas_out, 9u);
    EXPECT_EQ(rows[1].local, "rooms.b.test");
    EXPECT_FALSE(rows[1].inbound);
    EXPECT_EQ(rows[1].stanzas_in, 0u) << "a stream's counters are shown once";
    EXPECT_EQ(rows[2].state, "waiting");
    EXPECT_EQ(rows[2].queued, 4u);
    EXPECT_EQ(rows[2].last_error, "connection refused");
    EXPECT_EQ(rows[2].last_rule, "tcp");
    EXPECT_EQ(rows[2].users, std::vector<std::string>{"anna@b.test"});
    EXPECT_EQ(rows[2].users_more, 3u);
}

TEST(PeerRows, KeepWhatAProvedStreamSaysWhileAnotherOpens) {
    admin::NodeStatus status;
    s2s::StreamStatus opening;
    opening.remote = "a.test";
    opening.local = "b.test";
    opening.remote_address = "192.0.2.1:40000";
    status.streams = {stream(s2s::Direction::outbound, {{pair("b.test", "a.test"), s2s::Method::external, false}}),
                      opening};
    const auto rows = admin::peer_rows(status);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].tls, "TLSv1.3");
    EXPECT_EQ(rows[0].address, "192.0.2.1:5269");
    EXPECT_EQ(rows[0].streams, 2u);
}

TEST(PeerRows, ShowOnACoreWhatTheEdgeDescribed) {
    admin::NodeStatus status;
    status.described = {
        {"edge1-b-test", "b.test", "a.test", "in", "external", "TLSv1.3", "X", "192.0.2.1:5269", "v-1", {}}};
    const auto rows = admin::peer_rows(status);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_TRUE(rows[0].inbound);
    EXPECT_FALSE(rows[0].outbound);
    EXPECT_EQ(rows[0].via, "edge1-b-test");
}

TEST(PeerVerbs, ShowOnlyTheDomainAskedFor) {
    FakeNode node;
    node.current.streams = {
        stream(s2s::Direction::inbound, {{pair("b.test", "a.test"), s2s::Method::dialback, false}}),
        stream(s2s::Direction::inbound, {{pair("b.test", "x.a.test"), s2s::Method::dialback, false}})};
    const auto answer = node.ask("peers.show", R"({"domain":"A.test"})");
    EXPECT_EQ(answer.as_object().at("streams").as_array().size(), 1u);
    EXPECT_EQ(text_at(answer, "known"), "true");
    EXPECT_EQ(text_at(node.ask("peers.show", R"({"domain":"c.test"})"), "known"), "false");
}

TEST(PeerVerbs, NameTheUsersWhomAFailingDomainHurts) {
    FakeNode node;
    s2s::DestinationStatus& failing = node.current.destinations.emplace_back();
    failing.pair = pair("b.test", "a.test");
    failing.failure = xmpp::Failure{.stage = Stage::tcp, .why = "connection refused"};
    failing.users = {"anna@b.test", "bert@b.test"};
    failing.users_more = 3;
    const auto listed = node.ask("peers.list");
    EXPECT_EQ(text_at(listed.at("peers").at(0), "users"), R"(["anna@b.test","bert@b.test"])");
    EXPECT_EQ(text_at(listed.at("peers").at(0), "users_more"), "3");
    const auto shown = node.ask("peers.show", R"({"domain":"a.test"})");
    EXPECT_EQ(text_at(shown.at("destinations").at(0), "users"), R"(["anna@b.test","bert@b.test"])");
    std::ostringstream list, one;
    admin::print_peers(listed, list);
    EXPECT_NE(list.str().find("affects users: anna@b.test, bert@b.test and 3 more"), std::string::npos) << list.str();
    node.current.streams = {stream(s2s::Direction::inbound, {})};
    node.current.streams[0].remote = "a.test";
    admin::print_peer(node.ask("peers.show", R"({"domain":"a.test"})"), one);
    EXPECT_NE(one.str().find("affects users   anna@b.test, bert@b.test and 3 more"), std::string::npos) << one.str();
}

TEST(PeerVerbs, AnswerWithPlainDecimals) {
    FakeNode node;
    node.pong = Duration{std::chrono::microseconds{6408}};
    (void)node.run(R"({"verb":"peers.ping","args":{"domain":"a.test"}})");
    EXPECT_NE(node.said.find("\"milliseconds\":6.408}"), std::string::npos) << node.said;
}

TEST(PeerVerbs, PingFromOurFirstDomainAndTellTheMilestones) {
    FakeNode node;
    node.log_event(LogModule::s2s, LogLevel::info, "s2s.old", {{"pair", "b.test:a.test"}});
    node.loop().post([&] {
        node.log_event(LogModule::dns, LogLevel::info, "dns.lookup.started", {{"domain", "a.test"}});
        node.log_event(LogModule::dns, LogLevel::info, "dns.lookup.started", {{"domain", "other.test"}});
    });
    const auto lines = node.run(R"({"verb":"peers.ping","args":{"domain":"a.test"}})");
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(text_at(lines[0].as_object().at("event"), "event"), "dns.lookup.started");
    EXPECT_EQ(text_at(lines[1].as_object().at("result"), "local"), "b.test");
    EXPECT_EQ(node.pinged, std::vector<std::string>{"b.test:a.test"});
    node.pong = Error{"ping-no-answer", "no answer"};
    EXPECT_EQ(code_of(node.ask("peers.ping", R"({"domain":"a.test","from":"b.test"})")), "ping-no-answer");
}

TEST(PeerVerbs, CloseTellsWhenThereIsNothingToClose) {
    FakeNode node;
    EXPECT_EQ(text_at(node.ask("peers.close", R"({"domain":"a.test"})"), "closed"), "2");
    node.streams_to_close = 0;
    EXPECT_EQ(code_of(node.ask("peers.close", R"({"domain":"a.test"})")), "peer-unknown");
}

TEST(PeerVerbs, TraceIsOfADomainOrAPairAndForAWhile) {
    FakeNode node;
    EXPECT_EQ(text_at(node.ask("peers.trace", R"({"domain":"a.test"})"), "seconds"), "60");
    EXPECT_EQ(node.traced.remote.text() + node.traced.local.text(), "a.test");
    EXPECT_EQ(text_at(node.ask("peers.trace", R"({"domain":"a.test","from":"b.test","for":3600})"), "local"), "b.test");
    EXPECT_EQ(node.traced.local.text(), "b.test");
    EXPECT_EQ(node.traced.span, std::chrono::hours{1});
    EXPECT_EQ(field_of(node.ask("peers.trace", R"({"domain":"a.test","for":3601})")), "for");
    node.ask("peers.trace", R"({"domain":"a.test","for":0})");
    EXPECT_EQ(node.traced.span.count(), 0);
}

TEST(EventFilter, FindsPeersAsWholeNames) {
    EXPECT_TRUE(admin::mentions("b.test:a.test", "a.test"));
    EXPECT_TRUE(admin::mentions("a.test", "a.test"));
    EXPECT_TRUE(admin::mentions("look-up of a.test.", "a.test"));
    EXPECT_TRUE(admin::mentions("192.0.2.1:5269", "192.0.2.1"));
    EXPECT_FALSE(admin::mentions("x.a.test", "a.test"));
    EXPECT_FALSE(admin::mentions("a.test.example", "a.test"));
    EXPECT_FALSE(admin::mentions("192.0.2.10", "192.0.2.1"));
}

TEST(Events, AreFilteredAndNumbered) {
    FakeNode node;
    node.log_event(LogModule::s2s, LogLevel::info, "s2s.one", {{"pair", "b.test:a.test"}});
    node.log_event(LogModule::link, LogLevel::warn, "link.two", {{"far", "core"}});
    node.log_event(LogModule::s2s, LogLevel::warn, "s2s.three", {{"pair", "b.test:c.test"}});
    const auto names = [&](const std::string& arguments) {
        std::string all;
        const auto answer = node.ask("events", arguments);
        for (const auto& event : answer.as_object().at("events").as_array()) {
            all += text_at(event, "event") + " ";
        }
        return all;
    };
    EXPECT_EQ(names("{}"), "s2s.one link.two s2s.three ");
    EXPECT_EQ(names(R"({"limit":1})"), "s2s.three ");
    EXPECT_EQ(names(R"({"level":"warn","module":"developer.xcp.federation"})"), "s2s.three ");
    EXPECT_EQ(names(R"({"module":"s2s,link"})"), "s2s.one link.two s2s.three ");
    EXPECT_EQ(names(R"({"module":"link, settings"})"), "link.two ");
    EXPECT_EQ(names(R"({"peer":"A.test"})"), "s2s.one ");
    EXPECT_EQ(names(R"({"after":2})"), "s2s.three ");
    EXPECT_EQ(field_of(node.ask("events", R"({"module":"nothing"})")), "module");
    EXPECT_EQ(field_of(node.ask("events", R"({"module":"s2s,nothing"})")), "module");
    EXPECT_EQ(field_of(node.ask("events", R"({"level":"loud"})")), "level");
}

TEST(LogLevel, IsSetForOneModuleOrAll) {
    FakeNode node;
    EXPECT_EQ(code_of(node.ask("log.level")), "verb-role") << "this one keeps no levels";
    node.add_diagnostics();
    node.ask("log.level", R"({"module":"developer.xcp.federation","level":"debug"})");
    EXPECT_EQ(node.node_log->level(LogModule::s2s), LogLevel::debug);
    const auto rows = node.ask("log.level").as_object().at("modules").as_array();
    ASSERT_EQ(rows.size(), static_cast<std::size_t>(LogModule::count_) - 1) << "tls has no lines of its own";
    EXPECT_EQ(boost::json::serialize(rows[2].at("offered")), R"(["debug","info","warn","error","off"])");
    EXPECT_EQ(boost::json::serialize(rows[0].at("offered")), R"(["info","warn","error","off"])");
    EXPECT_EQ(field_of(node.ask("log.level", R"({"module":"node","level":"debug"})")), "level")
        << "it has no such lines";
    EXPECT_EQ(field_of(node.ask("log.level", R"({"module":"s2s","level":"trace"})")), "level");
    node.ask("log.level", R"({"module":"all","level":"debug"})");
    EXPECT_EQ(node.node_log->level(LogModule::node), LogLevel::info) << "as far as it goes";
    EXPECT_EQ(node.node_log->level(LogModule::users), LogLevel::debug);
    EXPECT_EQ(text_at(rows[2], "module") + text_at(rows[2], "level") + text_at(rows[2], "origin"), "s2sdebugrun time");
    EXPECT_EQ(text_at(rows[1], "origin"), "default");
    node.ask("log.level", R"({"module":"all","level":"off"})");
    EXPECT_EQ(node.node_log->level(LogModule::users), LogLevel::off);
    node.ask("log.level", R"({"module":"all","level":"reset"})");
    EXPECT_EQ(node.node_log->level(LogModule::users), LogLevel::info);
    EXPECT_EQ(field_of(node.ask("log.level", R"({"module":"s2s","level":"debug","for":0})")), "for");
    EXPECT_EQ(field_of(node.ask("log.level", R"({"module":"x","level":"debug"})")), "module");
    EXPECT_EQ(field_of(node.ask("log.level", R"({"module":"s2s","level":"loud"})")), "level");
}

TEST(Events, OfADiskAreFilteredAlike) {
    FakeNode node;
    node.add_diagnostics();
    const Logger log{*node.node_log, LogModule::s2s};
    log.info("s2s.one", {{"pair", "b.test:a.test"}});
    log.warn("s2s.two", {{"pair", "b.test:x.a.test"}});
    const auto count = [&](const std::string& arguments) {
        return node.ask("events", arguments).as_object().at("events").as_array().size();
    };
    EXPECT_EQ(count("{}"), 2u);
    EXPECT_EQ(count(R"({"peer":"a.test"})"), 1u);
    EXPECT_EQ(count(R"({"code":"s2s.t","module":"XMPPFederation"})"), 1u);
    EXPECT_EQ(count(R"({"module":"settings,s2s"})"), 2u);
    EXPECT_EQ(count(R"({"module":"settings,link"})"), 0u);
    EXPECT_EQ(count(R"({"since":"1h"})"), 2u);
    EXPECT_EQ(count(R"({"until":"2020-02-29T23:59:59Z"})"), 0u);
    EXPECT_EQ(field_of(node.ask("events", R"({"since":"2021-02-29T00:00:00Z"})")), "since");
}

TEST(Notifications, SayHowGraveTheyAreInWords) {
    FakeNode node;
    node.noted.emplace();
    for (const std::int64_t severity : {3, 4, 5, 99}) {
        io::Notification one;
        one.severity = severity;
        one.count = 2;
        one.description = "the router requires a restart";
        one.origin = "router configuration";
        one.created = node.loop().wall();
        one.verb = severity == 5 ? "restart.router" : "";
        node.noted->push_back(one);
    }
    const auto answer = node.ask("notifications");
    std::string words;
    for (const auto& one : answer.as_object().at("notifications").as_array()) {
        EXPECT_TRUE(one.at("severity").is_string()) << boost::json::serialize(one);
        words += text_at(one, "severity") + " ";
    }
    EXPECT_EQ(words, "error warning notice severity 99 ");
    const auto& all = answer.as_object().at("notifications").as_array();
    EXPECT_TRUE(all.at(0).at("verb").is_null());
    EXPECT_EQ(text_at(all.at(2), "verb"), "restart.router");
    std::ostringstream printed;
    admin::print_notifications(answer, printed);
    EXPECT_NE(printed.str().find("notice"), std::string::npos) << printed.str();
}

TEST(Alarms, AreAcknowledgedByNumber) {
    FakeNode node;
    node.board.raise(services::AlarmCode::ssh_down, "a", "x");
    EXPECT_EQ(text_at(node.ask("alarms.ack", R"({"number":1,"note":"seen"})"), "acknowledged_by"), "anna");
    EXPECT_EQ(code_of(node.ask("alarms.ack", R"({"number":7})")), "alarm-unknown");
}

TEST(SettingsAlarm, RaisesItsAlarmAtOnceAndLowersItWhenAChangeCanBeStored) {
    FakeNode node;
    const admin::SettingsAlarm watch{node};
    const auto stands = [&] { return node.board.stands(services::AlarmCode::settings_store, "the database"); };
    EXPECT_FALSE(stands());
    auto other =
        io::Database::open(node.folder.path() + "/settings.db", io::Durability::full, std::chrono::milliseconds{0});
    {
        const auto lock = io::Transaction::begin(*other);
        ASSERT_TRUE(lock);
        EXPECT_FALSE(node.settings().set({{"federation.bidi", "\"on\""}}, "root"));
        EXPECT_TRUE(stands());
    }
    node.settings().retry();
    EXPECT_FALSE(stands());
}

/// As it is printed.
std::string reload_of(FakeNode& node) {
    std::ostringstream out;
    admin::find_verb("reload")->print(node.ask("reload"), out);
    return out.str();
}

TEST(Reload, ListsWhatChangedAndWhatNeedsARestart) {
    using enum config::TakesEffect;
    FakeNode node;
    EXPECT_EQ(reload_of(node), "Certificates and the node's file are reloaded.\n  nothing in them has changed\n");
    node.file_changes = {{"log.level", at_reload},
                         {"s2s.listen", at_restart},
                         {"settings.federation.enabled", never},
                         {"tls.identity[0].certificate", at_reload}};
    EXPECT_EQ(reload_of(node),
              "Certificates and the node's file are reloaded.\n"
              "  changed and in force: log.level, tls.identity[0].certificate\n"
              "  needs a restart of the node: s2s.listen\n"
              "  without effect, because the stored values are in force: settings.federation.enabled\n");
}

TEST(Reload, TellsWhatIsWrong) {
    FakeNode node;
    EXPECT_EQ(text_at(node.ask("reload"), "reloaded"), "true");
    node.reload_problems = {"b.pem: has expired", "edge.toml:3: node.name: is missing"};
    const auto answer = node.ask("reload");
    EXPECT_EQ(code_of(answer), "reload-failed");
    EXPECT_NE(text_at(answer.as_object().at("error"), "text").find("edge.toml:3"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::test
