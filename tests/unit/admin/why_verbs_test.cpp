// `why`: the steps that it walks, and what it says of a refusal.
#include <gtest/gtest.h>

#include <sstream>

#include "admin/print/print.h"
#include "fake_node.h"

namespace sallyport::test {
namespace {

class Why : public testing::Test {
protected:
    FakeNode node{{{"federation.enabled", "true"},
                   {"federation.domains", R"(["b.test"])"},
                   {"federation.allow_list", R"(["a.test"])"}}};
    boost::json::value why(const std::string& from, const std::string& to) {
        return node.ask("why", R"({"from":")" + from + R"(","to":")" + to + R"("})");
    }
    static xmpp::DomainPair pair(const std::string& local, const std::string& remote) {
        return {*xmpp::Domain::parse(local), *xmpp::Domain::parse(remote)};
    }
    static link::SessionStatus open_link(std::vector<std::string> bound, Role far_role = Role::core) {
        link::SessionStatus link;
        link.state = link::LinkState::open;
        link.far_realm = "core1-b-test";
        link.far_role = far_role;
        link.bound = std::move(bound);
        return link;
    }
};

TEST_F(Why, PassesWhatNothingStops) {
    node.names.add_address("a.test", "198.51.0.7");
    node.current.links = {open_link({"b.test"})};
    const auto out = why("juliet@b.test/balcony", "a.test");
    EXPECT_EQ(text_at(out, "passes"), "true");
    EXPECT_EQ(text_at(out, "direction"), "outbound");
    EXPECT_EQ(text_at(out, "verdict_id"), "null") << "there is nothing that `why ID` could explain";
    EXPECT_EQ(text_at(why("romeo@a.test", "juliet@b.test"), "direction"), "inbound");
}

TEST_F(Why, AsksDnsWhereTheLivePathWould) {
    node.current.links = {open_link({"b.test"})};
    const auto unknown = why("b.test", "a.test");
    EXPECT_EQ(text_at(unknown, "blocked_at"), "dns");
    EXPECT_EQ(text_at(unknown, "part"), "the peer's");
    node.names.add_address("a.test", "10.0.0.7");
    EXPECT_EQ(text_at(why("b.test", "a.test"), "change"), "[s2s] allow_networks in edge.toml");
    // A domain that no rule admits is not looked up.
    EXPECT_EQ(text_at(why("b.test", "c.test"), "blocked_at"), "allow-list");
}

/// The pool judges (tests/sim/why_bounds_test.cpp); the walk says where its bounds are set, and asks DNS no more.
TEST_F(Why, SaysWhatThePoolAnswers) {
    node.current.links = {open_link({"b.test"})};
    const auto refused = [&](Rule rule, const std::string& why_refused) {
        node.pool_refusal = {xmpp::StanzaCondition::resource_constraint, {}, rule, why_refused};
        return why("juliet@B.test/balcony", "romeo@a.test");
    };
    const auto table = refused(Rule::streams, "64 pairs of domains are in use");
    EXPECT_EQ(node.pool_asked, std::vector<std::string>{"juliet@b.test/balcony romeo@a.test"}) << "as it would be sent";
    EXPECT_EQ(text_at(table, "passes"), "false");
    EXPECT_EQ(text_at(table, "blocked_at"), "limits");
    EXPECT_EQ(text_at(table, "blocked_by"), "64 pairs of domains are in use");
    EXPECT_EQ(text_at(table, "change"), "[limits] outbound_streams in edge.toml");
    EXPECT_EQ(text_at(table, "part"), "ours");
    const auto sender = refused(Rule::streams_of_sender, "16 domains have not answered yet");
    EXPECT_EQ(text_at(sender, "blocked_at"), "limits");
    EXPECT_EQ(text_at(sender, "part"), "the sender's");
    const auto queue = refused(Rule::queue_full, "9 stanzas of 4711 bytes are queued");
    EXPECT_EQ(text_at(queue, "blocked_at"), "queue");
    EXPECT_EQ(text_at(queue, "blocked_by"), "9 stanzas of 4711 bytes are queued");
    EXPECT_EQ(text_at(queue, "change"), "[limits] queue_stanzas, queue_bytes in edge.toml");
    EXPECT_EQ(text_at(queue, "part"), "the peer's");
    // Failed on the shard that has the pair, worked since on another: status takes it for overcome, the pool does not.
    const auto failed = refused(Rule::tcp, "connection refused");
    EXPECT_EQ(text_at(failed, "blocked_at"), "tcp");
    EXPECT_EQ(text_at(failed, "blocked_by"), "connection refused");
    EXPECT_EQ(text_at(why("romeo@a.test", "juliet@b.test"), "passes"), "true") << "inbound no pool of an edge is asked";
}

TEST_F(Why, NamesAsManyDestinationsAsThereCanBe) {
    node.current.links = {open_link({"b.test"})};
    node.names.add_address("a.test", "198.51.0.7");
    const auto limits = [&] {
        const auto answer = why("b.test", "a.test");
        for (const auto& step : answer.at("steps").as_array()) {
            if (text_at(step, "step") == "limits") return text_at(step, "text");
        }
        return std::string{};
    };
    node.node_file.limits.outbound_streams = 8;
    EXPECT_EQ(limits(), "0 of 8 destinations on this node");
    node.node_file.limits.outbound_streams = unlimited;
    EXPECT_EQ(limits(), "0 of 100000 destinations on this node") << "whatever the limit is";
}

TEST_F(Why, OfARefusalSaysWhetherThePoolWouldTakeItNow) {
    node.current.links = {open_link({"b.test"})};
    const std::string id = node.verdicts.keep(
        {Rule::queue_full, record::Subject::stanza, "b.test", "a.test", "9 stanzas are queued", {}, {}},
        node.loop().wall());
    const auto explain = [&] { return node.ask("why", R"({"from":")" + id + R"("})"); };
    EXPECT_EQ(text_at(explain(), "now_passes"), "true");
    node.pool_refusal = {xmpp::StanzaCondition::resource_constraint, {}, Rule::queue_full, "9 stanzas are queued"};
    EXPECT_EQ(text_at(explain(), "now_passes"), "false");
    EXPECT_EQ(text_at(explain(), "now_blocked_by"), "9 stanzas are queued");
}

TEST_F(Why, NamesTheRuleAndTheSettingThatStops) {
    node.current.links = {open_link({"b.test"})};
    const auto stopped = why("b.test", "c.test");
    EXPECT_EQ(text_at(stopped, "passes"), "false");
    EXPECT_EQ(text_at(stopped, "change"), "federation.allow_list");
    EXPECT_EQ(text_at(stopped, "blocked_by"), "c.test is not on the allow list; add it to federation.allow_list");
    EXPECT_EQ(text_at(why("x.test", "y.test"), "change"), "federation.domains");
    EXPECT_EQ(text_at(why("x.test", "y.test"), "blocked_by"),
              "neither x.test nor y.test is one of our domains; add the one that is ours to federation.domains");
}

TEST_F(Why, NamesTheLinkThatIsMissing) {
    EXPECT_EQ(text_at(why("a.test", "b.test"), "blocked_by"), "no core is linked");
    node.current.links = {open_link({"other.test"})};
    EXPECT_EQ(text_at(why("a.test", "b.test"), "blocked_by"), "a core is linked, but none serves b.test");
}

TEST_F(Why, NamesTheDestinationThatFails) {
    node.current.links = {open_link({"b.test"})};
    s2s::DestinationStatus failing;
    failing.pair = pair("b.test", "a.test");
    failing.phase = s2s::PairPhase::waiting;
    failing.failures = 3;
    failing.failure = xmpp::Failure{.stage = Stage::tls, .why = "certificate expired"};
    node.current.destinations = {failing};
    EXPECT_EQ(text_at(why("b.test", "a.test"), "blocked_by"), "a.test cannot be reached (tls): certificate expired");
    EXPECT_EQ(text_at(why("b.test", "a.test"), "blocked_at"), "tls") << "named as the rule of the refusal is";
    EXPECT_EQ(text_at(why("b.test", "a.test"), "part"), "the peer's");
    EXPECT_EQ(text_at(why("a.test", "b.test"), "passes"), "true") << "the other direction does not need that stream";
}

TEST_F(Why, AsksACoreForTheInsideServer) {
    node.node_file.role = config::Role::core;
    node.current.links = {open_link({}, Role::edge)};
    EXPECT_EQ(text_at(why("a.test", "b.test"), "blocked_by"), "no internal server has b.test");
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("b.test")};
    server.address = {"10.0.0.5", 5269};
    node.node_file.inside.servers = {server};
    EXPECT_EQ(text_at(why("a.test", "b.test"), "passes"), "true");
    s2s::DestinationStatus failing;
    failing.pair = pair("a.test", "b.test");
    failing.phase = s2s::PairPhase::waiting;
    failing.failures = 1;
    failing.failure = xmpp::Failure{.stage = Stage::tcp, .why = "refused"};
    node.current.destinations = {failing};
    EXPECT_EQ(text_at(why("a.test", "b.test"), "blocked_at"), "tcp");
    EXPECT_EQ(text_at(why("a.test", "b.test"), "part"), "ours") << "our own server is no partner";
}

TEST_F(Why, SaysOnACoreWhatTheEdgeDecidesAndHowFarThatIsKnown) {
    node.node_file.role = config::Role::core;
    node.current.links = {open_link({}, Role::edge)};
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("b.test")};
    server.address = {"10.0.0.5", 5269};
    node.node_file.inside.servers = {server};
    // c.test is not on the allow list, but these settings are not the edge's.
    const auto alone = why("c.test", "b.test");
    EXPECT_EQ(text_at(alone, "passes"), "true");
    EXPECT_EQ(text_at(alone, "verdict_id"), "null");
    EXPECT_EQ(text_at(alone.at("steps").at(0), "step"), "policy");
    EXPECT_EQ(text_at(alone.at("steps").at(0), "decided_by"), "edge");
    EXPECT_EQ(text_at(alone.at("steps").at(1), "step"), "link");
    EXPECT_EQ(text_at(alone.at("steps").at(1), "decided_by"), "null");
    EXPECT_EQ(text_at(alone.at("steps").at(2), "text"), "b.test is on 10.0.0.5:5269 (TLS required, dialback)");
    std::ostringstream page;
    admin::print_why(alone, page);
    EXPECT_NE(page.str().find("(the edge decides)"), std::string::npos) << page.str();

    node.node_file.ssh.dial.push_back({{"10.0.0.1", 2222}, "edge1.b.test", "k", "h"});
    const auto told = why("c.test", "b.test");
    EXPECT_EQ(text_at(told, "passes"), "false");
    EXPECT_EQ(text_at(told, "blocked_at"), "allow-list");
    for (const auto& step : told.at("steps").as_array()) {
        const std::string name = text_at(step, "step");
        const bool here = name == "link" || name == "inside" || name == "limits" || name == "queue" || name == "stream";
        EXPECT_EQ(text_at(step, "decided_by"), here ? "null" : "edge") << name;
    }
}

TEST_F(Why, KnowsTheDomainsOfACoreWithoutSettings) {
    FakeNode bare{{}};
    bare.node_file.role = config::Role::core;
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.test")};
    bare.node_file.inside.servers = {server};
    EXPECT_EQ(text_at(bare.ask("why", R"({"from":"a.test","to":"inside.test"})"), "direction"), "inbound");
    EXPECT_EQ(text_at(bare.ask("why", R"({"from":"inside.test","to":"a.test"})"), "direction"), "outbound");
}

}  // namespace
}  // namespace sallyport::test
