// `why` agrees with the live path where a bound of the pool is reached: what it says of a message is what the pool does
// with that message, for the same reason.
#include <gtest/gtest.h>

#include "support/sim_control.h"
#include "support/sim_partner.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class WhyAtABound : public testing::TestWithParam<std::uint32_t> {
protected:
    /// Up, with the limits as they are now.
    void begin() {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
        control = std::make_unique<SimControl>(f, f.a);
        control->set({{"federation.enabled", "true"},
                      {"federation.domains", R"(["a.test","rooms.a.test"])"},
                      {"federation.security_mode", "\"tls_optional\""},
                      {"federation.privacy_mode", "\"deny_list\""}});
        f.world.block(f.a.edge_public, "198.51.100.77");
    }
    void TearDown() override {
        control.reset();
        if (HasFailure()) std::fputs(f.a.edge_log.dump().c_str(), stderr);
    }

    /// A domain whose server never answers; its pair with a.test is the first shard's.
    std::string silent() {
        std::string name;
        do name = "n" + std::to_string(names_++) + ".test";
        while (routing::owner("a.test", name, GetParam()) != 0);
        f.dns.srv("_xmpp-server._tcp." + name, 0, 0, 5269, "xmpp." + name);
        f.dns.address("xmpp." + name, "198.51.100.77");
        return name;
    }
    SimUser& user_of(const std::string& from) { return f.a.user(from.find("@a.test") != std::string::npos ? 0 : 1); }
    void say(const std::string& from, const std::string& to, const std::string& id, std::size_t bytes = 0) {
        user_of(from).message(from, to, id, std::string(bytes, 'x'));
        f.world.advance(100ms);
    }
    static std::string said(const boost::json::object& answer, const char* member) {
        const auto* const text = answer.at(member).if_string();
        return text == nullptr ? boost::json::serialize(answer) : std::string{text->data(), text->size()};
    }

    void expect_taken(const std::string& from, const std::string& to) {
        const auto answer = control->why(from, to);
        EXPECT_TRUE(answer.at("passes").as_bool()) << boost::json::serialize(answer);
        const std::string id = "taken" + std::to_string(messages_++);
        say(from, to, id);
        EXPECT_FALSE(user_of(from).got(id)) << from << " -> " << to;
    }
    void expect_refused(const std::string& from, const std::string& to, const std::string& step, Rule rule) {
        const auto answer = control->why(from, to);
        EXPECT_FALSE(answer.at("passes").as_bool()) << boost::json::serialize(answer);
        const std::string id = "refused" + std::to_string(messages_++);
        say(from, to, id);
        ASSERT_TRUE(user_of(from).got(id)) << "the live path takes it";
        EXPECT_NE(user_of(from).with_id(id).front()->bytes.find("<resource-constraint"), std::string::npos);
        EXPECT_EQ(f.a.edge_log.last("s2s.stanza.bounced", "rule"), text(rule));
        EXPECT_EQ(said(answer, "blocked_at"), step);
        EXPECT_EQ(said(answer, "blocked_by"), f.a.edge_log.last("s2s.stanza.bounced", "why"));
        EXPECT_EQ(said(answer, "part"), text(row_of(rule).part));
    }
    [[nodiscard]] s2s::DestinationStatus status_of(const std::string& local, const std::string& remote) {
        for (auto& shard : f.a.edge->shards) {
            for (const auto& to : shard->s2s().pool().destinations()) {
                if (to.pair.local.text() == local && to.pair.remote.text() == remote) return to;
            }
        }
        return {};
    }

    Federation f{GetParam()};
    SimPartner c{f.world, f.dns, "c.test", 31};
    SimNetwork silent_host{f.world, {"198.51.100.77"}};
    std::unique_ptr<SimControl> control;

private:
    int names_ = 0, messages_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Shards, WhyAtABound, testing::Values(1U, 2U));

TEST_P(WhyAtABound, OfStanzasInTheQueue) {
    f.a.limits.queue_stanzas = 8;
    begin();
    const std::string to = "juliet@" + silent();
    for (int n = 0; n < 8; ++n) expect_taken("romeo@a.test", to);
    expect_refused("romeo@a.test", to, "queue", Rule::queue_full);
}

