// What whole nodes write down of their handshakes, and what they say of their refusals afterwards.
#include <gtest/gtest.h>

#include <set>

#include "services/record/compare.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

std::string all_of(const record::Handshake& handshake) {
    std::string text = handshake.id + " " + handshake.local + " " + handshake.peer + " " +
                       std::string{sallyport::text(handshake.failed_at)} + " " + handshake.result + "\n";
    for (const record::Step& step : handshake.steps) {
        text += "  " + step.name + (step.good ? "" : " !");
        for (const auto& [key, value] : step.facts) text += " " + key + "=" + value;
        text += "\n";
    }
    return text;
}

bool has(const record::Handshake& handshake, const std::string& step, const std::string& key,
         const std::string& value) {
    for (const record::Step& one : handshake.steps) {
        for (const auto& [name, said] : one.facts) {
            if (one.name == step && name == key && said == value) return true;
        }
    }
    return false;
}

class Records : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (!HasFailure()) return;
        for (const auto& one : f.a.edge_handshakes.list({}, 50)) std::fputs(("a " + all_of(*one)).c_str(), stderr);
        for (const auto& one : f.b.edge_handshakes.list({}, 50)) std::fputs(("b " + all_of(*one)).c_str(), stderr);
    }
    /// The latest for stanzas; of one direction.
    static record::Archive::Found latest(const Organisation& at, const std::string& peer, bool inbound) {
        for (const auto& one : at.edge_handshakes.list(peer, 100)) {
            if (one->inbound == inbound && !one->proven_only) return one;
        }
        return nullptr;
    }
    std::optional<record::Verdict> verdict(Organisation& at, const std::string& id) {
        for (auto& shard : at.edge->shards) {
            if (auto found = shard->records().verdicts().find(id)) return found;
        }
        return std::nullopt;
    }
    static std::string id_in(const std::string& stanza) {
        const std::string mark = "<verdict xmlns='urn:sallyport:verdict:0' id='";
        const std::size_t at = stanza.find(mark);
        return at == std::string::npos ? "" : stanza.substr(at + mark.size(), 14);
    }
    /// The error that comes back to a user of `from`.
    std::string bounced(Organisation& from, const std::string& sender, const std::string& to, const std::string& id) {
        from.user().message(sender, to, id);
        if (!f.world.run_until([&] { return from.user().got(id); }, std::chrono::minutes{3})) return "(nothing)";
        return from.user().with_id(id).front()->bytes;
    }
    Federation f{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shards, Records, testing::Values(1U, 2U));

TEST_P(Records, HaveBothSidesOfAGoodHandshakeAndNoKey) {
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }));
    f.world.advance(std::chrono::seconds{1});

    const record::Archive::Found out = latest(f.a, "b.test", false);
    ASSERT_NE(out, nullptr);
    EXPECT_TRUE(out->good);
    EXPECT_EQ(out->local, "a.test");
    EXPECT_EQ(out->result, "dialback");
    EXPECT_EQ(out->address, "198.51.100.2:5269");
    EXPECT_TRUE(has(*out, "dns.srv", "answer", "0 0 5269 xmpp.b.test"));
    EXPECT_TRUE(has(*out, "dns.addresses", "answer", "198.51.100.2"));
    EXPECT_TRUE(has(*out, "tcp.connected", "address", "198.51.100.2:5269"));
    EXPECT_TRUE(has(*out, "tls.session", "version", "TLSv1.3"));
    EXPECT_TRUE(has(*out, "tls.session", "sni", "b.test"));
    EXPECT_TRUE(has(*out, "result.sent", "to", "b.test"));
    EXPECT_TRUE(has(*out, "result.received", "type", "valid"));
    EXPECT_TRUE(has(*out, "state", "to", "CONNECTED"));
    EXPECT_GT(out->took, Duration{0});

    const record::Archive::Found in = latest(f.b, "a.test", true);
    ASSERT_NE(in, nullptr);
    EXPECT_TRUE(in->good);
    EXPECT_EQ(in->local, "b.test");
    EXPECT_TRUE(has(*in, "tls.session", "sni", "b.test"));
    EXPECT_TRUE(has(*in, "result.answered", "type", "valid"));

    // The verification: b asks, a vouches.
    const auto dialback_only = [](const Organisation& at, const std::string& peer, bool inbound) {
        for (const auto& one : at.edge_handshakes.list(peer, 100)) {
            if (one->inbound == inbound && one->proven_only && one->good) return true;
        }
        return false;
    };
    f.world.advance(std::chrono::seconds{10});
    EXPECT_TRUE(dialback_only(f.b, "a.test", false));
    EXPECT_TRUE(dialback_only(f.a, "b.test", true));

    const std::string key = f.a.edge_log.last("s2s.result.sent", "key");
    ASSERT_EQ(key.size(), 8U);
    for (const Organisation* at : {&f.a, &f.b}) {
        for (const auto& one : at->edge_handshakes.list({}, 100)) EXPECT_EQ(all_of(*one).find(key), std::string::npos);
    }
}

