// The users' database: what is kept and what is refused; locked and full disks.
#include "io/store/user_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace sallyport::io {
namespace {

const UserName juliet{"juliet", "corp.example"}, nobody{"nobody", "corp.example"};

class Users : public testing::Test {
protected:
    Users() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-users-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Users() override { std::filesystem::remove_all(folder); }
    [[nodiscard]] Result<UserStore> open() const {
        return UserStore::open(folder + "/users.db", "secret", std::chrono::milliseconds{0});
    }
    std::string folder;
    const std::vector<StoredVerifier> verifiers{{"SHA-256", std::string{"sa\0lt", 5}, 10000, "stored", "server"},
                                                {"SHA-1", "other", 10000, "s", "t"}};
};

TEST_F(Users, KeepsAccountsOverAReopening) {
    {
        auto store = open();
        ASSERT_TRUE(store);
        ASSERT_TRUE(store->add(juliet, verifiers, WallTime{std::chrono::seconds{7}}));
        EXPECT_EQ(store->add(juliet, verifiers, {}).error().code, "user-exists");
    }
    auto store = UserStore::open(folder + "/users.db", "another secret");
    ASSERT_TRUE(store);
    EXPECT_EQ(store->secret(), "secret") << "the salts of unknown users would change";
    const auto found = store->verifiers(juliet);
    ASSERT_TRUE(found && *found);
    ASSERT_EQ((*found)->size(), 2U);
    EXPECT_NE(std::find((*found)->begin(), (*found)->end(), verifiers[0]), (*found)->end());
    EXPECT_FALSE(*store->verifiers(nobody));
    EXPECT_EQ(store->list()->at(0).created, WallTime{std::chrono::seconds{7}});
}

TEST_F(Users, RemovesAllThatWasKeptForAUser) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    ASSERT_TRUE(store->put_contact(juliet, {"a@b", "A", {"x", "y"}, 4, true, ""}, 1));
    ASSERT_TRUE(store->keep(juliet, "<message/>", 0, 10, 1000));
    ASSERT_TRUE(store->remove(juliet));
    EXPECT_EQ(store->remove(juliet).error().code, "user-unknown");
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    EXPECT_EQ((*store->load(juliet))->contacts.size(), 0U);
    EXPECT_EQ(store->kept(juliet)->size(), 0U);
}

TEST_F(Users, KeepsContactsWithTheVersionOfTheRoster) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    const StoredContact contact{"a@b", "A", {"x", "y z"}, 4, true, "<presence/>"};
    ASSERT_TRUE(store->put_contact(juliet, contact, 5));
    const auto loaded = store->load(juliet);
    ASSERT_TRUE(loaded && *loaded);
    EXPECT_EQ((*loaded)->roster_version, 5U);
    EXPECT_EQ((*loaded)->contacts.at(0), contact);
    ASSERT_TRUE(store->remove_contact(juliet, "a@b", 6));
    EXPECT_EQ((*store->load(juliet))->contacts.size(), 0U);
    EXPECT_EQ((*store->load(juliet))->roster_version, 6U);
    EXPECT_EQ(store->put_contact(nobody, contact, 1).error().code, "user-unknown");
}

TEST_F(Users, KeepsStanzasInOrderUpToTheirBounds) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    for (const char* bytes : {"one", "two", "three"}) ASSERT_TRUE(store->keep(juliet, bytes, 0, 3, 100));
    EXPECT_EQ(store->keep(juliet, "four", 0, 3, 100).error().code, "offline-full");
    EXPECT_EQ(store->keep(juliet, std::string(90, 'x'), 0, 10, 100).error().code, "offline-full");
    const auto kept = store->kept(juliet);
    ASSERT_EQ(kept->size(), 3U);
    EXPECT_EQ(kept->at(0).bytes, "one");
    ASSERT_TRUE(store->forget(juliet, {kept->at(0).number, kept->at(2).number}));
    EXPECT_EQ(store->kept(juliet)->at(0).bytes, "two");
}

TEST_F(Users, KeepsTheBlameOfAStanza) {
    std::int64_t number = 0;
    {
        auto store = open();
        ASSERT_TRUE(store->add(juliet, verifiers, {}));
        ASSERT_TRUE(store->keep(juliet, "one", 0, 3, 100));
        number = *store->keep(juliet, "two", 1, 3, 100);
        EXPECT_EQ(store->kept(juliet)->at(1).number, number);
        EXPECT_EQ(store->kept(juliet)->at(1).blame, 1U);
        ASSERT_TRUE(store->blame(juliet, {{number, 3}}));
    }
    auto again = open();
    const auto kept = again->kept(juliet);
    ASSERT_EQ(kept->size(), 2U);
    EXPECT_EQ(kept->at(0).blame, 0U);
    EXPECT_EQ(kept->at(1).blame, 3U);
}

TEST_F(Users, UndoesAllOfWhatFailedTogether) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    const auto done = store->together([&]() -> Result<void> {
        if (auto kept = store->keep(juliet, "one", 0, 9, 100); !kept) return kept.error();
        return Error{"store-failed", "later"};
    });
    EXPECT_FALSE(done);
    EXPECT_EQ(store->kept(juliet)->size(), 0U);
}

TEST_F(Users, SaysThatAnotherProcessHoldsIt) {
    auto store = open();
    auto other = Database::open(folder + "/users.db", Durability::full, std::chrono::milliseconds{0});
    ASSERT_TRUE(other);
    const auto held = Transaction::begin(*other);
    ASSERT_TRUE(held);
    EXPECT_EQ(store->add(juliet, verifiers, {}).error().code, "store-locked");
}

TEST_F(Users, SaysThatTheDiskIsFull) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto old = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = std::filesystem::file_size(folder + "/users.db-wal") + 4096;
    setrlimit(RLIMIT_FSIZE, &small);
    const auto kept = store->together([&]() -> Result<void> {
        const auto number = store->keep(juliet, std::string(200000, 'x'), 0, 10, 1 << 20);
        return number ? Result<void>{} : Result<void>{number.error()};
    });
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old);
    ASSERT_FALSE(kept);
    EXPECT_TRUE(kept.error().code.starts_with("store-")) << kept.error().code;
    EXPECT_EQ(store->kept(juliet)->size(), 0U);
}

}  // namespace
}  // namespace sallyport::io
