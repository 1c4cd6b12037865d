// Whole replicators with real settings and stores, joined by a pipe on a simulated clock.
#include "services/replicate/replicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/pipe_channel.h"
#include "support/replication_end.h"
#include "support/sim_log.h"
#include "support/sim_world.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

using services::AlarmCode;
using testing::HasSubstr;

/// A node: what survives its death is in the folder.
struct Node {
    Node(SimWorld& world, config::Role role, std::string name, std::map<std::string, std::string> first,
         std::vector<std::string> fars = {})
        : world_{world}, role_{role}, name_{std::move(name)}, first_{std::move(first)}, fars_{std::move(fars)} {
        start();
    }
    void start() {
        services::SettingsService::Options options;
        options.folder = folder.path();
        options.first_values = first_;
        options.random_bytes = [](std::size_t count) { return std::string(count, 'r'); };
        options.owner = role_ == config::Role::edge ? config::Owner::edge : config::Owner::core;
        options.lock_wait = std::chrono::milliseconds{20};
        settings = std::make_unique<services::SettingsService>(std::move(options), world_.loop(),
                                                               Logger{log, LogModule::settings});
        ASSERT_TRUE(settings->open());
        alarms = std::make_unique<services::AlarmBoard>(world_.loop(), Logger{log, LogModule::node});
        std::string realm = name_;
        std::replace(realm.begin(), realm.end(), '.', '-');
        replicator = std::make_unique<services::Replicator>(
            services::Replicator::Options{role_, name_, realm, "i" + std::to_string(++starts), folder.path(), fars_},
            *settings, *alarms, world_.loop(), Logger{log, LogModule::settings});
        replicator->open();
    }
    void die() {
        replicator.reset();
        settings.reset();
        alarms.reset();
    }
    Result<std::uint64_t> set(const std::string& name, const std::string& json) {
        return settings->set({{name, json}}, "anna");
    }
    [[nodiscard]] std::string value(const std::string& name) const {
        return config::find_setting(name)->load(*settings->snapshot());
    }
    [[nodiscard]] std::string state(const std::string& step) const {
        for (const ChainStep& one : replicator->chain()) {
            if (one.step == step) return std::string{text(one.state)};
        }
        return "(absent)";
    }

    SimWorld& world_;
    config::Role role_;
    std::string name_;
    std::map<std::string, std::string> first_;
    std::vector<std::string> fars_;
    int starts = 0;
    TemporaryFolder folder;
    MemorySink log;
    std::unique_ptr<services::SettingsService> settings;
    std::unique_ptr<services::AlarmBoard> alarms;
    std::unique_ptr<services::Replicator> replicator;
};

class Replication : public testing::Test {
protected:
    void join(Node& one, Node& other, std::size_t most = SIZE_MAX, std::size_t place = 0) {
        auto [left, right] = PipeChannel::pair(world.loop(), most);
        one.replicator->attach(std::move(left), {"", "SHA256:core", 0, "10.10.0.10:3000"});
        other.replicator->attach(std::move(right), {one.name_, "SHA256:" + one.name_, place, "10.20.0.10:2222"});
        world.settle();
    }

    SimWorld world;
    Node edge{world,
              config::Role::edge,
              "edge1.b.test",
              {{"federation.privacy_mode", R"("off")"},
               {"federation.domains", R"(["old.b.test"])"},
               {"federation.dialback_secret", R"("the secret of the edge")"}}};
    Node core{world,
              config::Role::core,
              "core1.b.test",
              {{"federation.privacy_mode", R"("deny_list")"}, {"federation.domains", R"(["b.test"])"}},
              {"edge1.b.test", "edge2.b.test"}};
};

/// An edge or a core in bad hands: it says what the test wants, as fast as `node`, which is of the other kind, takes
/// it.
class TakenNode final : public io::ByteChannelOwner {
public:
    TakenNode(SimWorld& world, Node& node) : end{node.role_ == config::Role::core}, world_{world} {
        auto [left, right] = PipeChannel::pair(world.loop());
        channel_ = std::move(left);
        channel_->set_owner(this);
        const std::string name = node.role_ == config::Role::core ? "edge1.b.test" : "";
        node.replicator->attach(std::move(right), {name, "SHA256:far", 0, "10.20.0.10:2222"});
        end.connect(world.loop().now());
        send();
        world_.settle();
    }
    void report(const replication::Report& report) {
        end.act([&](auto& actions) { end.machine->report(report, actions); });
        send();
        world_.settle();
    }
    void set(const std::string& name, const std::string& value) {
        end.set(name, value);
        send();
        world_.settle();
    }
    void on_bytes(std::string_view bytes) override {
        end.receive(bytes, world_.loop().now());
        send();
    }
    void on_progress() override {}
    void on_closed(const std::string&) override { closed = true; }

