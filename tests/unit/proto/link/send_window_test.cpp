// The sending direction of a link session: what it keeps, what it lets go, and how it finds the stanza at which a link
// ends.
#include "proto/link/send_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sallyport::test {
namespace {

using Window = link::SendWindow<int>;

xmpp::OwnedStanza stanza(const std::string& bytes) {
    xmpp::Stanza made;
    made.bytes = bytes;
    return xmpp::OwnedStanza{made};
}

class SendWindow : public testing::Test {
protected:
    void push(int from, int to, const std::string& padding = {}) {
        for (int n = from; n <= to; ++n) window.push(stanza(std::to_string(n) + padding), n, now);
    }
    /// What is written now; `asks` says whether the far side is asked for its count.
    std::vector<std::string> written() {
        std::vector<std::string> all;
        asks = window.write_on([&](std::string_view bytes) { all.emplace_back(bytes); });
        return all;
    }
    std::vector<int> done(std::uint64_t first, std::uint64_t last) {
        std::vector<int> settled;
        EXPECT_TRUE(window.done({first, last}, [&](const Window::Entry& entry) { settled.push_back(entry.tag); }));
        return settled;
    }
    std::vector<std::string> culprits() {
        std::vector<std::string> all;
        window.take_culprits([&](Window::Entry& entry) { all.emplace_back(entry.stanza.bytes()); });
        return all;
    }
    using Texts = std::vector<std::string>;

