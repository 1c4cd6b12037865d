// A domain that is ours by the settings while nobody has it: its core says so itself, or lets it wait for a presence
// node that is not there yet. No edge is asked, since it could only answer for a domain inside, and that ends links.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class Nobody : public testing::TestWithParam<std::uint32_t> {
protected:
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    void expect_no_link_disturbed() {
        for (const Organisation* one : {&f.a, &f.b}) {
            EXPECT_EQ(one->core_log.count("link.refused"), 0U);
            EXPECT_EQ(one->core_log.count("link.down"), 0U);
            EXPECT_EQ(one->edge_log.count("link.down"), 0U);
        }
    }
    static bool is_error(const SimUser& user, const std::string& id, const std::string& condition) {
        return user.got(id) && user.with_id(id).front()->type == "error" &&
               user.with_id(id).front()->bytes.find("<" + condition) != std::string::npos;
    }

    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, Nobody, testing::Values(1U, 2U));

TEST_P(Nobody, IsSaidAtOnceToTheSenderInside) {
    ASSERT_TRUE(f.start()) << f.logs();
    for (auto& user : f.a.users) user->message("romeo@" + user->domain(), "nobody@imp.a.test", "1");
    f.world.advance(std::chrono::seconds{1});
    for (auto& user : f.a.users) EXPECT_TRUE(is_error(*user, "1", "remote-server-not-found"));
    // From an address that nobody has either: no answer, and no end.
    f.a.user().message("romeo@a.test", "nobody@imp.a.test", "2");
    f.world.advance(std::chrono::seconds{40});
    EXPECT_EQ(f.a.edge_log.count("s2s.stanza.bounced"), 0U) << "the edge has not seen it";
    expect_no_link_disturbed();
}

TEST_P(Nobody, IsSaidToAPartnerWhenTheTimeIsOver) {
    ASSERT_TRUE(f.start()) << f.logs();
    f.b.user().message("juliet@b.test", "nobody@imp.a.test", "1");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("1"); }));
    EXPECT_TRUE(is_error(f.b.user(), "1", "remote-server-timeout")) << f.b.user().with_id("1").front()->bytes;
    expect_no_link_disturbed();
}

TEST_P(Nobody, IsNotSaidWhileAPresenceNodeIsComing) {
    f.a.has_presence = true;
    f.a.table = {{"cm-2_s2scp-1.edge-a-test"}, 1, false};
    f.a.start_edge();
    f.a.start_core();
    f.a.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().attached(); }));
    for (int n = 0; n < 10; ++n) f.a.user().message("romeo@a.test", "juliet@imp.a.test", std::to_string(n));
    f.world.advance(std::chrono::seconds{3});
    f.a.start_presence();
    f.a.imp_user.attach({*IpAddress::parse(f.a.presence_address), 5347});
    f.world.advance(std::chrono::milliseconds{10});
    ASSERT_TRUE(f.a.imp_user.attached());
    f.world.advance(std::chrono::seconds{10});
    EXPECT_EQ(f.a.imp_user.ids_from("a.test").size(), 10U);
    EXPECT_TRUE(f.a.user().received().empty());
    expect_no_link_disturbed();
}

TEST_P(Nobody, AnErrorForADomainThatHasFoundSomebodyEndsNoLink) {
    ASSERT_TRUE(f.start()) << f.logs();
    // What an edge would have answered for a.test before this core had it.
    const std::string bytes = "<message from='ceo@a.test' to='clerk@rooms.a.test' id='late' type='error'/>";
    xmpp::Stanza late;
    late.bytes = bytes;
    late.from = "ceo@a.test";
    late.to = "clerk@rooms.a.test";
    late.from_domain = "a.test";
    late.to_domain = "rooms.a.test";
    late.id = "late";
    late.type = "error";
    f.a.edge->shards.front()->hub().send(late, {});
    ASSERT_TRUE(f.world.run_until([&] { return f.a.core_log.count("link.refused") == 1; }));
    f.world.advance(std::chrono::seconds{1});
    EXPECT_FALSE(f.a.user(1).got("late"));
    EXPECT_EQ(f.a.core_log.count("link.down"), 0U);
    const auto unbounded = f.a.core_log.without_source();
    EXPECT_EQ(std::count(unbounded.begin(), unbounded.end(), "link.refused"), 0) << "an edge cannot fill the log";
}

