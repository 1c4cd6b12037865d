// Two organisations, whole: what a user of one says reaches a user of the other through core, link, edge, S2S, edge,
// link and core; and what policy does to it in operation.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class WholeNodes : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, WholeNodes, testing::Values(1U, 2U));

TEST_P(WholeNodes, CarryAMessageToTheOtherOrganisationAndItsAnswerBack) {
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1", "Call me but love");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }));
    const auto& there = *f.b.user().with_id("m1").front();
    EXPECT_EQ(there.from, "romeo@a.test");
    EXPECT_EQ(there.to, "juliet@b.test");
    EXPECT_EQ(there.type, "chat");
    EXPECT_NE(there.bytes.find("<body>Call me but love</body>"), std::string::npos);

    f.b.user().message("juliet@b.test", "romeo@a.test", "m2", "What man art thou");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m2"); }));
    EXPECT_EQ(f.a.user().received().size(), 1U);
    EXPECT_EQ(f.b.user().received().size(), 1U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "tls"), "TLSv1.3");
}

TEST_P(WholeNodes, LogAllThreeRolesOfDialback) {
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }));
    // XEP-0220 1.2: initiating, receiving and authoritative server. The first and the last are the same edge here.
    EXPECT_EQ(f.a.edge_log.count("s2s.result.sent"), 1U);
    EXPECT_EQ(f.b.edge_log.count("s2s.result.received"), 1U);
    EXPECT_EQ(f.b.edge_log.count("s2s.verify.sent"), 1U);
    EXPECT_EQ(f.a.edge_log.count("s2s.verify.received"), 1U);
    EXPECT_EQ(f.a.edge_log.count("s2s.verify.answered"), 1U);
    EXPECT_EQ(f.b.edge_log.count("s2s.result.answered"), 1U);
    EXPECT_EQ(f.a.edge_log.last("s2s.pair.ready", "method"), "dialback");
}

TEST_P(WholeNodes, KeepTheOrderOfAPair) {
    std::vector<std::string> expected;
    for (int n = 0; n < 100; ++n) {
        expected.push_back(std::to_string(n));
        f.a.user().message("romeo@a.test", "juliet@b.test", expected.back());
    }
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().received().size() >= 100; }));
    EXPECT_EQ(f.b.user().ids_from("a.test"), expected);
}

TEST_P(WholeNodes, HearTheAnswerToTheirPingThoughTheOtherSideIsAGatewayToo) {
    std::optional<Result<Duration>> outcome;
    const xmpp::DomainPair pair{*xmpp::Domain::parse("a.test"), *xmpp::Domain::parse("b.test")};
    const auto at = routing::owner("a.test", "b.test", static_cast<std::uint32_t>(f.a.edge->shards.size()));
    f.a.edge->shards[at]->s2s().pool().ping(pair, [&](Result<Duration> result) { outcome = std::move(result); });
    const auto is_ping = [](const SimUser::Received& received) {
        return received.kind == xmpp::StanzaKind::iq && received.type == "get";
    };
    const auto& arrived = f.b.user().received();
    ASSERT_TRUE(f.world.run_until([&] { return std::any_of(arrived.begin(), arrived.end(), is_ping); }));
    const SimUser::Received ping = *std::find_if(arrived.begin(), arrived.end(), is_ping);
    f.b.user().say("<iq type='result' id='" + ping.id + "' from='b.test' to='a.test'/>");
    ASSERT_TRUE(f.world.run_until([&] { return outcome.has_value(); }));
    EXPECT_TRUE(outcome->has_value()) << outcome->error().text;
}

