// Checks of the node: each of the usual causes, when it is there, and with its remedy.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "admin/api/node_checks.h"
#include "admin/api/problems.h"
#include "admin/diag/judge_dialback.h"
#include "fake_node.h"
#include "proto/link/machine.h"
#include "report.h"

namespace sallyport::test {
namespace {

using diag::Grade;

link::SessionStatus open_link(Role role) {
    link::SessionStatus link;
    link.state = link::LinkState::open;
    link.far_role = role;
    link.far_realm = "cm-1_s2scp-1." + std::string{text(role)} + "1-b-test";
    link.bound = {"b.test"};
    return link;
}

provision::PublisherStatus publisher() {
    provision::PublisherStatus status;
    status.address = "imp1.b.test:8443";
    status.username = "axl";
    status.wanted = status.rows = {"cm-2_s2scp-1.edge1-b-test"};
    return status;
}

/// A core with these IM&P servers, and what it knows beside.
diag::Report check_axl(const provision::PublisherStatus& publisher, const admin::NodeStatus& node = {}) {
    config::NodeFile file;
    file.role = config::Role::core;
    const config::Settings settings;
    return admin::check_axl({publisher}, {node, file, settings, WallTime{}});
}

TEST(CheckAxl, NamesAWrongPasswordAsItsAlarmDoes) {
    auto status = publisher();
    status.code = "axl-unauthorized";
    status.reason = "401";
    const auto report = check_axl(status);
    services::Alarm alarm;
    const auto fault = provision::fault_of(status);
    alarm.code = fault.code;
    alarm.key = status.address;
    alarm.detail = fault.detail;
    alarm.words = fault.words;
    ASSERT_NE(finding(report, "refuses the user or the password: 401"), nullptr);
    EXPECT_EQ(report.findings.front().text, alarm.sentence());
    EXPECT_EQ(report.findings.front().remedy, alarm.cure());
    EXPECT_EQ(report.verdict(), Grade::bad);
    EXPECT_NE(alarm.cure().find("imp-servers passwd"), std::string::npos);
}

TEST(CheckAxl, SaysWhatToDoByWhatFailed) {
    auto status = publisher();
    const auto remedy = [&](const std::string& code) {
        status.code = code;
        status.reason = "why";
        const auto report = check_axl(status);
        return report.findings.empty() ? "(none)" : report.findings.front().remedy;
    };
    EXPECT_EQ(remedy("axl-not-listening").find("start its AXL service"), 0U);
    EXPECT_EQ(remedy("axl-silent").find("allow TCP 8443 from this core to it in the firewall"), 0U);
    EXPECT_EQ(remedy("axl-tls").find("add its CA to [axl] trust"), 0U);
    EXPECT_EQ(remedy("axl-fault").find("see the detail"), 0U);
}

TEST(CheckAxl, NamesAMissingRow) {
    auto status = publisher();
    status.rows.clear();
    EXPECT_NE(finding(check_axl(status), "lacks cm-2_s2scp-1.edge1-b-test"), nullptr);
}

TEST(CheckAxl, NamesARouterThatWasNotRestartedAsStatusDoes) {
    admin::NodeStatus node;
    node.chain = {{"loaded by the router of imp1.b.test", StepState::failed, {"it has not", "restart router"}}};
    const auto report = check_axl(publisher(), node);
    const auto* found =
        finding(report, "a step of provisioning failed: loaded by the router of imp1.b.test: it has not");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->remedy, "restart router");
    node.chain[0].state = StepState::in_force;
    EXPECT_EQ(check_axl(publisher(), node).verdict(), Grade::good);
}

TEST(CheckNode, NamesAStepOfProvisioningThatFailedElsewhere) {
    config::NodeFile file;
    file.role = config::Role::edge;
    config::Settings settings;
    settings.enabled = true;
    settings.domains = {*config::NamePattern::parse("b.test")};
    admin::NodeStatus node;
    node.federation_enabled = true;
    node.links = {open_link(Role::core)};
    node.chain = {{"received on core1.b.test", StepState::in_force},
                  {"told to imp1.b.test", StepState::failed, {"it refuses the password", "give it the right one"}}};
    const auto report = admin::check_node({node, file, settings, WallTime{}});
    const auto* found = finding(report, "told to imp1.b.test: it refuses the password");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->grade, Grade::bad);
    EXPECT_EQ(found->remedy, "give it the right one");
    const auto is_problem = [&] {
        const auto all = admin::problems({node, file, settings, WallTime{}});
        return std::any_of(all.begin(), all.end(), [](const auto& problem) {
            return problem.text == "a step of provisioning failed: told to imp1.b.test: it refuses the password";
        });
    };
    EXPECT_TRUE(is_problem());
    node.chain.back().alarm = "axl.refused imp1";
    EXPECT_FALSE(is_problem()) << "an alarm says it";
}

