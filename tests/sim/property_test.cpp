// Random schedules of sends, cut links, cut S2S connections, blocked cables and delays, from seeds. Whatever happens,
// each message is delivered or returned, in the order of its pair of domains, and twice only when an S2S stream broke
// (resumption_test.cpp holds more of those).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class Schedule {
public:
    Schedule(std::uint32_t shards, bool ordered, std::uint64_t seed) : ordered_{ordered}, f_{shards}, dice_{seed} {}

    void run() {
        ASSERT_TRUE(f_.start());
        for (int step = 0; step < 60; ++step) this->step();
        for (const auto& [one, other] : blocked_) f_.world.heal(one, other);
        f_.world.advance(std::chrono::minutes{3});
        judge(f_.a, f_.b);
        judge(f_.b, f_.a);
        if (testing::Test::HasFailure()) std::fputs(f_.logs().c_str(), stderr);
    }

private:
    using Cable = std::pair<std::string, std::string>;

    [[nodiscard]] std::uint64_t roll(std::uint64_t below) { return dice_() % below; }
    [[nodiscard]] Organisation& either() { return roll(2) == 0 ? f_.a : f_.b; }

    void step() {
        const std::uint64_t what = roll(100);
        if (what < 60) {
            send(either());
        } else if (what < 70) {
            f_.world.reset_streams(either().edge_link);
        } else if (what < 76) {
            stream_broke_ = true;
            f_.world.reset_streams(either().edge_public);
        } else if (what < 82) {
            const Organisation& at = either();
            const Cable cable{at.core_address, at.edge_link};
            f_.world.block(cable.first, cable.second);
            blocked_.insert(cable);
        } else if (what < 92) {
            for (const auto& [one, other] : blocked_) f_.world.heal(one, other);
            blocked_.clear();
        } else {
            f_.world.set_latency(f_.a.edge_public, f_.b.edge_public, std::chrono::milliseconds{1 + roll(80)});
        }
        // Blocked for less than the hold time of the link: what follows must be delivered, not merely returned.
        f_.world.advance(std::chrono::microseconds{roll(blocked_.empty() ? 40000 : 400000)});
    }

    void send(Organisation& from) {
        Organisation& to = &from == &f_.a ? f_.b : f_.a;
        SimUser& sender = from.user(roll(2));
        const SimUser& receiver = to.user(roll(2));
        for (std::uint64_t count = 1 + roll(12); count > 0; --count) {
            const std::string id = std::to_string(++number_);
            sender.message("user@" + sender.domain(), "user@" + receiver.domain(), id);
            sent_[{sender.domain(), receiver.domain()}].push_back(id);
        }
    }

    void judge(Organisation& from, Organisation& to) {
        for (const auto& sender : from.users) {
            std::set<std::string> returned;
            for (const auto& received : sender->received()) {
                if (received.type == "error") returned.insert(received.id);
            }
            for (const auto& receiver : to.users) judge_pair(*sender, *receiver, returned);
        }
    }

    void judge_pair(const SimUser& sender, const SimUser& receiver, const std::set<std::string>& returned) {
        const std::string pair = sender.domain() + " to " + receiver.domain();
        const std::vector<std::string> all = receiver.ids_from(sender.domain());
        std::vector<std::string> first;
        std::set<std::string> seen;
        for (const std::string& id : all) {
            if (seen.insert(id).second) first.push_back(id);
        }
        EXPECT_TRUE(stream_broke_ || all.size() == first.size()) << pair << ": doubled";
        const auto earlier = [](const auto& one, const auto& other) { return std::stoull(one) < std::stoull(other); };
        EXPECT_TRUE(!ordered_ || std::is_sorted(first.begin(), first.end(), earlier))
            << pair << ": out of order: " << testing::PrintToString(first);
        for (const std::string& id : sent_[{sender.domain(), receiver.domain()}]) {
            EXPECT_TRUE(seen.contains(id) || returned.contains(id)) << pair << ": lost " << id;
        }
    }

    bool ordered_;
    Federation f_;
    std::mt19937_64 dice_;
    std::set<Cable> blocked_;
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> sent_;
    std::uint64_t number_ = 0;
    bool stream_broke_ = false;
};

void run_fifty(std::uint32_t shards, bool ordered) {
    for (std::uint64_t seed = 1; seed <= 50 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Schedule{shards, ordered, seed}.run();
    }
}

TEST(AnySchedule, LosesNothingSilentlyAndKeepsTheOrderOfEachPair) { run_fifty(1, true); }

TEST(AnySchedule, LosesNothingSilentlyOverSeveralLinks) { run_fifty(2, false); }

TEST(AnySchedule, KeepsTheOrderOfEachPairOverSeveralLinks) { run_fifty(2, true); }

}  // namespace
}  // namespace sallyport::test
