// The link's stream, both ends, over bytes: opening, counts, and what an end says about what was on its way.
#include "proto/link/machine.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using link::Blame;

/// One end with its reader; what it says waits in `out`.
struct EndOfLink {
    EndOfLink(link::End end, const std::string& secret) : machine{settings(end, secret), now} {}
    static link::MachineSettings settings(link::End end, const std::string& secret) {
        link::MachineSettings made;
        made.end = end;
        made.realm = end == link::End::dialler ? "core-test" : "edge-test";
        made.far_realm = end == link::End::dialler ? "edge-test" : "";
        made.node = "node";
        made.secret = secret;
        made.stream_id = "stream";
        return made;
    }
    void take(link::Actions& actions) {
        for (link::Action& action : actions) {
            if (auto* send = std::get_if<link::Send>(&action)) {
                out += send->bytes;
            } else {
                events.push_back(std::move(action));
            }
        }
        actions.clear();
    }
    void hear(const std::string& bytes) {
        reader.feed(bytes);
        while (!machine.closed()) {
            link::Actions actions;
            const xml::Kind kind = reader.next();
            if (kind == xml::Kind::need_more) return;
            if (kind == xml::Kind::header) machine.on_header(reader.header(), now, actions);
            if (kind == xml::Kind::element) machine.on_element(reader.tree(), now, actions);
            if (kind == xml::Kind::footer) machine.on_footer(actions);
            if (kind == xml::Kind::problem) machine.on_problem(reader.problem(), actions);
            take(actions);
        }
    }
    template <typename Event>
    [[nodiscard]] const Event* last() const {
        for (auto at = events.rbegin(); at != events.rend(); ++at) {
            if (const auto* found = std::get_if<Event>(&*at)) return found;
        }
        return nullptr;
    }

    TimePoint now{1h};
    link::Machine machine;
    xml::Reader reader{Limits{}.after_auth};
    std::string out;
    std::vector<link::Action> events;
};

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

}  // namespace
}  // namespace sallyport::test