TEST(Judges, DecideOverEachAlarmAlone) {
    std::set<services::AlarmCode> seen;
    for (const admin::JudgeRow& row : admin::judges()) {
        for (const auto& [code, patience] : row.alarms) {
            EXPECT_TRUE(seen.insert(code).second)
                << static_cast<int>(row.subject) << ": " << services::alarm_row(code).name;
            EXPECT_TRUE(admin::is_judged(code));
        }
    }
    EXPECT_FALSE(admin::is_judged(services::AlarmCode::ssh_down)) << "the replicator knows";
}

TEST(CheckLink, NamesWhatIsDown) {
    config::NodeFile file;
    file.role = config::Role::core;
    const config::Settings settings;
    admin::NodeStatus node;
    EXPECT_NE(finding(admin::check_link({node, file, settings, {}}), "this core dials no edge"), nullptr);
    file.link.dial.emplace_back().name = "edge1.b.test";
    file.link.dial.back().role = Role::edge;
    node.dials = {{"10.0.0.1:7400", "edge1.b.test", Role::edge, link::DialState::waiting, "the secret is wrong", {}}};
    EXPECT_EQ(admin::check_link({node, file, settings, {}}).verdict(), Grade::bad);
    EXPECT_NE(
        finding(admin::check_link({node, file, settings, {}}), "the link to edge1.b.test is down: the secret is wrong"),
        nullptr);
    node.dials.clear();
    node.links = {open_link(Role::edge)};
    node.links.front().far_realm = "edge1-b-test";
    EXPECT_EQ(admin::check_link({node, file, settings, {}}).verdict(), Grade::good);
    node.held_for_link = 3;
    EXPECT_EQ(admin::check_link({node, file, settings, {}}).verdict(), Grade::warning);
}

/// A core that dials an edge, and why that fails.
TEST(CheckLink, SaysWhatToDoByWhatFailed) {
    config::NodeFile file;
    file.role = config::Role::core;
    file.link.dial.emplace_back().name = "edge1.b.test";
    file.link.dial.back().role = Role::edge;
    const config::Settings settings;
    admin::NodeStatus node;
    const auto remedy = [&](link::DialCause cause) {
        node.dials = {{"10.0.0.1:7400", "edge1.b.test", Role::edge, link::DialState::waiting, "why", {}, cause}};
        const auto report = admin::check_link({node, file, settings, {}});
        const auto* found = finding(report, "the link to edge1.b.test is down: why (10.0.0.1:7400)");
        return found == nullptr ? "(none)" : found->remedy;
    };
    EXPECT_EQ(remedy(link::DialCause::refused).find("start that node"), 0U);
    EXPECT_EQ(remedy(link::DialCause::timed_out).find("allow TCP 7400 from the core to it in the firewall"), 0U);
    EXPECT_EQ(remedy(link::DialCause::secret).find("set the same secret of this link on both nodes"), 0U);
    EXPECT_NE(remedy(link::DialCause::other).find("compare the certificates"), std::string::npos);
}

