// Room at an inner listener: for each stranger, for all of them, and for neighbours whatever strangers do.
#include <gtest/gtest.h>

#include "base/doorway.h"

namespace sallyport::test {
namespace {

using Places = std::vector<std::unique_ptr<Doorway::Place>>;

IpAddress address(const std::string& text) { return *IpAddress::parse(text); }

std::size_t fill(Doorway& doorway, const std::string& from, std::size_t times, Places& places) {
    std::size_t entered = 0;
    for (std::size_t i = 0; i < times; ++i) {
        if (auto place = doorway.enter(address(from))) {
            places.push_back(std::move(place));
            ++entered;
        }
    }
    return entered;
}

TEST(Doorway, BoundsEachStrangerAndAllOfThem) {
    Doorway doorway{{}};
    Places places;
    EXPECT_EQ(fill(doorway, "192.0.2.1", 100, places), DoorwayBounds{}.per_stranger);
    std::size_t all = places.size();
    for (int host = 2; host < 100; ++host) all += fill(doorway, "192.0.2." + std::to_string(host), 3, places);
    EXPECT_EQ(all, DoorwayBounds{}.strangers);
    EXPECT_EQ(doorway.strangers(), DoorwayBounds{}.strangers);
    EXPECT_GT(doorway.refused(), 0U);
    places.clear();
    EXPECT_EQ(doorway.strangers(), 0U) << "places are given back";
    EXPECT_EQ(fill(doorway, "192.0.2.1", 1, places), 1U);
}

TEST(Doorway, CountsOneSubscriberOfIPv6Once) {
    Doorway doorway{{}};
    Places places;
    std::size_t entered = 0;
    for (int host = 1; host <= 40; ++host) entered += fill(doorway, "2001:db8::" + std::to_string(host), 1, places);
    EXPECT_EQ(entered, DoorwayBounds{}.per_stranger);
}

TEST(Doorway, OneSiteHasHalfTheRoomOfStrangers) {
    Doorway doorway{{}};
    Places places;
    std::size_t entered = 0;
    for (int network = 1; network <= 100; ++network) {
        entered += fill(doorway, "2001:db8:0:" + std::to_string(network) + "::1", 4, places);
    }
    EXPECT_EQ(entered, DoorwayBounds{}.strangers / 2);
    EXPECT_EQ(fill(doorway, "2001:db8:1::1", 4, places), 4U) << "who comes from elsewhere finds room";
    places.clear();
    EXPECT_EQ(doorway.strangers(), 0U);
    EXPECT_EQ(fill(doorway, "2001:db8:0:1::1", 4, places), 4U);
}

TEST(Doorway, KeepsRoomForWhomTheOperatorNamed) {
    Doorway doorway{{*IpNetwork::parse("10.0.1.1")}};
    Places places;
    for (int host = 1; host < 100; ++host) fill(doorway, "192.0.2." + std::to_string(host), 3, places);
    EXPECT_EQ(fill(doorway, "10.0.1.2", 1, places), 0U) << "full for strangers";
    EXPECT_EQ(fill(doorway, "10.0.1.1", 1000, places), DoorwayBounds{}.per_neighbour);
}

TEST(Doorway, KeepsRoomForWhoHasProvedHimself) {
    Doorway doorway{{}};
    Places places;
    auto place = doorway.enter(address("10.0.1.1"));
    ASSERT_TRUE(place);
    place->prove();
    EXPECT_EQ(doorway.strangers(), 0U);
    place.reset();
    for (int host = 1; host < 100; ++host) fill(doorway, "192.0.2." + std::to_string(host), 3, places);
    EXPECT_EQ(fill(doorway, "10.0.1.1", 32, places), 32U);
}

TEST(Doorway, ForgetsWhoProvedHimselfLongAgo) {
    Doorway doorway{{}};
    for (int host = 0; host < 300; ++host) {
        if (auto place =
                doorway.enter(address("10.1." + std::to_string(host / 200) + "." + std::to_string(host % 200))))
            place->prove();
    }
    Places places;
    EXPECT_EQ(fill(doorway, "10.1.0.0", 100, places), DoorwayBounds{}.per_stranger);
    EXPECT_EQ(fill(doorway, "10.1.1.99", 100, places), 100U);
}

}  // namespace
}  // namespace sallyport::test
