// The database of the presence node: what it keeps, what it refuses to be asked, and what a full disk leaves behind.
#include "io/store/presence_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sallyport::io {
namespace {

constexpr std::chrono::milliseconds no_wait{0};

class Presence : public testing::Test {
protected:
    Presence() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-presence-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Presence() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] Result<PresenceStore> open() const { return PresenceStore::open(path(), no_wait); }
    [[nodiscard]] std::string path() const { return folder + "/presence.db"; }
    std::string folder;
};

std::vector<std::string> ids(PresenceStore& store) {
    std::vector<std::string> all;
    const auto nodes = store.s2s_nodes();
    for (const S2sNode& node : *nodes) all.push_back(node.cp_id);
    return all;
}

TEST_F(Presence, KeepsRowsAcrossReopening) {
    {
        auto store = open();
        ASSERT_TRUE(store) << store.error().text;
        ASSERT_TRUE(store->add_s2s_node({"", "cm-2_s2scp-1.edge2-test"}));
        ASSERT_TRUE(store->add_s2s_node({"055c13d9-943d-459d-a3c6-af1d1176936d", "cm-2_s2scp-1.edge1-test"}));
    }
    auto store = open();
    const auto nodes = store->s2s_nodes();
    ASSERT_EQ(nodes->size(), 2U);
    EXPECT_EQ((*nodes)[0], (S2sNode{"055c13d9-943d-459d-a3c6-af1d1176936d", "cm-2_s2scp-1.edge1-test"}));
    const std::string& fresh = (*nodes)[1].pkid;
    ASSERT_EQ(fresh.size(), 36U) << fresh;
    EXPECT_EQ(fresh[14], '4') << fresh;
    EXPECT_NE(std::string{"89ab"}.find(fresh[19]), std::string::npos) << fresh;
    EXPECT_TRUE(std::none_of(fresh.begin(), fresh.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) << fresh;
}

TEST_F(Presence, RefusesACpIdThatIsThereAlready) {
    auto store = open();
    ASSERT_TRUE(store->add_s2s_node({"", "cm-2_s2scp-1.a"}));
    const auto again = store->add_s2s_node({"", "cm-2_s2scp-1.a"});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "store-conflict");
    EXPECT_EQ(ids(*store).size(), 1U);
}

TEST_F(Presence, TellsOfCommittedChangesOnly) {
    auto store = open();
    std::vector<std::size_t> seen;
    store->on_s2s_nodes_changed([&] { seen.push_back(ids(*store).size()); });
    ASSERT_TRUE(store->add_s2s_node({"", "cm-2_s2scp-1.a"}));
    EXPECT_FALSE(store->add_s2s_node({"", "cm-2_s2scp-1.a"}));
    EXPECT_EQ(*store->remove_s2s_nodes({{"cp_id", "cm-2_s2scp-1.nobody"}}), 0U);
    EXPECT_EQ(*store->update_s2s_nodes("cm-2_s2scp-1.b", {{"cp_id", "cm-2_s2scp-1.a"}}), 1U);
    EXPECT_EQ(*store->remove_s2s_nodes({{"cp_id", "cm-2_s2scp-1.b"}}), 1U);
    EXPECT_EQ(seen, (std::vector<std::size_t>{1, 1, 0}));
}

TEST_F(Presence, SelectsByBoundValues) {
    auto store = open();
    ASSERT_TRUE(store->add_s2s_node({"", "cm-2_s2scp-1.b"}));
    ASSERT_TRUE(store->add_s2s_node({"", "cm-2_s2scp-1.a"}));
    const auto all = store->select({"xmpps2snodes", {}, false, {}, {"cp_id"}});
    ASSERT_TRUE(all) << all.error().text;
    EXPECT_EQ(all->columns, (std::vector<std::string>{"pkid", "cp_id"}));
    ASSERT_EQ(all->rows.size(), 2U);
    EXPECT_EQ(all->rows[0][1], "cm-2_s2scp-1.a");
    const auto some = store->select({"xmpps2snodes", {"cp_id"}, false, {{"cp_id", "x' OR '1'='1"}}, {}});
    ASSERT_TRUE(some) << some.error().text;
    EXPECT_TRUE(some->rows.empty());
    const auto count = store->select({"xmpps2snodes", {}, true, {}, {}});
    EXPECT_EQ(count->rows, (std::vector<std::vector<std::string>>{{"2"}}));
}

