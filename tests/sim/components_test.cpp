// Components whose connections die without a word, are displaced, or stop reading; and strangers at their listener.
// Through whole nodes: what the component was sent arrives once or comes back, and nobody else waits.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/doorway.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using std::chrono::seconds;

class Components : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }

    [[nodiscard]] Endpoint port() const { return {*IpAddress::parse(f.a.core_address), 5347}; }
    components::ComponentServer& server() { return f.a.core->shards.front()->components(); }
    [[nodiscard]] std::string why_closed() const { return f.a.core_log.last("component.closed", "why"); }
    /// Somebody outside, and somebody of the other component of the core, write to a.test.
    void send(int from, int to, std::size_t bytes = 1) {
        for (int n = from; n < to; ++n) {
            const std::string body(bytes, 'x');
            f.b.user().message("juliet@b.test", "romeo@a.test", "b" + std::to_string(n), body);
            f.a.user(1).message("room@rooms.a.test", "romeo@a.test", "r" + std::to_string(n), body);
        }
    }
    [[nodiscard]] static std::vector<std::string> all(const std::string& prefix, int from, int to) {
        std::vector<std::string> ids;
        for (int n = from; n < to; ++n) ids.push_back(prefix + std::to_string(n));
        return ids;
    }
    [[nodiscard]] static std::set<std::string> returned(const SimUser& sender) {
        std::set<std::string> ids;
        for (const auto& one : sender.received()) {
            if (one.type == "error") ids.insert(one.id);
        }
        return ids;
    }

    Federation f{GetParam()};
    SimNetwork elsewhere{f.world, {"10.1.0.9"}};
    SimUser newer{elsewhere, "a.test", "component secret"};
};
INSTANTIATE_TEST_SUITE_P(Shards, Components, testing::Values(1U, 2U));

TEST_P(Components, TheNewConnectionGetsWhatADeadOneWasGiven) {
    send(0, 1);
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("b0") && f.a.user().got("r0"); }));
    f.world.advance(seconds{5});
    f.world.block(f.a.core_address, f.a.user_address);
    // The other component has the same host: only b writes.
    for (int n = 1; n < 20; ++n) f.b.user().message("juliet@b.test", "romeo@a.test", "b" + std::to_string(n));
    f.world.advance(seconds{3});
    newer.attach(port());
    f.world.advance(seconds{1});
    for (int n = 20; n < 30; ++n) f.b.user().message("juliet@b.test", "romeo@a.test", "b" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return newer.got("b29"); }, seconds{10}));
    EXPECT_EQ(newer.ids_from("b.test"), all("b", 1, 30)) << "in order, and nothing that the old one had";
    f.world.heal(f.a.core_address, f.a.user_address);
    f.world.advance(seconds{60});
    EXPECT_EQ(f.a.user().ids_from("b.test"), all("b", 0, 1)) << "nothing twice";
    EXPECT_TRUE(returned(f.b.user()).empty());
    EXPECT_EQ(why_closed(), "another connection has attached for the domain");
    newer.message("romeo@a.test", "juliet@b.test", "answer");
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("answer"); }));
}

TEST_P(Components, ALivingConnectionIsDisplacedWithoutLossOrDoubling) {
    int next = 0;
    for (int round = 0; round < 10; ++round) {
        SimUser& older = round % 2 == 0 ? f.a.user() : newer;
        SimUser& younger = round % 2 == 0 ? newer : f.a.user();
        send(next, next + 20);
        next += 20;
        f.world.advance(std::chrono::microseconds{1300} * round);
        younger.attach(port());
        ASSERT_TRUE(f.world.run_until([&] { return younger.attached(); }));
        send(next, next + 20);
        next += 20;
        ASSERT_TRUE(f.world.run_until([&] { return !older.attached(); }, seconds{5}));
        EXPECT_EQ(older.stream_error(), "conflict");
        f.world.advance(seconds{3});
    }
    std::multiset<std::string> both;
    for (const SimUser* one : {&f.a.user(), &newer}) {
        for (const std::string& id : one->ids_from("b.test")) both.insert(id);
        for (const std::string& id : one->ids_from("rooms.a.test")) both.insert(id);
    }
    for (const std::string& prefix : {std::string{"b"}, std::string{"r"}}) {
        for (const std::string& id : all(prefix, 0, next)) EXPECT_EQ(both.count(id), 1U) << id;
    }
    EXPECT_TRUE(returned(f.b.user()).empty());
    EXPECT_TRUE(returned(f.a.user(1)).empty());
}

