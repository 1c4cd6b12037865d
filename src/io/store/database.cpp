// The one place that talks to SQLite.
#include "io/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/store/database_copy.h"

namespace sallyport::io {

namespace {

std::string_view code_of(int result) {
    switch (result & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return "store-locked";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return "store-corrupt";
        case SQLITE_FULL: return "store-full";
        case SQLITE_CONSTRAINT: return "store-conflict";
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM: return "store-unwritable";
        default: return "store-failed";
    }
}

std::string_view remedy_of(std::string_view code) {
    if (code == "store-locked") return "another process has locked it; end that process or try again";
    if (code == "store-corrupt")
        return "restore it from a backup, or move it away to start with the values of the node's file";
    if (code == "store-conflict") return "choose another value or change the existing one";
    if (code == "store-full") return "make room on its disk";
    if (code == "store-unwritable") return "let the user of this node write to its folder";
    return "see the message of the database";
}

Error failure(sqlite3* database, int result) {
    // The disk's own words say more than SQLite's when it was the disk.
    const bool out_of_space = (result & 0xFF) == SQLITE_IOERR && sqlite3_system_errno(database) == ENOSPC;
    const std::string_view code = out_of_space ? "store-full" : code_of(result);
    const char* path = sqlite3_db_filename(database, "main");
    return {std::string{code}, "the database " + std::string{path == nullptr ? "" : path} + ": " +
                                   sqlite3_errmsg(database) + "; " + std::string{remedy_of(code)}};
}

/// SQLite gives its own file, and the journals beside it, the mode of the file that it finds.
Result<void> create_private(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        const int problem = errno;
        const bool full = problem == ENOSPC || problem == EDQUOT;
        return Error{full ? "store-full" : "store-unwritable",
                     "the database " + path + " cannot be opened for writing: " + std::strerror(problem)};
    }
    const int changed = fchmod(file, 0600);
    ::close(file);
    if (changed != 0) return Error{"store-unwritable", "the database " + path + " cannot be given mode 0600"};
    return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int place, std::int64_t value) {
    misbound_ |= sqlite3_bind_int64(statement_.get(), place, value) != SQLITE_OK;
    return *this;
}

Statement& Statement::bind(int place, std::string_view value) {
    // A null pointer would bind NULL, not the empty text.
    const char* bytes = value.empty() ? "" : value.data();
    misbound_ |=
        sqlite3_bind_text64(statement_.get(), place, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK;
    return *this;
}

Result<bool> Statement::step() {
    if (misbound_) return Error{"store-failed", "a value does not fit its statement"};
    const int result = sqlite3_step(statement_.get());
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return failure(database_, sqlite3_extended_errcode(database_));
}

Result<void> Statement::run() {
    for (;;) {
        const auto more = step();
        if (!more) return more.error();
        if (!*more) return {};
    }
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    misbound_ = false;
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::text(int column) const {
    const unsigned char* bytes = sqlite3_column_text(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    if (bytes == nullptr || size <= 0) return {};
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::string& path, Durability durability, std::chrono::milliseconds lock_wait) {
    if (const auto created = create_private(path); !created) return created.error();
    sqlite3* handle = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    Database database{path, handle};
    if (result != SQLITE_OK) return failure(handle, result);
    if (const auto ready = database.set_up(durability, lock_wait); !ready) return ready.error();
    if (const auto sound = database.check_integrity(); !sound) return sound.error();
    return database;
}

Result<void> Database::set_up(Durability durability, std::chrono::milliseconds lock_wait) {
    sqlite3_busy_timeout(database_.get(), static_cast<int>(lock_wait.count()));
    sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    if (const auto journal = run("PRAGMA journal_mode = WAL"); !journal) return journal;
    if (const auto keys = run("PRAGMA foreign_keys = ON"); !keys) return keys;
    // Secrets that were replaced must not stay in free pages.
    if (const auto erase = run("PRAGMA secure_delete = ON"); !erase) return erase;
    return run(durability == Durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

Result<void> Database::check_integrity() {
    auto check = prepare("PRAGMA quick_check(1)");
    if (!check) return check.error();
    const auto row = check->step();
    if (!row) return row.error();
    if (*row && check->text(0) == "ok") return {};
    return Error{"store-corrupt", "the database " + path_ + " is damaged: " + check->text(0) + "; " +
                                      std::string{remedy_of("store-corrupt")}};
}

Result<void> Database::run(const char* sql) {
    const int result = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) return failure(database_.get(), result);
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int result =
        sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (result != SQLITE_OK) return failure(database_.get(), result);
    return Statement{database_.get(), statement};
}

std::uint64_t Database::changed() const {
    return static_cast<std::uint64_t>(std::max(sqlite3_changes64(database_.get()), sqlite3_int64{0}));
}

Result<Transaction> Transaction::begin(Database& database) {
    if (const auto begun = database.run("BEGIN IMMEDIATE"); !begun) return begun.error();
    return Transaction{database};
}

Transaction::~Transaction() {
    // SQLite may have rolled back by itself (full disk); then there is nothing to undo.
    if (database_ == nullptr || sqlite3_get_autocommit(database_->database_.get()) != 0) return;
    sqlite3_exec(database_->database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit() {
    if (const auto committed = database_->run("COMMIT"); !committed) return committed;
    database_ = nullptr;
    return {};
}

namespace {

Result<std::int64_t> schema_version(Database& database) {
    auto query = database.prepare("PRAGMA user_version");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return row.error();
    return query->number(0);
}

Result<void> take_step(Database& database, const Migration& step, std::int64_t version) {
    auto transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    if (const auto done = database.run(step.sql); !done) return done;
    const std::string mark = "PRAGMA user_version = " + std::to_string(version);
    if (const auto marked = database.run(mark.c_str()); !marked) return marked;
    return transaction->commit();
}

}  // namespace

Result<void> migrate(Database& database, std::span<const Migration> steps) {
    const auto version = schema_version(database);
    if (!version) return version.error();
    if (*version < 0 || *version > static_cast<std::int64_t>(steps.size())) {
        return Error{"store-newer",
                     "the database " + database.path() + " was written by a newer version of this program"};
    }
    for (auto next = static_cast<std::size_t>(*version); next < steps.size(); ++next) {
        if (const auto done = take_step(database, steps[next], static_cast<std::int64_t>(next) + 1); !done) return done;
    }
    return {};
}

Result<std::uint32_t> copy_database(const std::string& from, const std::string& to) {
    auto database = Database::open(from, Durability::full);
    if (!database) return database.error();
    const auto version = schema_version(*database);
    if (!version) return version.error();
    if (const auto created = create_private(to); !created) return created.error();
    // In WAL mode a reader holds up nobody, however long it takes.
    auto copy = database->prepare("VACUUM INTO ?1");
    if (!copy) return copy.error();
    if (const auto copied = copy->bind(1, to).run(); !copied) return copied.error();
    return static_cast<std::uint32_t>(*version);
}

}  // namespace sallyport::io
