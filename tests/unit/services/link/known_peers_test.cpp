// What is known of peers, and what a far side has still to be told.
#include "services/link/known_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::link {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PeerFacts facts(const std::string& remote, const std::string& method = "dialback") {
    PeerFacts made;
    made.pair = {*xmpp::Domain::parse("a.test"), *xmpp::Domain::parse(remote)};
    made.direction = Direction::inbound;
    made.method = method;
    return made;
}

std::vector<std::string> told(const KnownPeers& peers, Untold& untold) {
    std::vector<std::string> all;
    while (const auto next = peers.next(untold)) {
        const char* const state = next->state == PeerState::opened ? " opened"
                                  : next->state == PeerState::open ? " open"
                                                                   : " closed";
        all.push_back(next->pair.remote.text() + state);
    }
    return all;
}

TEST(KnownPeers, OfSeveralStreamsOnlyTheLastEndsAPair) {
    KnownPeers peers;
    EXPECT_EQ(peers.hear(facts("p.test"), true)->state, PeerState::opened);
    EXPECT_EQ(peers.hear(facts("p.test", "external"), true)->method, "external");
    EXPECT_FALSE(peers.hear(facts("p.test"), false)) << "another stream of the pair is up";
    const auto last = peers.hear(facts("p.test", ""), false);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->state, PeerState::closed);
    EXPECT_EQ(last->method, "external") << "what it was, whatever the end says";
    EXPECT_EQ(peers.size(), 0U);
    EXPECT_FALSE(peers.hear(facts("p.test"), false)) << "it is forgotten";
}

TEST(KnownPeers, AreBounded) {
    KnownPeers peers;
    for (std::size_t n = 0; n < KnownPeers::most; ++n) {
        ASSERT_TRUE(peers.hear(facts("d" + std::to_string(n) + ".test"), true));
    }
    EXPECT_FALSE(peers.hear(facts("more.test"), true));
    EXPECT_TRUE(peers.hear(facts("d0.test", "external"), true)) << "one that is known is no other";
    EXPECT_EQ(peers.size(), KnownPeers::most);
}

TEST(KnownPeers, NewsGoBeforeWhatIsToldAgain) {
    KnownPeers peers;
    for (const char* remote : {"c.test", "d.test", "e.test"}) (void)peers.hear(facts(remote), true);
    Untold untold;
    EXPECT_THAT(told(peers, untold), IsEmpty());
    untold.begin_again();
    EXPECT_TRUE(untold.any());
    EXPECT_EQ(peers.next(untold)->pair.remote.text(), "c.test");
    untold.add(*peers.hear(facts("d.test"), false), true);
    EXPECT_THAT(told(peers, untold), ElementsAre("d.test closed", "e.test open"));
    EXPECT_FALSE(untold.any());
    untold.begin_again();
    EXPECT_THAT(told(peers, untold), ElementsAre("c.test open", "e.test open")) << "from the first";
}

TEST(Untold, KeepsTheLatestOfEachAndNoMoreThanThereIsRoomFor) {
    Untold untold;
    untold.add(facts("p.test"), true);
    untold.add(facts("p.test", "external"), false);
    untold.add(facts("q.test"), false);
    ASSERT_EQ(untold.news.size(), 1U);
    EXPECT_EQ(untold.news.begin()->second.method, "external");
}

}  // namespace
}  // namespace sallyport::link