TEST_P(Components, WhoReadsNothingIsBoundedAndItsSendersAreTold) {
    f.a.user().hang(true);
    const int count = 200;
    const TimePoint began = f.world.loop().now();
    for (int n = 0; n < count; ++n) {
        f.a.user(1).message("room@rooms.a.test", "romeo@a.test", "r" + std::to_string(n), std::string(60000, 'x'));
    }
    ASSERT_TRUE(f.world.run_until([&] { return !returned(f.a.user(1)).empty(); }, seconds{5}))
        << "twelve megabytes find no room";
    // Nobody else waits.
    f.a.user(1).message("room@rooms.a.test", "juliet@b.test", "beside");
    f.b.user().message("juliet@b.test", "room@rooms.a.test", "beside");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("beside") && f.a.user(1).got("beside"); }, seconds{2}));
    for (const TableFill& table : f.a.core->shards.front()->tables()) EXPECT_LE(table.entries, table.bound);
    const auto told = [&] { return static_cast<int>(returned(f.a.user(1)).size()); };
    ASSERT_TRUE(f.world.run_until([&] { return told() >= count - 2; }, seconds{90})) << told();
    EXPECT_LE(f.world.loop().now() - began, seconds{45});
    EXPECT_EQ(why_closed(), "it does not read");
    f.world.advance(seconds{5});
    EXPECT_EQ(told(), count) << "nobody has read anything, so everything comes back";
    EXPECT_TRUE(server().idle());
    f.a.user().attach(port());
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().attached(); }));
    send(0, 3);
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("b2") && f.a.user().got("r2"); }));
}

TEST_P(Components, OneSendersBacklogTurnsBackNobodyElse) {
    f.world.block(f.a.core_address, f.a.edge_link);
    for (int n = 0; n < 200; ++n) {
        f.b.user().message("juliet@b.test", "romeo@a.test", "b" + std::to_string(n), std::string(60000, 'x'));
    }
    f.world.advance(seconds{3});
    f.a.user().hang(true);
    f.world.heal(f.a.core_address, f.a.edge_link);
    ASSERT_TRUE(f.world.run_until([&] { return !returned(f.b.user()).empty(); }, seconds{20}));
    f.world.advance(seconds{2});
    for (int n = 0; n < 10; ++n) {
        f.b.user(1).message("room@rooms.b.test", "romeo@a.test", "c" + std::to_string(n), std::string(20000, 'x'));
        f.a.user(1).message("room@rooms.a.test", "romeo@a.test", "r" + std::to_string(n), std::string(20000, 'x'));
    }
    f.world.advance(seconds{3});
    f.a.user().hang(false);
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("c9") && f.a.user().got("r9"); }, seconds{20}));
    EXPECT_EQ(f.a.user().ids_from("rooms.b.test"), all("c", 0, 10));
    EXPECT_EQ(f.a.user().ids_from("rooms.a.test"), all("r", 0, 10));
    EXPECT_TRUE(returned(f.b.user(1)).empty());
    EXPECT_TRUE(returned(f.a.user(1)).empty());
    const auto accounted = [&] { return f.a.user().ids_from("b.test").size() + returned(f.b.user()).size(); };
    EXPECT_TRUE(f.world.run_until([&] { return accounted() == 200U; }, seconds{30})) << accounted();
}

TEST_P(Components, WhatAConnectionHeldWhenItBrokeComesBackToItsSenders) {
    f.world.block(f.a.core_address, f.a.user_address);
    for (int n = 0; n < 20; ++n) f.b.user().message("juliet@b.test", "romeo@a.test", "b" + std::to_string(n));
    f.world.advance(seconds{2});
    f.world.reset_streams(f.a.user_address);
    ASSERT_TRUE(f.world.run_until([&] { return returned(f.b.user()).size() == 20U; }, seconds{6}))
        << returned(f.b.user()).size();
    EXPECT_NE(f.b.user().with_id("b7").front()->bytes.find("<service-unavailable"), std::string::npos);
    f.b.user().message("juliet@b.test", "romeo@a.test", "late");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("late"); }, seconds{1}))
        << "nobody waits for it any more";
    EXPECT_TRUE(server().idle());
}

TEST_P(Components, AtTheEndOfTheNodeWhatIsOnItsWayArrives) {
    f.a.user().hang(true);
    send(0, 50, 2000);
    f.world.advance(std::chrono::milliseconds{500});
    for (auto& shard : f.a.core->shards) shard->shut();
    f.world.advance(std::chrono::milliseconds{300});
    f.a.user().hang(false);
    f.world.advance(seconds{10});
    EXPECT_EQ(f.a.user().ids_from("rooms.a.test"), all("r", 0, 50));
}