    ReplicationEnd end;
    bool closed = false;

private:
    void send() {
        if (!end.out.empty()) channel_->write(std::exchange(end.out, {}));
    }
    SimWorld& world_;
    std::unique_ptr<PipeChannel> channel_;
};

TEST_F(Replication, WritesNoMoreThanSomeNoticesOfATakenCoreToTheLog) {
    TakenNode taken{world, edge};
    for (int n = 0; n < 50; ++n) {
        replication::Report report;
        for (int i = 0; i < 100; ++i) report.notices.push_back({"x", std::to_string(n) + "-" + std::to_string(i), "y"});
        taken.report(report);
    }
    EXPECT_GE(edge.log.count("alarm.raised"), 100U) << "the first is shown at once";
    EXPECT_LE(edge.log.count("alarm.raised"), 300U) << "all of it within one moment";
    world.advance(std::chrono::seconds{5});
    ASSERT_FALSE(taken.closed);
    EXPECT_TRUE(edge.alarms->stands(AlarmCode::far_alarm, "core1.b.test: x 49-99")) << "the last word counts";
}

TEST_F(Replication, ShowsNothingThatATakenEdgeReports) {
    TakenNode taken{world, core};
    replication::Report report;
    report.notices.push_back({"x", "1", "y"});
    taken.report(report);
    EXPECT_EQ(core.alarms->lowered().size(), 0U);
    EXPECT_FALSE(core.alarms->stands(AlarmCode::far_alarm, "edge1.b.test: x 1"));
    EXPECT_TRUE(taken.closed);
}

TEST_F(Replication, PutsOnlySomeChangesOfATakenEdgeInForceWithinAMoment) {
    TakenNode taken{world, core};
    for (int n = 0; n < 100; ++n) taken.set("federation.privacy_mode", n % 2 == 0 ? R"("off")" : R"("allow_list")");
    EXPECT_LE(core.log.count("settings.changed"), 20U) << "each is a transaction on the control thread";
    world.advance(std::chrono::seconds{5});
    EXPECT_EQ(core.value("federation.privacy_mode"), R"("allow_list")") << "the last word counts";
}

/// What comes and goes on a core in bad hands, as its edges show it.
TEST_F(Replication, KeepsItsOwnAlarmsInTheListWhateverAFarNodeLowers) {
    edge.alarms->raise(AlarmCode::settings_store, "mine", "here");
    edge.alarms->lower(AlarmCode::settings_store, "mine");
    for (int n = 0; n < 300; ++n) {
        edge.alarms->raise_once(AlarmCode::far_alarm, "core1.b.test: x " + std::to_string(n), "there");
        edge.alarms->lower(AlarmCode::far_alarm, "core1.b.test: x " + std::to_string(n));
    }
    const auto& lowered = edge.alarms->lowered();
    EXPECT_TRUE(std::any_of(lowered.begin(), lowered.end(), [](const auto& alarm) { return alarm.key == "mine"; }));
    const auto without = edge.log.without_source();
    EXPECT_LT(std::count(without.begin(), without.end(), "alarm.raised"), 5) << "the log has a budget for them";
}

TEST_F(Replication, LetsTheOwnersValueWinAtTheFirstMeeting) {
    join(edge, core);
    EXPECT_EQ(core.value("federation.privacy_mode"), R"("off")");
    EXPECT_EQ(edge.value("federation.domains"), R"(["b.test"])");
    EXPECT_EQ(core.settings->snapshot()->dialback_secret, "the secret of the edge");
    EXPECT_EQ(core.log.dump().find("the secret of the edge"), std::string::npos);
    EXPECT_EQ(edge.state("settings received on core1.b.test"), "in force");
    EXPECT_EQ(core.state("settings received from edge1.b.test"), "in force");
}

