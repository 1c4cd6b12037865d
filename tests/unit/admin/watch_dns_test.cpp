// When DNS counts as dead, and what it is asked to find out.
#include "admin/api/watch_dns.h"

#include <gtest/gtest.h>

#include <set>

#include "fake_node.h"
#include "support/sim_world.h"

namespace sallyport::test {
namespace {

/// Names below `own` have one end, others another.
class TwoAnswers final : public io::Resolver {
public:
    explicit TwoAnswers(io::Loop& loop) : loop_{loop} {}
    [[nodiscard]] std::unique_ptr<io::Lookup> srv(const std::string& name, const io::Asker&,
                                                  io::OnAnswer on_answer) override {
        asked.push_back(name);
        auto lookup = std::make_unique<Asked>(*this);
        const bool is_own = name.find('.') != std::string::npos;
        lookup->timer = loop_.timer([this, is_own, on_answer = std::move(on_answer)] {
            DnsAnswer answer;
            answer.status = is_own ? own : root;
            on_answer(answer);
        });
        const bool is_late = (is_own ? own : root) == DnsStatus::timed_out;
        lookup->timer->arm(loop_.now() + (is_late ? std::chrono::seconds{10} : std::chrono::seconds{0}));
        return lookup;
    }
    [[nodiscard]] std::unique_ptr<io::Lookup> addresses(const std::string& name, bool, const io::Asker& asker,
                                                        io::OnAnswer on_answer) override {
        return srv(name, asker, std::move(on_answer));
    }
    DnsStatus own = DnsStatus::no_name, root = DnsStatus::no_name;
    std::vector<std::string> asked;
    unsigned open = 0, most_open = 0;

private:
    struct Asked final : io::Lookup {
        explicit Asked(TwoAnswers& all_) : all{all_} { all.most_open = std::max(all.most_open, ++all.open); }
        ~Asked() override { --all.open; }
        TwoAnswers& all;
        std::unique_ptr<io::Timer> timer;
    };
    io::Loop& loop_;
};

class WatchedDns : public testing::Test {
protected:
    WatchedDns() {
        node.other_loop = &world.loop();
        node.other_resolver = &dns;
    }
    void pass(int seconds) {
        for (int i = 0; i < 2 * seconds; ++i) {
            watch.look(world.loop().now());
            world.advance(std::chrono::milliseconds{500});
        }
    }
    [[nodiscard]] bool is_dead() { return node.host().dead_dns.has_value(); }
    SimWorld world;
    TwoAnswers dns{world.loop()};
    FakeNode node;
    admin::DnsWatch watch{node};
};

/// Caches answer what was asked before.
TEST_F(WatchedDns, IsAskedForAnotherNameEveryFewSeconds) {
    pass(21);
    EXPECT_EQ(dns.asked.size(), 6U);
    EXPECT_EQ(std::set<std::string>(dns.asked.begin(), dns.asked.end()).size(), dns.asked.size());
    for (const std::string& name : dns.asked) EXPECT_TRUE(name.ends_with(".b.test")) << name << " is nobody else's";
    EXPECT_FALSE(is_dead());
}

TEST_F(WatchedDns, IsDeadWhenItFailsTwice) {
    pass(4);
    dns.own = dns.root = DnsStatus::failed;
    pass(4);
    EXPECT_FALSE(is_dead()) << "once is no alarm";
    pass(5);
    ASSERT_TRUE(is_dead());
    EXPECT_EQ(node.host().dead_dns->domain, "b.test");
    dns.own = DnsStatus::no_data;
    pass(5);
    EXPECT_FALSE(is_dead());
}

TEST_F(WatchedDns, ThatAnswersLateIsNotAskedOverAndOver) {
    dns.own = dns.root = DnsStatus::timed_out;
    pass(14);
    EXPECT_FALSE(is_dead());
    pass(16);
    EXPECT_TRUE(is_dead());
    EXPECT_EQ(dns.most_open, 2U);
    EXPECT_LE(dns.asked.size(), 6U) << "the resolver has its time";
    dns.root = DnsStatus::no_name;
    pass(15);
    EXPECT_FALSE(is_dead());
}

TEST_F(WatchedDns, IsAliveWhenOnlyTheServersOfOurZoneOrThoseOfTheRootFail) {
    dns.own = DnsStatus::failed;
    pass(60);
    EXPECT_FALSE(is_dead()) << "the root answers";
    dns.own = DnsStatus::no_name;
    dns.root = DnsStatus::failed;
    pass(60);
    EXPECT_FALSE(is_dead()) << "a network of its own has no root";
}

TEST_F(WatchedDns, IsNotAskedForWhatIsNoName) {
    std::string longest;
    while (longest.size() < 240) longest += std::string(59, 'a') + ".";
    longest += "test";
    FakeNode long_named{{{"federation.enabled", "true"}, {"federation.domains", "[\"" + longest + "\"]"}}};
    long_named.other_loop = &world.loop();
    long_named.other_resolver = &dns;
    dns.own = dns.root = DnsStatus::failed;
    admin::DnsWatch watched{long_named};
    for (int i = 0; i < 60; ++i) {
        watched.look(world.loop().now());
        world.advance(std::chrono::milliseconds{500});
    }
    EXPECT_TRUE(dns.asked.empty());
    EXPECT_FALSE(long_named.host().dead_dns);
}

TEST_F(WatchedDns, IsAskedByACoreThatNeedsIt) {
    node.node_file.role = config::Role::core;
    pass(60);
    EXPECT_TRUE(dns.asked.empty()) << "this core dials addresses";
    node.node_file.inside.servers.emplace_back().address = {"xmpp.b.test", 5269};
    pass(5);
    EXPECT_FALSE(dns.asked.empty()) << "and now a name";
}

}  // namespace
}  // namespace sallyport::test
