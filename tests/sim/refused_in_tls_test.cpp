// A partner that fails TLS where it sees our certificate and does not accept it: it is reached without one, by
// dialback; that is remembered for a while; and where nothing but the certificate may prove us, the sender hears at
// once.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"
#include "support/sim_server.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

using Habits = SimServer::Habits;
using Sasl = SimServer::Sasl;
using std::chrono::seconds;

constexpr const char *first_address = "198.51.100.31", *second_address = "198.51.100.32";

/// The versions differ in when the server judges: before its end of the handshake, or after it.
class RefusedInTls : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        ASSERT_TRUE(f.start()) << f.logs();
        f.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "first.partner.test");
        f.dns.address("first.partner.test", first_address);
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    static Habits with(const std::function<void(Habits&)>& change) {
        Habits habits;
        change(habits);
        return habits;
    }
    static Habits refusing() {
        return with([](Habits& h) { h.refuses_strangers_in = GetParam(); });
    }
    void say(const std::string& id) { f.a.user().message("romeo@a.test", "juliet@partner.test", id); }
    void break_streams() {
        f.world.reset_streams(first_address);
        f.world.advance(seconds{2});
    }

    Federation f{1};
};
INSTANTIATE_TEST_SUITE_P(Versions, RefusedInTls, testing::Values("TLSv1.2", "TLSv1.3"));

TEST_P(RefusedInTls, GivesWayToDialbackWithoutACertificateForAWhile) {
    SimServer partner{f.world, first_address, refusing()};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{15}));
    EXPECT_TRUE(f.a.user().received().empty());
    EXPECT_EQ(partner.accepted(), 2U);
    EXPECT_EQ(partner.certificates(), 0U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "dialback");
    EXPECT_EQ(f.a.edge_log.last("s2s.target.failed", "next"), "the same without our certificate");
    // The next stream goes by what was learned.
    break_streams();
    say("m2");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m2"); }, seconds{15}));
    EXPECT_EQ(partner.accepted(), 3U);
    EXPECT_EQ(partner.certificates(), 0U);
    // Not for ever: certificates are mended.
    f.world.advance(std::chrono::minutes{61});
    partner.habits = with([](Habits& h) {
        h.sasl = Sasl::accepts;
        h.issuer = "Sim CA";
    });
    break_streams();
    say("m3");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m3"); }, seconds{15}));
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "external");
}

/// With the TLS library on both ends.
TEST(RefusedInRealTls, GivesWayToDialbackWithoutACertificate) {
    const TestPki ours, theirs;
    Federation f{1};
    ASSERT_TRUE(f.start()) << f.logs();
    f.a.edge->shards.front()->s2s().context().client_tls = ours.context({"a.test"});
    f.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "first.partner.test");
    f.dns.address("first.partner.test", first_address);
    Habits habits;
    habits.tls_context = [&theirs](std::size_t number) {
        io::TlsSettings settings = theirs.settings({"partner.test"});
        settings.require_peer = number == 1;
        return *io::make_tls_context(settings);
    };
    SimServer partner{f.world, first_address, habits};
    f.a.user().message("romeo@a.test", "juliet@partner.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, seconds{15})) << f.a.edge_log.dump();
    EXPECT_EQ(partner.accepted(), 2U);
    EXPECT_EQ(partner.certificates(), 0U) << "it asked for one";
    EXPECT_TRUE(f.a.user().received().empty());
    EXPECT_EQ(f.a.edge->shards.front()->s2s().lessons().certificates.size(), 1U);
}

/// The authoritative server of a.test, which b.test asks.
TEST_P(RefusedInTls, GivesWayWhereAKeyIsVerified) {
    SimServer authoritative{f.world, first_address, refusing()};
    f.dns.forget("_xmpp-server._tcp.a.test");
    f.dns.srv("_xmpp-server._tcp.a.test", 0, 0, 5269, "first.partner.test");
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }, seconds{15}));
    EXPECT_EQ(authoritative.heard("verify"), 1U);
}

/// What fails without a certificate as well did not fail because of it: the next server sees it.
TEST_P(RefusedInTls, IsNotBelievedOfATargetWhoseTlsFailsInAnyCase) {
    f.dns.srv("_xmpp-server._tcp.partner.test", 10, 0, 5269, "second.partner.test");
    f.dns.address("second.partner.test", second_address);
    SimServer broken{f.world, first_address, with([](Habits& h) { h.tls_alert = true; })};
    SimServer good{f.world, second_address, with([](Habits& h) {
                       h.sasl = Sasl::accepts;
                       h.issuer = "Sim CA";
                   })};
    say("m1");
    ASSERT_TRUE(f.world.run_until([&] { return good.got("m1"); }, seconds{15}));
    EXPECT_EQ(broken.accepted(), 2U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "external");
    EXPECT_EQ(f.a.edge->shards.front()->s2s().lessons().certificates.size(), 0U);
}

/// Our rules let nothing but certificates prove anybody: dialback is no way out.
TEST_P(RefusedInTls, IsForGoodWhereDialbackIsOff) {
    f.a.change([](config::Settings& settings) {
        config::PeerException exception;
        exception.domain = *config::NamePattern::parse("partner.test");
        exception.authentication = config::Authentication::certificate;
        settings.peers.push_back(exception);
    });
    SimServer partner{f.world, first_address, with([](Habits& h) {
                          h.refuses_strangers_in = GetParam();
                          h.issuer = "Sim CA";
                      })};
    say("m1");
    const bool known = GetParam() == std::string_view{"TLSv1.3"};  // before the end of a handshake it may be anything
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m1"); }, known ? seconds{5} : seconds{40}));
    EXPECT_EQ(partner.heard("header") - partner.accepted(), 0U) << "never in TLS";
    if (!known) return;
    EXPECT_EQ(partner.accepted(), 1U);
    EXPECT_NE(f.a.edge_log.last("s2s.outbound.failed", "why").find("does not accept our certificate"),
              std::string::npos);
}

}  // namespace
}  // namespace sallyport::test