TEST_P(Records, TellAFailureAsTheDifferenceFromTheLastGoodOne) {
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }));
    f.b.change([](config::Settings& settings) { settings.deny_list = {*config::NamePattern::parse("a.test")}; });
    f.world.advance(std::chrono::seconds{10});
    f.a.user().message("romeo@a.test", "juliet@b.test", "m2");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m2"); }, std::chrono::minutes{3}));

    const record::Archive::Found failed = latest(f.a, "b.test", false);
    ASSERT_NE(failed, nullptr);
    ASSERT_FALSE(failed->good);
    EXPECT_TRUE(has(*failed, "stream.error-received", "condition", "policy-violation"));
    const record::Archive::Found good = f.a.edge_handshakes.good_before(*failed);
    ASSERT_NE(good, nullptr);
    const auto found = record::differences(*good, *failed);
    const auto tells = [&](record::Difference::Kind kind, const std::string& step) {
        return std::any_of(found.begin(), found.end(),
                           [&](const record::Difference& one) { return one.kind == kind && one.step == step; });
    };
    EXPECT_TRUE(tells(record::Difference::Kind::added, "stream.error-received"));
    EXPECT_TRUE(tells(record::Difference::Kind::missing, "result.sent"));

    // The side that refused knows the rule, under the id in its log.
    const record::Archive::Found refused = latest(f.b, "a.test", true);
    ASSERT_NE(refused, nullptr);
    EXPECT_FALSE(refused->good);
    EXPECT_EQ(f.b.edge_log.last("s2s.refused", "verdict"), refused->verdict_id);
    const auto why = verdict(f.b, refused->verdict_id);
    ASSERT_TRUE(why);
    EXPECT_EQ(why->rule, Rule::deny_list);
    EXPECT_EQ(why->from, "a.test");
    EXPECT_EQ(why->to, "b.test");
}

TEST_P(Records, GiveEachBounceToOurSideAnIdThatCanBeExplained) {
    f.a.change([](config::Settings& settings) { settings.deny_list = {*config::NamePattern::parse("b.test")}; });
    const std::string denied = id_in(bounced(f.a, "romeo@a.test", "juliet@b.test", "m1"));
    auto why = verdict(f.a, denied);
    ASSERT_TRUE(why) << denied;
    EXPECT_EQ(why->rule, Rule::deny_list);
    EXPECT_EQ(why->what, record::Subject::stanza);
    EXPECT_EQ(why->from, "a.test");
    EXPECT_EQ(f.a.edge_log.last("s2s.outbound.refused", "verdict"), denied);

    f.dns.srv("_xmpp-server._tcp.none.test", 0, 0, 0, ".");
    why = verdict(f.a, id_in(bounced(f.a, "romeo@a.test", "juliet@none.test", "m2")));
    ASSERT_TRUE(why);
    EXPECT_EQ(why->rule, Rule::dns);
    EXPECT_NE(why->why.find("absent"), std::string::npos) << why->why;
    EXPECT_GE(why->count, 1U);

    f.dns.srv("_xmpp-server._tcp.shut.test", 0, 0, 5269, "xmpp.shut.test");
    f.dns.address("xmpp.shut.test", "198.51.100.99");
    why = verdict(f.a, id_in(bounced(f.a, "romeo@a.test", "juliet@shut.test", "m3")));
    ASSERT_TRUE(why);
    EXPECT_EQ(why->rule, Rule::tcp);
}

TEST_P(Records, TellTheOtherSideNoId) {
    // b's core is away: what a sends comes back from b's edge, to the other side.
    f.b.kill_core();
    const std::string error = bounced(f.a, "romeo@a.test", "juliet@b.test", "m1");
    EXPECT_NE(error.find("<remote-server-timeout"), std::string::npos) << error;
    EXPECT_EQ(id_in(error), "");
    const auto verdicts = [&] {
        std::map<Rule, std::uint64_t> all;
        for (auto& shard : f.b.edge->shards) {
            for (const auto& [rule, count] : shard->records().counted().verdicts) all[rule] += count;
        }
        return all;
    };
    EXPECT_GE(verdicts()[Rule::link_down], 1U);
}

TEST_P(Records, CountWhatMetricsNeed) {
    for (int n = 0; n < 20; ++n) f.a.user().message("romeo@a.test", "juliet@b.test", std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().received().size() >= 20; }));
    f.world.advance(std::chrono::seconds{5});
    record::Counters counters;
    for (auto& shard : f.a.edge->shards) counters += shard->records().counted();
    EXPECT_EQ((counters.handshakes[{false, true, Stage::none}]), 1U);
    EXPECT_GE(counters.dns.at("ok").count, 2U);
    EXPECT_GE(counters.s2s_waiting.count, 1U);
    EXPECT_GE(counters.s2s_delivery.count, 1U);
    EXPECT_LE(counters.s2s_delivery.count, 20U);
    EXPECT_GT(counters.s2s_delivery.sum, 0);
}

}  // namespace
}  // namespace sallyport::test