/// `queue_bytes` is raised to two of the largest stanzas. Less room is left than a message needs.
TEST_P(WhyAtABound, OfBytesInTheQueue) {
    f.a.limits.queue_bytes = 1;
    begin();
    const std::uint64_t most = f.a.limits.after_auth.element_bytes * 2;
    const std::string domain = silent();
    const auto queued = [&] { return status_of("a.test", domain).queued_bytes; };
    say("romeo@a.test", "juliet@" + domain, "m1", 400000);
    const std::uint64_t around = queued() - 400000;
    say("romeo@a.test", "juliet@" + domain, "m2", 400000);
    expect_taken("romeo@a.test", "juliet@" + domain);
    say("romeo@a.test", "juliet@" + domain, "m3", most - queued() - around - 10);
    ASSERT_EQ(queued(), most - 10);
    expect_refused("romeo@a.test", "juliet@" + domain, "queue", Rule::queue_full);
}

/// Of all pairs with one domain, in queues and unacknowledged: the pair itself has an empty queue.
TEST_P(WhyAtABound, OfAllThatIsKeptForAPartner) {
    f.a.limits.queue_stanzas = 8;
    c.acks = SimPartner::Acks::none;
    if (GetParam() > 1) GTEST_SKIP() << "each shard has a budget for a partner, and these pairs are not one shard's";
    begin();
    expect_taken("romeo@a.test", "juliet@c.test");
    expect_taken("romeo@rooms.a.test", "juliet@c.test");
    for (int n = 0; n < 40; ++n) say("romeo@a.test", "juliet@c.test", "m" + std::to_string(n));
    for (int n = 0; !f.a.user(1).got("r" + std::to_string(n - 1)); ++n) {
        ASSERT_LT(n, 40);
        say("romeo@rooms.a.test", "juliet@c.test", "r" + std::to_string(n));
    }
    ASSERT_EQ(status_of("rooms.a.test", "c.test").queued, 0U);
    expect_refused("romeo@rooms.a.test", "juliet@c.test", "queue", Rule::queue_full);
}

TEST_P(WhyAtABound, OfThePlacesOfTheNode) {
    f.a.limits.outbound_streams = 4;
    begin();
    for (int n = 0; n < 4; ++n) expect_taken("romeo@a.test", "juliet@" + silent());
    expect_refused("romeo@a.test", "juliet@" + silent(), "limits", Rule::streams);
}

TEST_P(WhyAtABound, OfThePlacesOfASender) {
    f.a.limits.outbound_streams = 256;
    begin();
    for (int n = 0; n < 16; ++n) expect_taken("romeo@a.test", "juliet@" + silent());
    const std::string next = silent();
    expect_refused("romeo@a.test", "juliet@" + next, "limits", Rule::streams_of_sender);
    expect_refused("romeo@a.test/balcony", "juliet@" + next, "limits", Rule::streams_of_sender);
    expect_taken("mercutio@a.test", "juliet@" + next);
}

/// Names below one domain that never rest: others find room, a further one of these does not.
TEST_P(WhyAtABound, OfThePlacesOfAnOwner) {
    f.a.limits.outbound_streams = 64;
    c.acks = SimPartner::Acks::none;
    begin();
    const auto name_of = [](int n) { return "n" + std::to_string(n) + ".c.test"; };
    for (int n = 0; n < 100; ++n) {
        c.serve(name_of(n));
        say("u" + std::to_string(n) + "@a.test", "juliet@" + name_of(n), "m" + std::to_string(n));
    }
    ASSERT_LT(f.a.edge->process.ledger.destinations(), 64U);
    c.serve(name_of(100));
    expect_refused("romeo@a.test", "juliet@" + name_of(100), "limits", Rule::streams);
    EXPECT_NE(f.a.edge_log.last("s2s.stanza.bounced", "why").find("below c.test"), std::string::npos);
    expect_taken("romeo@a.test", "juliet@" + silent());
}

}  // namespace
}  // namespace sallyport::test