    Window window;
    TimePoint now{std::chrono::seconds{1}};
    bool asks = false;
};

TEST_F(SendWindow, WritesEachOnceAndInOrder) {
    push(1, 2);
    EXPECT_EQ(written(), (Texts{"1", "2"}));
    EXPECT_TRUE(written().empty());
    push(3, 3);
    EXPECT_EQ(written(), (Texts{"3"}));
    EXPECT_FALSE(asks);
}

TEST_F(SendWindow, SettlesInAnyOrderAndOnce) {
    push(1, 5);
    (void)written();
    EXPECT_EQ(done(3, 4), (std::vector<int>{3, 4}));
    EXPECT_EQ(done(2, 5), (std::vector<int>{2, 5}));
    EXPECT_EQ(done(1, 5), (std::vector<int>{1}));
    EXPECT_EQ(window.size(), 0U);
    EXPECT_EQ(window.weight(), 0U);
    EXPECT_EQ(window.bytes(), 0U);
    EXPECT_EQ(window.oldest(), never);
}

TEST_F(SendWindow, RefusesWhatWasNeverWritten) {
    push(1, 2);
    EXPECT_FALSE(window.done({1, 1}, [](const auto&) {})) << "kept, but not written";
    (void)written();
    EXPECT_FALSE(window.done({2, 3}, [](const auto&) {}));
    EXPECT_FALSE(window.done({0, 1}, [](const auto&) {}));
    EXPECT_FALSE(window.received(3));
    EXPECT_FALSE(window.resume(3));
    EXPECT_TRUE(window.received(2));
}

TEST_F(SendWindow, KeepsNoPlacesAndNoBytesForWhatIsDoneBehindOneThatIsNot) {
    push(0, 0, std::string(100, 'x'));
    const std::uint64_t one = window.weight();
    for (int n = 1; n < 60000; ++n) {
        const std::uint64_t number = window.push(stanza(std::string(10000, 'y')), n, now);
        (void)window.write_on([](std::string_view) {});
        EXPECT_EQ(done(number, number).size(), 1U);
        ASSERT_LE(window.places(), 200U);
    }
    EXPECT_EQ(window.size(), 1U);
    EXPECT_EQ(window.weight(), one);
}

TEST_F(SendWindow, WeighsWhatItKeeps) {
    push(1, 1000, std::string(1000, 'x'));
    EXPECT_GT(window.weight(), 1000U * 1000U);
    EXPECT_LT(window.weight(), 1000U * 1400U);
    window.drain([](Window::Entry) {});
    EXPECT_EQ(window.weight(), 0U);
}

TEST_F(SendWindow, SendsAgainWhatTheFarSideLacks) {
    push(1, 6);
    (void)written();
    (void)done(2, 2);
    window.broken(link::Blame::none);
    ASSERT_TRUE(window.resume(4));
    EXPECT_EQ(written(), (Texts{"5", "6"}));
}

TEST_F(SendWindow, CountsModulo32Bits) {
    push(1, 3);
    (void)written();
    window.broken(link::Blame::none);
    EXPECT_FALSE(window.resume(0xffffffffU));
    EXPECT_TRUE(window.resume(3));
}

TEST_F(SendWindow, DoesNotBelieveThatWhatIsDoneWasNotReceived) {
    push(1, 3);
    (void)written();
    (void)done(2, 2);
    window.broken(link::Blame::word);
    EXPECT_FALSE(window.resume(1));
}

TEST_F(SendWindow, SendsTheSuspectAloneAndGoesOnWhenItArrives) {
    push(1, 4);
    (void)written();
    window.broken(link::Blame::word);
    ASSERT_TRUE(window.resume(1));
    EXPECT_TRUE(culprits().empty());
    EXPECT_EQ(written(), (Texts{"2"}));
    EXPECT_TRUE(asks);
    push(5, 5);
    EXPECT_TRUE(written().empty()) << "it waits for the answer";
    ASSERT_TRUE(window.received(2));
    EXPECT_EQ(written(), (Texts{"3", "4", "5"}));
    EXPECT_FALSE(asks);
}

TEST_F(SendWindow, TakesOutTheStanzaAtWhichTwoConnectionsEnded) {
    push(1, 4);
    (void)written();
    window.broken(link::Blame::word);
    ASSERT_TRUE(window.resume(1));
    (void)written();
    window.broken(link::Blame::word);
    ASSERT_TRUE(window.resume(1));
    EXPECT_EQ(culprits(), (Texts{"2"}));
    EXPECT_EQ(written(), (Texts{"3", "4"}));
    EXPECT_EQ(done(2, 3), (std::vector<int>{3, 4})) << "the far side counts what it receives, without a gap";
    EXPECT_EQ(done(1, 1), (std::vector<int>{1}));
}

TEST_F(SendWindow, BelievesThreeCablesThatBreakWhereItBelievesTwoWords) {
    push(1, 2);
    for (int connection = 0; connection < 3; ++connection) {
        EXPECT_TRUE(culprits().empty());
        EXPECT_EQ(written().front(), "1");
        window.broken(link::Blame::loss);
        ASSERT_TRUE(window.resume(0));
    }
    EXPECT_EQ(culprits(), (Texts{"1"}));
    EXPECT_EQ(written(), (Texts{"2"}));
}

TEST_F(SendWindow, SendsSuspectsInSmallNumbersAndStrikesOnlyOneThatGoesAlone) {
    push(1, 200);
    (void)written();
    window.broken(link::Blame::word);
    window.restart();
    EXPECT_TRUE(culprits().empty());
    EXPECT_EQ(written().size(), link::most_together);
    EXPECT_TRUE(asks);
    EXPECT_TRUE(written().empty()) << "it waits for the answer";
    // The far process dies at one of the second lot, and remembers nothing.
    ASSERT_TRUE(window.received(64));
    EXPECT_EQ(written().size(), link::most_together);
    ASSERT_TRUE(window.received(70));
    window.broken(link::Blame::word);
    window.restart();
    EXPECT_TRUE(culprits().empty()) << "nearly all of them are innocent";
    // What arrived is no suspect any more, and what did not goes alone.
    EXPECT_EQ(written().size(), 70U);
    ASSERT_TRUE(window.received(70));
    EXPECT_EQ(written(), (Texts{"71"}));
    ASSERT_TRUE(window.received(71));
    EXPECT_EQ(written(), (Texts{"72"}));
    window.broken(link::Blame::word);
    window.restart();
    EXPECT_EQ(culprits(), (Texts{"72"}));
}

TEST_F(SendWindow, KnowsTheFirstThatDidNotArriveOfSeveralSuspectsWhereTheFarSideRemembers) {
    push(1, 100);
    (void)written();
    window.broken(link::Blame::word);
    window.restart();
    EXPECT_EQ(written().size(), link::most_together);
    window.broken(link::Blame::word);
    ASSERT_TRUE(window.resume(7));
    EXPECT_EQ(culprits(), (Texts{"8"}));
    EXPECT_EQ(written().size(), link::most_together - 8) << "the others are acquitted";
}

TEST_F(SendWindow, FindsEachOfSeveralCulprits) {
    push(1, 5);
    Texts arrived, out;
    // A far side that ends the connection at 2 and at 4, before it counts them.
    for (int connection = 0; connection < 10 && window.size() > 0; ++connection) {
        bool ended = false;
        while (!ended) {
            const Texts now_written = written();
            if (now_written.empty()) break;
            for (const std::string& one : now_written) {
                ended = one == "2" || one == "4";
                if (ended) break;
                arrived.push_back(one);
            }
            if (!ended && asks) {
                ASSERT_TRUE(window.received(static_cast<std::uint32_t>(arrived.size())));
            }
        }
        if (!ended) break;
        window.broken(link::Blame::word);
        ASSERT_TRUE(window.resume(static_cast<std::uint32_t>(arrived.size())));
        for (std::string& one : culprits()) out.push_back(std::move(one));
    }
    EXPECT_EQ(arrived, (Texts{"1", "3", "5"}));
    EXPECT_EQ(out, (Texts{"2", "4"}));
}

TEST_F(SendWindow, BlamesNobodyWhenTheConnectionEndedForAnotherReason) {
    push(1, 2);
    for (int connection = 0; connection < 5; ++connection) {
        EXPECT_EQ(written(), (Texts{"1", "2"}));
        window.broken(link::Blame::none);
        ASSERT_TRUE(window.resume(0));
        EXPECT_TRUE(culprits().empty());
    }
}

TEST_F(SendWindow, BlamesNobodyWhoWasNotOnHisWay) {
    for (int connection = 0; connection < 5; ++connection) {
        window.broken(link::Blame::word);
        ASSERT_TRUE(window.resume(0));
        push(connection, connection);
        EXPECT_TRUE(culprits().empty());
    }
    EXPECT_EQ(window.size(), 5U);
}

TEST_F(SendWindow, FindsTheCulpritWhenTheSessionIsLostWithEachConnection) {
    push(1, 5);
    Texts out;
    std::set<std::string> arrived;
    int connections = 0;
    // A far process that dies at 3 and remembers nothing.
    for (; connections < 10; ++connections) {
        bool died = false;
        std::uint32_t h = 0;
        while (!died) {
            const Texts now_written = written();
            if (now_written.empty()) break;
            for (const std::string& one : now_written) {
                died = one == "3";
                if (died) break;
                ++h;
                arrived.insert(one);
            }
            if (!died && asks) {
                ASSERT_TRUE(window.received(h));
            }
        }
        if (!died) break;
        window.broken(link::Blame::loss);
        window.restart();
        for (std::string& one : culprits()) out.push_back(std::move(one));
    }
    EXPECT_EQ(connections, 2);
    EXPECT_EQ(out, (Texts{"3"}));
    EXPECT_EQ(arrived, (std::set<std::string>{"1", "2", "4", "5"}));
}

TEST_F(SendWindow, SuspectsNothingThatIsKnownToHaveArrived) {
    push(1, 3);
    (void)written();
    ASSERT_TRUE(window.received(2));
    window.broken(link::Blame::word);
    window.restart();
    EXPECT_EQ(written(), (Texts{"1", "2"})) << "the third one was on its way, and goes alone";
    EXPECT_TRUE(asks);
    EXPECT_TRUE(written().empty());
    EXPECT_FALSE(asks) << "asked once";
    ASSERT_TRUE(window.received(2));
    EXPECT_EQ(written(), (Texts{"3"}));
}

TEST_F(SendWindow, NumbersANewSessionWithoutGaps) {
    push(1, 6);
    (void)written();
    (void)done(2, 3);
    window.broken(link::Blame::none);
    window.restart();
    EXPECT_EQ(written(), (Texts{"1", "4", "5", "6"}));
    EXPECT_EQ(done(2, 3), (std::vector<int>{4, 5}));
    push(7, 7);
    EXPECT_EQ(written(), (Texts{"7"}));
    EXPECT_EQ(done(1, 5), (std::vector<int>{1, 6, 7}));
}

/// A far side that receives in order, may break at any moment, and says what it has received: each stanza arrives once.
TEST_F(SendWindow, GivesEverythingThatIsNotDoneWhenItIsDrained) {
    push(1, 4);
    (void)written();
    EXPECT_EQ(done(2, 2), std::vector{2});
    std::vector<int> visited, drained;
    window.for_each([&](const Window::Entry& entry) { visited.push_back(entry.tag); });
    window.drain([&](Window::Entry entry) { drained.push_back(entry.tag); });
    EXPECT_EQ(visited, (std::vector{1, 3, 4}));
    EXPECT_EQ(drained, visited);
    EXPECT_EQ(window.size(), 0U);
    EXPECT_EQ(window.places(), 0U);
    EXPECT_EQ(window.weight(), 0U);
    EXPECT_EQ(window.bytes(), 0U);
    EXPECT_EQ(window.oldest(), never);
}

TEST_F(SendWindow, KnowsTheAgeOfWhatIsNotDone) {
    push(1, 1);
    now += std::chrono::seconds{1};
    push(2, 2);
    (void)written();
    EXPECT_EQ(window.oldest(), TimePoint{std::chrono::seconds{1}});
    EXPECT_EQ(window.sent_at(2), now);
    EXPECT_EQ(window.sent_at(3), never) << "never taken over";
    EXPECT_EQ(done(1, 1), std::vector{1});
    EXPECT_EQ(window.sent_at(1), never) << "done";
    EXPECT_EQ(window.oldest(), now);
    push(3, 3);
    (void)written();
    EXPECT_EQ(done(3, 3), std::vector{3});
    EXPECT_EQ(window.sent_at(3), never) << "done, behind one that is not";
}

TEST_F(SendWindow, TakesForArrivedWhatIsCountedOrDone) {
    push(1, 4);
    (void)written();
    const auto arrived = [&] {
        std::vector<int> all;
        window.for_each([&](const Window::Entry& entry) {
            if (window.arrived(entry)) all.push_back(entry.tag);
        });
        return all;
    };
    EXPECT_TRUE(arrived().empty());
    EXPECT_TRUE(window.received(1));
    EXPECT_EQ(arrived(), std::vector{1});
    EXPECT_EQ(done(3, 3), std::vector{3});
    EXPECT_EQ(arrived(), (std::vector{1, 2})) << "in order: 3 came after them";
    EXPECT_TRUE(window.received(2)) << "an older count takes nothing back";
    EXPECT_EQ(arrived(), (std::vector{1, 2}));
    EXPECT_FALSE(window.received(5));
}

TEST_F(SendWindow, CarriesEachStanzaOnceThroughRandomBreaks) {
    std::mt19937_64 dice{7};
    for (int round = 0; round < 200; ++round) {
        Window tested;
        std::vector<std::string> on_the_way, arrived;
        std::uint64_t session_received = 0;
        int pushed = 0;
        std::vector<int> settled;
        for (int step = 0; step < 200 || tested.size() > 0; ++step) {
            ASSERT_LT(step, 5000);
            if (step < 200 && dice() % 2 == 0) {
                tested.push(stanza(std::to_string(pushed)), pushed, now);
                ++pushed;
            }
            const bool ask = tested.write_on([&](std::string_view bytes) { on_the_way.emplace_back(bytes); });
            for (std::size_t take = ask ? on_the_way.size() : dice() % 4; take > 0 && !on_the_way.empty(); --take) {
                arrived.push_back(on_the_way.front());
                on_the_way.erase(on_the_way.begin());
                ++session_received;
            }
            if (ask) {
                ASSERT_TRUE(tested.received(static_cast<std::uint32_t>(session_received)));
            }
            if (session_received > 0 && dice() % 2 == 0) {
                const std::uint64_t last = step < 200 ? 1 + dice() % session_received : session_received;
                const std::uint64_t first = step < 200 ? 1 + dice() % last : 1;
                ASSERT_TRUE(tested.done({first, last}, [&](const auto& entry) { settled.push_back(entry.tag); }));
            }
            // Far apart enough that nobody is struck twice without arriving between.
            if (step % 20 == 19) {
                on_the_way.clear();
                tested.broken(dice() % 2 == 0 ? link::Blame::loss : link::Blame::none);
                ASSERT_TRUE(tested.resume(static_cast<std::uint32_t>(session_received)));
                tested.take_culprits([](Window::Entry& entry) { FAIL() << entry.tag; });
            }
        }
        std::vector<std::string> expected;
        for (int n = 0; n < pushed; ++n) expected.push_back(std::to_string(n));
        EXPECT_EQ(arrived, expected);
        EXPECT_EQ(settled.size(), static_cast<std::size_t>(pushed));
    }
}

}  // namespace
}  // namespace sallyport::test
