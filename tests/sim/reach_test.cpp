// Whoever can be reached is reached: targets that are of no use before authentication give way to the next, in every
// role; certificates that are refused give way to dialback; and where waiting cannot help, the sender hears at once.
#include <gtest/gtest.h>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"
#include "support/sim_server.h"

namespace sallyport::test {
namespace {

using Habits = SimServer::Habits;
using Stop = SimServer::Stop;
using Sasl = SimServer::Sasl;
using std::chrono::seconds;

constexpr std::string_view bad_address = "198.51.100.31", good_address = "198.51.100.32";

class Reach : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.a.edge_log.dump().c_str(), stderr);
    }
    /// SRV records of partner.test: `bad` first, then `good`.
    void publish(bool direct_bad = false) {
        const std::string service = direct_bad ? "_xmpps-server._tcp." : "_xmpp-server._tcp.";
        f.dns.srv(service + "partner.test", 0, 0, direct_bad ? 5270 : 5269, "bad.partner.test");
        f.dns.srv("_xmpp-server._tcp.partner.test", 10, 0, 5269, "good.partner.test");
        f.dns.address("bad.partner.test", std::string{bad_address});
        f.dns.address("good.partner.test", std::string{good_address});
    }
    void publish_one() {
        f.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "good.partner.test");
        f.dns.address("good.partner.test", std::string{good_address});
    }
    void say(const std::string& id, const std::string& to = "partner.test") {
        f.a.user().message("romeo@a.test", "juliet@" + to, id);
    }
    /// How long it took until the sender was told; nothing when it was not within `most`.
    std::optional<Duration> told(const std::string& id, Duration most = seconds{60}) {
        const TimePoint before = f.world.loop().now();
        if (!f.world.run_until([&] { return f.a.user().got(id); }, most)) return std::nullopt;
        return f.world.loop().now() - before;
    }
    [[nodiscard]] std::string error_of(const std::string& id) {
        return f.a.user().got(id) ? f.a.user().with_id(id).front()->bytes : std::string{};
    }
    Federation f{1};
};

TEST_F(Reach, DoesNotWaitForTheOtherKindOfServiceWhereOneHasTargets) {
    for (const char* service : {"_xmpps-server._tcp.b.test", "_xmpps-server._tcp.rooms.b.test"}) {
        f.dns.delay(service, seconds{8});
    }
    f.a.user().message("romeo@a.test", "juliet@b.test", "soon");
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("soon"); }, seconds{2})) << f.logs();
    f.world.advance(seconds{10});
    EXPECT_EQ(f.b.user().ids_from("a.test"), std::vector<std::string>{"soon"});
}

struct BadFirst {
    std::string_view name;
    Habits habits;
    std::size_t dials = 1;    ///< before it is given up
    bool tried_anew = false;  ///< for the next stanza: what it did need not last
};
void PrintTo(const BadFirst& bad, std::ostream* out) { *out << bad.name; }

Habits with(const std::function<void(Habits&)>& change) {
    Habits habits;
    change(habits);
    return habits;
}

const std::vector<BadFirst>& useless_targets() {
    static const std::vector<BadFirst> all = [] {
        std::vector<BadFirst> cases;
        const auto add = [&](std::string_view name, const std::function<void(Habits&)>& change, std::size_t dials = 1) {
            cases.push_back({name, with(change), dials});
        };
        for (const char* const condition :
             {"host-unknown", "host-gone", "remote-connection-failed", "internal-server-error", "resource-constraint",
              "see-other-host", "system-shutdown", "policy-violation", "not-authorized", "undefined-condition"}) {
            add(condition, [condition](Habits& h) { h.header_error = condition; });
        }
        add("host-unknown after TLS", [](Habits& h) { h.error_under_tls = "host-unknown"; });
        add("silent after accept", [](Habits& h) { h.stops_at = Stop::connected; });
        add("no header", [](Habits& h) { h.tls = false, h.stops_at = Stop::header; });
        add("no ClientHello answered", [](Habits& h) { h.stops_at = Stop::starttls; });
        add("no header after TLS", [](Habits& h) { h.stops_at = Stop::tls; });
        add("no features", [](Habits& h) { h.stops_at = Stop::features; });
        add("closes at once", [](Habits& h) { h.closes_at_once = true; });
        add("another protocol", [](Habits& h) { h.greeting = "220 mail.partner.test ESMTP\r\n"; });
        add("reset at the header", [](Habits& h) { h.breaks_at_header = true; });
        add("no TLS", [](Habits& h) { h.tls = false; });
        add("TLS refused", [](Habits& h) { h.starttls_answer = "failure"; });
        add("closes at starttls", [](Habits& h) { h.starttls_answer = "closes"; });
        // It might have been our certificate.
        add(
            "TLS fails by an alert", [](Habits& h) { h.tls_alert = true; }, 2);
        return cases;
    }();
    return all;
}

