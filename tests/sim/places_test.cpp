// Streams that have proved who they are take a place each, and places are as many as the node has descriptors for: who
// has most of them makes way (threat T60).
#include <gtest/gtest.h>

#include <algorithm>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

TEST(Places, AreLeftToPartnersByWhoeverProvesHimselfAgainAndAgain) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.a.limits.connections = 16;
    f.a.limits.unauthenticated_connections = 4;  // leaves twelve
    ASSERT_TRUE(f.start());
    RawPartner many{f.world, f.dns, "many.test", "198.51.100.9"};
    const auto open = [&]() -> RawStream& {
        RawStream& stream = many.open(f.a.edge_public, "a.test");
        EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); }));
        f.world.advance(1s);
        return stream;
    };
    std::vector<RawStream*> streams;
    for (int n = 0; n < 12; ++n) streams.push_back(&open());
    const auto closed = [&] {
        return std::count_if(streams.begin(), streams.end(), [](const RawStream* stream) { return stream->closed(); });
    };
    EXPECT_EQ(closed(), 0) << "nobody else wants their places";
    streams.push_back(&open());
    EXPECT_EQ(closed(), 1);
    EXPECT_TRUE(streams.back()->closed());
    EXPECT_NE(streams.back()->heard().find("resource-constraint"), std::string::npos) << streams.back()->heard();
    f.b.user().message("juliet@b.test", "romeo@a.test", "m1");
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("m1"); }));
    f.world.advance(1s);
    EXPECT_EQ(closed(), 2) << "one made way";
    EXPECT_TRUE(streams.front()->closed());
    EXPECT_NE(streams.front()->heard().find("resource-constraint"), std::string::npos) << streams.front()->heard();
}

/// Names that a registry sells have nothing in common but the registry.
TEST(Places, AreLeftToTheNeighboursOfWhoeverHasThemAll) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.a.limits.connections = 16;
    f.a.limits.unauthenticated_connections = 4;  // leaves twelve
    ASSERT_TRUE(f.start());
    RawPartner bank{f.world, f.dns, "bank.co.uk", "198.51.100.8"}, many{f.world, f.dns, "many.co.uk", "198.51.100.9"};
    const auto open = [&](RawPartner& partner) -> RawStream& {
        RawStream& stream = partner.open(f.a.edge_public, "a.test");
        EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); }));
        f.world.advance(1s);
        return stream;
    };
    RawStream& first = open(bank);
    for (int n = 0; n < 11; ++n) static_cast<void>(open(many));
    RawStream& second = open(bank);
    EXPECT_FALSE(second.closed()) << second.heard();
    f.b.user().message("juliet@b.test", "romeo@a.test", "m1");
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("m1"); }));
    f.world.advance(1s);
    EXPECT_FALSE(first.closed()) << "it is the oldest of all of them";
}

}  // namespace
}  // namespace sallyport::test