TEST(CheckLink, TellsWhoseCertificateIsNotAccepted) {
    config::NodeFile file;
    const config::Settings settings;
    admin::NodeStatus node;
    node.now = TimePoint{std::chrono::hours{1}};
    file.role = config::Role::edge;
    node.link_refused = {
        {"", *IpAddress::parse("10.0.0.9"), "certificate: self-signed", node.now, link::DialCause::certificate}};
    const auto report = admin::check_link({node, file, settings, {}});
    const auto* found = finding(report, "a node at 10.0.0.9 was refused: certificate: self-signed");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->remedy.find("compare certificates and [link] trust on both nodes"), 0U);
}

/// Until one pair of domains works again, the server is away; then it is not, whatever the others have tried before.
TEST(CheckInside, NamesAServerThatCannotBeReached) {
    config::NodeFile file;
    file.role = config::Role::core;
    auto& server = file.inside.servers.emplace_back();
    server.domains = {*xmpp::Domain::parse("b.test")};
    server.address = *HostPort::parse("10.0.0.5:5269", 5269);
    const config::Settings settings;
    admin::NodeStatus node;
    const auto pair = [](const char* local) {
        return xmpp::DomainPair{*xmpp::Domain::parse(local), *xmpp::Domain::parse("b.test")};
    };
    const WallTime now{std::chrono::hours{1}};
    s2s::DestinationStatus failed;
    failed.pair = pair("a.test");
    failed.phase = s2s::PairPhase::waiting;
    failed.failures = 2;
    failed.failure = xmpp::Failure{Stage::tcp, "connection refused"};
    const TimePoint second{std::chrono::seconds{100}};
    failed.failed_at = second;
    node.destinations = {failed, failed};
    const auto found = admin::judge_inside_servers({node, file, settings, now});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].alarm, services::AlarmCode::inside_down);
    EXPECT_EQ(found[0].text, "the internal server of b.test cannot be reached: connection refused");
    EXPECT_EQ(found[0].remedy.find("start the server of b.test at 10.0.0.5:5269"), 0U);
    EXPECT_TRUE(admin::judge_queues({node, file, settings, now}).empty()) << "one problem once";
    s2s::DestinationStatus works;
    works.pair = pair("c.test");
    works.phase = s2s::PairPhase::ready;
    works.worked_at = second - std::chrono::hours{1};
    node.destinations.push_back(works);
    EXPECT_TRUE(admin::judge_inside_servers({node, file, settings, now}).empty())
        << "it serves another pair; whom it refuses is its own affair";
    node.destinations.back().phase = s2s::PairPhase::idle;
    EXPECT_EQ(admin::judge_inside_servers({node, file, settings, now}).size(), 1U);
    node.destinations.back().worked_at = second + std::chrono::seconds{1};
    EXPECT_TRUE(admin::judge_inside_servers({node, file, settings, now}).empty());
    node.destinations[0].last_failure = now - std::chrono::hours{3};
    node.destinations[0].failed_at = second + std::chrono::seconds{2};
    node.destinations.back().last_success = now;
    EXPECT_EQ(admin::judge_inside_servers({node, file, settings, now}).size(), 1U)
        << "the clock was set back between the two";
}

TEST(CheckLink, TellsOfADeadLinkOnce) {
    config::NodeFile file;
    const config::Settings settings;
    admin::NodeStatus node;
    const auto downs = [&] {
        const auto report = admin::check_link({node, file, settings, {}});
        return std::count_if(report.findings.begin(), report.findings.end(),
                             [](const auto& one) { return one.text.find(" is down") != std::string::npos; });
    };
    const auto broken = [](Role role) {
        link::SessionStatus link = open_link(role);
        link.far_realm = std::string{text(role)} + "1-b-test";
        link.state = link::LinkState::broken;
        return link;
    };
    file.role = config::Role::core;
    file.link.dial.emplace_back().name = "edge1.b.test";
    file.link.dial.back().role = Role::edge;
    node.links = {broken(Role::edge), broken(Role::edge)};
    EXPECT_EQ(downs(), 1) << "not once a shard, and not under two names";
    file.role = config::Role::edge;
    file.link.dial.clear();
    node.links = {broken(Role::core), broken(Role::core)};
    EXPECT_EQ(downs(), 1);
    EXPECT_NE(finding(admin::check_link({node, file, settings, {}}), "the link to core1-b-test is down"), nullptr);
    node.links.push_back(open_link(Role::core));
    EXPECT_EQ(downs(), 1) << "another core is linked, and that one is missing";
}

