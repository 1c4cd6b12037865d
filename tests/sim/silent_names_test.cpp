// Domains whose name servers say nothing, asked for by strangers and by a user: nobody else waits for them (threats
// T13, T67).
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class SilentNames : public testing::Test {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.limits.dns_questions = 64;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    /// A domain of its own owner, whose servers are silent.
    std::string silent_domain() {
        std::string name = "d" + std::to_string(++domains) + ".test";
        for (const char* service : {"_xmpp-server._tcp.", "_xmpps-server._tcp."}) {
            f.dns.fail(service + name, DnsStatus::timed_out);
        }
        return name;
    }
    /// A stranger who claims silent domains, as many as one address may claim at a time; his latest stream.
    RawStream& knock(int host) {
        const std::string own = "s" + std::to_string(host) + ".test";
        strangers.push_back(std::make_unique<RawPartner>(f.world, f.dns, own, "198.51.101." + std::to_string(host)));
        RawPartner& stranger = *strangers.back();
        stranger.habits.listens = false;
        RawStream* opened = nullptr;
        for (int stream = 0; stream < 4; ++stream) {
            opened = &stranger.open(f.a.edge_public, "a.test");
            f.world.advance(10ms);
            for (int more = 0; more < 7; ++more) claim(*opened, silent_domain());
        }
        f.world.advance(10ms);
        return *opened;
    }
    static void claim(RawStream& stream, const std::string& domain) {
        stream.say("<db:result from='" + domain + "' to='a.test'>key</db:result>");
    }
    TableFill questions() {
        TableFills all;
        f.a.edge->process.names->tables(all);
        EXPECT_EQ(all.front().name, "dns.questions");
        return all.front();
    }
    void expect_to_be_verified(RawPartner& partner) {
        RawStream& stream = partner.open(f.a.edge_public, "a.test");
        EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); }, 2s)) << stream.heard();
    }
    void expect_to_reach(RawPartner& partner, const std::string& from) {
        f.a.user().message(from, "u@" + partner.domain(), "m1");
        EXPECT_TRUE(f.world.run_until([&] { return partner.got("m1"); }, 2s));
    }

    Federation f;
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"}, d{f.world, f.dns, "e.test", "198.51.100.11"};
    std::vector<std::unique_ptr<RawPartner>> strangers;
    int domains = 0;
};

TEST_F(SilentNames, OfStrangersKeepNobodyFromBeingVerifiedOrReached) {
    for (int host = 1; host < 4; ++host) static_cast<void>(knock(host));
    const RawStream& last = knock(4);
    EXPECT_LT(questions().entries, questions().bound / 2) << "and there is room for further strangers";
    EXPECT_GT(questions().entries, 8U);
    EXPECT_NE(last.heard().find("resource-constraint"), std::string::npos) << last.heard();
    expect_to_be_verified(c);
    expect_to_reach(d, "romeo@a.test");
}

/// What we have no room to ask for says nothing about a domain: whoever claims it elsewhere is asked for.
TEST_F(SilentNames, OfAStrangerDoNotMakeOthersUnreachable) {
    RawStream& stream = knock(1);
    const std::size_t before = stream.heard().size();
    claim(stream, "c.test");
    f.world.advance(10ms);
    EXPECT_NE(stream.heard().find("resource-constraint", before), std::string::npos) << stream.heard();
    expect_to_be_verified(c);
}

/// So many strangers that they have all that strangers may have.
TEST_F(SilentNames, OfEverSoManyStrangersKeepNobodyOutWhoHasProvedHimselfBefore) {
    RawStream& before = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return before.ready(); }));
    before.close();
    f.world.advance(10min);
    for (int host = 1; host <= 40; ++host) static_cast<void>(knock(host));
    EXPECT_GE(questions().entries, questions().bound / 2);
    RawStream& stranger = d.open(f.a.edge_public, "a.test");
    f.world.advance(1s);
    EXPECT_FALSE(stranger.ready());
    EXPECT_NE(stranger.heard().find("resource-constraint"), std::string::npos) << stranger.heard();
    expect_to_be_verified(c);
    expect_to_reach(d, "romeo@a.test");
}

TEST_F(SilentNames, ThatOneUserWritesToLeaveOthersTheirs) {
    for (int n = 0; n < 100; ++n) {
        f.a.user().message("romeo@a.test", "u@" + silent_domain(), "s" + std::to_string(n));
    }
    f.world.advance(100ms);
    EXPECT_GT(questions().entries, 4U);
    EXPECT_LT(questions().entries, questions().bound / 2);
    expect_to_reach(d, "juliet@a.test");
    expect_to_be_verified(c);
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("s99"); }, 40s)) << "returned";
    EXPECT_NE(f.a.edge_log.dump().find("look-ups wait for an answer"), std::string::npos);
}

/// Whoever administers the node wants to know what DNS says now.
TEST_F(SilentNames, AreAskedForAgainWhenAnOperatorPings) {
    const std::string service = "_xmpp-server._tcp.c.test";
    f.dns.fail(service, DnsStatus::timed_out);
    f.a.user().message("romeo@a.test", "u@c.test", "m1");
    f.world.advance(10500ms);
    const int asked = f.dns.questions(service);
    f.a.user(1).message("room@rooms.a.test", "u@c.test", "m2");
    f.world.advance(100ms);
    EXPECT_EQ(f.dns.questions(service), asked) << "from memory";
    f.a.edge->shards.front()->s2s().pool().ping({*xmpp::Domain::parse("imp.a.test"), *xmpp::Domain::parse("c.test")},
                                                [](const Result<Duration>&) {});
    f.world.advance(100ms);
    EXPECT_EQ(f.dns.questions(service), asked + 1);
}

}  // namespace
}  // namespace sallyport::test