class UselessTarget : public Reach, public testing::WithParamInterface<BadFirst> {};
INSTANTIATE_TEST_SUITE_P(Kinds, UselessTarget, testing::ValuesIn(useless_targets()));

TEST_P(UselessTarget, IsFollowedByTheNext) {
    publish();
    SimServer bad{f.world, std::string{bad_address}, GetParam().habits};
    SimServer good{f.world, std::string{good_address}};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{20}));
    EXPECT_EQ(bad.accepted(), GetParam().dials);
    EXPECT_TRUE(f.a.user().received().empty());
    EXPECT_EQ(f.a.edge_log.count("s2s.target.failed"), GetParam().dials);
}

TEST_P(UselessTarget, IsNotTriedFirstForAWhile) {
    publish();
    SimServer bad{f.world, std::string{bad_address}, GetParam().habits};
    SimServer good{f.world, std::string{good_address}};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{20}));
    f.world.reset_streams(std::string{good_address});
    f.world.advance(seconds{2});
    const TimePoint before = f.world.loop().now();
    say("m2");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m2"); }, seconds{3}));
    EXPECT_LT(f.world.loop().now() - before, seconds{1});
    EXPECT_EQ(bad.accepted(), GetParam().dials);
    // And it gets another chance.
    f.world.advance(std::chrono::minutes{12});
    bad.habits = {};
    f.world.reset_streams(std::string{good_address});
    f.world.advance(seconds{2});
    say("m3");
    ASSERT_TRUE(f.world.run_until([&] { return bad.got("m3"); }, seconds{3}));
}

TEST_P(UselessTarget, IsFollowedByTheNextAddressOfTheSameName) {
    f.dns.address("partner.test", std::string{bad_address});
    f.dns.address("partner.test", std::string{good_address});
    SimServer bad{f.world, std::string{bad_address}, GetParam().habits};
    SimServer good{f.world, std::string{good_address}};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{20}));
    EXPECT_EQ(bad.accepted(), GetParam().dials);
}

TEST_P(UselessTarget, OfAStaticRouteIsFollowedByTheNextRoute) {
    f.a.change([](config::Settings& settings) {
        settings.use_static_routes = true;
        for (const std::string_view address : {bad_address, good_address}) {
            config::StaticRoute route;
            route.domain = *xmpp::Domain::parse("partner.test");
            route.address = {std::string{address}, 5269};
            route.priority = address == bad_address ? 0 : 1;
            settings.static_routes.push_back(route);
        }
    });
    SimServer bad{f.world, std::string{bad_address}, GetParam().habits};
    SimServer good{f.world, std::string{good_address}};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{20}));
}

/// b.test asks the authoritative server of a.test, whose first target is of no use, at the second.
TEST_P(UselessTarget, IsFollowedByTheNextWhenAKeyIsVerified) {
    SimServer bad{f.world, std::string{bad_address}, GetParam().habits};
    f.dns.forget("_xmpp-server._tcp.a.test");
    f.dns.srv("_xmpp-server._tcp.a.test", 0, 0, 5269, "bad.a.test");
    f.dns.srv("_xmpp-server._tcp.a.test", 10, 0, 5269, "xmpp.a.test");
    f.dns.address("bad.a.test", std::string{bad_address});
    say("m1", "b.test");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }, seconds{25})) << f.b.edge_log.dump();
    EXPECT_EQ(bad.accepted(), GetParam().dials);
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_F(Reach, PassesFromDirectTlsToStarttlsAndRemembersIt) {
    publish(true);
    SimServer bad{f.world, std::string{bad_address}, with([](Habits& h) { h.stops_at = Stop::connected; }), 5270};
    SimServer good{f.world, std::string{good_address}};
    // The node of the simulation has no Direct TLS of its own; it dials it when it has a context for it.
    SimTlsSettings settings;
    settings.identities = {sim_certificate({"a.test"}, "Nobody's CA")};
    settings.alpn = {"xmpp-server"};
    f.a.edge->shards.front()->s2s().context().direct_client_tls = sim_tls_context(settings);
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{20}));
    EXPECT_EQ(bad.accepted(), 1U);
}

