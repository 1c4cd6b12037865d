// The link's stream, both ends, over bytes: opening, counts, and what an end says about what was on its way.
#include "proto/link/machine.h"

#include <gtest/gtest.h>

#include "support/link_machine_end.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using link::Blame;

class LinkMachine : public testing::Test {
protected:
    void begin() {
        link::Actions actions;
        dialler.machine.on_connected(actions);
        dialler.take(actions);
        listener.machine.on_connected(actions);
        listener.take(actions);
        talk();
    }
    void talk() {
        while (!dialler.out.empty() || !listener.out.empty()) {
            listener.hear(std::exchange(dialler.out, {}));
            dialler.hear(std::exchange(listener.out, {}));
        }
    }
    void open() {
        begin();
        link::Actions actions;
        ASSERT_NE(dialler.last<link::SessionWanted>(), nullptr);
        dialler.machine.enable({}, actions);
        dialler.take(actions);
        talk();
        ASSERT_NE(listener.last<link::SessionWanted>(), nullptr);
        listener.machine.enabled("0-session", actions);
        listener.take(actions);
        talk();
        ASSERT_TRUE(dialler.machine.open() && listener.machine.open());
    }
    /// What the dialler says of its end when it hears this.
    Blame blame_of(const std::string& bytes) {
        dialler.hear(bytes);
        const auto* closed = dialler.last<link::Close>();
        EXPECT_NE(closed, nullptr);
        return closed == nullptr ? Blame::none : closed->blame;
    }
    static std::string error(const std::string& condition) {
        return "<stream:error><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    }

    EndOfLink dialler{link::End::dialler, "secret"}, listener{link::End::listener, "secret"};
};

TEST_F(LinkMachine, OpensASession) {
    open();
    ASSERT_NE(dialler.last<link::SessionOpen>(), nullptr);
    EXPECT_EQ(dialler.last<link::SessionOpen>()->id, "0-session");
    EXPECT_FALSE(dialler.last<link::SessionOpen>()->resumed);
}

TEST_F(LinkMachine, ResumesASessionWithBothCounts) {
    begin();
    link::Actions actions;
    dialler.machine.resume("0-session", 17, actions);
    dialler.take(actions);
    talk();
    ASSERT_NE(listener.last<link::SessionWanted>(), nullptr);
    EXPECT_EQ(listener.last<link::SessionWanted>()->previous, "0-session");
    EXPECT_EQ(listener.last<link::SessionWanted>()->h, 17U);
    listener.machine.resumed("0-session", 23, actions);
    listener.take(actions);
    talk();
    ASSERT_NE(dialler.last<link::SessionOpen>(), nullptr);
    EXPECT_TRUE(dialler.last<link::SessionOpen>()->resumed);
    EXPECT_EQ(dialler.last<link::SessionOpen>()->h, 23U);
}

TEST_F(LinkMachine, RefusesAnotherSecret) {
    EndOfLink stranger{link::End::dialler, "guess"};
    link::Actions actions;
    stranger.machine.on_connected(actions);
    stranger.take(actions);
    listener.machine.on_connected(actions);
    listener.take(actions);
    while (!stranger.out.empty() || !listener.out.empty()) {
        listener.hear(std::exchange(stranger.out, {}));
        stranger.hear(std::exchange(listener.out, {}));
    }
    EXPECT_TRUE(listener.machine.closed());
    EXPECT_EQ(listener.last<link::SessionWanted>(), nullptr);
    stranger.hear(error("not-authorized"));
    for (const EndOfLink* end : {&listener, &stranger}) {
        ASSERT_NE(end->last<link::Close>(), nullptr);
        EXPECT_EQ(end->last<link::Close>()->why, link::secrets_differ) << "both ends say the same";
    }
}

TEST_F(LinkMachine, TellsTheCountThatItAskedFor) {
    open();
    link::Actions actions;
    dialler.machine.ask(dialler.now, actions);
    dialler.take(actions);
    talk();
    ASSERT_NE(listener.last<link::CountWanted>(), nullptr);
    listener.machine.acknowledge(41, WallTime{}, actions);
    listener.take(actions);
    talk();
    ASSERT_NE(dialler.last<link::Counted>(), nullptr);
    EXPECT_EQ(dialler.last<link::Counted>()->h, 41U);
}

TEST_F(LinkMachine, EndsAtACountThatIsNone) {
    open();
    EXPECT_EQ(blame_of("<a xmlns='urn:xmpp:sm:3' h='many'/>"), Blame::none) << "its own word";
    EXPECT_TRUE(dialler.machine.closed());
}

TEST_F(LinkMachine, SuspectsWhatWasOnItsWayWhenTheFarSideEndsTheStream) {
    open();
    EXPECT_EQ(blame_of(error("policy-violation")), Blame::word);
}

TEST_F(LinkMachine, SuspectsItWhenTheFarSideEndsWithoutAReason) {
    open();
    EXPECT_EQ(blame_of("</stream:stream>"), Blame::word);
}

TEST_F(LinkMachine, SuspectsNothingWhenTheFarNodeStops) {
    open();
    EXPECT_EQ(blame_of(error("system-shutdown")), Blame::none);
}

TEST_F(LinkMachine, SuspectsNothingWhenTheFarRouterIsRestarted) {
    open();
    EXPECT_EQ(blame_of(error("reset")), Blame::none);
}

TEST_F(LinkMachine, SuspectsNothingOfItsOwnWhenTheFarSideSaysWhatItMayNot) {
    open();
    EXPECT_EQ(blame_of("<unknown xmlns='urn:x'/>"), Blame::none);
}

TEST_F(LinkMachine, SuspectsALittleWhenTheFarSideFallsSilent) {
    open();
    link::Actions actions;
    for (int step = 0; step < 100 && !dialler.machine.closed(); ++step) {
        dialler.now = std::max(dialler.now, dialler.machine.deadline());
        dialler.machine.on_deadline(dialler.now, actions);
        dialler.take(actions);
    }
    ASSERT_NE(dialler.last<link::Close>(), nullptr);
    EXPECT_EQ(dialler.last<link::Close>()->blame, Blame::loss);
}

/// Until it is closed: our bytes as they are at each look. How long that took.
class AQuestionBehindAQueue : public LinkMachine {
protected:
    Duration silent_for(const std::function<link::Flow(Duration)>& flow) {
        open();
        const TimePoint since = dialler.now;
        link::Actions actions;
        while (!dialler.machine.closed() && dialler.now - since < std::chrono::minutes{5}) {
            dialler.now = std::max(dialler.now, dialler.machine.deadline());
            dialler.machine.on_deadline(dialler.now, actions, flow(dialler.now - since));
            dialler.take(actions);
        }
        return dialler.now - since;
    }
};

TEST_F(AQuestionBehindAQueue, IsNoSignOfDeathWhileTheQueueMoves) {
    const Duration lived = silent_for([](Duration passed) {
        // A hundred seconds' worth, of which some is taken in each.
        const auto seconds =
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(passed).count());
        return link::Flow{100000, std::min<std::uint64_t>(1000 * seconds, 100000 + 500)};
    });
    EXPECT_GE(lived, std::chrono::seconds{100});
    EXPECT_LE(lived, std::chrono::seconds{116}) << "and it has the usual time once the question has arrived";
}

TEST_F(AQuestionBehindAQueue, IsOneOfDeathWhenNothingMoves) {
    EXPECT_EQ(silent_for([](Duration) { return link::Flow{100000, 500}; }), std::chrono::seconds{10});
}

TEST_F(AQuestionBehindAQueue, IsOneOfDeathWhenItHasArrivedAndOnlyWhatFollowsIsTaken) {
    std::uint64_t bytes = 1000;
    EXPECT_EQ(silent_for([&](Duration) {
                  bytes += 100000;
                  return link::Flow{bytes, bytes};
              }),
              std::chrono::seconds{10});
}

}  // namespace
}  // namespace sallyport::test
