// Stanzas at which a partner ends streams, by what it says, and on every kind of stream: ours, one that the partner has
// opened (XEP-0288), and that of a core to a server inside.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"
#include "support/sim_partner.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

std::string error_of(SimUser& user, const std::string& id) {
    const auto found = user.with_id(id);
    return found.empty() ? std::string{} : found.front()->bytes;
}

struct Said {
    const char* condition;  ///< by the partner
    const char* returned;   ///< the condition that the sender gets
    unsigned ends;          ///< streams until then
};
void PrintTo(const Said& said, std::ostream* out) { *out << said.condition; }

class Poison : public testing::TestWithParam<Said> {
protected:
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// Poison among others, all of `from`: it comes back once, with what was said, and the others arrive.
    void expect_one_returned(SimUser& from, const std::string& sender, const std::string& to, SimPartner& c) {
        const auto say = [&](const std::string& id, std::size_t bytes) {
            from.message(sender, to, id, std::string(bytes, 'x'));
        };
        for (int n = 0; n < 5; ++n) say(std::to_string(n), 100);
        say("poison", 20000);
        for (int n = 5; n < 10; ++n) say(std::to_string(n), 100);
        f.world.advance(29s);
        for (int n = 0; n < 10; ++n) {
            EXPECT_GE(c.count(std::to_string(n)), 1U) << n;
            EXPECT_FALSE(from.got(std::to_string(n))) << n;
        }
        EXPECT_EQ(from.with_id("poison").size(), 1U);
        const std::string error = error_of(from, "poison");
        EXPECT_NE(error.find(std::string{"<"} + GetParam().returned), std::string::npos) << error;
        EXPECT_GE(c.connections(), GetParam().ends);
        EXPECT_LE(c.connections(), GetParam().ends + 3);
    }

    Federation f;
};
INSTANTIATE_TEST_SUITE_P(Conditions, Poison,
                         testing::Values(Said{"policy-violation", "policy-violation", 2},
                                         Said{"undefined-condition", "not-acceptable", 2},
                                         Said{"unsupported-stanza-type", "not-acceptable", 2},
                                         // It may be trouble of the partner's own.
                                         Said{"internal-server-error", "not-acceptable", 4}));

TEST_P(Poison, ToAPartnerComesBackAndTheOthersArrive) {
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    SimPartner c{f.world, f.dns, "c.test", 31};
    c.most_bytes = 10000;
    c.refusal = GetParam().condition;
    expect_one_returned(f.a.user(), "romeo@a.test", "juliet@c.test", c);
}

TEST_P(Poison, ToAServerInsideComesBackAndTheOthersArrive) {
    SimPartner c{f.world, f.dns, "inside.a.test", 51};
    f.dns.forget("_xmpp-server._tcp.inside.a.test");
    f.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {c.address(), 5269};
    server.tls = config::InsideTls::optional;
    f.a.servers = {server};
    f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
    ASSERT_TRUE(f.start()) << f.logs();
    c.most_bytes = 10000;
    c.refusal = GetParam().condition;
    expect_one_returned(f.b.user(), "juliet@b.test", "romeo@inside.a.test", c);
}

/// With and without XEP-0198.
class OnThePartnersStream : public testing::TestWithParam<std::tuple<bool, const char*>> {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.settings.bidi = true;
        f.a.limits.queue_seconds = 600;
        ASSERT_TRUE(f.start()) << f.logs();
        c.habits.bidi = true;
        c.habits.sm = managed();
        stream = &c.open(f.a.edge_public, "a.test");
        ASSERT_TRUE(f.world.run_until([&] { return stream->ready(); }));
        if (managed()) stream->enable();
        say("before");
        ASSERT_TRUE(f.world.run_until([&] { return stream->got("before"); }));
        f.world.advance(3s);
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.a.edge_log.dump().c_str(), stderr);
    }
    static bool managed() { return std::get<0>(GetParam()); }
    void say(const std::string& id, std::size_t bytes = 100) {
        f.a.user().message("romeo@a.test", "u@c.test", id, std::string(bytes, 'x'));
    }

    Federation f;
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream* stream = nullptr;
};

class PoisonOnThePartnersStream : public OnThePartnersStream {};
INSTANTIATE_TEST_SUITE_P(Conditions, PoisonOnThePartnersStream,
                         testing::Combine(testing::Bool(), testing::Values("policy-violation", "undefined-condition")));

TEST_P(PoisonOnThePartnersStream, ComesBackAndTheOthersArrive) {
    const std::string condition = std::get<1>(GetParam());
    c.habits.ends_at_poison = condition;
    for (int n = 0; n < 5; ++n) say(std::to_string(n));
    say("poison");
    for (int n = 5; n < 10; ++n) say(std::to_string(n));
    f.world.advance(29s);
    EXPECT_TRUE(stream->closed());
    EXPECT_EQ(f.a.user().with_id("poison").size(), 1U);
    for (int n = 0; n < 10; ++n) {
        const std::string id = std::to_string(n);
        // Without acknowledgements nobody knows what it had read of what it had taken.
        EXPECT_TRUE(c.got(id) || (!managed() && f.a.user().got(id))) << id;
        if (managed()) {
            EXPECT_FALSE(f.a.user().got(id)) << id;
        }
    }
    if (!managed()) return;
    const std::string error = error_of(f.a.user(), "poison");
    EXPECT_NE(error.find(condition == "policy-violation" ? "<policy-violation" : "<not-acceptable"), std::string::npos)
        << error;
    EXPECT_NE(f.a.edge_log.last("s2s.stanza.returned", "why").find("the peer said " + condition), std::string::npos);
}

class OverloadedOnItsOwnStream : public OnThePartnersStream {};
INSTANTIATE_TEST_SUITE_P(Managed, OverloadedOnItsOwnStream,
                         testing::Values(std::tuple{true, "resource-constraint"}, std::tuple{true, "system-shutdown"}));

/// It has not the means just now, which says nothing of the stanza that it was reading.
TEST_P(OverloadedOnItsOwnStream, IsNotBlamedOnTheStanza) {
    c.habits.ends_at_poison = std::get<1>(GetParam());
    say("poisonless");
    f.world.advance(20s);
    EXPECT_GE(c.streams().size(), 4U) << "it has ended several";
    c.habits.ends_at_poison.clear();
    EXPECT_TRUE(f.world.run_until([&] { return c.got("poisonless"); }, 2min));
    f.world.advance(1min);
    EXPECT_TRUE(f.a.user().received().empty());
}

class SlowOnItsOwnStream : public OnThePartnersStream {};
INSTANTIATE_TEST_SUITE_P(Managed, SlowOnItsOwnStream, testing::Values(std::tuple{false, ""}, std::tuple{true, ""}));

TEST_P(SlowOnItsOwnStream, IsTakenForAlive) {
    c.habits.answers_pings = false;
    c.habits.bytes_per_second = 30000;
    for (int n = 0; n < 800; ++n) say(std::to_string(n), 5000);
    f.world.advance(170s);
    EXPECT_EQ(f.a.edge_log.count("s2s.peer.dead"), 0U);
    EXPECT_FALSE(stream->closed());
    EXPECT_TRUE(c.accepted().empty());
    EXPECT_TRUE(f.a.user().received().empty());
    EXPECT_TRUE(stream->got("799"));
}

}  // namespace
}  // namespace sallyport::test
