// Two ends of a provisioning channel: agreement, order, cuts at every byte, refusals, silence.
#include "proto/replication/machine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/replication_end.h"

namespace sallyport::replication {
namespace {

using test::ReplicationEnd;

class Channel : public testing::Test {
protected:
    Channel() {
        edge.own = {{"federation.enabled", "false"}, {"federation.privacy_mode", "\"off\""}};
        edge.revision = 3;
        core.own = {{"federation.domains", "[\"b.test\"]"}};
        core.revision = 1;
    }
    void connect() {
        edge.connect(now);
        core.connect(now);
    }
    /// Carries at most `most` bytes each way; how many were carried from the edge and from the core.
    std::pair<std::size_t, std::size_t> carry(std::size_t from_edge = SIZE_MAX, std::size_t from_core = SIZE_MAX) {
        std::pair<std::size_t, std::size_t> carried;
        for (;;) {
            const std::string down = std::exchange(edge.out, {}).substr(0, from_edge - carried.first);
            if (!down.empty()) core.receive(down, now);
            const std::string up = std::exchange(core.out, {}).substr(0, from_core - carried.second);
            if (!up.empty()) edge.receive(up, now);
            carried.first += down.size();
            carried.second += up.size();
            if (down.empty() && up.empty()) return carried;
        }
    }
    void expect_agreement() const {
        EXPECT_EQ(core.far_values, edge.own);
        EXPECT_EQ(edge.far_values, core.own);
        EXPECT_TRUE(edge.machine->agreed());
        EXPECT_TRUE(core.machine->agreed());
    }