TEST_F(Reach, PassesFromADeadDialbackToTheNextTarget) {
    for (const char* const result : {"error", "closes", "invalid"}) {
        SCOPED_TRACE(result);
        Federation g{1};
        ASSERT_TRUE(g.start());
        g.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "bad.partner.test");
        g.dns.srv("_xmpp-server._tcp.partner.test", 10, 0, 5269, "good.partner.test");
        g.dns.address("bad.partner.test", std::string{bad_address});
        g.dns.address("good.partner.test", std::string{good_address});
        SimServer bad{g.world, std::string{bad_address}, with([&](Habits& h) { h.result = result; })};
        SimServer good{g.world, std::string{good_address}};
        g.a.user().message("romeo@a.test", "juliet@partner.test", "m1");
        ASSERT_TRUE(g.world.run_until([&] { return good.got("m1"); }, seconds{10})) << g.a.edge_log.dump();
        EXPECT_TRUE(g.a.user().received().empty());
    }
}

TEST_F(Reach, PassesFromATargetThatNeverJudgesOurKey) {
    publish();
    SimServer bad{f.world, std::string{bad_address}, with([](Habits& h) { h.stops_at = Stop::result; })};
    SimServer good{f.world, std::string{good_address}};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{25}));
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_F(Reach, AsksTheNextTargetWhereTheFirstDoesNotAnswerForAKey) {
    for (const Habits& habits :
         {with([](Habits& h) { h.verify = "error"; }), with([](Habits& h) { h.verify = "closes"; }),
          with([](Habits& h) { h.stops_at = Stop::verify; })}) {
        Federation g{1};
        ASSERT_TRUE(g.start());
        SimServer bad{g.world, std::string{bad_address}, habits};
        g.dns.forget("_xmpp-server._tcp.a.test");
        g.dns.srv("_xmpp-server._tcp.a.test", 0, 0, 5269, "bad.a.test");
        g.dns.srv("_xmpp-server._tcp.a.test", 10, 0, 5269, "xmpp.a.test");
        g.dns.address("bad.a.test", std::string{bad_address});
        g.a.user().message("romeo@a.test", "juliet@b.test", "m1");
        ASSERT_TRUE(g.world.run_until([&] { return g.b.user().got("m1"); }, seconds{25})) << g.b.edge_log.dump();
        EXPECT_EQ(bad.heard("verify"), 1U);
    }
}

/// A core and an inside server whose name leads to two hosts, the first of which is of no use.
TEST_P(UselessTarget, OfAnInsideServerIsFollowedByItsNextAddress) {
    constexpr const char *first = "10.1.0.51", *second = "10.1.0.52";
    Federation g{1};
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {"hosts.inside.test", 5269};
    g.a.servers = {server};
    g.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    g.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
    g.dns.address("hosts.inside.test", first);
    g.dns.address("hosts.inside.test", second);
    SimServer bad{g.world, first, GetParam().habits};
    SimServer good{g.world, second};
    ASSERT_TRUE(g.start()) << g.logs();
    g.b.user().message("juliet@b.test", "romeo@inside.a.test", "m1");
    ASSERT_TRUE(g.world.run_until([&] { return good.got("m1"); }, seconds{25})) << g.a.core_log.dump();
    EXPECT_EQ(bad.accepted(), GetParam().dials);
    EXPECT_TRUE(g.b.user().received().empty());
}

/// The same where the inside server speaks first, and the core asks about its key.
TEST_P(UselessTarget, OfAnInsideServerIsFollowedByItsNextAddressWhenAKeyIsVerified) {
    constexpr const char *first = "10.1.0.51", *second = "10.1.0.52";
    Federation g{1};
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {"hosts.inside.test", 5269};
    server.tls = config::InsideTls::optional;
    g.a.servers = {server};
    g.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    g.dns.address("hosts.inside.test", first);
    g.dns.address("hosts.inside.test", second);
    SimServer bad{g.world, first, GetParam().habits};
    RawPartner good{g.world, g.dns, "inside.a.test", second};
    g.dns.forget("_xmpp-server._tcp.inside.a.test");
    g.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
    ASSERT_TRUE(g.start()) << g.logs();
    for (auto& shard : g.a.core->shards)
        ASSERT_TRUE(shard->s2s().listen({*IpAddress::parse(g.a.core_address), 5269}, false));
    RawStream& stream = good.open(g.a.core_address, "b.test");
    ASSERT_TRUE(g.world.run_until([&] { return stream.ready(); }, seconds{25})) << g.a.core_log.dump();
    stream.message("romeo@inside.a.test", "juliet@b.test", "m1");
    EXPECT_TRUE(g.world.run_until([&] { return g.b.user().got("m1"); }, seconds{5})) << g.logs();
    EXPECT_GE(bad.accepted(), 1U);
}

