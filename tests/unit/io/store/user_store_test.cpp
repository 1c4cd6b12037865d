// The users' database: what is kept and what is refused; locked and full disks.
#include "io/store/user_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "support/counted_sqlite.h"

namespace sallyport::io {
namespace {

const UserName juliet{"juliet", "corp.example"}, nobody{"nobody", "corp.example"};
const KeptFrom nobody_s;

class Users : public testing::Test {
protected:
    Users() {
        std::string name = (std::filesystem::temp_directory_path() / "sallyport-users-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Users() override { std::filesystem::remove_all(folder); }
    /// All that is kept for juliet.
    static Result<std::vector<StoredStanza>> all_kept(UserStore& store) {
        auto part = store.kept(juliet, {}, {1000, 1 << 20});
        if (!part) return part.error();
        return std::move(part->stanzas);
    }
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
    ASSERT_TRUE(store->keep(juliet, "<message/>", 0, nobody_s, {10, 1000}));
    ASSERT_TRUE(store->remove(juliet));
    EXPECT_EQ(store->remove(juliet).error().code, "user-unknown");
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    EXPECT_EQ((*store->load(juliet))->contacts.size(), 0U);
    EXPECT_EQ(all_kept(*store)->size(), 0U);
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
    for (const char* bytes : {"one", "two", "three"}) ASSERT_TRUE(store->keep(juliet, bytes, 0, nobody_s, {3, 100}));
    EXPECT_EQ(store->keep(juliet, "four", 0, nobody_s, {3, 100}).error().code, "offline-full");
    EXPECT_EQ(store->keep(juliet, std::string(90, 'x'), 0, nobody_s, {10, 100}).error().code, "offline-full");
    const auto kept = all_kept(*store);
    ASSERT_EQ(kept->size(), 3U);
    EXPECT_EQ(kept->at(0).bytes, "one");
    ASSERT_TRUE(store->forget(juliet, {kept->at(0).number, kept->at(2).number}));
    EXPECT_EQ(all_kept(*store)->at(0).bytes, "two");
}

TEST_F(Users, ReadsNoMoreOfWhatIsKeptThanIsWanted) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    std::vector<std::int64_t> numbers;
    for (int n = 0; n < 6; ++n) numbers.push_back(*store->keep(juliet, std::string(10, 'x'), 0, nobody_s, {10, 1000}));
    const auto read = [&](const std::set<std::int64_t>& without, KeptBounds most) {
        const auto part = store->kept(juliet, without, most);
        std::vector<std::int64_t> got;
        for (const StoredStanza& one : part->stanzas) got.push_back(one.number);
        return std::pair{got, part->is_all};
    };
    using Numbers = std::vector<std::int64_t>;
    EXPECT_EQ(read({}, {2, 1000}), (std::pair{Numbers{numbers[0], numbers[1]}, false}));
    EXPECT_EQ(read({}, {6, 1000}), (std::pair{numbers, true}));
    EXPECT_EQ(read({}, {6, 25}), (std::pair{Numbers{numbers[0], numbers[1], numbers[2]}, false}));
    EXPECT_EQ(read({}, {6, 1}), (std::pair{Numbers{numbers[0]}, false})) << "one comes however large it is";
    EXPECT_EQ(read({numbers[0], numbers[2], numbers[3]}, {2, 1000}),
              (std::pair{Numbers{numbers[1], numbers[4]}, false}));
    EXPECT_EQ(read({numbers.begin(), numbers.end()}, {2, 1000}), (std::pair{Numbers{}, true}));
    EXPECT_EQ(store->kept(nobody, {}, {1, 1}).error().code, "user-unknown");
}

/// Somebody who writes to a user whose room is full must not keep the disk from everybody else's.
TEST_F(Users, KeepsAndRefusesAtTheSameCostHoweverMuchIsKept) {
    test::CountedSqlite counted;
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    const auto cost = [&](const auto& work) {
        const std::uint64_t before = counted.steps();
        work();
        return counted.steps() - before;
    };
    struct Costs {
        std::uint64_t kept, refused, forgotten;
    };
    const auto costs_with = [&](std::uint64_t rows) {
        (void)store->together([&]() -> Result<void> {
            while (store->keep(juliet, std::string(4300, 'x'), 0, nobody_s, {rows, 1 << 30})) continue;
            return {};
        });
        Costs costs{};
        std::int64_t number = 0;
        const KeptRoom shared{rows, 1 << 30, true, rows / 2, 1 << 29};
        (void)store->together([&]() -> Result<void> {
            for (std::uint64_t n = 0; n < rows; ++n) {
                (void)store->keep(juliet, "x", 0, {"payer" + std::to_string(n), true}, {2 * rows, 1 << 30, false});
            }
            return {};
        });
        costs.refused = cost([&] {
            EXPECT_EQ(store->keep(juliet, "x", 0, {"payer1", true}, shared).error().code, "offline-full");
        });
        costs.refused += cost([&] {
            EXPECT_EQ(store->keep(juliet, "x", 0, nobody_s, {rows, 1 << 30}).error().code, "offline-full");
        });
        costs.kept = cost([&] { number = *store->keep(juliet, "x", 0, {"payer1", true}, {3 * rows, 1 << 30, false}); });
        costs.forgotten = cost([&] { ASSERT_TRUE(store->forget(juliet, {number})); });
        return costs;
    };
    const Costs few = costs_with(10), many = costs_with(1000);
    EXPECT_GT(few.refused, 0U) << "nothing is counted";
    EXPECT_EQ(many.refused, few.refused);
    EXPECT_LT(many.kept, few.kept + 10);
    EXPECT_LT(many.forgotten, few.forgotten + 10);
}

TEST_F(Users, SharesTheRoomAmongThoseWhoWrite) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    const KeptRoom room{20, 2000, true, 10, 1000};
    const auto flood = [&](const KeptFrom& from, std::size_t bytes = 1) {
        std::size_t kept = 0;
        while (kept < 100 && store->keep(juliet, std::string(bytes, 'x'), 0, from, room)) ++kept;
        return kept;
    };
    const KeptFrom evil{"evil.example", true}, other{"other.example", true}, third{"third.example", true};
    EXPECT_EQ(flood(evil), 5U);
    EXPECT_EQ(flood(other), 3U) << "as much as it leaves to others, of half of it";
    EXPECT_EQ(flood(third), 1U);
    EXPECT_EQ(flood({"friend@a.example"}), 6U);
    EXPECT_EQ(flood({"friend@b.example"}), 3U);
    EXPECT_EQ(all_kept(*store)->size(), 18U);
    // Whoever removes them, the shares are right.
    std::vector<std::int64_t> first;
    for (int n = 0; n < 5; ++n) first.push_back(all_kept(*store)->at(static_cast<std::size_t>(n)).number);
    ASSERT_TRUE(store->forget(juliet, first));
    EXPECT_EQ(flood(evil), 3U);
    auto direct = Database::open(folder + "/users.db", Durability::full);
    ASSERT_TRUE(direct->run("DELETE FROM kept"));
    EXPECT_EQ(flood(evil, 250), 2U) << "bytes";
    EXPECT_EQ(flood({"friend@a.example"}, 400), 2U);
    ASSERT_TRUE(store->remove(juliet));
    auto left = direct->prepare("SELECT (SELECT count(*) FROM kept_share) + (SELECT count(*) FROM kept_sum)");
    ASSERT_TRUE(*left->step());
    EXPECT_EQ(left->number(0), 0);
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    EXPECT_EQ(flood(evil), 5U);
}

/// What was laid by knows no shares. It must not fill the room of friends when it stays there.
TEST_F(Users, LeavesHalfOfTheRoomToFriendsWhateverStrangersHave) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    const KeptRoom room{20, 2000, true, 10, 1000}, laying_by{60, 6000, false};
    const KeptFrom evil{"evil.example", true}, other{"other.example", true};
    for (int n = 0; n < 60; ++n) ASSERT_TRUE(store->keep(juliet, "x", 0, evil, laying_by));
    EXPECT_EQ(store->keep(juliet, "x", 0, evil, laying_by).error().code, "offline-full");
    EXPECT_EQ(store->keep(juliet, "x", 0, evil, room).error().code, "offline-full");
    EXPECT_EQ(store->keep(juliet, "x", 0, other, room).error().code, "offline-full");
    EXPECT_TRUE(store->keep(juliet, "x", 0, {"friend@a.example"}, room));
    EXPECT_TRUE(store->keep(juliet, "x", 0, {"friend@b.example"}, room));
}

TEST_F(Users, CountsWhatIsKeptWhoeverRemovesIt) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    const auto has_room_for = [&](std::uint64_t stanzas, std::size_t bytes) {
        const auto number = store->keep(juliet, std::string(bytes, 'x'), 0, nobody_s, {stanzas, 100});
        if (number) (void)store->forget(juliet, {*number});
        return bool{number};
    };
    const auto umlauts =
        store->keep(juliet, "\u00E4\u00E4\u00E4\u00E4\u00E4\u00E4\u00E4\u00E4\u00E4\u00E4", 0, nobody_s, {9, 100});
    ASSERT_TRUE(umlauts);
    ASSERT_TRUE(store->keep(juliet, std::string(30, 'y'), 0, nobody_s, {9, 100}));
    EXPECT_EQ(store->list()->at(0).waiting, 2U);
    EXPECT_TRUE(has_room_for(3, 50));
    EXPECT_FALSE(has_room_for(3, 51)) << "bytes, not characters";
    EXPECT_FALSE(has_room_for(2, 1));
    ASSERT_TRUE(store->forget(juliet, {*umlauts, *umlauts, 4711}));
    EXPECT_TRUE(has_room_for(2, 70)) << "counted once";
    EXPECT_FALSE(has_room_for(2, 71));
    auto other = Database::open(folder + "/users.db", Durability::full);
    ASSERT_TRUE(other->run("DELETE FROM kept"));
    EXPECT_TRUE(has_room_for(1, 100));
    ASSERT_TRUE(store->keep(juliet, "x", 0, nobody_s, {9, 100}));
    ASSERT_TRUE(store->remove(juliet));
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    EXPECT_TRUE(has_room_for(1, 100));
}