TEST_P(WholeNodes, CloseTheStreamsOfADomainThatIsDeniedInOperation) {
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1");
    f.b.user().message("juliet@b.test", "romeo@a.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m1") && f.b.user().got("m1"); }));

    f.a.change([](config::Settings& settings) { settings.deny_list = {*config::NamePattern::parse("b.test")}; });
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(f.a.edge->shards.front()->s2s().pool().streams().size(), 0U);
    EXPECT_EQ(f.b.edge_log.last("s2s.stream.error-received", "condition"), "policy-violation");

    f.a.user().message("romeo@a.test", "juliet@b.test", "m2");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m2"); }));
    const auto& error = *f.a.user().with_id("m2").front();
    EXPECT_EQ(error.type, "error");
    EXPECT_EQ(error.from, "juliet@b.test");
    EXPECT_NE(error.bytes.find("<not-allowed"), std::string::npos) << error.bytes;
    EXPECT_FALSE(f.b.user().got("m2"));

    f.a.change([](config::Settings& settings) { settings.deny_list.clear(); });
    f.a.user().message("romeo@a.test", "juliet@b.test", "m3");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m3"); }));
}

TEST_P(WholeNodes, RefuseADeniedDomainsOwnStream) {
    f.a.change([](config::Settings& settings) { settings.deny_list = {*config::NamePattern::parse("b.test")}; });
    f.b.user().message("juliet@b.test", "romeo@a.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }, std::chrono::minutes{2}));
    EXPECT_EQ(f.b.user().with_id("m1").front()->type, "error");
    EXPECT_TRUE(f.a.user().received().empty());
}

TEST_P(WholeNodes, AnswerAtOnceForADomainThatOffersNoService) {
    f.dns.srv("_xmpp-server._tcp.none.test", 0, 0, 0, ".");
    const TimePoint before = f.world.loop().now();
    f.a.user().message("romeo@a.test", "juliet@none.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m1"); }));
    EXPECT_LT(f.world.loop().now() - before, std::chrono::seconds{1});
    EXPECT_NE(f.a.user().with_id("m1").front()->bytes.find("<remote-server-not-found"), std::string::npos);
    EXPECT_EQ(f.a.edge_log.count("tcp.connected"), 0U);
}

TEST_P(WholeNodes, NeverConnectToAReservedAddressFromDns) {
    SimNetwork trap{f.world, {"127.0.0.1"}};
    int accepted = 0;
    const auto listener = trap.listen({*IpAddress::parse("127.0.0.1"), 5269}, [&](auto) { ++accepted; });
    ASSERT_TRUE(listener);
    f.dns.srv("_xmpp-server._tcp.evil.test", 0, 0, 5269, "local.evil.test");
    f.dns.address("local.evil.test", "127.0.0.1");
    f.a.user().message("romeo@a.test", "juliet@evil.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m1"); }));
    EXPECT_NE(f.a.user().with_id("m1").front()->bytes.find("<remote-server-not-found"), std::string::npos);
    EXPECT_GE(f.a.edge_log.count("tcp.address.refused"), 1U);
    EXPECT_EQ(accepted, 0);
}

TEST_P(WholeNodes, ReturnWhatADomainSaysThatDoesNotFederate) {
    f.a.change([](config::Settings& settings) { settings.domains = {*config::NamePattern::parse("rooms.a.test")}; });
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m1"); }));
    EXPECT_EQ(f.a.user().with_id("m1").front()->type, "error");
    EXPECT_TRUE(f.b.user().received().empty());
}

TEST_P(WholeNodes, NeverAnswerAnErrorWithAnError) {
    f.dns.srv("_xmpp-server._tcp.none.test", 0, 0, 0, ".");
    f.a.user().say(
        "<message from='romeo@a.test' to='juliet@none.test' id='m1' type='error'><error type='cancel'>"
        "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.edge_log.count("s2s.stanza.undeliverable") == 1; }));
    f.world.advance(std::chrono::minutes{2});
    EXPECT_TRUE(f.a.user().received().empty());
    EXPECT_EQ(f.a.edge_log.count("s2s.stanza.bounced"), 0U);
}

}  // namespace
}  // namespace sallyport::test