TEST_F(Replication, LeavesTheEdgesDomainsAloneWhenTheCoreHasNone) {
    Node empty{world, config::Role::core, "core2.b.test", {}, {"edge1.b.test"}};
    join(edge, empty);
    EXPECT_EQ(edge.value("federation.domains"), R"(["old.b.test"])");
    ASSERT_TRUE(empty.set("federation.domains", R"(["new.b.test"])"));
    world.settle();
    EXPECT_EQ(edge.value("federation.domains"), R"(["new.b.test"])");
}

TEST_F(Replication, CarriesAChangeWithTheWordsOfTheLog) {
    join(edge, core);
    ASSERT_TRUE(edge.set("federation.enabled", "true"));
    world.settle();
    EXPECT_EQ(core.value("federation.enabled"), "true");
    EXPECT_EQ(core.log.last("settings.changed", "author"), "edge1.b.test");
    EXPECT_EQ(core.log.last("settings.changed", "Detail"),
              "xconfiguration xcpConfiguration is_federation_enabled - changed from: 0 to: 1");
    EXPECT_EQ(core.log.last("replication.received", "component"), "cm-2_s2scp-1.edge1-b-test");
    EXPECT_EQ(edge.log.last("replication.acknowledged", "far"), "core1.b.test");
}

TEST_F(Replication, ShowsEachFieldAndNoSecret) {
    join(edge, core);
    ASSERT_TRUE(edge.set("federation.enabled", "true"));
    world.settle();
    EXPECT_NE(core.log.dump().find("replication.field Detail=xconfiguration federation.enabled: true far=edge1.b.test "
                                   "direction=received name=federation.enabled value=true"),
              std::string::npos)
        << core.log.dump();
    EXPECT_NE(
        edge.log.dump().find("xconfiguration federation.dialback_secret: ******** far=core1.b.test direction=offered"),
        std::string::npos)
        << edge.log.dump();
    EXPECT_NE(core.log.dump().find("direction=received name=federation.dialback_secret value=********"),
              std::string::npos);
    for (const Node* node : {&edge, &core})
        EXPECT_EQ(node->log.dump().find("the secret of the edge"), std::string::npos);
}

TEST_F(Replication, RefusesAChangeOfWhatBelongsToTheOtherSide) {
    EXPECT_EQ(edge.set("federation.domains", R"(["x.test"])").error().code, "setting-elsewhere");
    EXPECT_EQ(core.set("federation.enabled", "true").error().code, "setting-elsewhere");
    EXPECT_TRUE(core.set("log.modules", R"({"s2s":"debug"})"));
}

TEST_F(Replication, SendsNothingTwiceAfterARestartOfEitherSide) {
    join(edge, core);
    const auto changes = core.log.count("settings.changed"), received = core.log.count("replication.received");
    for (Node* node : {&edge, &core}) {
        node->die();
        world.settle();
        node->start();
        join(edge, core);
        EXPECT_EQ(core.log.count("settings.changed"), changes);
        EXPECT_EQ(core.log.count("replication.received"), received);
        EXPECT_EQ(edge.state("settings received on core1.b.test"), "in force");
    }
}

TEST_F(Replication, AgreesAfterACutAnywhereWithinAChange) {
    join(edge, core);
    for (std::size_t cut = 0; cut < 700; cut += 7) {
        edge.die();
        world.settle();
        edge.start();
        join(edge, core, cut);
        ASSERT_TRUE(edge.set("federation.allow_list", "[\"d" + std::to_string(cut) + ".test\"]"));
        world.settle();
        edge.die();
        core.die();
        world.settle();
        edge.start();
        core.start();
        join(edge, core);
        EXPECT_EQ(core.value("federation.allow_list"), edge.value("federation.allow_list")) << cut;
        EXPECT_EQ(edge.state("settings received on core1.b.test"), "in force") << cut;
    }
    const auto history = *core.settings->history(1000, "federation.allow_list");
    for (std::size_t i = 1; i < history.size(); ++i) EXPECT_NE(history[i].to, history[i - 1].to) << "applied twice";
}