/// As the version before this one wrote it: without the sums.
TEST_F(Users, TakesOverAllThatAnOlderVersionKept) {
    const UserName romeo{"romeo", "corp.example"};
    {
        auto old = Database::open(folder + "/users.db", Durability::full);
        ASSERT_TRUE(old);
        ASSERT_TRUE(old->run(
            "CREATE TABLE server (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE user (id INTEGER PRIMARY KEY, domain TEXT NOT NULL, local TEXT NOT NULL, created INTEGER NOT "
            "NULL, roster_version INTEGER NOT NULL DEFAULT 0, vcard TEXT NOT NULL DEFAULT '', UNIQUE (domain, local));"
            "CREATE TABLE verifier (user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, hash TEXT NOT NULL,"
            " salt TEXT NOT NULL, iterations INTEGER NOT NULL, stored_key TEXT NOT NULL, server_key TEXT NOT NULL,"
            " PRIMARY KEY (user, hash)) WITHOUT ROWID;"
            "CREATE TABLE contact (user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, jid TEXT NOT NULL,"
            " name TEXT NOT NULL, groups TEXT NOT NULL, state INTEGER NOT NULL, listed INTEGER NOT NULL,"
            " request TEXT NOT NULL, PRIMARY KEY (user, jid)) WITHOUT ROWID;"
            "CREATE TABLE kept (id INTEGER PRIMARY KEY AUTOINCREMENT, user INTEGER NOT NULL REFERENCES user ON DELETE "
            "CASCADE, stanza TEXT NOT NULL);"
            "CREATE INDEX kept_user ON kept (user, id);"
            "ALTER TABLE kept ADD COLUMN blame INTEGER NOT NULL DEFAULT 0;"
            "PRAGMA user_version = 2;"
            "INSERT INTO user (domain, local, created) VALUES ('corp.example', 'juliet', 7), ('corp.example', 'romeo', "
            "8);"
            "INSERT INTO kept (user, stanza, blame) VALUES (1, 'one', 0), (1, 'two', 3);"));
    }
    auto store = open();
    ASSERT_TRUE(store) << store.error().text;
    const auto kept = all_kept(*store);
    ASSERT_EQ(kept->size(), 2U);
    EXPECT_EQ(kept->at(0).bytes, "one");
    EXPECT_EQ(kept->at(1).blame, 3U);
    EXPECT_EQ(store->list()->at(0).waiting, 2U);
    EXPECT_EQ(store->list()->at(1).waiting, 0U);
    EXPECT_EQ(store->keep(juliet, "x", 0, nobody_s, {2, 100}).error().code, "offline-full");
    EXPECT_EQ(store->keep(juliet, "x", 0, nobody_s, {9, 6}).error().code, "offline-full");
    EXPECT_TRUE(store->keep(juliet, "x", 0, nobody_s, {3, 7}));
    EXPECT_TRUE(store->keep(romeo, "x", 0, nobody_s, {1, 1}));
    EXPECT_EQ(store->keep(romeo, "x", 0, nobody_s, {1, 9}).error().code, "offline-full");
}