TEST(CheckLink, NamesAWrongSecretOnBothEndsInTheSameWords) {
    config::NodeFile file;
    const config::Settings settings;
    admin::NodeStatus node;
    node.now = TimePoint{std::chrono::hours{1}};
    file.role = config::Role::edge;
    node.link_refused = {{"core1-b-test", *IpAddress::parse("10.0.0.9"), std::string{link::secrets_differ},
                          node.now - std::chrono::seconds{5}, link::DialCause::secret}};
    const auto edge = admin::check_link({node, file, settings, {}});
    const auto* here = finding(edge, "the core at 10.0.0.9 was refused: wrong handshake: the secrets differ");
    ASSERT_NE(here, nullptr);
    node.link_refused.clear();
    file.role = config::Role::core;
    file.link.dial.emplace_back().name = "edge1.b.test";
    file.link.dial.back().role = Role::edge;
    node.dials = {{"10.0.0.1:7400",
                   "edge1.b.test",
                   Role::edge,
                   link::DialState::waiting,
                   std::string{link::secrets_differ},
                   {},
                   link::DialCause::secret}};
    const auto core = admin::check_link({node, file, settings, {}});
    const auto* there = finding(core, "is down: wrong handshake: the secrets differ");
    ASSERT_NE(there, nullptr);
    EXPECT_EQ(here->remedy, there->remedy);
}

TEST(CheckCerts, JudgesTimeAndNames) {
    const WallTime now{std::chrono::hours{24 * 100}};
    config::NodeFile file;
    file.role = config::Role::edge;
    config::Settings settings;
    settings.domains = {*config::NamePattern::parse("b.test")};
    admin::NodeStatus node;
    admin::OwnCertificate own{admin::CertificateUse::s2s, "b.test", "b.pem", {}};
    own.facts.dns_names = {"b.test"};
    own.facts.not_after = now + std::chrono::hours{24 * 90};
    node.certificates = {own};
    EXPECT_EQ(admin::check_certs({node, file, settings, now}).verdict(), Grade::good);
    node.certificates[0].facts.not_after = now + std::chrono::hours{24 * 3};
    EXPECT_NE(finding(admin::check_certs({node, file, settings, now}), "expires within 7 days: b.pem, 3 days left"),
              nullptr);
    node.certificates[0].facts.not_after = now - std::chrono::hours{1};
    EXPECT_EQ(admin::check_certs({node, file, settings, now}).verdict(), Grade::bad);
    node.certificates[0].facts.not_before = now + std::chrono::hours{1};
    EXPECT_NE(finding(admin::check_certs({node, file, settings, now}), "not valid yet"), nullptr);
    node.certificates[0].facts.dns_names = {"c.test"};
    EXPECT_NE(finding(admin::check_certs({node, file, settings, now}), "no certificate covers b.test"), nullptr);
}

class JudgeDialback : public testing::Test {
protected:
    diag::Report judge() {
        diag::Report report{"dialback", "b.test", {}, {}};
        diag::judge_dialback(visit, door, *xmpp::Domain::parse("b.test"), report);
        expect_rows(report);
        return report;
    }
    diag::Door door{"edge2.b.test", *Endpoint::parse("198.51.0.8:5269"), false};
    diag::Visit visit;
};

TEST_F(JudgeDialback, PraisesARightAnswerToBothKeys) {
    visit.door = door;
    visit.answers = {"valid", "invalid"};
    EXPECT_EQ(judge().verdict(), Grade::good);
}

TEST_F(JudgeDialback, NamesASecretThatDiffers) {
    visit.door = door;
    visit.answers = {"invalid", "invalid"};
    ASSERT_NE(finding(judge(), "edge2.b.test at 198.51.0.8:5269 has another dialback secret"), nullptr);
}