/// A far node that says what a test wants, where an edge should be.
class Impostor final : public io::ByteChannelOwner {
public:
    Impostor(SimWorld& world, Node& core) : world_{world} {
        auto [mine, theirs] = PipeChannel::pair(world.loop());
        channel_ = std::move(mine);
        channel_->set_owner(this);
        core.replicator->attach(std::move(theirs), {"edge1.b.test", "SHA256:edge1", 0, "10.20.0.10:2222"});
    }
    void say(const replication::Message& message) {
        channel_->write(replication::frame(replication::write(message)));
        world_.settle();
    }
    void greet(const std::string& name = "edge1.b.test", const std::string& realm = "edge1-b-test") {
        say(replication::Hello{Role::edge, name, realm, "cm-2_s2scp-1." + realm, "i"});
        say(replication::Held{});
    }
    void update(replication::Values values) {
        say(replication::Update{++revision_, {}, replication::digest(values), std::move(values)});
    }
    void on_bytes(std::string_view bytes) override { heard += bytes; }
    void on_progress() override {}
    void on_closed(const std::string&) override { closed = true; }

    std::string heard;
    bool closed = false;

private:
    SimWorld& world_;
    std::unique_ptr<PipeChannel> channel_;
    std::uint64_t revision_ = 10;
};

TEST_F(Replication, GivesAnEdgeNoRightsBeyondItsOwn) {
    Impostor edge1{world, core};
    edge1.greet();
    edge1.update({{"federation.domains", R"(["evil.test"])"}});
    EXPECT_EQ(core.value("federation.domains"), R"(["b.test"])");
    EXPECT_THAT(edge1.heard, HasSubstr("not-its-own"));
    edge1.update({{"log.modules", R"({"s2s":"off"})"}});
    EXPECT_EQ(core.value("log.modules"), "{}");
    edge1.update({{"federation.enabled", "\"perhaps\""}, {"federation.bidi", "\"on\""}});
    EXPECT_EQ(core.value("federation.bidi"), R"("off")") << "all or nothing";
    edge1.update({{"federation.unheard_of", "1"}});
    EXPECT_TRUE(core.alarms->stands(AlarmCode::replication_refused, "edge1.b.test"));
    EXPECT_EQ(core.state("settings received from edge1.b.test"), "failed");
    EXPECT_FALSE(edge1.closed) << "it may mend its ways";
    edge1.update({{"federation.enabled", "true"}});
    EXPECT_EQ(core.value("federation.enabled"), "true");
    EXPECT_FALSE(core.alarms->stands(AlarmCode::replication_refused, "edge1.b.test"));
}

TEST_F(Replication, LetsAnEdgeSpeakInItsOwnNameOnly) {
    Impostor other{world, core};
    other.greet("edge2.b.test", "edge2-b-test");
    EXPECT_TRUE(other.closed);
    EXPECT_TRUE(core.alarms->stands(AlarmCode::replication_refused, "edge1.b.test"));
    Impostor liar{world, core};
    liar.say(replication::Hello{Role::edge, "edge1.b.test", "edge1-b-test", "cm-2_s2scp-1.edge2-b-test", "i"});
    EXPECT_TRUE(liar.closed);
    EXPECT_FALSE(core.replicator->edges().at(0).known);
}

TEST_F(Replication, EndsAChannelThatTalksNonsense) {
    Impostor edge1{world, core};
    edge1.greet();
    edge1.say(replication::Ack{77});
    EXPECT_TRUE(edge1.closed);
    EXPECT_TRUE(core.alarms->stands(AlarmCode::replication_refused, "edge1.b.test"));
}

TEST_F(Replication, KeepsAReplicaOfEveryEdgeAndFollowsTheFirst) {
    Node second{world, config::Role::edge, "edge2.b.test", {{"federation.privacy_mode", R"("allow_list")"}}};
    services::Replicator::Edges told;
    core.replicator->on_edges([&](const services::Replicator::Edges& edges) { told = edges; });
    join(edge, core);
    join(second, core, SIZE_MAX, 1);
    EXPECT_EQ(core.value("federation.privacy_mode"), R"("off")");
    ASSERT_TRUE(core.alarms->stands(AlarmCode::replication_differs, "edge2.b.test"));
    EXPECT_THAT(core.alarms->standing()[0].detail, HasSubstr("federation.privacy_mode"));
    ASSERT_TRUE(edge.set("federation.enabled", "true"));
    world.settle();
    const std::string prefix = "cm-2_s2scp-1.";
    EXPECT_EQ(told, (services::Replicator::Edges{{"edge1.b.test", prefix + "edge1-b-test", true},
                                                 {"edge2.b.test", prefix + "edge2-b-test", false}}));
    core.die();
    core.start();
    EXPECT_EQ(core.replicator->edges(), told) << "known before anybody connects";
    join(edge, core);
    join(second, core, SIZE_MAX, 1);
    ASSERT_TRUE(second.set("federation.privacy_mode", R"("off")"));
    ASSERT_TRUE(second.set("federation.enabled", "true"));
    ASSERT_TRUE(second.set("federation.dialback_secret", R"("the secret of the edge")"));
    world.settle();
    EXPECT_FALSE(core.alarms->stands(AlarmCode::replication_differs, "edge2.b.test"));
}