TEST_F(Reach, PassesFromACertificateThatIsNotAcceptedToOneThatIs) {
    publish();
    f.a.change([](config::Settings& settings) { settings.require_client_certificates = true; });
    SimServer bad{f.world, std::string{bad_address}};
    SimServer good{f.world, std::string{good_address}, with([](Habits& h) { h.issuer = "Sim CA"; })};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{10}));
    EXPECT_EQ(bad.accepted(), 1U);
}

TEST_F(Reach, FindsTheLastOfEightTargetsWhileTheSenderWaits) {
    std::vector<std::unique_ptr<SimServer>> silent;
    for (int n = 0; n < 7; ++n) {
        const std::string address = "198.51.100." + std::to_string(41 + n), name = "t" + std::to_string(n) + ".test";
        f.dns.srv("_xmpp-server._tcp.partner.test", static_cast<std::uint16_t>(n), 0, 5269, name);
        f.dns.address(name, address);
        silent.push_back(
            std::make_unique<SimServer>(f.world, address, with([](Habits& h) { h.stops_at = Stop::connected; })));
    }
    f.dns.srv("_xmpp-server._tcp.partner.test", 20, 0, 5269, "good.partner.test");
    f.dns.address("good.partner.test", std::string{good_address});
    SimServer good{f.world, std::string{good_address}};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{29}));
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_F(Reach, LeavesAHealthyFirstTargetItsTime) {
    publish();
    SimServer first{f.world, std::string{bad_address}};
    SimServer second{f.world, std::string{good_address}};
    f.world.set_latency(f.a.edge_public, std::string{bad_address}, std::chrono::milliseconds{300});
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return first.got("m1"); }, seconds{20}));
    EXPECT_EQ(second.accepted(), 0U);
}

class RefusedCertificate : public Reach, public testing::WithParamInterface<Sasl> {};
INSTANTIATE_TEST_SUITE_P(Kinds, RefusedCertificate,
                         testing::Values(Sasl::refuses, Sasl::refuses_and_closes, Sasl::closes, Sasl::challenges,
                                         Sasl::fails_with_error));

TEST_P(RefusedCertificate, GivesWayToDialback) {
    publish_one();
    SimServer partner{f.world, std::string{good_address}, with([](Habits& h) {
                          h.sasl = GetParam();
                          h.issuer = "Sim CA";
                      })};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{15}));
    EXPECT_TRUE(f.a.user().received().empty());
    EXPECT_EQ(partner.heard("auth"), 1U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "dialback");
    if (GetParam() == Sasl::refuses) return;  // dialback went on the same stream
    EXPECT_EQ(f.a.edge_log.count("s2s.sasl.avoided"), 1U);
    // The next stream goes by what was learned.
    f.world.reset_streams(std::string{good_address});
    f.world.advance(seconds{2});
    say("m2");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m2"); }, seconds{15}));
    EXPECT_EQ(partner.heard("auth"), 1U);
    // Not for ever: certificates are mended.
    f.world.advance(std::chrono::minutes{61});
    partner.habits.sasl = Sasl::accepts;
    f.world.reset_streams(std::string{good_address});
    f.world.advance(seconds{2});
    say("m3");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m3"); }, seconds{15}));
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "external");
}

