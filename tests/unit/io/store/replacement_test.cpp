// Files that replace others all or none, the folder of one piece of work, and the copy of a database in use.
#include "io/store/replacement.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "io/store/database_copy.h"
#include "io/store/settings_store.h"
#include "io/store/work_folder.h"

namespace sallyport::io {
namespace {

namespace fs = std::filesystem;

class Replacing : public testing::Test {
protected:
    Replacing() {
        std::string name = (fs::temp_directory_path() / "sallyport-replace-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Replacing() override { fs::remove_all(folder); }
    [[nodiscard]] std::string at(const std::string& name) const { return folder + "/" + name; }
    void put(const std::string& name, const std::string& text) const { std::ofstream{at(name)} << text; }
    [[nodiscard]] std::string text_of(const std::string& name) const {
        std::ifstream in{at(name), std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    void draft(Replacement& files, const std::string& name, const std::string& text) const {
        ASSERT_TRUE(files.begin(at(name), {}));
        ASSERT_TRUE(files.write(text));
        ASSERT_TRUE(files.end());
    }
    [[nodiscard]] std::size_t entries() const {
        return static_cast<std::size_t>(std::distance(fs::recursive_directory_iterator{folder}, {}));
    }
    std::string folder;
};

TEST_F(Replacing, ChangesNothingBeforeItIsCommitted) {
    put("a", "old");
    {
        Replacement files{"before"};
        ASSERT_TRUE(files.make_folder(at("new/below"), {0700, {}, {}}));
        draft(files, "a", "new");
        draft(files, "new/below/b", "new");
        EXPECT_EQ(files.replaced(), std::vector{at("a")});
        EXPECT_EQ(text_of("a"), "old");
    }
    EXPECT_EQ(text_of("a"), "old");
    EXPECT_EQ(entries(), 1U) << "drafts and folders are gone";
}

TEST_F(Replacing, KeepsWhatWasThereUnderOneName) {
    fs::create_directory(at("x"));
    fs::create_directory(at("y"));
    put("x/a", "old a");
    put("y/b", "old b");
    put("y/b-wal", "old journal");
    fs::create_directory(at("y/before"));
    Replacement files{"before"};
    draft(files, "x/a", "new a");
    draft(files, "y/b", "new b");
    files.remove(at("y/b-wal"));
    files.remove(at("y/absent"));
    const auto kept = files.commit();
    ASSERT_TRUE(kept) << kept.error().text;
    EXPECT_EQ(*kept, (std::vector{at("x/before-2"), at("y/before-2")}));
    EXPECT_EQ(text_of("x/a"), "new a");
    EXPECT_EQ(text_of("y/b"), "new b");
    EXPECT_FALSE(fs::exists(at("y/b-wal")));
    EXPECT_EQ(text_of("x/before-2/a"), "old a");
    EXPECT_EQ(text_of("y/before-2/b"), "old b");
    EXPECT_EQ(text_of("y/before-2/b-wal"), "old journal");
}

TEST_F(Replacing, LeavesAloneWhatIsTheSameAlready) {
    put("target", "same");
    fs::create_symlink("target", at("a"));
    Replacement files{"before"};
    draft(files, "a", "same");
    EXPECT_TRUE(files.replaced().empty());
    ASSERT_TRUE(files.commit());
    EXPECT_TRUE(fs::is_symlink(at("a")));
    EXPECT_EQ(entries(), 2U);
}

TEST_F(Replacing, UndoesWhatFailsHalfWay) {
    put("a", "old a");
    put("b", "old b");
    {
        Replacement files{"before"};
        draft(files, "a", "new a");
        draft(files, "b", "new b");
        fs::remove(at("b.restoring"));  // as if somebody had cleared up
        const auto kept = files.commit();
        ASSERT_FALSE(kept);
        EXPECT_EQ(kept.error().code, "file-write");
    }
    EXPECT_EQ(text_of("a"), "old a");
    EXPECT_EQ(text_of("b"), "old b");
    EXPECT_EQ(entries(), 2U);
}

TEST_F(Replacing, GivesModesWhateverTheMaskIs) {
    const mode_t before = umask(0077);
    Replacement files{"before"};
    ASSERT_TRUE(files.make_folder(at("d"), {0750, {}, {}}));
    ASSERT_TRUE(files.begin(at("d/a"), {0644, {}, {}}));
    ASSERT_TRUE(files.end());
    ASSERT_TRUE(files.commit());
    umask(before);
    struct stat facts {};
    ASSERT_EQ(stat(at("d/a").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0644U);
    ASSERT_EQ(stat(at("d").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0750U);
}

TEST_F(Replacing, WorkFolderIsEmptyHasOneUserAndIsGoneAfterwards) {
    fs::create_directory(at("work"));
    put("work/left by a killed process", "x");
    {
        const auto work = WorkFolder::open(at("work"));
        ASSERT_TRUE(work) << work.error().text;
        EXPECT_TRUE(fs::is_empty(at("work")));
        EXPECT_EQ(WorkFolder::open(at("work")).error().code, "work-busy");
        put("work/a", "x");
    }
    EXPECT_FALSE(fs::exists(at("work")));
}

TEST_F(Replacing, CopyOfADatabaseHasWhatWasCommittedAndNothingThatWasDeleted) {
    auto store = SettingsStore::open(at("settings.db"));
    ASSERT_TRUE(store);
    const WallTime now{};
    ASSERT_TRUE(store->commit({{"a", "null", "\"a secret of before\"", false, true}}, "root", "cli", now));
    ASSERT_TRUE(store->commit({{"a", "null", "\"after\"", false, true}}, "root", "cli", now));
    // Somebody is in the middle of a change.
    auto writer = Database::open(at("settings.db"), Durability::full);
    ASSERT_TRUE(writer);
    auto change = Transaction::begin(*writer);
    ASSERT_TRUE(change);
    ASSERT_TRUE(writer->run("UPDATE setting SET value_json = '\"not yet\"'"));

    const auto schema = copy_database(at("settings.db"), at("copy.db"));
    ASSERT_TRUE(schema) << schema.error().text;
    EXPECT_EQ(*schema, newest_settings_schema());
    ASSERT_TRUE(change->commit()) << "the writer was not held up";

    struct stat facts {};
    ASSERT_EQ(stat(at("copy.db").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600U);
    EXPECT_EQ(text_of("copy.db").find("a secret of before"), std::string::npos);
    auto copy = SettingsStore::open(at("copy.db"));
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->load()->values["a"], "\"after\"");
}

}  // namespace
}  // namespace sallyport::io