TEST_F(Replication, ForgetsTheFormerNameOfACore) {
    join(edge, core);
    core.die();
    world.advance(std::chrono::seconds{15});
    ASSERT_TRUE(edge.alarms->stands(AlarmCode::ssh_down, "core1.b.test"));
    Node renamed{
        world, config::Role::core, "core9.b.test", {{"federation.domains", R"(["nine.test"])"}}, {"edge1.b.test"}};
    join(edge, renamed);
    EXPECT_TRUE(edge.alarms->standing().empty());
    EXPECT_EQ(edge.state("settings received on core1.b.test"), "(absent)");
    EXPECT_EQ(edge.value("federation.domains"), R"(["nine.test"])");
}

TEST_F(Replication, ShowsTheCoresStepsAndAlarmsOnTheEdge) {
    core.replicator->steps_from([] {
        return std::vector<ChainStep>{
            {"row on im1", StepState::failed, {"401", "change the password"}, "axl.refused im1"}};
    });
    join(edge, core);
    core.alarms->raise(AlarmCode::ssh_listen, "x", "401 Unauthorized");
    world.advance(std::chrono::seconds{2});
    EXPECT_EQ(edge.state("row on im1"), "failed");
    EXPECT_EQ(edge.replicator->chain().back().reason, (Reason{"401", "change the password"})) << "two texts, not one";
    EXPECT_EQ(edge.replicator->chain().back().alarm, "axl.refused im1");
    EXPECT_EQ(edge.replicator->chain().back().node, "core1.b.test");
    ASSERT_EQ(edge.alarms->standing().size(), 1u);
    EXPECT_EQ(edge.alarms->standing()[0].row().name, "far.alarm");
    EXPECT_THAT(edge.alarms->standing()[0].key, HasSubstr("core1.b.test: ssh.listen x"));
    core.alarms->lower(AlarmCode::ssh_listen, "x");
    world.advance(std::chrono::seconds{2});
    EXPECT_TRUE(edge.alarms->standing().empty());
    core.die();
    world.settle();
    EXPECT_EQ(edge.state("row on im1"), "pending") << "nobody knows while the channel is down";
}

TEST_F(Replication, ShowsAFarAlarmAsItIsThere) {
    join(edge, core);
    const auto shown = [&](const std::string& key) {
        const auto* const alarm = edge.alarms->find(AlarmCode::far_alarm, "core1.b.test: " + key);
        return alarm == nullptr ? services::Alarm{} : *alarm;
    };
    core.alarms->raise(AlarmCode::axl_refused, "imp1", "401");
    core.alarms->raise(AlarmCode::chain_failed, "loaded by the router of imp1", "it has not",
                       {.cure = "restart the router"});
    world.advance(std::chrono::milliseconds{150});
    const services::Alarm refused = shown("axl.refused imp1");
    EXPECT_EQ(refused.severity(), services::AlarmSeverity::error) << "though far.alarm is a warning";
    EXPECT_EQ(refused.words.node, "core1.b.test");
    EXPECT_THAT(refused.sentence(),
                HasSubstr("core1.b.test: the IM&P server imp1 refuses the user or the password: 401"));
    EXPECT_THAT(refused.cure(),
                HasSubstr("on core1.b.test: set the right password with `sallyport imp-servers passwd imp1`"));
    EXPECT_EQ(shown("chain.failed loaded by the router of imp1").cure(), "on core1.b.test: restart the router");
}