/// Who floods a presence node uses up his own budget, and leaves others theirs.
TEST(PresenceNode, ThatIsFloodedByOneTakesWhatOthersSend) {
    Federation f{1, true};
    f.a.limits.link_bytes = 8 << 20;  // what waits here is less than what a component takes at once
    ASSERT_TRUE(f.start()) << f.logs();
    f.a.kill_presence();
    f.world.advance(std::chrono::milliseconds{100});
    for (int n = 0; n < 300; ++n) {
        f.a.user(1).message("u@rooms.a.test", "romeo@imp.a.test", "flood", std::string(10000, 'x'));
        if (n % 10 == 9) f.world.advance(std::chrono::milliseconds{10});
    }
    // To the last byte.
    for (int n = 0; n < 100; ++n) f.a.user(1).message("u@rooms.a.test", "romeo@imp.a.test", "flood");
    f.world.advance(std::chrono::seconds{3});
    ASSERT_TRUE(f.a.user(1).got("flood")) << "its budget is used up";
    EXPECT_NE(f.a.user(1).with_id("flood").front()->bytes.find("<resource-constraint"), std::string::npos);
    f.a.user(0).message("u@a.test", "romeo@imp.a.test", "inside");
    f.b.user().message("juliet@b.test", "romeo@imp.a.test", "outside");
    f.world.advance(std::chrono::seconds{3});
    EXPECT_FALSE(f.a.user(0).got("inside"));
    EXPECT_FALSE(f.b.user().got("outside"));
    f.a.start_presence();
    f.a.imp_user.attach({*IpAddress::parse(f.a.presence_address), 5347});
    EXPECT_TRUE(f.world.run_until([&] { return f.a.imp_user.got("inside") && f.a.imp_user.got("outside"); }))
        << f.logs();
}

/// A host that comes back before our TCP knows that its old connection is dead.
TEST(FarHost, ThatIsBackHasItsPairsAtOnce) {
    for (const std::uint32_t shards : {1U, 2U}) {
        Federation f{shards};
        ASSERT_TRUE(f.start()) << f.logs();
        // Just heard of, so that nobody asks whether it lives.
        f.b.user().message("u@b.test", "v@a.test", "before");
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("before"); }));
        f.world.advance(std::chrono::milliseconds{100});
        f.world.block(f.a.core_address, f.a.edge_link);
        f.a.kill_core();
        f.world.advance(std::chrono::seconds{1});
        f.world.heal(f.a.core_address, f.a.edge_link);
        f.a.start_core();
        f.a.attach_users();
        const auto open = [&] {
            return f.a.user(0).attached() && f.a.user(1).attached() &&
                   f.a.core->shards.front()->hub().open_realms().size() == 1;
        };
        ASSERT_TRUE(f.world.run_until(open, std::chrono::seconds{5}));
        f.world.advance(std::chrono::milliseconds{100});
        for (auto& from : f.b.users) {
            for (auto& to : f.a.users) from->message("u@" + from->domain(), "v@" + to->domain(), from->domain());
        }
        const auto arrived = [&] {
            return std::all_of(f.a.users.begin(), f.a.users.end(), [&](const auto& to) {
                return std::all_of(f.b.users.begin(), f.b.users.end(),
                                   [&](const auto& from) { return to->got(from->domain()); });
            });
        };
        EXPECT_TRUE(f.world.run_until(arrived, std::chrono::seconds{4})) << shards << f.logs();
    }
}

}  // namespace
}  // namespace sallyport::test
