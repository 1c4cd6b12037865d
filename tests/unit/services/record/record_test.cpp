// The recorder as values: what is written down, what is forgotten first, what is told as a difference; and refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/record/archive.h"
#include "services/record/compare.h"
#include "services/record/desk.h"
#include "services/record/notebook.h"
#include "services/record/packed.h"

namespace sallyport::record {
namespace {

using std::chrono::milliseconds;
const TimePoint start{milliseconds{1000}};

Handshake made(const std::string& peer, bool good, bool inbound = false) {
    Handshake handshake;
    handshake.peer = peer;
    handshake.good = good;
    handshake.inbound = inbound;
    return handshake;
}

TEST(Notebook, TimesStepsFromTheBeginning) {
    Notebook notebook{4096};
    notebook.begin(true, start, {});
    notebook.step(Stage::tls, "tls", {{"version", "TLSv1.3"}}, true, start + milliseconds{7});
    const auto done = notebook.finish(false, Stage::dialback, "no answer", start + milliseconds{9});
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->inbound);
    EXPECT_EQ(done->steps.at(0).at, milliseconds{7});
    EXPECT_EQ(done->took, milliseconds{9});
    EXPECT_EQ(done->failed_at, Stage::dialback);
    EXPECT_FALSE(notebook.open());
    EXPECT_FALSE(notebook.finish(true, Stage::none, "", start));
}

TEST(Notebook, KnowsTheStageOfTheLastStep) {
    Notebook notebook{4096};
    notebook.begin(true, start, {});
    EXPECT_EQ(notebook.reached(), Stage::tcp) << "no step yet";
    notebook.step(Stage::tls, "tls", {}, true, start);
    notebook.step(Stage::sasl, "sasl.failure", {}, false, start);
    EXPECT_EQ(notebook.reached(), Stage::sasl);
    notebook.step(Stage::dialback, "result.sent", {{"why", std::string(5000, 'x')}}, true, start);
    EXPECT_EQ(notebook.reached(), Stage::dialback) << "a long value is cut";
    (void)notebook.finish(false, notebook.reached(), "", start);
    notebook.begin(true, start, {});
    EXPECT_EQ(notebook.reached(), Stage::tcp);
}

TEST(Notebook, NeverWritesAKeyDown) {
    Notebook notebook{4096};
    notebook.begin(false, start, {});
    notebook.step(Stage::dialback, "result.sent", {{"from", "b.test"}, {"key", "0123abcd"}}, true, start);
    const auto done = notebook.finish(true, Stage::none, "dialback", start);
    ASSERT_EQ(done->steps.at(0).facts.size(), 1U);
    EXPECT_EQ(done->steps.at(0).facts.at(0).first, "from");
}

TEST(Notebook, KeepsToItsBoundAndCountsTheRest) {
    Notebook notebook{4096};
    notebook.begin(false, start, {});
    for (int i = 0; i < 100; ++i)
        notebook.step(Stage::tcp, "tcp.failed", {{"why", std::string(2000, 'x')}}, false, start);
    const auto done = notebook.finish(false, Stage::tcp, "", start);
    EXPECT_LE(done->bytes(), 4096U + 600U);
    EXPECT_GT(done->left_out, 80U);
    EXPECT_EQ(done->steps.size() + done->left_out, 100U);
    EXPECT_LT(done->steps.front().facts.front().second.size(), 600U);
}

TEST(Packed, GivesBackWhatItWasMadeOf) {
    for (unsigned bits = 0; bits < 8; ++bits) {
        Handshake before;
        before.peer = "a.test";
        before.local = std::string(300, 'l');
        before.address = "[2001:db8::1]:5269";
        before.failed_at = Stage::tls;
        before.result = std::string{"\0\xff", 2};
        before.verdict_id = "v-0123456789ab";
        before.inbound = (bits & 1U) != 0;
        before.proven_only = (bits & 2U) != 0;
        before.good = (bits & 4U) != 0;
        before.started = WallTime{std::chrono::seconds{1'800'000'000}};
        before.took = milliseconds{48};
        before.shard = 3;
        before.left_out = 1'000'000;
        before.steps = {{{}, "", true, {}},
                        {milliseconds{9}, "tls", false, {{"", ""}, {"why", std::string(70000, 'x')}}}};
        const Handshake after = unpack(pack(before));
        EXPECT_EQ(pack(after), pack(before));
        EXPECT_EQ(after.peer + after.local + after.address + after.result + after.verdict_id,
                  before.peer + before.local + before.address + before.result + before.verdict_id);
        EXPECT_EQ(after.failed_at, Stage::tls);
        EXPECT_EQ(after.inbound, before.inbound);
        EXPECT_EQ(after.proven_only, before.proven_only);
        EXPECT_EQ(after.good, before.good);
        EXPECT_EQ(after.started, before.started);
        EXPECT_EQ(after.took, before.took);
        EXPECT_EQ(after.shard, 3U);
        EXPECT_EQ(after.left_out, 1'000'000U);
        ASSERT_EQ(after.steps.size(), 2U);
        EXPECT_EQ(after.steps[1].at, milliseconds{9});
        EXPECT_EQ(after.steps[1].facts, before.steps[1].facts);
    }
    EXPECT_EQ(unpack({}).peer, "");
}

TEST(Archive, KeepsTheLatestOfEachDirectionAndOutcome) {
    Limits limits;
    limits.recorded_handshakes = 2;
    Archive archive{limits};
    archive.add(made("a.test", true));
    for (int i = 0; i < 5; ++i) archive.add(made("a.test", false));
    archive.add(made("a.test", false, true));
    EXPECT_EQ(archive.list("a.test", 100).size(), 4U);
    EXPECT_EQ(archive.list("a.test", 100).front()->id, "h-7");
    EXPECT_EQ(archive.last("a.test", true)->id, "h-1");
    EXPECT_EQ(archive.find("h-2"), nullptr);
    ASSERT_NE(archive.find("h-6"), nullptr);
    EXPECT_EQ(archive.list("none.test", 100).size(), 0U);
}

TEST(Archive, ForgetsInventedPeersBeforeThoseThatProvedThemselves) {
    Limits limits;
    limits.recorded_peers = 3;
    Archive archive{limits};
    archive.add(made("partner.test", true));
    for (int i = 0; i < 50; ++i) archive.add(made("x" + std::to_string(i) + ".test", false));
    EXPECT_EQ(archive.peers(), 3U);
    EXPECT_NE(archive.last("partner.test", true), nullptr);
    EXPECT_NE(archive.last("x49.test", false), nullptr);
    EXPECT_EQ(archive.last("x10.test", false), nullptr);
}

TEST(Archive, KeepsToItsBytes) {
    Limits limits;
    limits.recorder_bytes = 20000;
    Archive archive{limits};
    for (int i = 0; i < 100; ++i) {
        Handshake big = made("p" + std::to_string(i) + ".test", false);
        big.steps.push_back({{}, "tcp.failed", false, {{"why", std::string(1000, 'x')}}});
        archive.add(std::move(big));
    }
    EXPECT_LE(archive.bytes(), 20000U);
    EXPECT_GT(archive.peers(), 5U);
    EXPECT_NE(archive.last("p99.test", false), nullptr);
}

TEST(Archive, FindsTheGoodOneToCompareWith) {
    Archive archive{Limits{}};
    archive.add(made("a.test", true));
    archive.add(made("a.test", true, true));
    archive.add(made("a.test", false));
    archive.add(made("a.test", true));
    EXPECT_EQ(archive.good_before(*archive.find("h-3"))->id, "h-1");
    Archive other{Limits{}};
    other.add(made("a.test", false));
    EXPECT_EQ(other.good_before(*other.find("h-1")), nullptr);
    other.add(made("a.test", true));
    EXPECT_EQ(other.good_before(*other.find("h-1"))->id, "h-2");
}

TEST(Differences, NameWhatChangedWhatIsNewAndWhatNeverCame) {
    Handshake before = made("a.test", true), now = made("a.test", false);
    before.steps = {{{}, "tcp.connected", true, {{"address", "192.0.2.1:5269"}, {"ms", "3"}}},
                    {{}, "tls.session", true, {{"version", "TLSv1.3"}, {"sha256", "aa"}}},
                    {{}, "result.sent", true, {}}};
    now.steps = {{{}, "tcp.connected", true, {{"address", "192.0.2.1:5269"}, {"ms", "900"}}},
                 {{}, "tls.session", false, {{"version", "TLSv1.3"}, {"sha256", "bb"}, {"chain", "expired"}}},
                 {{}, "tls.failed", false, {{"why", "expired"}}}};
    const auto found = differences(before, now);
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[0].fact, "sha256");
    EXPECT_EQ(found[0].before, "aa");
    EXPECT_EQ(found[0].now, "bb");
    EXPECT_EQ(found[1].fact, "chain");
    EXPECT_EQ(found[2].kind, Difference::Kind::added);
    EXPECT_EQ(found[2].step, "tls.failed");
    EXPECT_EQ(found[3].kind, Difference::Kind::missing);
    EXPECT_EQ(found[3].step, "result.sent");
    EXPECT_TRUE(differences(before, before).empty());
}

TEST(Differences, CompareAnswersOfDnsByWhatWasAsked) {
    const auto srv = [](const char* question, const char* answer) {
        return Step{{}, "dns.srv", true, {{"question", question}, {"answer", answer}}};
    };
    Handshake before = made("a.test", true), now = made("a.test", false);
    before.steps = {srv("_xmpps-server._tcp.a.test", ""), srv("_xmpp-server._tcp.a.test", "one.a.test")};
    now.steps = {srv("_xmpp-server._tcp.a.test", "two.a.test"), srv("_xmpps-server._tcp.a.test", "")};
    const auto found = differences(before, now);
    ASSERT_EQ(found.size(), 1U) << "they came in another order, which means nothing";
    EXPECT_EQ(found[0].before, "one.a.test");
    EXPECT_EQ(found[0].now, "two.a.test");
}

TEST(Differences, TakeFeaturesInAnyOrder) {
    Handshake before = made("a.test", true), now = made("a.test", false);
    before.steps = {{{}, "features.received", true, {{"features", "starttls dialback"}}}};
    now.steps = {{{}, "features.received", true, {{"features", "dialback starttls"}}}};
    EXPECT_TRUE(differences(before, now).empty());
    now.steps[0].facts[0].second = "dialback";
    EXPECT_EQ(differences(before, now).size(), 1U);
}

TEST(Verdicts, GiveEqualRefusalsOneIdAndCountThem) {
    Verdicts verdicts{100};
    const WallTime at{std::chrono::seconds{10}}, later{std::chrono::seconds{20}};
    const std::string id = verdicts.keep({Rule::queue_full, Subject::stanza, "b.test", "a.test", "10 are waiting"}, at);
    EXPECT_EQ(id.size(), 14U);
    EXPECT_EQ(verdicts.keep({Rule::queue_full, Subject::stanza, "b.test", "a.test", "11 are waiting"}, later), id);
    EXPECT_NE(verdicts.keep({Rule::queue_full, Subject::stanza, "b.test", "c.test", "10 are waiting"}, at), id);
    const auto found = verdicts.find(id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->count, 2U);
    EXPECT_EQ(found->first, at);
    EXPECT_EQ(found->last, later);
    EXPECT_EQ(found->why, "11 are waiting");
    EXPECT_EQ(verdicts.by_rule().at(Rule::queue_full), 3U);
    EXPECT_FALSE(verdicts.find("v-000000000000"));
}

TEST(Verdicts, TakeOverTheIdOfThePolicyChain) {
    Verdicts verdicts{100};
    EXPECT_EQ(verdicts.keep({Rule::deny_list, Subject::stanza, "b.test", "a.test", "why", "v-abc"}, {}), "v-abc");
    EXPECT_EQ(verdicts.find("v-abc")->rule, Rule::deny_list);
}

TEST(Verdicts, OfStanzasAreNotDrivenOutByStrangers) {
    Verdicts verdicts{100};
    std::vector<std::string> ours;
    for (int i = 0; i < 50; ++i) {
        ours.push_back(verdicts.keep({Rule::deny_list, Subject::stanza, "a.test", "d" + std::to_string(i), "no"}, {}));
    }
    for (int i = 0; i < 10'000; ++i) {
        verdicts.keep({Rule::tls, Subject::stream, "s" + std::to_string(i) + ".test", "a.test", "no TLS"}, {});
        ASSERT_LE(verdicts.size(), 100U);
    }
    for (const std::string& id : ours) EXPECT_TRUE(verdicts.find(id)) << id;
}

TEST(Verdicts, ForgetTheOldestBeyondTheirBound) {
    Verdicts verdicts{16};
    const std::string kept = verdicts.keep({Rule::dns, Subject::stanza, "b.test", "kept.test", ""}, {});
    for (int i = 0; i < 100; ++i) {
        const std::string to = "x" + std::to_string(i) + ".test";
        (void)verdicts.keep({Rule::dns, Subject::stanza, "b.test", to, ""}, {});
        (void)verdicts.keep({Rule::dns, Subject::stanza, "b.test", "kept.test", ""}, {});
    }
    EXPECT_TRUE(verdicts.find(kept));
    EXPECT_EQ(verdicts.find(kept)->count, 101U);
    EXPECT_EQ(verdicts.by_rule().at(Rule::dns), 201U);
}

TEST(Refusals, EachSaysWhatItMeansAndWhatToDo) {
    EXPECT_EQ(rule_rows().size(), static_cast<std::size_t>(Rule::other)) << "all but Rule::none";
    for (const RuleRow& row : rule_rows()) {
        EXPECT_FALSE(row.help.empty()) << row.name;
        EXPECT_FALSE(row.remedy.empty()) << row.name;
        EXPECT_FALSE(text(row.part).empty()) << row.name;
        EXPECT_EQ(&row_of(row.rule), &row) << row.name;
        EXPECT_EQ(find_rule(row.name), row.rule) << row.name;
        EXPECT_TRUE(row.kind != RuleKind::policy || !row.change.empty()) << row.name;
    }
    EXPECT_FALSE(find_rule(""));
    EXPECT_EQ(text(Rule::none), "");
}

/// Metrics, `why` and the programs that read them go by these.
TEST(Refusals, AreNamedAsEver) {
    std::vector<std::string_view> names;
    for (const RuleRow& row : rule_rows()) names.push_back(row.name);
    EXPECT_THAT(names, testing::ElementsAre(
                           "federation-off", "self", "not-local", "deny-list", "allow-list", "not-inside",
                           "inside-to-inside", "dns", "tcp", "tls", "sasl", "dialback", "stream", "protocol", "dead",
                           "queue-full", "queue-age", "too-large", "malformed", "excess", "in-doubt", "refused-by-peer",
                           "streams", "streams-of-sender", "look-ups", "connections", "busy", "link-down", "link-full",
                           "partner-full", "link-refused", "no-way", "not-loaded", "no-rows", "own-federation",
                           "no-user", "client-refused", "component-away", "component-full", "shutting-down", "other"));
    using enum Stage;
    std::vector<std::string_view> stages;
    for (const Stage stage : {none, dns, tcp, stream, tls, sasl, dialback, policy}) {
        stages.push_back(text(stage));
        EXPECT_EQ(find_stage(text(stage)), stage);
    }
    EXPECT_THAT(stages, testing::ElementsAre("", "dns", "tcp", "stream", "tls", "sasl", "dialback", "policy"));
    EXPECT_EQ(text(Part::ours), "ours");
    EXPECT_EQ(text(Part::the_peers), "the peer's");
    EXPECT_EQ(text(Part::the_senders), "the sender's");
    EXPECT_EQ(text(Part::ours_or_the_peers), "ours or the peer's");
}

TEST(Desk, HandsOverWhatIsDoneAndNoMoreThanTheControlThreadTakes) {
    std::vector<std::function<void()>> posted;
    std::vector<Handshake> seen;
    Desk desk{Limits{}, [&](std::function<void()> work) { posted.push_back(std::move(work)); },
              [&](Handshake handshake) { seen.push_back(std::move(handshake)); }};
    for (int i = 0; i < 1000; ++i) desk.done(made("a.test", false));
    EXPECT_EQ(posted.size(), 256U);
    EXPECT_EQ(desk.counters().recorder_dropped, 744U);
    for (auto& work : posted) work();
    EXPECT_EQ(seen.size(), 256U);
    desk.done(made("a.test", true));
    EXPECT_EQ(posted.size(), 257U);
    EXPECT_EQ((desk.counted().handshakes.at({false, true, Stage::none})), 1U);
}

TEST(Histogram, PutsEachObservationIntoOneBucket) {
    Histogram histogram;
    histogram.add(milliseconds{1});
    histogram.add(milliseconds{60});
    histogram.add(std::chrono::minutes{5});
    EXPECT_EQ(histogram.count, 3U);
    EXPECT_EQ(histogram.buckets[1], 1U);
    EXPECT_EQ(histogram.buckets[7], 1U);
    EXPECT_EQ(histogram.buckets.back(), 1U);
    Histogram sum = histogram;
    sum += histogram;
    EXPECT_EQ(sum.count, 6U);
    EXPECT_NEAR(sum.sum, 2 * 300.061, 0.001);
}

}  // namespace
}  // namespace sallyport::record