    TimePoint now{std::chrono::seconds{1000}};
    ReplicationEnd edge{true}, core{false};
};

TEST_F(Channel, BringsBothSidesIntoAgreement) {
    connect();
    carry();
    expect_agreement();
    EXPECT_EQ(core.applied, std::vector<std::uint64_t>{3});
    EXPECT_EQ(edge.agreed, 3u);
}

TEST_F(Channel, SendsDifferencesInOrderAndNothingWhenNothingChanged) {
    connect();
    carry();
    edge.set("federation.enabled", "true");
    edge.set("federation.bidi", "\"on\"");
    edge.set("federation.enabled", "false");
    EXPECT_EQ(edge.out.find("privacy_mode"), std::string::npos) << "only what changed";
    carry();
    expect_agreement();
    EXPECT_TRUE(std::is_sorted(core.applied.begin(), core.applied.end()));
    EXPECT_EQ(core.applied.back(), 6u);
    const auto before = core.applied;
    edge.act([&](auto& actions) { edge.machine->offer(7, edge.own, actions); });
    EXPECT_TRUE(edge.out.empty());
    connect();
    carry();
    EXPECT_EQ(core.applied, before) << "a new channel finds both sides in agreement";
}

TEST_F(Channel, AgreesAfterACutAtEveryByteAndAppliesNothingTwice) {
    connect();
    const auto whole = carry();
    for (int direction = 0; direction < 2; ++direction) {
        const std::size_t length = direction == 0 ? whole.first : whole.second;
        for (std::size_t cut = 0; cut <= length; ++cut) {
            ReplicationEnd fresh_edge{true}, fresh_core{false};
            fresh_edge.own = edge.own, fresh_edge.revision = edge.revision;
            fresh_core.own = core.own, fresh_core.revision = core.revision;
            edge = std::move(fresh_edge), core = std::move(fresh_core);
            connect();
            carry(direction == 0 ? cut : SIZE_MAX, direction == 1 ? cut : SIZE_MAX);
            connect();
            carry();
            expect_agreement();
            EXPECT_EQ(core.applied, std::vector<std::uint64_t>{edge.revision}) << cut << " " << direction;
            EXPECT_EQ(edge.applied, std::vector<std::uint64_t>{core.revision}) << cut << " " << direction;
        }
    }
}

TEST_F(Channel, AgreesAfterACutWithinAChangeAtEveryByte) {
    for (std::size_t cut = 0; cut < 400; cut += 1) {
        ReplicationEnd fresh_edge{true}, fresh_core{false};
        fresh_edge.own = {{"federation.enabled", "false"}}, fresh_edge.revision = 3;
        fresh_core.own = core.own, fresh_core.revision = core.revision;
        edge = std::move(fresh_edge), core = std::move(fresh_core);
        connect();
        carry();
        edge.set("federation.enabled", "true");
        carry(cut, SIZE_MAX);
        edge.set("federation.bidi", "\"on\"");  // and while the channel is down, another one
        connect();
        carry();
        expect_agreement();
        EXPECT_TRUE(std::is_sorted(core.applied.begin(), core.applied.end()));
        EXPECT_EQ(std::adjacent_find(core.applied.begin(), core.applied.end()), core.applied.end()) << "twice";
    }
}

TEST_F(Channel, SendsEverythingToAnEndThatLostItsMemory) {
    connect();
    carry();
    core.held = {};
    core.far_values.clear();
    connect();
    carry();
    expect_agreement();
}

TEST_F(Channel, AsksForEverythingWhenADifferenceDoesNotFit) {
    connect();
    carry();
    const std::size_t before = core.applied.size();
    core.receive(frame(write(Update{9, 7, digest({{"a", "1"}}), {{"a", "1"}}})), now);
    EXPECT_EQ(core.out, frame(write(Held{}))) << "we hold revision 3, not 7";
    core.receive(frame(write(Update{9, {}, digest({{"a", "1"}}), {{"a", "1"}}})), now);
    ASSERT_EQ(core.applied.size(), before + 1);
    EXPECT_EQ(core.far_values, (Values{{"a", "1"}}));
}

TEST_F(Channel, StaysWithTheLastGoodWhenAChangeIsRefused) {
    connect();
    carry();
    const Values good = core.far_values;
    core.refuse = true;
    edge.set("federation.privacy_mode", "\"bad\"");
    carry();
    ASSERT_EQ(edge.refusals.size(), 1u);
    EXPECT_FALSE(edge.refusals[0].temporary);
    EXPECT_EQ(core.far_values, good);
    EXPECT_FALSE(edge.machine->agreed());
    core.refuse = false;
    edge.set("federation.privacy_mode", "\"off\"");
    carry();
    expect_agreement();
}

TEST_F(Channel, TakesOverLaterWhatCouldNotBeStored) {
    core.postpone = true;
    connect();
    carry();
    ASSERT_EQ(edge.refusals.size(), 1u);
    EXPECT_TRUE(edge.refusals[0].temporary);
    core.postpone = false;
    core.held = {3, digest(edge.own)};
    core.far_values = edge.own;
    core.act([&](auto& actions) { core.machine->applied(actions); });
    carry();
    expect_agreement();
}

TEST_F(Channel, CarriesReportsOnceEach) {
    connect();
    carry();
    const Report report{{{"row on im1", StepState::failed, {"401"}}}, {}};
    for (int i = 0; i < 3; ++i) core.act([&](auto& actions) { core.machine->report(report, actions); });
    carry();
    EXPECT_EQ(edge.reports, std::vector<Report>{report});
}

TEST_F(Channel, EndsWhenTheFarSideIsSilent) {
    connect();
    now += std::chrono::seconds{11};
    edge.act([&](auto& actions) { edge.machine->on_deadline(now, actions); });
    ASSERT_EQ(edge.closed.size(), 1u);
    EXPECT_EQ(edge.closed[0].code, "silent");
    connect();
    carry();
    now += std::chrono::seconds{6};
    edge.act([&](auto& actions) { edge.machine->on_deadline(now, actions); });
    carry();
    EXPECT_GT(edge.machine->deadline(), now) << "the answer to a ping is a sign of life";
    now = edge.machine->deadline();
    edge.act([&](auto& actions) { edge.machine->on_deadline(now, actions); });
    edge.out.clear();
    now = edge.machine->deadline();
    edge.act([&](auto& actions) { edge.machine->on_deadline(now, actions); });
    EXPECT_TRUE(edge.machine->closed());
}

TEST_F(Channel, RefusesAStrangerAndWhatIsOutOfPlace) {
    const auto first_words = [&](const std::string& bytes) {
        ReplicationEnd end{false};
        end.connect(now);
        end.receive(bytes, now);
        return end.closed.empty() ? std::string{} : end.closed[0].code;
    };
    const Hello good{Role::edge, "edge1.b.test", "edge1-b-test", "cm-2_s2scp-1.edge1-b-test", "i"};
    EXPECT_EQ(first_words(frame(write(good))), "");
    Hello hello = good;
    hello.role = Role::core;
    EXPECT_EQ(first_words(frame(write(hello))), "role");
    hello.role = std::nullopt;
    EXPECT_EQ(first_words(frame(write(hello))), "role") << "one that is unknown here";
    hello = good;
    hello.component = "cm-2_s2scp-1.other";
    EXPECT_EQ(first_words(frame(write(hello))), "name");
    EXPECT_EQ(first_words(frame(write(Ack{1}))), "unexpected");
    EXPECT_EQ(first_words(frame(write(good)) + frame(write(Update{1, {}, digest({}), {}}))), "unexpected");
    EXPECT_EQ(first_words(frame("{")), "malformed");
    connect();
    carry();
    core.receive(frame(write(Ack{99})), now);
    EXPECT_EQ(core.closed.back().code, "unexpected");
    connect();
    carry();
    core.receive(frame(write(Update{9, {}, std::string(64, '0'), {{"a", "1"}}})), now);
    EXPECT_EQ(core.closed.back().code, "malformed") << "a digest of other values";
}

}  // namespace
}  // namespace sallyport::replication
