// The control side of the router over a real database: live changes, changes that wait, notifications.
#include "services/presence/router_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "services/presence/federation_status.h"
#include "support/sim_log.h"
#include "support/sim_world.h"

namespace sallyport::presence {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* component = "cm-2_s2scp-1.edge1-coluc-com";

class RouterControlTest : public testing::Test {
protected:
    RouterControlTest() {
        std::filesystem::create_directories(folder);
        store.emplace(*io::PresenceStore::open(folder + "/presence.db"));
        notifications.emplace(*store, world.loop(), Logger{log, LogModule::node});
        begin();
    }
    ~RouterControlTest() override {
        store.reset();
        std::filesystem::remove_all(folder);
    }

    void begin() {
        RouterControl::Context context{.store = *store,
                                       .notifications = *notifications,
                                       .log = Logger{log, LogModule::routing},
                                       .node_name = "imp1.coluc.com"};
        context.load = [this](std::shared_ptr<const LoadedTable> given) { table = *given; };
        context.restart = [this]() -> Result<void> {
            ++restarts;
            if (refuse) return Error{"listen-failed", "no such address"};
            return {};
        };
        control.emplace(std::move(context), settings);
        store->on_s2s_nodes_changed([this] { control->table_changed(); });
        control->start();
    }
    void add(const std::string& id = component) { ASSERT_TRUE(store->add_s2s_node({{}, id})); }
    void set(bool live, bool own = false) {
        settings.router_live_changes = live;
        settings.own_federation = own;
        control->apply(settings);
    }
    [[nodiscard]] std::vector<io::Notification> standing() { return *notifications->list(); }

    test::SimWorld world;
    test::MemorySink log;
    std::string folder = testing::TempDir() + "router-control-" + std::to_string(::getpid());
    std::optional<io::PresenceStore> store;
    std::optional<Notifications> notifications;
    config::Settings settings;
    LoadedTable table;
    std::optional<RouterControl> control;
    int restarts = 0;
    bool refuse = false;
};

TEST_F(RouterControlTest, LoadsChangesAtOnce) {
    add();
    EXPECT_THAT(table.components, ElementsAre(component));
    ASSERT_TRUE(store->remove_s2s_nodes({}));
    EXPECT_THAT(table.components, IsEmpty());
    EXPECT_THAT(standing(), IsEmpty());
}

TEST_F(RouterControlTest, AsksForARestartWhenChangesAreNotLive) {
    set(false);
    add();
    EXPECT_THAT(table.components, IsEmpty());
    EXPECT_EQ(table.rows, 1U) << "the router knows what it has not loaded";
    add("cm-2_s2scp-1.edge2-coluc-com");
    ASSERT_EQ(standing().size(), 1U);
    const io::Notification one = standing().front();
    EXPECT_EQ(one.severity, 5);
    EXPECT_EQ(one.count, 2);
    EXPECT_EQ(one.origin, "router configuration");
    EXPECT_EQ(one.verb, "restart.router");
    EXPECT_THAT(
        one.description,
        HasSubstr("XCP Router : (imp1.coluc.com) requires a restart in order for recent configuration changes to "
                  "take effect."));
    ASSERT_TRUE(control->restart());
    EXPECT_EQ(restarts, 1);
    EXPECT_EQ(table.components.size(), 2U);
    EXPECT_THAT(standing(), IsEmpty()) << "the notification goes by itself";
}

TEST_F(RouterControlTest, NeedsNoRestartWhenTheTableIsAsBefore) {
    set(false);
    add();
    ASSERT_EQ(standing().size(), 1U);
    ASSERT_TRUE(store->remove_s2s_nodes({{"cp_id", component}}));
    EXPECT_THAT(standing(), IsEmpty());
    add();
    set(true);
    EXPECT_THAT(table.components, ElementsAre(component)) << "switching live changes on loads what waited";
    EXPECT_THAT(standing(), IsEmpty());
}

TEST_F(RouterControlTest, KeepsWhatTheFileChangedUntilTheRestart) {
    control->file_changed("link.listen");
    add();
    EXPECT_THAT(control->state().pending, ElementsAre("link.listen"));
    ASSERT_EQ(standing().size(), 1U);
    refuse = true;
    EXPECT_EQ(control->restart().error().code, "listen-failed");
    EXPECT_EQ(standing().size(), 1U) << "nothing was restarted";
    control->file_unchanged();
    EXPECT_THAT(standing(), IsEmpty());
}

TEST_F(RouterControlTest, StartsWithEverythingLoadedAndNoOldNotification) {
    set(false);
    add();
    ASSERT_EQ(standing().size(), 1U);
    begin();
    EXPECT_THAT(table.components, ElementsAre(component));
    EXPECT_THAT(standing(), IsEmpty());
}

TEST_F(RouterControlTest, SaysWhyStanzasAreReturnedUntilTheyAreNot) {
    set(false);
    add();
    control->obstacle(Obstacle::not_loaded);
    ASSERT_EQ(standing().size(), 2U);
    EXPECT_THAT(standing(),
                testing::Contains(testing::Field(
                    &io::Notification::description,
                    HasSubstr("the router has not loaded an S2S component: xmpps2snodes has 1 row, 0 loaded; "
                              "restart the router"))));
    ASSERT_TRUE(control->restart());
    control->obstacle(Obstacle::none);
    EXPECT_THAT(standing(), IsEmpty());
}

TEST_F(RouterControlTest, LoadsNothingWhileTheNodeFederatesByItself) {
    add();
    set(true, true);
    EXPECT_THAT(table.components, IsEmpty());
    EXPECT_TRUE(table.own_federation);
    set(true, false);
    EXPECT_THAT(table.components, ElementsAre(component));
}

TEST(FederationStatus, ExcludesEitherWay) {
    config::Settings off, on;
    on.own_federation = true;
    EXPECT_TRUE(may_add_rows(off));
    EXPECT_EQ(may_add_rows(on).error().code, "federation-node-status");
    EXPECT_TRUE(may_change(off, on, 0));
    EXPECT_THAT(may_change(off, on, 2).error().text, HasSubstr("xmpps2snodes has 2 rows"));
    EXPECT_TRUE(may_change(on, off, 2));
    EXPECT_TRUE(may_change(on, on, 2)) << "other settings stay changeable";
}

}  // namespace
}  // namespace sallyport::presence