TEST_F(Users, KeepsTheBlameOfAStanza) {
    std::int64_t number = 0;
    {
        auto store = open();
        ASSERT_TRUE(store->add(juliet, verifiers, {}));
        ASSERT_TRUE(store->keep(juliet, "one", 0, nobody_s, {3, 100}));
        number = *store->keep(juliet, "two", 1, nobody_s, {3, 100});
        EXPECT_EQ(all_kept(*store)->at(1).number, number);
        EXPECT_EQ(all_kept(*store)->at(1).blame, 1U);
        ASSERT_TRUE(store->blame(juliet, {{number, 3}}));
    }
    auto again = open();
    const auto kept = all_kept(*again);
    ASSERT_EQ(kept->size(), 2U);
    EXPECT_EQ(kept->at(0).blame, 0U);
    EXPECT_EQ(kept->at(1).blame, 3U);
}

TEST_F(Users, UndoesAllOfWhatFailedTogether) {
    auto store = open();
    ASSERT_TRUE(store->add(juliet, verifiers, {}));
    const auto done = store->together([&]() -> Result<void> {
        if (auto kept = store->keep(juliet, "one", 0, nobody_s, {9, 100}); !kept) return kept.error();
        return Error{"store-failed", "later"};
    });
    EXPECT_FALSE(done);
    EXPECT_EQ(all_kept(*store)->size(), 0U);
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
        const auto number = store->keep(juliet, std::string(200000, 'x'), 0, nobody_s, {10, 1 << 20});
        return number ? Result<void>{} : Result<void>{number.error()};
    });
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old);
    ASSERT_FALSE(kept);
    EXPECT_TRUE(kept.error().code.starts_with("store-")) << kept.error().code;
    EXPECT_EQ(all_kept(*store)->size(), 0U);
}

}  // namespace
}  // namespace sallyport::io