TEST_F(JudgeDialback, NamesAClosedPortAStrangerAndOneThatBelievesEverything) {
    visit.closed_doors = {diag::seen(diag::Seen::address_closed, {{"error", "198.51.0.8:5269: connection refused"}})};
    EXPECT_NE(finding(judge(), "connection refused"), nullptr);
    visit.door = door;
    visit.answers = {"error item-not-found", "error item-not-found"};
    EXPECT_NE(finding(judge(), "does not confirm keys of b.test"), nullptr);
    visit.answers = {"valid", "valid"};
    EXPECT_NE(finding(judge(), "to a wrong key"), nullptr);
    visit.answers = {};
    visit.failure = diag::Trouble{diag::Seen::stream_refused, {{"condition", "host-unknown"}}};
    EXPECT_NE(finding(judge(), "host-unknown"), nullptr);
}

class CheckVerbs : public testing::Test {
protected:
    FakeNode node;
};

TEST_F(CheckVerbs, AnswerWithVerdictAndRemedies) {
    const auto link = node.ask("check.link");
    EXPECT_EQ(text_at(link, "verdict"), "bad");
    EXPECT_EQ(text_at(link.as_object().at("findings").as_array().at(0), "check"), "link");
    EXPECT_EQ(text_at(node.ask("check.certs"), "check"), "certs");
    EXPECT_EQ(code_of(node.ask("check.axl")), "role-wrong");
}

TEST_F(CheckVerbs, AllNamesFederationThatIsOffAndDnsThatIsMissing) {
    (void)node.ask("config.set", R"({"name":"federation.enabled","value":"false"})");
    node.current.federation_enabled = false;
    node.names.add_address("b.test", "198.51.0.7");
    const auto all = node.ask("check.all");
    EXPECT_EQ(text_at(all, "verdict"), "bad");
    const std::string text = boost::json::serialize(all);
    EXPECT_NE(text.find("federation is off"), std::string::npos) << text;
    EXPECT_NE(text.find("there is no SRV record"), std::string::npos) << text;
    EXPECT_NE(text.find("no core has dialled this node"), std::string::npos) << text;
    for (const auto& one : all.as_object().at("findings").as_array()) {
        EXPECT_FALSE(one.as_object().at("code").is_null()) << "nobody can translate: " << boost::json::serialize(one);
    }
    EXPECT_EQ(text_at(all.as_object().at("findings").as_array().at(0), "grade"), "bad") << "the gravest first";
}

/// What was recorded yesterday is no answer to what is asked today.
TEST_F(CheckVerbs, DialbackDoesNotJudgeOldHandshakes) {
    record::Handshake old;
    old.peer = "a.test";
    old.local = "b.test";
    old.started = node.loop().wall() - std::chrono::hours{24};
    old.failed_at = Stage::tcp;
    old.result = "connection refused";
    node.archive.add(old);
    const auto graded = [&] {
        const auto answer = node.ask("check.dialback", R"({"domain":"a.test"})");
        for (const auto& finding : answer.as_object().at("findings").as_array()) {
            if (text_at(finding, "text").find("as initiating server") == 0)
                return text_at(finding, "grade") + ": " + text_at(finding, "text");
        }
        return std::string{"(none)"};
    };
    EXPECT_EQ(graded().find("note: as initiating server: no new stream was needed; the last handshake, at "), 0U)
        << graded();
    node.while_pinging = [&] {
        record::Handshake fresh = old;
        fresh.started = node.loop().wall();
        node.archive.add(fresh);
    };
    EXPECT_EQ(graded().find("bad: as initiating server: the last handshake with a.test failed at"), 0U) << graded();
}

TEST_F(CheckVerbs, DialbackSaysWhenNobodyMayAsk) {
    const auto answer = node.ask("check.dialback", R"({"domain":"a.test"})");
    EXPECT_EQ(text_at(answer, "verdict"), "bad");
    EXPECT_NE(boost::json::serialize(answer).find("a.test cannot federate with us"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::test
