// The real loop: order of posted and deferred work, timers, signals; random values.
#include <gtest/gtest.h>

#include <csignal>
#include <set>
#include <thread>

#include "io/loop/asio_loop.h"
#include "io/loop/random.h"

namespace sallyport::io {
namespace {

using namespace std::chrono_literals;

TEST(AsioLoop, RunsPostedWorkInOrderFromAnyThread) {
    AsioLoop loop;
    std::vector<int> seen;
    std::thread other{[&loop, &seen] {
        for (int i = 0; i < 1000; ++i) loop.post([&seen, i] { seen.push_back(i); });
    }};
    loop.run_until([&] { return seen.size() == 1000; });
    other.join();
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(AsioLoop, DefersWorkToTheEndOfTheTurn) {
    AsioLoop loop;
    std::string order;
    loop.post([&] {
        loop.defer([&] {
            order += 'c';
            loop.defer([&] { order += 'd'; });
        });
        order += 'a';
    });
    loop.post([&] { order += 'b'; });
    loop.run_until([&] { return order.size() == 4; });
    EXPECT_EQ(order, "abcd");
}

TEST(AsioLoop, KeepsWorkDeferredBeforeItRuns) {
    AsioLoop loop;
    bool ran = false;
    loop.defer([&] { ran = true; });
    loop.run_until([&] { return ran; });
}

TEST(AsioLoop, StopsFromAnotherThread) {
    AsioLoop loop;
    std::thread other{[&loop] { loop.stop(); }};
    loop.run();
    other.join();
}

TEST(AsioLoop, CallsBackOnSignals) {
    AsioLoop loop;
    int seen = 0;
    loop.on_signals({SIGUSR1}, [&](int number) { seen = number; });
    std::raise(SIGUSR1);
    loop.run_until([&] { return seen != 0; });
    EXPECT_EQ(seen, SIGUSR1);
}

TEST(AsioTimer, FiresInOrderOfDeadlines) {
    AsioLoop loop;
    std::string order;
    const TimePoint now = loop.now();
    const auto third = loop.timer([&] { order += 'c'; });
    const auto first = loop.timer([&] { order += 'a'; });
    const auto second = loop.timer([&] { order += 'b'; });
    third->arm(now + 6ms);
    first->arm(now + 2ms);
    second->arm(now + 4ms);
    loop.run_until([&] { return order.size() == 3; });
    EXPECT_EQ(order, "abc");
}

TEST(AsioTimer, FollowsItsLatestDeadline) {
    AsioLoop loop;
    TimePoint fired{};
    const auto timer = loop.timer([&] { fired = loop.now(); });
    const TimePoint now = loop.now();
    timer->arm(now + 1ms);
    timer->arm(now + 20ms);  // later
    loop.run_until([&] { return fired != TimePoint{}; });
    EXPECT_GE(fired, now + 20ms);
    fired = {};
    timer->arm(loop.now() + 1h);
    timer->arm(loop.now() + 1ms);  // earlier
    loop.run_until([&] { return fired != TimePoint{}; });
}

TEST(AsioTimer, IsSilentOnceDisarmedOrDestroyed) {
    AsioLoop loop;
    int fired = 0;
    const auto disarmed = loop.timer([&] { ++fired; });
    auto destroyed = loop.timer([&] { ++fired; });
    bool done = false;
    const auto last = loop.timer([&] { done = true; });
    disarmed->arm(loop.now() + 1ms);
    destroyed->arm(loop.now() + 1ms);
    last->arm(loop.now() + 5ms);
    disarmed->disarm();
    destroyed.reset();
    loop.run_until([&] { return done; });
    EXPECT_EQ(fired, 0);
}

TEST(AsioTimer, MayBeDestroyedByAnotherThatIsDueAtTheSameTime) {
    AsioLoop loop;
    std::unique_ptr<Timer> one;
    std::unique_ptr<Timer> two;
    int fired = 0;
    one = loop.timer([&] { ++fired, one.reset(), two.reset(); });
    two = loop.timer([&] { ++fired, one.reset(), two.reset(); });
    const TimePoint when = loop.now() + 1ms;
    one->arm(when);
    two->arm(when);
    loop.run_until([&] { return fired > 0; });
    bool turned = false;
    loop.post([&] { turned = true; });
    loop.run_until([&] { return turned; });
    EXPECT_EQ(fired, 1);
}

TEST(Random, IsFreshAndWellFormed) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = fresh_id();
        EXPECT_GE(id.size(), 22U);
        EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(id.front())) != 0) << id;
        EXPECT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                  std::string::npos);
        EXPECT_TRUE(seen.insert(id).second);
    }
    EXPECT_EQ(random_bytes(1000).size(), 1000U);
    EXPECT_EQ(random_below(0), 0U);
    EXPECT_EQ(random_below(1), 0U);
    std::set<std::uint64_t> drawn;
    for (int i = 0; i < 1000; ++i) drawn.insert(random_below(3));
    EXPECT_EQ(drawn, (std::set<std::uint64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace sallyport::io
