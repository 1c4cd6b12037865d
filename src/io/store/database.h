// SQLite as values and owners: a database file, prepared statements, transactions, versioned migrations. One thread at
// a time; a wait for another process's lock is bounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sallyport::io {

/// Rows of one prepared statement. Values are bound by place, from 1; columns are read by place, from 0.
class Statement {
public:
    Statement& bind(int place, std::int64_t value);
    Statement& bind(int place, std::string_view value);
    /// True when a row is there. Errors as in Database.
    [[nodiscard]] Result<bool> step();
    /// Steps until there are no rows left.
    [[nodiscard]] Result<void> run();
    /// Ready for new values.
    void reset();

    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::string text(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Statement(sqlite3* database, sqlite3_stmt* statement) : database_{database}, statement_{statement} {}

    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    bool misbound_ = false;
};

/// How much a commit survives: `full` the loss of power, `normal` the death of the process.
enum class Durability { full, normal };

/// One step of the schema. The place in the list, from 1, is the version that it leads to; steps are never changed.
struct Migration {
    const char* sql;
};

/// A database file and the schema that it gets. `steps` must outlive whoever has it open.
struct DatabaseFile {
    std::string path;
    std::span<const Migration> steps;
    std::chrono::milliseconds lock_wait = std::chrono::seconds{2};
    Durability durability = Durability::full;
};

/// Error codes of everything here: "store-locked", "store-corrupt", "store-full", "store-unwritable", "store-newer",
/// "store-conflict" (a unique value is there already), "store-failed".
class Database {
public:
    /// Opens or creates the file with mode 0600 and checks its integrity.
    static Result<Database> open(const std::string& path, Durability durability,
                                 std::chrono::milliseconds lock_wait = std::chrono::seconds{2});
    /// With the newest schema. Where the disk does not let it be written (full, mounted read-only, locked), what is in
    /// it is there for reading, and if nothing was ever in it an empty stand-in in memory: then obstacle() says why,
    /// and each change is refused with that. Errors: it can be neither written nor read; "store-corrupt",
    /// "store-newer".
    static Result<Database> open_or_read(DatabaseFile file);
    /// The stand-in alone, for a database that cannot be used because of `obstacle`.
    static Result<Database> stand_in(DatabaseFile file, Error obstacle);

    /// Why nothing can be changed; none: everything can.
    [[nodiscard]] const std::optional<Error>& obstacle() const { return obstacle_; }
    /// Where there is an obstacle: opens the file again. Errors: the obstacle as it is now.
    [[nodiscard]] Result<void> overcome();

    [[nodiscard]] Result<void> run(const char* sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    /// Rows that the last statement inserted, changed or deleted.
    [[nodiscard]] std::uint64_t changed() const;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    friend class Transaction;
    struct Close {
        void operator()(sqlite3* database) const;
    };
    Database(std::string path, sqlite3* database) : path_{std::move(path)}, database_{database} {}
    [[nodiscard]] static Result<Database> open_newest(const DatabaseFile& file);
    [[nodiscard]] static Result<Database> open_for_reading(const DatabaseFile& file);
    [[nodiscard]] static Result<Database> attach(const std::string& path, const std::string& address, int flags,
                                                 std::chrono::milliseconds lock_wait);
    [[nodiscard]] Result<void> set_up(Durability durability);
    [[nodiscard]] Result<void> check_integrity();

    std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
    DatabaseFile file_;  ///< of open_or_read() and stand_in()
    std::optional<Error> obstacle_;
};

/// Takes the write lock at once; rolls back unless commit() succeeded.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_{std::exchange(other.database_, nullptr)} {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    [[nodiscard]] Result<void> commit();

private:
    explicit Transaction(Database& database) : database_{&database} {}
    Database* database_;
};

/// Brings the schema to the newest version, each step in a transaction. A database of a newer program is refused.
[[nodiscard]] Result<void> migrate(Database& database, std::span<const Migration> steps);

}  // namespace sallyport::io
