// Slots of all rings from samples, and points of an answer from slots: means, peaks, zeros and gaps.
#include "services/history/roll_up.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sallyport::history {
namespace {

constexpr std::int64_t ring_second = 1'800'000'000;  ///< a multiple of 900
const Subject node{Kind::node, ""}, partner{Kind::peer, "a.test"};

Sample sample_at(std::int64_t time, double stanzas) {
    Sample sample;
    sample.first = sample.last = time / 10;
    sample.node[NodeFigure::stanzas_in] = stanzas;
    for (const NodeFigure delay : {NodeFigure::delay_link, NodeFigure::delay_peer, NodeFigure::delay_queue}) {
        sample.node[delay] = unknown;
    }
    return sample;
}

PeerValues peer_with(double stanzas, double available) {
    PeerValues values;
    values[PeerFigure::stanzas_out] = stanzas;
    values[PeerFigure::available] = available;
    return values;
}

const Slot* find(const std::vector<Slot>& slots, std::size_t ring, const Subject& subject) {
    const auto at = std::find_if(slots.rbegin(), slots.rend(),
                                 [&](const Slot& one) { return one.ring == ring && one.subject == subject; });
    return at == slots.rend() ? nullptr : &*at;
}

Point of(const Slot* slot, NodeFigure figure) { return slot->points.at(static_cast<std::size_t>(figure)); }
Point of(const Slot* slot, PeerFigure figure) { return slot->points.at(static_cast<std::size_t>(figure)); }

TEST(RollUp, HasTheMeanAndThePeakOfWhatIsFiner) {
    RollUp roll_up;
    std::vector<Slot> slots;
    for (int i = 0; i < 6; ++i) slots = roll_up.add(sample_at(ring_second + i * 10, i == 2 ? 60 : 0));
    const Slot* const minute = find(slots, 1, node);
    ASSERT_NE(minute, nullptr);
    EXPECT_EQ(minute->time, ring_second);
    EXPECT_EQ(minute->seconds, 60);
    EXPECT_DOUBLE_EQ(of(minute, NodeFigure::stanzas_in).mean, 10);
    EXPECT_DOUBLE_EQ(of(minute, NodeFigure::stanzas_in).peak, 60);
    EXPECT_FALSE(of(minute, NodeFigure::delay_link).known());
    EXPECT_DOUBLE_EQ(of(find(slots, 2, node), NodeFigure::stanzas_in).mean, 10) << "of the time that is known";
    slots = roll_up.add(sample_at(ring_second + 60, 1));
    EXPECT_EQ(find(slots, 1, node)->time, ring_second + 60);
    EXPECT_EQ(find(slots, 1, node)->seconds, 10);
    EXPECT_EQ(find(slots, 2, node)->seconds, 70);
}

TEST(RollUp, TakesAPeerOfWhomNothingWasToldForZero) {
    RollUp roll_up;
    (void)roll_up.add(sample_at(ring_second, 0));
    Sample busy = sample_at(ring_second + 10, 0);
    busy.peers["a.test"] = peer_with(30, 1);
    busy.peers["idle.test"] = peer_with(0, unknown);
    auto slots = roll_up.add(busy);
    EXPECT_EQ(find(slots, 0, {Kind::peer, "idle.test"}), nullptr) << "there is nothing to store";
    slots = roll_up.add(sample_at(ring_second + 20, 0));
    EXPECT_EQ(find(slots, 0, partner), nullptr);
    const Slot* const minute = find(slots, 1, partner);
    ASSERT_NE(minute, nullptr);
    EXPECT_DOUBLE_EQ(of(minute, PeerFigure::stanzas_out).mean, 10);
    EXPECT_DOUBLE_EQ(of(minute, PeerFigure::available).mean, 1) << "where it was not needed nobody knows";
}

TEST(RollUp, GoesOnAfterARestart) {
    RollUp first;
    std::vector<Slot> slots;
    for (int i = 0; i < 3; ++i) slots = first.add(sample_at(ring_second + i * 10, 30));
    RollUp second;
    std::vector<Slot> begun;
    std::copy_if(slots.begin(), slots.end(), std::back_inserter(begun), [](const Slot& one) { return one.ring > 0; });
    second.go_on(begun);
    const auto after = second.add(sample_at(ring_second + 50, 0));  // it was down for two slots
    const Slot* const minute = find(after, 1, node);
    EXPECT_EQ(minute->seconds, 40);
    EXPECT_DOUBLE_EQ(of(minute, NodeFigure::stanzas_in).mean, 22.5);
    EXPECT_DOUBLE_EQ(of(minute, NodeFigure::stanzas_in).peak, 30);
}

TEST(RollUp, TellsASlotThatEndsWithinASample) {
    RollUp roll_up;
    Sample late = sample_at(ring_second + 50, 6);
    late.last = late.first + 1;
    const auto slots = roll_up.add(late);
    const auto ended = std::find_if(slots.begin(), slots.end(),
                                    [](const Slot& one) { return one.ring == 1 && one.time == ring_second; });
    ASSERT_NE(ended, slots.end());
    EXPECT_EQ(find(slots, 1, node)->time, ring_second + 60);
}

TEST(RollUp, ForgetsAPeer) {
    RollUp roll_up;
    Sample sample = sample_at(ring_second, 0);
    sample.peers["a.test"] = peer_with(1, 1);
    (void)roll_up.add(sample);
    roll_up.forget("a.test");
    EXPECT_EQ(find(roll_up.add(sample_at(ring_second + 10, 0)), 1, partner), nullptr);
}

TEST(Packed, GivesBackWhatItWasMadeOf) {
    const std::vector<Point> points{{0, 0}, {0.123456, 7}, no_point, {1'000'000, 1'000'000}};
    EXPECT_EQ(packed(points), "0 0.1235^7 - 1e+06");
    const auto back = unpacked(packed(points));
    ASSERT_EQ(back.size(), 4U);
    EXPECT_DOUBLE_EQ(back[1].mean, 0.1235);
    EXPECT_DOUBLE_EQ(back[1].peak, 7);
    EXPECT_FALSE(back[2].known());
    EXPECT_DOUBLE_EQ(back[3].peak, 1e6);
    for (const char* broken : {"x", "1^", "^2", "nan", "inf", "1x"}) {
        ASSERT_EQ(unpacked(broken).size(), 1U) << broken;
        EXPECT_FALSE(unpacked(broken).front().known()) << broken;
    }
    EXPECT_TRUE(unpacked("").empty());
}

std::map<std::int64_t, Slot> slots_of(Kind kind, std::initializer_list<std::pair<std::int64_t, double>> values) {
    std::map<std::int64_t, Slot> slots;
    for (const auto& [time, value] : values) {
        Slot slot{0, {kind, ""}, ring_second + time, 10, {}};
        slot.points.assign(figures(kind).size(), Point{value, value});
        slots[slot.time] = slot;
    }
    return slots;
}

TEST(Arranged, HasAGapWhereTheNodeWasDownAndZeroWhereNothingHappened) {
    const auto ran = slots_of(Kind::node, {{0, 4}, {10, 8}, {40, 6}});
    const auto own = slots_of(Kind::peer, {{10, 1}});
    const auto lines = arranged(Kind::peer, ran, own, ring_second, 10, 5);
    const auto& out = lines.at(static_cast<std::size_t>(PeerFigure::stanzas_out));
    const auto& available = lines.at(static_cast<std::size_t>(PeerFigure::available));
    EXPECT_DOUBLE_EQ(out[0].mean, 0);
    EXPECT_DOUBLE_EQ(out[1].mean, 1);
    EXPECT_FALSE(out[2].known()) << "the node was down";
    EXPECT_FALSE(out[3].known());
    EXPECT_DOUBLE_EQ(out[4].mean, 0);
    EXPECT_FALSE(available[0].known()) << "nobody needed it";
    EXPECT_DOUBLE_EQ(available[1].mean, 1);
}

TEST(Arranged, MakesCoarserPointsOfWhatIsKnown) {
    const auto ran = slots_of(Kind::node, {{0, 4}, {10, 8}, {40, 6}});
    const auto lines = arranged(Kind::node, ran, ran, ring_second, 30, 3);
    const auto& in = lines.at(static_cast<std::size_t>(NodeFigure::stanzas_in));
    EXPECT_DOUBLE_EQ(in[0].mean, 6);
    EXPECT_DOUBLE_EQ(in[0].peak, 8);
    EXPECT_DOUBLE_EQ(in[1].mean, 6);
    EXPECT_FALSE(in[2].known());
}

TEST(Figures, HaveNamesThatAreTheirOwn) {
    for (const Kind kind : {Kind::node, Kind::peer, Kind::rule}) {
        std::vector<std::string_view> names;
        for (const Figure& figure : figures(kind)) names.push_back(figure.name);
        std::sort(names.begin(), names.end());
        EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    }
    for (const Ring& ring : rings) EXPECT_EQ(ring.usual_step % ring.step, 0) << ring.range;
}

}  // namespace
}  // namespace sallyport::history