/// A reset may be the network's, or a restart's.
TEST_F(Reach, TakesAResetDuringSaslForARefusalTheSecondTimeAndNotForLong) {
    publish_one();
    SimServer partner{f.world, std::string{good_address}, with([](Habits& h) {
                          h.sasl = Sasl::breaks;
                          h.issuer = "Sim CA";
                      })};
    const auto reached = [&](const std::string& id) {
        f.world.reset_streams(std::string{good_address});
        f.world.advance(seconds{2});
        say(id);
        return f.world.run_until([&] { return partner.got(id); }, seconds{15});
    };
    ASSERT_TRUE(reached("m1"));
    EXPECT_EQ(partner.heard("auth"), 1U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "dialback");
    partner.habits.sasl = Sasl::accepts;
    ASSERT_TRUE(reached("m2"));
    EXPECT_EQ(partner.heard("auth"), 2U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "external");
    // Within ten minutes of the first: now it is believed.
    partner.habits.sasl = Sasl::breaks;
    ASSERT_TRUE(reached("m3"));
    ASSERT_TRUE(reached("m4"));
    EXPECT_EQ(partner.heard("auth"), 3U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "dialback");
    partner.habits.sasl = Sasl::accepts;
    f.world.advance(std::chrono::minutes{11});
    ASSERT_TRUE(reached("m5"));
    EXPECT_EQ(partner.heard("auth"), 4U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "external");
}

/// The year 9999 is how certificates say that they have no end (RFC 5280 4.1.2.5).
TEST_F(Reach, LooksNowAndThenAtACertificateWithoutEnd) {
    publish_one();
    SimServer partner{f.world, std::string{good_address}, with([](Habits& h) {
                          h.sasl = Sasl::accepts;
                          h.issuer = "Sim CA";
                          h.not_after = WallTime{std::chrono::seconds{253402300799}};
                      })};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{15}));
    f.world.advance(std::chrono::hours{3});
    say("m2");
    EXPECT_TRUE(f.world.run_until([&] { return partner.got("m2"); }, seconds{15}));
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_F(Reach, GivesUpASaslThatIsNeverAnswered) {
    publish_one();
    SimServer partner{f.world, std::string{good_address}, with([](Habits& h) {
                          h.sasl = Sasl::accepts;
                          h.issuer = "Sim CA";
                          h.stops_at = Stop::auth;
                      })};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{20}));
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "dialback");
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_F(Reach, SaysInTheHandshakeThatOurCertificateWasRefused) {
    publish_one();
    SimServer partner{f.world, std::string{good_address}, with([](Habits& h) {
                          h.sasl = Sasl::closes;
                          h.issuer = "Sim CA";
                      })};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{15}));
    f.world.advance(seconds{1});
    const auto kept = f.a.edge_handshakes.list("partner.test", 10);
    ASSERT_FALSE(kept.empty());
    const auto& steps = kept.front()->steps;
    EXPECT_TRUE(std::any_of(steps.begin(), steps.end(),
                            [](const record::Step& step) { return step.name == "sasl.avoided" && step.good; }));
    EXPECT_TRUE(kept.front()->good);
}

std::string many_features(std::size_t elements, std::size_t bytes, std::size_t depth) {
    std::string all = "<authentication xmlns='urn:xmpp:sasl:2'>";
    for (std::size_t n = 0; n < elements; ++n) all += "<mechanism>M" + std::to_string(n) + "</mechanism>";
    std::string nested;
    for (std::size_t n = 0; n < depth; ++n) nested = "<inline n='" + std::to_string(n) + "'>" + nested + "</inline>";
    return all + nested + "<text>" + std::string(bytes, 'x') + "</text></authentication>";
}

/// One element with so many attributes, one of so many bytes, or so many namespaces.
std::string wide_feature(std::size_t attributes, std::size_t bytes, std::size_t namespaces) {
    std::string all = "<wide xmlns='urn:wide' long='" + std::string(bytes, 'x') + "'";
    for (std::size_t n = 0; n < attributes; ++n) all += " a" + std::to_string(n) + "=''";
    for (std::size_t n = 0; n < namespaces; ++n) all += " xmlns:n" + std::to_string(n) + "='urn:n'";
    return all + "/>";
}

TEST_F(Reach, IgnoresFeaturesThatItDoesNotKnow) {
    publish_one();
    for (const std::string& features :
         {many_features(600, 0, 1), many_features(1, 40000, 1), many_features(1, 0, 12), wide_feature(50, 8000, 30)}) {
        Federation g{1};
        ASSERT_TRUE(g.start());
        g.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "good.partner.test");
        g.dns.address("good.partner.test", std::string{good_address});
        SimServer partner{g.world, std::string{good_address}, with([&](Habits& h) { h.more_features = features; })};
        g.a.user().message("romeo@a.test", "juliet@partner.test", "m1");
        ASSERT_TRUE(g.world.run_until([&] { return partner.got("m1"); }, seconds{15})) << g.a.edge_log.dump();
    }
}