TEST_F(Replication, FindsTheWordsOfAnAlarmThatAnOlderCoreTellsWithoutThem) {
    TakenNode older{world, edge};
    replication::Report report;
    report.notices = {{"ssh.host_key", "10.20.0.10:2222", "another key"}, {"of.tomorrow", "x", "who knows"}};
    older.report(report);
    const auto* const known = edge.alarms->find(AlarmCode::far_alarm, "core1.b.test: ssh.host_key 10.20.0.10:2222");
    ASSERT_NE(known, nullptr);
    EXPECT_EQ(known->severity(), services::AlarmSeverity::error);
    EXPECT_THAT(known->cure(), HasSubstr("on core1.b.test: find out why"));
    const auto* const unknown = edge.alarms->find(AlarmCode::far_alarm, "core1.b.test: of.tomorrow x");
    ASSERT_NE(unknown, nullptr);
    EXPECT_EQ(unknown->severity(), services::AlarmSeverity::warning);
    EXPECT_THAT(unknown->cure(), HasSubstr("on that node"));
}

TEST_F(Replication, TellsTheEdgeOfAStepWhenItChanges) {
    StepState state = StepState::pending;
    core.replicator->steps_from([&] { return std::vector<ChainStep>{{"row on im1", state}}; });
    join(edge, core);
    world.advance(std::chrono::seconds{5});
    ASSERT_EQ(edge.state("row on im1"), "pending");
    world.advance(std::chrono::milliseconds{300});
    state = StepState::in_force;
    core.replicator->report_soon();
    world.advance(std::chrono::milliseconds{50});
    EXPECT_EQ(edge.state("row on im1"), "in force") << "not at the next tick";
    for (int i = 0; i < 20; ++i) {
        state = i % 2 == 0 ? StepState::failed : StepState::in_force;
        core.replicator->report_soon();
        world.advance(std::chrono::milliseconds{1});
    }
    world.advance(std::chrono::seconds{3});
    EXPECT_EQ(edge.state("row on im1"), "in force") << "the last word counts";
}

TEST_F(Replication, NamesTheAlarmOfAStep) {
    core.replicator->steps_from([] {
        return std::vector<ChainStep>{{"loaded by the router of imp1", StepState::failed, {"it has not"}}};
    });
    join(edge, core);
    world.advance(std::chrono::seconds{2});
    EXPECT_EQ(edge.replicator->chain().back().alarm, "") << "nobody has raised one yet";
    core.alarms->raise(AlarmCode::chain_failed, "loaded by the router of imp1", "it has not");
    world.advance(std::chrono::seconds{2});
    const ChainStep step = edge.replicator->chain().back();
    EXPECT_TRUE(edge.alarms->stands(AlarmCode::far_alarm, services::far_alarm_key(step.node, step.alarm)));
}

TEST_F(Replication, RaisesAnAlarmWhenNobodyComesBack) {
    join(edge, core);
    core.die();
    world.advance(std::chrono::seconds{5});
    EXPECT_FALSE(edge.alarms->stands(AlarmCode::ssh_down, "core1.b.test"));
    world.advance(std::chrono::seconds{10});
    EXPECT_TRUE(edge.alarms->stands(AlarmCode::ssh_down, "core1.b.test"));
    core.start();
    join(edge, core);
    EXPECT_FALSE(edge.alarms->stands(AlarmCode::ssh_down, "core1.b.test"));
}

TEST_F(Replication, WaitsForADatabaseThatIsLocked) {
    join(edge, core);
    {
        auto lock = io::Database::open(core.folder.path() + "/settings.db", io::Durability::normal);
        ASSERT_TRUE(lock);
        auto held = io::Transaction::begin(*lock);
        ASSERT_TRUE(held);
        ASSERT_TRUE(edge.set("federation.enabled", "true"));
        world.settle();
        EXPECT_TRUE(core.alarms->stands(AlarmCode::replication_store, "edge1.b.test"));
        EXPECT_EQ(edge.state("settings received on core1.b.test"), "failed");
        EXPECT_EQ(core.value("federation.enabled"), "false") << "the last good stays";
    }
    world.advance(std::chrono::seconds{4});
    EXPECT_EQ(core.value("federation.enabled"), "true");
    EXPECT_FALSE(core.alarms->stands(AlarmCode::replication_store, "edge1.b.test"));
    EXPECT_EQ(edge.state("settings received on core1.b.test"), "in force");
}

}  // namespace
}  // namespace sallyport::test
