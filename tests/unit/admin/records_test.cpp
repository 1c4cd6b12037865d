// Handshakes, refusals by id, metrics: what the recorder has, as an operator sees it.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "admin/api/metrics.h"
#include "fake_node.h"

namespace sallyport::test {
namespace {

namespace json = boost::json;

record::Handshake handshake(bool good, const std::string& version) {
    record::Handshake made;
    made.peer = "a.test";
    made.local = "b.test";
    made.good = good;
    made.failed_at = good ? Stage::none : Stage::tls;
    made.result = good ? "dialback" : "certificate expired";
    made.address = "198.51.0.7:5269";
    made.took = std::chrono::milliseconds{12};
    made.steps = {{{}, "tcp.accepted", true, {{"address", "198.51.0.7:5269"}, {"at", "10.0.0.1:5269"}}},
                  {std::chrono::milliseconds{7}, "tls.session", good, {{"version", version}}}};
    if (good) made.steps.push_back({std::chrono::milliseconds{9}, "result.sent", true, {{"from", "b.test"}}});
    return made;
}

class Handshakes : public testing::Test {
protected:
    Handshakes() {
        node.archive.add(handshake(true, "TLSv1.3"));
        node.archive.add(handshake(false, "TLSv1.2"));
    }
    FakeNode node;
};

TEST_F(Handshakes, AreListedNewestFirst) {
    const auto all = node.ask("handshakes.list").as_object().at("handshakes").as_array();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(text_at(all[0], "id"), "h-2");
    EXPECT_EQ(text_at(all[0], "failed_at"), "tls");
    EXPECT_EQ(text_at(all[1], "good"), "true");
    EXPECT_EQ(node.ask("handshakes.list", R"({"limit":1})").as_object().at("handshakes").as_array().size(), 1U);
    EXPECT_TRUE(node.ask("handshakes.list", R"({"peer":"c.test"})").as_object().at("handshakes").as_array().empty());
}

TEST_F(Handshakes, AreShownStepByStepByIdAndByPeer) {
    const auto by_id = node.ask("handshakes.show", R"({"handshake":"h-1"})");
    ASSERT_EQ(by_id.as_object().at("steps").as_array().size(), 3U);
    EXPECT_EQ(text_at(by_id.as_object().at("steps").as_array().at(1), "step"), "tls.session");
    EXPECT_EQ(text_at(node.ask("handshakes.show", R"({"handshake":"A.TEST"})"), "id"), "h-2");
    EXPECT_EQ(code_of(node.ask("handshakes.show", R"({"handshake":"h-99"})")), "handshake-unknown");
    EXPECT_EQ(field_of(node.ask("handshakes.show", R"({"handshake":"h-99"})")), "handshake");
}

TEST_F(Handshakes, FailAsTheDifferenceFromTheLastGoodOne) {
    const auto diff = node.ask("handshakes.diff", R"({"handshake":"a.test"})");
    EXPECT_EQ(text_at(diff.as_object().at("handshake"), "id"), "h-2");
    EXPECT_EQ(text_at(diff.as_object().at("compared_with"), "id"), "h-1");
    const auto& found = diff.as_object().at("differences").as_array();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(text_at(found[0], "before"), "TLSv1.3");
    EXPECT_EQ(text_at(found[0], "now"), "TLSv1.2");
    EXPECT_EQ(text_at(found[1], "kind"), "missing");
    EXPECT_EQ(text_at(found[1], "step"), "result.sent");
}

TEST_F(Handshakes, AreExportedWithoutOurInsideAddresses) {
    const auto file = node.ask("handshakes.export", R"({"peer":"a.test"})");
    EXPECT_EQ(text_at(file, "format"), "sallyport-handshakes-1");
    EXPECT_EQ(file.as_object().at("handshakes").as_array().size(), 2U);
    EXPECT_EQ(json::serialize(file).find("10.0.0.1"), std::string::npos);
    EXPECT_NE(json::serialize(file).find("198.51.0.7"), std::string::npos);
    EXPECT_EQ(code_of(node.ask("handshakes.export", R"({"peer":"c.test"})")), "handshake-unknown");
    const auto one = node.ask("handshakes.export", R"({"peer":"h-2"})");
    EXPECT_EQ(text_at(one, "peer"), "a.test");
    ASSERT_EQ(one.as_object().at("handshakes").as_array().size(), 1U);
    EXPECT_EQ(text_at(one.as_object().at("handshakes").at(0), "id"), "h-2");
}

TEST_F(Handshakes, AreMentionedWithThePeer) {
    const auto peer = node.ask("peers.show", R"({"domain":"a.test"})");
    EXPECT_EQ(text_at(peer, "known"), "true");
    EXPECT_EQ(text_at(peer.as_object().at("last_good_handshake"), "id"), "h-1");
    EXPECT_EQ(text_at(peer.as_object().at("last_failed_handshake"), "id"), "h-2");
}

TEST_F(Handshakes, AreRefusedWhereNothingIsRecorded) {
    node.records = false;
    EXPECT_EQ(code_of(node.ask("handshakes.list")), "role-wrong");
}

class WhyId : public testing::Test {
protected:
    FakeNode node{{{"federation.enabled", "true"},
                   {"federation.domains", R"(["b.test"])"},
                   {"federation.allow_list", R"(["a.test"])"}}};
};

TEST_F(WhyId, ExplainsARefusalOfTheRecordersTable) {
    const std::string id =
        node.verdicts.keep({Rule::queue_full, record::Subject::stanza, "b.test", "a.test", "10 are waiting"},
                           WallTime{std::chrono::seconds{1}});
    const auto why = node.ask("why", R"({"from":")" + id + R"("})");
    EXPECT_EQ(text_at(why, "rule"), "queue-full");
    EXPECT_EQ(text_at(why, "reason"), "10 are waiting");
    EXPECT_EQ(text_at(why, "change"), "[limits] queue_stanzas, queue_bytes");
    EXPECT_EQ(text_at(why, "remedy"), "find out why the domain is slow or unreachable: `sallyport peers show a.test`");
    EXPECT_EQ(text_at(why, "part"), "the peer's");
    EXPECT_EQ(text_at(why, "count"), "1");
    EXPECT_EQ(text_at(why, "now_blocked_by"), "no core is linked");
}

TEST_F(WhyId, ExplainsARefusalOfThePolicy) {
    const auto stopped = node.ask("why", R"({"from":"b.test","to":"c.test"})");
    const std::string id = text_at(stopped, "verdict_id");
    (void)node.verdicts.keep(
        {Rule::allow_list, record::Subject::stanza, "b.test", "c.test", "not on it", id, "as the rule says"}, {});
    const auto why = node.ask("why", R"({"from":")" + id + R"("})");
    EXPECT_EQ(text_at(why, "change"), "federation.allow_list");
    EXPECT_EQ(text_at(why, "remedy"), "as the rule says") << "whoever refused knew better than the table";
    EXPECT_EQ(text_at(why, "now_passes"), "false");
}

TEST_F(WhyId, RefusesWhatIsNoIdAndWhatIsUnknown) {
    EXPECT_EQ(code_of(node.ask("why", R"({"from":"v-000000000000"})")), "verdict-unknown");
    EXPECT_EQ(code_of(node.ask("why", R"({"from":"b.test"})")), "argument-missing");
    EXPECT_EQ(field_of(node.ask("why", R"({"from":"b.test"})")), "to");
}

class Metrics : public testing::Test {
protected:
    static xmpp::Domain domain(const std::string& name) { return *xmpp::Domain::parse(name); }
    void add_stream(const std::string& remote, std::uint64_t stanzas) {
        s2s::StreamStatus stream;
        stream.remote = remote;
        stream.pairs.push_back({{domain("b.test"), domain(remote)}, s2s::Method::dialback, false});
        stream.stanzas_in = stanzas;
        node.current.streams.push_back(stream);
    }
    std::string text() { return admin::metrics_text(node.current, *node.settings().snapshot()); }
    FakeNode node;
};

TEST_F(Metrics, CountWhatIsOpenAndWhatIsGone) {
    add_stream("a.test", 5);
    s2s::DestinationStatus unreachable;
    unreachable.pair = {domain("b.test"), domain("c.test")};
    unreachable.failures = 3;
    node.current.destinations.push_back(unreachable);
    node.current.counters.stanzas_in = 100;
    node.current.counters.verdicts[Rule::deny_list] = 7;
    node.current.counters.handshakes[{true, false, Stage::tls}] = 2;
    node.current.counters.s2s_delivery.add(std::chrono::milliseconds{30});
    const std::string all = text();
    for (const std::string line :
         {"sallyport_s2s_stanzas_total{direction=\"in\"} 105\n", "sallyport_refusals_total{rule=\"deny-list\"} 7\n",
          "sallyport_handshakes_total{direction=\"inbound\",outcome=\"failure\",step=\"tls\"} 2\n",
          "sallyport_hop_seconds_bucket{hop=\"s2s\",le=\"0.05\"} 1\n",
          "sallyport_hop_seconds_bucket{hop=\"s2s\",le=\"0.025\"} 0\n",
          "sallyport_peer_stanzas{peer=\"a.test\",direction=\"in\"} 5\n",
          "sallyport_peer_failures{peer=\"c.test\"} 3\n"}) {
        EXPECT_NE(all.find(line), std::string::npos) << line << all;
    }
    EXPECT_TRUE(all.ends_with("# EOF\n"));
}

TEST_F(Metrics, NameOnlyTheBusiestPeersAndThoseThatTheOperatorNamed) {
    ASSERT_EQ(text_at(node.ask("config.set",
                               R"({"name":"federation.peers","value":"[{\"domain\":\"quiet.test\",\"note\":\"x\"}]"})"),
                      "error"),
              "(absent)");
    for (unsigned i = 0; i < 500; ++i) add_stream("x" + std::to_string(i) + ".test", i);
    const std::string all = text();
    std::set<std::string> named;
    const std::string mark = "sallyport_peer_queue_stanzas{peer=\"";
    for (std::size_t at = all.find(mark); at != std::string::npos; at = all.find(mark, at + 1)) {
        named.insert(all.substr(at + mark.size(), all.find('"', at + mark.size()) - at - mark.size()));
    }
    EXPECT_EQ(named.size(), admin::most_metric_peers + 1);
    EXPECT_TRUE(named.contains("quiet.test"));
    EXPECT_TRUE(named.contains("x499.test"));
    EXPECT_FALSE(named.contains("x0.test"));
}

/// With the parser of Prometheus' own client library, which is stricter than Prometheus.
TEST_F(Metrics, AreWellFormedForAStrictParser) {
    add_stream("a.test", 5);
    node.current.name = "edge\"1\\\n";
    node.current.links = {{}};
    node.current.links[0].far_realm = "cm-1_s2scp-1.core1";
    node.current.links[0].far_role = Role::core;
    node.current.counters.dns["ok"].add(std::chrono::milliseconds{3});
    node.current.counters.dns["timed-out"].add(std::chrono::seconds{5});
    node.current.counters.handshakes[{false, true, Stage::none}] = 2;
    node.current.router = admin::RouterStatus{};
    const std::string path = (std::filesystem::path{testing::TempDir()} / "sallyport-metrics.txt").string();
    std::ofstream{path} << text();
    const std::string command = "/usr/bin/python3 " SALLYPORT_SOURCE_DIR "/tests/support/openmetrics.py " + path;
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::filesystem::remove(path);
}

TEST_F(Metrics, HaveOneNameEachInRowsDashboardRulesAndManual) {
    std::set<std::string> names;
    for (const admin::MetricRow& row : admin::metric_rows()) {
        EXPECT_TRUE(names.insert(std::string{row.name}).second) << row.name;
        if (!row.unit.empty()) {
            EXPECT_TRUE(row.name.ends_with(row.unit)) << row.name;
        }
    }
    const auto read = [](const std::string& file) {
        std::ifstream in{std::string{SALLYPORT_SOURCE_DIR} + file};
        return std::string{std::istreambuf_iterator<char>{in}, {}};
    };
    const std::string manual = read("/docs/manual/metrics.md");
    for (const std::string& name : names) EXPECT_NE(manual.find("`" + name), std::string::npos) << name;
    const std::string board = read("/packaging/grafana/sallyport.json");
    ASSERT_FALSE(board.empty());
    EXPECT_NO_THROW((void)json::parse(board));
    const auto used_in = [&](const std::string& text) {
        unsigned used = 0;
        for (std::size_t at = text.find("sallyport_"); at != std::string::npos; at = text.find("sallyport_", at + 1)) {
            if (at > 0 && text[at - 1] == ':') continue;  // of a rule that records
            std::string name =
                text.substr(at, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at) - at);
            for (const std::string suffix : {"_total", "_bucket", "_count", "_sum", "_info"}) {
                if (name.ends_with(suffix) && !names.contains(name)) name.resize(name.size() - suffix.size());
            }
            EXPECT_TRUE(names.contains(name)) << name;
            ++used;
        }
        return used;
    };
    EXPECT_GT(used_in(board), 20U);
    EXPECT_GT(used_in(read("/packaging/prometheus/sallyport.rules.yml")), 12U);
}

}  // namespace
}  // namespace sallyport::test