/// They say nothing new, and the stream carries the next message as well.
TEST_F(Reach, IgnoresFeaturesThatComeAgain) {
    publish_one();
    SimServer partner{f.world, std::string{good_address}, with([](Habits& h) { h.features_again = true; })};
    for (const std::string id : {"m1", "m2", "m3"}) {
        say(id);
        ASSERT_TRUE(f.world.run_until([&] { return partner.got(id); }, seconds{5})) << id;
        f.world.advance(seconds{2});
    }
    EXPECT_EQ(partner.accepted(), 1U);
}

TEST_F(Reach, NamesTheLimitThatFeaturesPass) {
    publish_one();
    const std::pair<std::string, std::string> cases[] = {{many_features(5000, 0, 1), "negotiated_elements"},
                                                         {many_features(1, 200000, 1), "negotiated_bytes"},
                                                         {many_features(1, 0, 40), "negotiated_depth"},
                                                         {wide_feature(80, 1, 1), "too many attributes"},
                                                         {wide_feature(1, 10000, 1), "an attribute too long"},
                                                         {wide_feature(1, 1, 40), "too many namespace declarations"}};
    for (const auto& [features, limit] : cases) {
        SimServer partner{f.world, std::string{good_address}, with([&](Habits& h) { h.more_features = features; })};
        say(limit);
        const auto took = told(limit);
        ASSERT_TRUE(took);
        EXPECT_LT(*took, seconds{8}) << limit;
        EXPECT_NE(f.a.edge_log.last("s2s.outbound.failed", "why").find(limit), std::string::npos)
            << f.a.edge_log.last("s2s.outbound.failed", "why");
        f.world.advance(std::chrono::minutes{61});
    }
}

const std::vector<BadFirst>& hopeless_partners() {
    static const std::vector<BadFirst> all = [] {
        std::vector<BadFirst> cases;
        const auto add = [&](std::string_view name, const std::function<void(Habits&)>& change) {
            cases.push_back({name, with(change), 1, false});
        };
        add("host unknown", [](Habits& h) { h.header_error = "host-unknown"; });
        add("host gone", [](Habits& h) { h.error_under_tls = "host-gone"; });
        add("no TLS, answers with an error", [](Habits& h) { h.tls = false; });
        add("no TLS, closes", [](Habits& h) { h.tls = false, h.starttls_answer = "closes"; });
        add("no TLS, refuses", [](Habits& h) { h.tls = false, h.starttls_answer = "failure"; });
        add("no TLS, ignores", [](Habits& h) { h.tls = false, h.starttls_answer = "nothing"; });
        add("EXTERNAL alone, and refused", [](Habits& h) {
            h.sasl = Sasl::refuses_and_closes;
            h.issuer = "Sim CA";
            h.dialback = false;
            h.result = "closes";
        });
        cases.back().tried_anew = true;  // it closed without a word
        return cases;
    }();
    return all;
}

class HopelessPartner : public Reach, public testing::WithParamInterface<BadFirst> {};
INSTANTIATE_TEST_SUITE_P(Kinds, HopelessPartner, testing::ValuesIn(hopeless_partners()));

TEST_P(HopelessPartner, IsToldAtOnce) {
    publish();
    SimServer one{f.world, std::string{bad_address}, GetParam().habits};
    SimServer two{f.world, std::string{good_address}, GetParam().habits};
    say("m1");
    const auto took = told("m1");
    ASSERT_TRUE(took);
    EXPECT_LT(*took, seconds{12});
    EXPECT_GE(two.accepted(), 1U);
    EXPECT_NE(error_of("m1").find("type='error'"), std::string::npos);
    // So is the next, without a new attempt where waiting cannot help.
    const std::size_t before = one.accepted() + two.accepted();
    say("m2");
    const auto again = told("m2");
    ASSERT_TRUE(again);
    EXPECT_LT(*again, seconds{12});
    if (!GetParam().tried_anew) {
        EXPECT_EQ(one.accepted() + two.accepted(), before);
    }
}

