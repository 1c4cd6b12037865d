// `history`: what is asked for, what is answered, and what of a node's status becomes figures.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "admin/api/history_reading.h"
#include "admin/api/verbs.h"
#include "fake_node.h"

namespace sallyport::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using history::NodeFigure;
using history::PeerFigure;

s2s::StreamStatus stream_with(const std::string& remote, bool proved) {
    s2s::StreamStatus stream;
    stream.local = "b.test";
    stream.remote = remote;
    s2s::Inbound::Pair pair;
    pair.domains = {*xmpp::Domain::parse("b.test"), *xmpp::Domain::parse(remote)};
    pair.pending = !proved;
    stream.pairs = {pair};
    return stream;
}

class NodeHistory : public testing::Test {
protected:
    NodeHistory() {
        node.add_history();
        // Two looks in the past: a hundred stanzas in ten seconds.
        const WallTime wall = node.loop().wall() - 60s;
        const TimePoint now = node.loop().now();
        for (const std::uint64_t stanzas : {0U, 100U}) {
            node.current.streams = {stream_with("a.test", true)};
            node.current.streams.front().stanzas_in = stanzas;
            node.current.counters.verdicts[Rule::allow_list] = stanzas / 10;
            const auto later = stanzas == 0 ? 0s : 10s;
            node.past->take(admin::reading_of(node.current, wall + later, now + later), {});
        }
    }
    static const json::object* series(const json::value& answer, std::string_view name) {
        for (const json::value& one : answer.as_object().at("series").as_array()) {
            if (text_at(one, "name") == name) return &one.as_object();
        }
        return nullptr;
    }
    static double sum(const json::object& one) {
        double all = 0;
        for (const json::value& value : one.at("values").as_array())
            all += value.is_null() ? 0 : value.to_number<double>();
        return all;
    }
    static std::string printed(const json::value& answer) {
        std::ostringstream out;
        admin::find_verb("history")->print(answer, out);
        return out.str();
    }

    FakeNode node;
};

TEST_F(NodeHistory, HasTheFiguresOfTheNodeWithGapsWhereItWasNotThere) {
    const json::value answer = node.ask("history");
    EXPECT_EQ(answer.at("points").to_number<int>(), 720);
    const json::object* const in = series(answer, "stanzas_in");
    ASSERT_NE(in, nullptr);
    EXPECT_NEAR(sum(*in), 10, 0.02) << "rates are rounded";
    EXPECT_TRUE(in->at("values").as_array().front().is_null());
    EXPECT_EQ(in->at("values").as_array().size(), 720U);
    EXPECT_EQ(series(answer, "refused.allow-list"), nullptr) << "only if asked for";
    EXPECT_EQ(answer.at("peers").as_array().size(), 1U);
}

TEST_F(NodeHistory, HasTheFiguresOfAPeer) {
    const json::value answer = node.ask("history", R"({"peer":"A.test","series":"stanzas_in,available"})");
    EXPECT_EQ(text_at(answer, "peer"), "a.test");
    EXPECT_EQ(answer.at("series").as_array().size(), 2U);
    EXPECT_NEAR(sum(*series(answer, "stanzas_in")), 10, 0.02) << "rates are rounded";
    const json::value stranger = node.ask("history", R"({"peer":"c.test"})");
    EXPECT_EQ(text_at(stranger, "kept"), "false");
    EXPECT_TRUE(stranger.at("series").as_array().empty());
    EXPECT_NE(printed(stranger).find("No history is kept of c.test"), std::string::npos);
}

TEST_F(NodeHistory, HasTheRefusalsOfEachRule) {
    const json::value answer = node.ask("history", R"({"series":"refused"})");
    ASSERT_EQ(answer.at("series").as_array().size(), 1U);
    EXPECT_NEAR(sum(*series(answer, "refused.allow-list")), 1, 0.02) << "rates are rounded";
}

TEST_F(NodeHistory, IsToldInCoarserSteps) {
    const json::value answer = node.ask("history", R"({"range":"3d","series":"stanzas_in"})");
    EXPECT_EQ(answer.at("step_seconds").to_number<int>(), 300);
    EXPECT_EQ(answer.at("points").to_number<int>(), 864);
    EXPECT_NEAR(sum(*series(answer, "stanzas_in")), 10, 0.02) << "rates are rounded";
    const json::value whole = node.ask("history", R"({"range":"90d","step":7776000,"series":"stanzas_in"})");
    EXPECT_EQ(whole.at("points").to_number<int>(), 1);
}