/// Connects from an address and says nothing.
class Mute final : public io::StreamOwner {
public:
    Mute(SimNetwork& host, const std::string& from, const Endpoint& to) {
        const IpAddress address = *IpAddress::parse(from);
        dial_ = host.dial(to, &address, seconds{5}, [this](Result<std::unique_ptr<io::Stream>> result) {
            if (!result) return;
            stream_ = std::move(*result);
            stream_->set_owner(this);
        });
    }
    void on_bytes(std::string_view) override {}
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { stream_.reset(); }

private:
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

TEST_P(Components, StrangersAtTheListenerAreBoundedAndKeepNoComponentOut) {
    std::vector<std::string> addresses;
    for (int n = 1; n <= 100; ++n) addresses.push_back("10.1.7." + std::to_string(n));
    SimNetwork strangers{f.world, addresses};
    const std::size_t before = server().connections();
    std::vector<std::unique_ptr<Mute>> flood;
    for (int n = 0; n < 100; ++n) flood.push_back(std::make_unique<Mute>(strangers, addresses.front(), port()));
    f.world.advance(seconds{1});
    EXPECT_EQ(server().connections() - before, DoorwayBounds{}.per_stranger);
    for (int n = 0; n < 500; ++n) flood.push_back(std::make_unique<Mute>(strangers, addresses[n % 100], port()));
    f.world.advance(seconds{1});
    EXPECT_EQ(server().connections() - before, DoorwayBounds{}.strangers);
    // Who has attached before finds room.
    f.a.user().attach(port());
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().attached(); }, seconds{2}));
    const auto unbounded = f.a.core_log.without_source();
    EXPECT_GE(f.a.core_log.count("component.stranger"), 1U);
    EXPECT_EQ(std::count(unbounded.begin(), unbounded.end(), "component.stranger"), 0)
        << "what strangers cause to be logged draws on a budget";
    f.world.advance(seconds{20});
    EXPECT_EQ(server().connections(), before) << "who says nothing is let go";
    newer.attach(port());
    EXPECT_TRUE(f.world.run_until([&] { return newer.attached(); }, seconds{2}));
}

TEST_P(Components, AttachWhileTheNodeReadsNothingFromThem) {
    server().hold(true);
    newer.attach(port());
    ASSERT_TRUE(f.world.run_until([&] { return newer.attached(); }, seconds{30}));
    newer.message("romeo@a.test", "juliet@b.test", "held");
    f.world.advance(seconds{15});
    EXPECT_FALSE(f.b.user().got("held"));
    server().hold(false);
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("held"); }));
}

/// A component with one thread does not read while its own writing waits for us.
TEST_P(Components, ThatWeDoNotReadAreNotTakenForDead) {
    server().hold(true);
    f.a.user().hang(true);
    send(0, 20, 60000);
    f.world.advance(seconds{200});
    EXPECT_EQ(f.a.core_log.count("component.closed"), 0U) << why_closed();
    server().hold(false);
    f.world.advance(seconds{5});
    ASSERT_TRUE(f.a.user().attached()) << why_closed();
    f.a.user().hang(false);
    const auto taken = [&] { return f.a.user().ids_from("b.test").size(); };
    ASSERT_TRUE(f.world.run_until([&] { return taken() + returned(f.b.user()).size() == 20U; }, seconds{20}));
    EXPECT_GT(taken(), 0U) << "what was with its TCP is read";
    // Read again, it is judged again.
    f.a.user().hang(true);
    send(20, 200, 60000);
    f.world.advance(seconds{90});
    EXPECT_EQ(why_closed(), "it does not read");
}

/// Nine hundred kilobytes at two a second take seven minutes.
TEST_P(Components, ThatTakeALittleNowAndThenAreAlive) {
    f.a.user().hang(true);
    f.world.set_read_size(f.a.user_address, 8192);
    for (int n = 0; n < 15; ++n) {
        f.b.user().message("juliet@b.test", "romeo@a.test", "b" + std::to_string(n), std::string(60000, 'x'));
    }
    for (int n = 0; n < 130 && f.a.user().ids_from("b.test").size() < 15; ++n) {
        f.world.advance(seconds{4});
        f.a.user().sip();
    }
    EXPECT_EQ(f.a.user().ids_from("b.test"), all("b", 0, 15));
    EXPECT_EQ(f.a.core_log.count("component.closed"), 0U) << why_closed();
    EXPECT_TRUE(returned(f.b.user()).empty());
}

/// At a byte now and then what it was given would wait for days.
TEST_P(Components, ThatTakeNextToNothingAreNot) {
    f.a.user().hang(true);
    f.world.set_read_size(f.a.user_address, 256);
    for (int n = 0; n < 15; ++n) {
        f.b.user().message("juliet@b.test", "romeo@a.test", "b" + std::to_string(n), std::string(60000, 'x'));
    }
    for (int n = 0; n < 35 && f.a.user().attached(); ++n) {
        f.world.advance(seconds{2});
        f.a.user().sip();
    }
    EXPECT_EQ(why_closed(), "it reads too slowly");
    f.world.advance(seconds{6});
    EXPECT_EQ(returned(f.b.user()).size(), 14U) << "the first is with its TCP, and counts as read";
}

/// Others write so much that the core leaves all components lying now and then.
TEST_P(Components, ThatHangAreFoundOutHoweverOftenWeDoNotReadThem) {
    f.a.user().hang(true);
    send(0, 200, 60000);
    for (int n = 0; n < 20; ++n) {
        f.world.advance(seconds{4});
        server().hold(true);
        f.world.advance(seconds{1});
        server().hold(false);
    }
    EXPECT_EQ(why_closed(), "it does not read");
    f.world.advance(seconds{60});
    EXPECT_GT(returned(f.b.user()).size(), 150U) << "their senders are told";
}

}  // namespace
}  // namespace sallyport::test