/// The same between a core and a server inside.
TEST_P(HopelessPartner, InsideIsToldAtOnce) {
    constexpr const char* address = "10.1.0.51";
    Federation g{1};
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {address, 5269};
    server.auth = config::InsideAuth::dialback;
    g.a.servers = {server};
    g.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    g.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
    SimServer inside{g.world, address, GetParam().habits};
    ASSERT_TRUE(g.start()) << g.logs();
    const auto returned = [&](const std::string& id) {
        g.b.user().message("juliet@b.test", "romeo@inside.a.test", id);
        return g.world.run_until([&] { return g.b.user().got(id); }, seconds{12});
    };
    ASSERT_TRUE(returned("m1")) << g.a.core_log.dump();
    const std::size_t before = inside.accepted();
    EXPECT_GE(before, 1U);
    ASSERT_TRUE(returned("m2")) << g.a.core_log.dump();
    if (!GetParam().tried_anew) {
        EXPECT_EQ(inside.accepted(), before);
    }
}

TEST_F(Reach, TellsAtOnceWhereACertificateIsDemandedAndNotAccepted) {
    publish_one();
    f.a.change([](config::Settings& settings) { settings.require_client_certificates = true; });
    SimServer partner{f.world, std::string{good_address}};
    say("m1");
    const auto took = told("m1");
    ASSERT_TRUE(took);
    EXPECT_LT(*took, seconds{8});
}

TEST_F(Reach, WaitsWhereOneTargetMayComeBack) {
    publish();
    SimServer bad{f.world, std::string{bad_address}, with([](Habits& h) { h.header_error = "host-unknown"; })};
    say("m1");
    f.world.advance(seconds{15});
    EXPECT_TRUE(f.a.user().received().empty());
    SimServer good{f.world, std::string{good_address}};
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{14}));
}

TEST_F(Reach, WaitsForAServerWithTroubleOfItsOwn) {
    publish_one();
    SimServer partner{f.world, std::string{good_address},
                      with([](Habits& h) { h.header_error = "internal-server-error"; })};
    say("m1");
    f.world.advance(seconds{10});
    EXPECT_TRUE(f.a.user().received().empty());
    partner.habits = {};
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{19}));
}

TEST_F(Reach, TellsAtOnceOfANameThatDoesNotExist) {
    f.dns.fail("_xmpp-server._tcp.nowhere.test", DnsStatus::no_name);
    f.dns.fail("nowhere.test", DnsStatus::no_name);
    say("m1", "nowhere.test");
    const auto took = told("m1");
    ASSERT_TRUE(took);
    EXPECT_LT(*took, seconds{3});
    EXPECT_NE(error_of("m1").find("<remote-server-not-found"), std::string::npos);
}

TEST_F(Reach, WaitsWhereOneOfTwoLookUpsHasFailed) {
    f.a.edge->shards.front()->s2s().context().direct_client_tls = sim_tls_context({});
    f.dns.fail("_xmpps-server._tcp.partner.test", DnsStatus::failed);
    SimServer partner{f.world, std::string{good_address}};
    say("m1");
    // A few attempts, so that the next one comes while the stanza still waits.
    f.world.advance(seconds{3});
    EXPECT_TRUE(f.a.user().received().empty());
    f.dns.forget("_xmpps-server._tcp.partner.test");
    f.dns.address("partner.test", std::string{good_address});
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{19}));
}

TEST_F(Reach, ForgetsWhatItLearnedWithinItsBounds) {
    f.a.limits.remembered_failures = 16;
    f.a.kill_edge();
    f.a.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); }));
    SimServer bad{f.world, std::string{bad_address}, with([](Habits& h) { h.header_error = "host-unknown"; })};
    SimServer good{f.world, std::string{good_address}};
    for (int n = 0; n < 60; ++n) {
        const std::string domain = "p" + std::to_string(n) + ".test";
        f.dns.srv("_xmpp-server._tcp." + domain, 0, 0, 5269, "bad.partner.test");
        f.dns.srv("_xmpp-server._tcp." + domain, 1, 0, 5269, "good.partner.test");
        if (n == 0) f.dns.address("bad.partner.test", std::string{bad_address});
        if (n == 0) f.dns.address("good.partner.test", std::string{good_address});
        say(domain, domain);
    }
    ASSERT_TRUE(f.world.run_until([&] { return good.got("p59.test"); }));
    EXPECT_LE(f.a.edge->shards.front()->s2s().lessons().size(), 48U);
    EXPECT_GE(f.a.edge->shards.front()->s2s().lessons().size(), 16U);
    f.world.advance(std::chrono::minutes{12});
    EXPECT_EQ(f.a.edge->shards.front()->s2s().lessons().size(), 0U);
}

}  // namespace
}  // namespace sallyport::test