TEST_F(NodeHistory, RefusesWhatItDoesNotHave) {
    EXPECT_EQ(field_of(node.ask("history", R"({"range":"1y"})")), "range");
    EXPECT_EQ(field_of(node.ask("history", R"({"range":"3d","step":10})")), "step");
    EXPECT_EQ(field_of(node.ask("history", R"({"step":0})")), "step");
    EXPECT_EQ(field_of(node.ask("history", R"({"series":"stanzas_sideways"})")), "series");
    EXPECT_EQ(field_of(node.ask("history", R"({"peer":"a.test","series":"delay_link"})")), "series");
    EXPECT_EQ(field_of(node.ask("history", R"({"peer":"a..test"})")), "peer");
    node.past.reset();
    EXPECT_EQ(code_of(node.ask("history")), "verb-role");
}

TEST_F(NodeHistory, IsPrintedWithItsCourse) {
    const std::string text = printed(node.ask("history"));
    EXPECT_NE(text.find("stanzas_in"), std::string::npos) << text;
    EXPECT_NE(text.find("10/s"), std::string::npos) << text;
    EXPECT_NE(text.find("█"), std::string::npos) << text;
    EXPECT_EQ(text.find("router_local"), std::string::npos) << "nothing but zeros";
    EXPECT_NE(printed(node.ask("history", R"({"peer":"a.test"})")).find("100.00 %"), std::string::npos);
}

TEST(HistoryReading, CountsForAPeerOnlyWhatProvedItself) {
    admin::NodeStatus status;
    status.streams = {stream_with("a.test", true), stream_with("stranger.test", false), stream_with("c.test", true)};
    status.streams.back().verify_only = true;
    status.counters.ended.push_back({"in 0 1", "gone.test", 5, 6, 7, 8});
    const history::Reading reading = admin::reading_of(status, {}, {});
    ASSERT_EQ(reading.peers.size(), 1U);
    EXPECT_DOUBLE_EQ(reading.peers.at("a.test")[PeerFigure::available], 1);
    EXPECT_DOUBLE_EQ(reading.peers.at("a.test")[PeerFigure::streams_in], 1);
    EXPECT_DOUBLE_EQ(reading.node[NodeFigure::streams_in], 1);
    ASSERT_EQ(reading.streams.size(), 2U);
    EXPECT_EQ(reading.streams.back().peer, "gone.test");
}

TEST(HistoryReading, CallsAPeerAwayWhileItIsNeededAndCannotBeReached) {
    admin::NodeStatus status;
    const TimePoint now{std::chrono::hours{5}};
    s2s::DestinationStatus to;
    to.pair = {*xmpp::Domain::parse("b.test"), *xmpp::Domain::parse("a.test")};
    to.phase = s2s::PairPhase::waiting;
    to.failures = 3;
    to.queued = 2;
    to.failed_at = now - std::chrono::hours{1};
    status.destinations = {to};
    EXPECT_DOUBLE_EQ(admin::reading_of(status, {}, now).peers.at("a.test")[PeerFigure::available], 0);
    status.destinations.front().queued = 0;
    EXPECT_TRUE(admin::reading_of(status, {}, now).peers.empty()) << "nobody has needed it since";
    status.destinations.front().failed_at = now - std::chrono::minutes{1};
    EXPECT_DOUBLE_EQ(admin::reading_of(status, {}, now).peers.at("a.test")[PeerFigure::available], 0);
    status.streams = {stream_with("a.test", true)};
    EXPECT_DOUBLE_EQ(admin::reading_of(status, {}, now).peers.at("a.test")[PeerFigure::available], 1);
}

TEST(HistoryReading, KnowsWhomTheSettingsName) {
    config::Settings settings;
    settings.allow_list = {*config::NamePattern::parse("a.test"), *config::NamePattern::parse("*.c.test")};
    config::PeerException exception;
    exception.domain = *config::NamePattern::parse("d.test");
    settings.peers = {exception};
    EXPECT_EQ(admin::named_peers(settings), (std::set<std::string>{"a.test", "d.test"}));
}

}  // namespace
}  // namespace sallyport::test