TEST_F(Presence, RefusesNamesThatTheSchemaDoesNotShow) {
    auto store = open();
    const Selection refused[] = {
        {"sqlite_master", {}, false, {}, {}},
        {"notification", {}, false, {}, {}},
        {"applicationuser", {"verifier"}, false, {}, {}},
        {"applicationuser", {}, false, {{"verifier", "x"}}, {}},
        {"applicationuser", {}, false, {}, {"verifier"}},
        {"xmpps2snodes", {"pkid, cp_id FROM xmpps2snodes; --"}, false, {}, {}},
    };
    for (const Selection& selection : refused) {
        const auto answer = store->select(selection);
        ASSERT_FALSE(answer) << selection.table;
        EXPECT_EQ(answer.error().code, "store-no-such-name");
    }
    EXPECT_FALSE(store->remove_s2s_nodes({{"rowid", "1"}}));
}

TEST_F(Presence, NodesOfTheClusterKeepTheirIds) {
    auto store = open();
    ASSERT_TRUE(store->set_process_nodes({"imp1.test", "imp2.test"}));
    const std::string first = (*store->process_nodes())[0].pkid;
    ASSERT_TRUE(store->set_process_nodes({"imp3.test", "imp1.test"}));
    const auto nodes = store->process_nodes();
    ASSERT_EQ(nodes->size(), 2U);
    EXPECT_EQ((*nodes)[0].name, "imp3.test");
    EXPECT_EQ((*nodes)[1], (ProcessNode{first, "imp1.test", 2}));
}

TEST_F(Presence, UsersHaveRolesAndAreReplacedByName) {
    auto store = open();
    ASSERT_TRUE(store->put_application_user({"axl", {"Standard AXL API Access", "Standard Other"}, "v1"}));
    ASSERT_TRUE(store->put_application_user({"axl", {"Standard AXL API Access"}, "v2"}));
    const auto users = store->application_users();
    ASSERT_EQ(users->size(), 1U);
    EXPECT_EQ((*users)[0].roles, (std::vector<std::string>{"Standard AXL API Access"}));
    EXPECT_EQ((*users)[0].verifier, "v2");
    EXPECT_TRUE(*store->remove_application_user("axl"));
    EXPECT_FALSE(*store->remove_application_user("axl"));
}

TEST_F(Presence, ANotificationThatIsRaisedAgainCountsUp) {
    auto store = open();
    const WallTime first{std::chrono::seconds{100}};
    const auto id = store->raise_notification({0, 5, 1, "router: (a) requires a restart", "config manager", first});
    ASSERT_TRUE(id) << id.error().text;
    const auto again = store->raise_notification(
        {0, 5, 1, "router: (a) requires a restart", "config manager", WallTime{std::chrono::seconds{200}}});
    EXPECT_EQ(*again, *id);
    ASSERT_TRUE(store->raise_notification({0, 4, 1, "disk", "config manager", first}));
    const auto all = store->notifications();
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ((*all)[1], (Notification{*id, 5, 2, "router: (a) requires a restart", "config manager", first}));
    EXPECT_EQ(*store->remove_notifications("config manager", "router: "), 1U);
    EXPECT_TRUE(*store->remove_notification((*all)[0].id));
    EXPECT_FALSE(*store->remove_notification((*all)[0].id));
    EXPECT_TRUE(store->notifications()->empty());
}

TEST_F(Presence, ANotificationNamesTheVerbThatDoesAwayWithIt) {
    auto store = open();
    ASSERT_TRUE(store->raise_notification({0, 5, 1, "restart it", "router", {}}));
    ASSERT_TRUE(store->raise_notification({0, 5, 1, "restart it", "router", {}, "restart.router"}));
    ASSERT_TRUE(store->raise_notification({0, 4, 1, "look at it", "router", {}}));
    const auto all = store->notifications();
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ((*all)[0].verb, "");
    EXPECT_EQ((*all)[1].verb, "restart.router") << "also of one that an older release raised";
}

TEST_F(Presence, ALockedDatabaseIsAnErrorAndChangesNothing) {
    auto store = open();
    ASSERT_TRUE(store->add_s2s_node({"", "cm-2_s2scp-1.a"}));
    auto other = Database::open(path(), Durability::full, no_wait);
    ASSERT_TRUE(other);
    {
        const auto hold = Transaction::begin(*other);
        ASSERT_TRUE(hold);
        const auto refused = store->add_s2s_node({"", "cm-2_s2scp-1.b"});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "store-locked");
        EXPECT_EQ(ids(*store).size(), 1U) << "reading goes on";
    }
    EXPECT_TRUE(store->add_s2s_node({"", "cm-2_s2scp-1.b"}));
}

TEST_F(Presence, ADamagedFileIsRefused) {
    {
        std::ofstream file{path()};
        for (int i = 0; i < 4096; ++i) file << "not a database ";
    }
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, "store-corrupt");
}

}  // namespace
}  // namespace sallyport::io
