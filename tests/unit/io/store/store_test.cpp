// The databases on disk: durability, transactions, bounds, and what happens to a damaged, locked or read-only one.
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "io/store/event_store.h"
#include "io/store/folder.h"
#include "io/store/settings_store.h"
#include "support/full_disk.h"

namespace sallyport::io {
namespace {

constexpr std::chrono::milliseconds no_waiting{0};

class Store : public testing::Test {
protected:
    Store() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-store-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Store() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] std::string at(const std::string& name) const { return folder + "/" + name; }
    [[nodiscard]] Result<SettingsStore> settings() const { return SettingsStore::open(at("settings.db"), no_waiting); }
    static mode_t mode_of(const std::string& path) {
        struct stat status {};
        EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
        return status.st_mode & 07777;
    }
    std::string folder;
};

/// File access as an ordinary user, as long as it lives: the superuser may write everywhere.
class AsNobody {
public:
    AsNobody() { setfsuid(65534); }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
    ~AsNobody() { setfsuid(geteuid()); }
};

WallTime second(int n) { return WallTime{std::chrono::seconds{n}}; }

StoredChange change(const std::string& name, const std::string& value, bool secret = false) {
    return {name, "null", value, secret, false};
}

TEST_F(Store, KeepsSettingsAcrossReopening) {
    {
        auto store = settings();
        ASSERT_TRUE(store) << store.error().text;
        EXPECT_EQ(store->load()->revision, 0U);
        EXPECT_EQ(*store->commit({change("a", "1"), change("b", "\"x\"")}, "root", "cli", second(5)), 1U);
        EXPECT_EQ(*store->commit({change("a", "2")}, "root", "cli", second(6)), 2U);
        EXPECT_EQ(*store->commit({}, "root", "cli", second(7)), 2U) << "nothing changed, no revision";
    }
    auto again = settings();
    ASSERT_TRUE(again);
    const auto stored = again->load();
    EXPECT_EQ(stored->revision, 2U);
    EXPECT_EQ(stored->values, (std::map<std::string, std::string>{{"a", "2"}, {"b", "\"x\""}}));
}

TEST_F(Store, SurvivesTheDeathOfTheProcessAfterACommit) {
    const pid_t child = fork();
    if (child == 0) {
        auto store = settings();
        const bool stored = store && store->commit({change("a", "1")}, "root", "cli", second(5));
        if (stored) raise(SIGKILL);
        _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(settings()->load()->values.at("a"), "1");
}

TEST_F(Store, ShowsHistoryNewestFirstWithSecretsMasked) {
    auto store = settings();
    ASSERT_TRUE(store->commit({{"a", "1", "2", false, false}}, "root", "cli", second(5)));
    ASSERT_TRUE(store->commit({change("key", "\"very-secret-value\"", true)}, "anna", "rest", second(6)));
    ASSERT_TRUE(store->commit({{"own", "", "1", false, true}}, "sallyport", "generated", second(7)));
    const auto rows = store->history(10, "");
    ASSERT_EQ(rows->size(), 2U) << "internal values have no line";
    EXPECT_EQ(rows->at(0).name, "key");
    EXPECT_EQ(rows->at(0).to, "\"********\"");
    EXPECT_EQ(rows->at(0).author, "anna");
    EXPECT_EQ(rows->at(0).origin, "rest");
    EXPECT_EQ(rows->at(0).revision, 2U);
    EXPECT_EQ(rows->at(1).from, "1");
    EXPECT_EQ(rows->at(1).to, "2");
    EXPECT_EQ(rows->at(1).time, second(5));
    EXPECT_EQ(store->history(10, "a")->size(), 1U);
    EXPECT_EQ(store->history(1, "")->size(), 1U);
    EXPECT_EQ(store->load()->values.at("key"), "\"very-secret-value\"") << "the value itself is there";
    EXPECT_EQ(store->load()->values.at("own"), "1");
}

TEST_F(Store, BoundsTheHistory) {
    auto store = settings();
    std::vector<StoredChange> many;
    for (std::int64_t i = 0; i < SettingsStore::most_history + 50; ++i)
        many.push_back(change("n" + std::to_string(i), "1"));
    ASSERT_TRUE(store->commit(many, "root", "cli", second(1)));
    const auto rows = store->history(1'000'000, "");
    EXPECT_EQ(rows->size(), static_cast<std::size_t>(SettingsStore::most_history));
    EXPECT_EQ(rows->front().name, "n" + std::to_string(SettingsStore::most_history + 49));
}

/// A far node in bad hands changes a setting to and fro (threat T85).
TEST_F(Store, LeavesWhatWasChangedHereInTheHistoryWhateverAnotherNodeChanges) {
    auto store = settings();
    ASSERT_TRUE(store->commit({change("mine", "1")}, "anna", "cli", second(1)));
    std::vector<StoredChange> many;
    for (std::int64_t i = 0; i < SettingsStore::most_history / 2; ++i) many.push_back(change("theirs", "1"));
    for (int round = 0; round < 3; ++round) ASSERT_TRUE(store->commit(many, "edge1.b.test", "replication", second(2)));
    const auto rows = store->history(1'000'000, "mine");
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().author, "anna");
    EXPECT_EQ(store->history(1'000'000, "theirs")->size(), many.size());
}

TEST_F(Store, IsPrivateToItsUser) {
    const std::string data = at("deep/data");
    ASSERT_TRUE(private_folder(data));
    EXPECT_EQ(mode_of(data), 0700U);
    ASSERT_EQ(chmod(data.c_str(), 0755), 0);
    ASSERT_TRUE(private_folder(data));
    EXPECT_EQ(mode_of(data), 0700U) << "rights of others are taken away";
    const mode_t old = umask(0);
    auto store = SettingsStore::open(data + "/settings.db", no_waiting);
    umask(old);
    ASSERT_TRUE(store->commit({change("a", "1")}, "root", "cli", second(5)));
    for (const char* name : {"settings.db", "settings.db-wal", "settings.db-shm"}) {
        EXPECT_EQ(mode_of(data + "/" + name), 0600U) << name;
    }
}

TEST_F(Store, SaysWhenAnotherHoldsTheLock) {
    auto store = settings();
    auto other = Database::open(at("settings.db"), Durability::full, no_waiting);
    ASSERT_TRUE(other);
    {
        const auto lock = Transaction::begin(*other);
        ASSERT_TRUE(lock);
        EXPECT_EQ(store->commit({change("a", "1")}, "root", "cli", second(5)).error().code, "store-locked");
        EXPECT_TRUE(store->load()) << "reading goes on";
    }
    EXPECT_TRUE(store->commit({change("a", "1")}, "root", "cli", second(5)));
}

TEST_F(Store, RefusesADamagedDatabase) {
    std::ofstream{at("settings.db")} << std::string(8192, 'x');
    const auto garbage = settings();
    ASSERT_FALSE(garbage);
    EXPECT_EQ(garbage.error().code, "store-corrupt");
    EXPECT_NE(garbage.error().text.find("settings.db"), std::string::npos);
}

TEST_F(Store, FindsDamageInsideAnOtherwiseGoodFile) {
    {
        auto store = settings();
        std::vector<StoredChange> many;
        for (int i = 0; i < 2000; ++i) many.push_back(change("name" + std::to_string(i), std::string(100, 'v')));
        ASSERT_TRUE(store->commit(many, "root", "cli", second(5)));
    }
    const auto size = std::filesystem::file_size(at("settings.db"));
    {
        std::fstream file{at("settings.db"), std::ios::in | std::ios::out | std::ios::binary};
        for (std::uintmax_t page = 8192; page + 4096 <= size; page += 4096) {
            file.seekp(static_cast<std::streamoff>(page));
            file << std::string(64, '\xEE');
        }
    }
    EXPECT_EQ(settings().error().code, "store-corrupt");
}

TEST_F(Store, SaysWhenTheFolderIsReadOnly) {
    ASSERT_EQ(chmod(folder.c_str(), 0555), 0);
    const AsNobody nobody;
    EXPECT_EQ(settings()->obstacle()->code, "store-unwritable");
    EXPECT_EQ(private_folder(at("data")).error().code, "store-unwritable");
    EXPECT_EQ(write_whole(at("copy"), "x").error().code, "store-unwritable");
}

TEST_F(Store, IsReadOnAFullDiskAndWrittenAgainWhenThereIsRoom) {
    ASSERT_TRUE(settings()->commit({change("a", "1")}, "root", "cli", second(5)));
    auto store = [this] {
        const test::FullDisk full;
        auto opened = settings();
        EXPECT_TRUE(opened && opened->obstacle());
        EXPECT_EQ(opened->load()->values.at("a"), "1");
        EXPECT_EQ(opened->history(10, "")->size(), 1U);
        const auto refused = opened->commit({change("a", "2")}, "root", "cli", second(6));
        EXPECT_TRUE(!refused && refused.error().code == opened->obstacle()->code)
            << "a change is refused with the reason";
        EXPECT_FALSE(opened->prove_writable());
        return opened;
    }();
    ASSERT_TRUE(store->prove_writable());
    EXPECT_FALSE(store->obstacle());
    ASSERT_TRUE(store->commit({change("a", "2")}, "root", "cli", second(7)));
    EXPECT_EQ(settings()->load()->values.at("a"), "2");
}

TEST_F(Store, IsReadWithWhatItsLogHoldsAfterTheDeathOfTheProcess) {
    const pid_t child = fork();
    if (child == 0) {
        auto store = settings();
        const bool stored = store && store->commit({change("a", "1")}, "root", "cli", second(5));
        if (stored) raise(SIGKILL);
        _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_GT(std::filesystem::file_size(at("settings.db-wal")), 0U);
    for (const char* name : {"settings.db", "settings.db-wal", "settings.db-shm"}) chmod(at(name).c_str(), 0444);
    ASSERT_EQ(chmod(folder.c_str(), 0555), 0);
    {
        const AsNobody nobody;
        auto store = settings();
        ASSERT_TRUE(store) << store.error().text;
        EXPECT_EQ(store->obstacle()->code, "store-unwritable");
        EXPECT_EQ(store->load()->values.at("a"), "1");
    }
    chmod(folder.c_str(), 0700);
}

TEST_F(Store, IsEmptyAndRefusesChangesUntilThereIsRoomToMakeIt) {
    auto store = [this] {
        const test::FullDisk full;
        auto opened = settings();
        EXPECT_TRUE(opened && opened->obstacle());
        EXPECT_EQ(opened->load()->revision, 0U);
        EXPECT_FALSE(opened->commit({change("a", "1")}, "root", "cli", second(5)));
        return opened;
    }();
    ASSERT_TRUE(store->prove_writable());
    EXPECT_EQ(*store->commit({change("a", "1")}, "root", "cli", second(6)), 1U);
    EXPECT_EQ(settings()->load()->values.at("a"), "1");
}

TEST_F(Store, SaysWhenTheDiskIsFullAndChangesNothing) {
    auto database = Database::open(at("small.db"), Durability::full, no_waiting);
    ASSERT_TRUE(database->run("CREATE TABLE t (x TEXT)"));
    ASSERT_TRUE(database->run("PRAGMA max_page_count = 4"));
    {
        auto transaction = Transaction::begin(*database);
        ASSERT_TRUE(transaction);
        auto insert = database->prepare("INSERT INTO t VALUES (?)");
        EXPECT_EQ(insert->bind(1, std::string(1 << 20, 'x')).run().error().code, "store-full");
    }
    auto count = database->prepare("SELECT count(*) FROM t");
    ASSERT_TRUE(*count->step());
    EXPECT_EQ(count->number(0), 0);
    EXPECT_TRUE(Transaction::begin(*database)) << "the failed transaction is over";
}

TEST_F(Store, RefusesTheSchemaOfANewerProgram) {
    ASSERT_TRUE(settings());
    auto database = Database::open(at("settings.db"), Durability::full, no_waiting);
    ASSERT_TRUE(database->run("PRAGMA user_version = 99"));
    EXPECT_EQ(settings().error().code, "store-newer");
}

TEST_F(Store, MigratesStepByStepAndRollsABrokenStepBack) {
    auto database = Database::open(at("m.db"), Durability::full, no_waiting);
    const Migration one[] = {{"CREATE TABLE a (x)"}};
    const Migration broken[] = {{"CREATE TABLE a (x)"}, {"CREATE TABLE b (x); CREATE TABLE a (x)"}};
    const Migration mended[] = {{"CREATE TABLE a (x)"}, {"CREATE TABLE b (x)"}};
    ASSERT_TRUE(migrate(*database, one));
    EXPECT_FALSE(migrate(*database, broken));
    EXPECT_FALSE(database->prepare("SELECT * FROM b")) << "nothing of the broken step stays";
    ASSERT_TRUE(migrate(*database, mended));
    EXPECT_TRUE(database->prepare("SELECT * FROM b"));
}

TEST_F(Store, WritesFilesAsAWholeAndPrivately) {
    ASSERT_TRUE(write_whole(at("copy"), "one"));
    ASSERT_TRUE(write_whole(at("copy"), "two"));
    EXPECT_EQ(*read_whole(at("copy")), "two");
    EXPECT_EQ(mode_of(at("copy")), 0600U);
    EXPECT_FALSE(std::filesystem::exists(at("copy.new")));
    EXPECT_EQ(read_whole(at("none")).error().code, "store-missing");
    EXPECT_FALSE(write_whole(at("none/copy"), "x"));
    std::ofstream{at("file")} << "x";
    EXPECT_EQ(private_folder(at("file")).error().code, "store-unwritable");
}

class Events : public Store {
protected:
    Events() : store{*EventStore::open(at("events.db"), 100, no_waiting)} {}
    static StoredEvent event(int time, LogLevel level, const std::string& module, const std::string& code,
                             const std::string& facts = "{}") {
        return {0, second(time), level, module, code, facts};
    }
    std::vector<std::string> codes(const EventQuery& query) {
        std::vector<std::string> found;
        const auto events = store.query(query);
        EXPECT_TRUE(events);
        for (const StoredEvent& one : *events) found.push_back(one.code);
        return found;
    }
    template <typename Member, typename Value>
    static EventQuery by(Member EventQuery::*member, const Value& value) {
        EventQuery query;
        query.*member = value;
        return query;
    }
    EventStore store;
};

TEST_F(Events, AreFoundByEveryFilter) {
    ASSERT_TRUE(store.append({event(1, LogLevel::info, "s2s", "s2s.dialback.sent", R"({"pair":"a:b"})"),
                              event(2, LogLevel::warn, "s2s", "s2s.refused", R"({"pair":"a:c"})"),
                              event(3, LogLevel::error, "node", "node.stopped"),
                              event(4, LogLevel::debug, "node", "node.ready")}));
    using Codes = std::vector<std::string>;
    EXPECT_EQ(codes({}), (Codes{"node.ready", "node.stopped", "s2s.refused", "s2s.dialback.sent"}));
    EXPECT_EQ(codes(by(&EventQuery::least_level, LogLevel::warn)), (Codes{"node.stopped", "s2s.refused"}));
    EXPECT_EQ(codes(by(&EventQuery::modules, std::vector<std::string>{"s2s"})),
              (Codes{"s2s.refused", "s2s.dialback.sent"}));
    EXPECT_EQ(codes(by(&EventQuery::modules, std::vector<std::string>{"node", "s2s"})),
              (Codes{"node.ready", "node.stopped", "s2s.refused", "s2s.dialback.sent"}));
    EXPECT_EQ(codes(by(&EventQuery::modules, std::vector<std::string>{"s2"})), Codes{}) << "whole names";
    EXPECT_EQ(codes(by(&EventQuery::code_prefix, "s2s.d")), (Codes{"s2s.dialback.sent"}));
    EXPECT_EQ(codes(by(&EventQuery::code_prefix, "%")), Codes{}) << "a prefix is text, not a pattern";
    EXPECT_EQ(codes(by(&EventQuery::contains, "a:c")), (Codes{"s2s.refused"}));
    EXPECT_EQ(codes(by(&EventQuery::since, second(3))), (Codes{"node.ready", "node.stopped"}));
    EXPECT_EQ(codes(by(&EventQuery::limit, 1)), (Codes{"node.ready"}));
    const auto page = store.query(by(&EventQuery::limit, 2));
    EXPECT_EQ(codes(by(&EventQuery::before_id, page->back().id)), (Codes{"s2s.refused", "s2s.dialback.sent"}));
    EXPECT_EQ(store.query(by(&EventQuery::contains, "a:c"))->front().time, second(2));
}

TEST_F(Events, AreBounded) {
    for (int i = 0; i < 25; ++i) {
        ASSERT_TRUE(store.append(std::vector<StoredEvent>(10, event(i, LogLevel::info, "s2s", "s2s.x"))));
    }
    const auto kept = store.query(by(&EventQuery::limit, 1'000'000));
    ASSERT_EQ(kept->size(), 100U);
    EXPECT_EQ(kept->back().time, second(15)) << "the newest stay";
}

}  // namespace
}  // namespace sallyport::io
