// The one place that talks to SQLite.
#include "io/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

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

/// SQLite does not always keep what the system said of the index beside the log.
bool is_full(const char* path) {
    struct statvfs disk {};
    return ::statvfs(path, &disk) == 0 && disk.f_bavail == 0;
}

Error failure(sqlite3* database, int result) {
    // The disk's own words say more than SQLite's when it was the disk.
    const char* path = sqlite3_db_filename(database, "main");
    const bool out_of_space = (result & 0xFF) == SQLITE_IOERR &&
                              (sqlite3_system_errno(database) == ENOSPC || (path != nullptr && is_full(path)));
    const std::string_view code = out_of_space ? "store-full" : code_of(result);
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

/// Another day, or with room on the disk, it may be another answer.
bool may_pass(const Error& error) {
    return error.code != "store-corrupt" && error.code != "store-newer" && error.code != "store-conflict";
}

Result<std::int64_t> schema_version(Database& database) {
    auto query = database.prepare("PRAGMA user_version");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return row.error();
    return query->number(0);
}

std::uintmax_t size_of(const std::string& path) {
    std::error_code absent;
    const std::uintmax_t size = std::filesystem::file_size(path, absent);
    return absent ? 0 : size;
}

/// SQLite's form of a path to a file that nobody changes: it needs no lock and no index of the log beside it.
std::string address_of_unchanging(const std::string& path) {
    std::string address = "file:";
    for (const char c : path) {
        if (c == '%') {
            address += "%25";
        } else if (c == '?') {
            address += "%3f";
        } else if (c == '#') {
            address += "%23";
        } else {
            address += c;
        }
    }
    return address + "?immutable=1";
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

Result<Database> Database::attach(const std::string& path, const std::string& address, int flags,
                                  std::chrono::milliseconds lock_wait) {
    sqlite3* handle = nullptr;
    const int result =
        sqlite3_open_v2(address.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Database database{path, handle};
    if (result != SQLITE_OK) return failure(handle, result);
    sqlite3_busy_timeout(handle, static_cast<int>(lock_wait.count()));
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    return database;
}

Result<Database> Database::open(const std::string& path, Durability durability, std::chrono::milliseconds lock_wait) {
    if (const auto created = create_private(path); !created) return created.error();
    auto database = attach(path, path, SQLITE_OPEN_READWRITE, lock_wait);
    if (!database) return database;
    if (const auto ready = database->set_up(durability); !ready) return ready.error();
    if (const auto sound = database->check_integrity(); !sound) return sound.error();
    return database;
}

Result<Database> Database::open_newest(const DatabaseFile& file) {
    auto database = open(file.path, file.durability, file.lock_wait);
    if (!database) return database;
    if (const auto ready = migrate(*database, file.steps); !ready) return ready.error();
    return database;
}

Result<Database> Database::open_for_reading(const DatabaseFile& file) {
    std::vector<std::pair<std::string, int>> ways{{file.path, SQLITE_OPEN_READONLY}};
    // Without room for its index the log beside it cannot be read; when it is empty, everything is in the file itself.
    if (size_of(file.path + "-wal") == 0)
        ways.emplace_back(address_of_unchanging(file.path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    Error problem;
    for (const auto& [address, flags] : ways) {
        auto database = attach(file.path, address, flags, file.lock_wait);
        auto readable = database ? database->check_integrity() : Result<void>{database.error()};
        if (readable) return database;
        problem = readable.error();
    }
    return problem;
}

Result<Database> Database::stand_in(DatabaseFile file, Error obstacle) {
    auto database = attach(file.path, ":memory:", SQLITE_OPEN_READWRITE, file.lock_wait);
    if (!database) return database;
    if (const auto made = migrate(*database, file.steps); !made) return made.error();
    database->file_ = std::move(file);
    database->obstacle_ = std::move(obstacle);
    return database;
}

Result<Database> Database::open_or_read(DatabaseFile file) {
    auto database = open_newest(file);
    if (database) {
        database->file_ = std::move(file);
        return database;
    }
    const Error obstacle = database.error();
    if (!may_pass(obstacle)) return obstacle;
    const bool is_new = size_of(file.path) == 0 && size_of(file.path + "-wal") == 0;
    if (is_new) return stand_in(std::move(file), obstacle);
    database = open_for_reading(file);
    const auto version = database ? schema_version(*database) : Result<std::int64_t>{database.error()};
    if (version && *version == 0) return stand_in(std::move(file), obstacle);  // the disk was full when it was made
    // An older schema cannot be brought to the newest now.
    if (!version || *version != static_cast<std::int64_t>(file.steps.size())) return obstacle;
    database->file_ = std::move(file);
    database->obstacle_ = obstacle;
    return database;
}

Result<void> Database::overcome() {
    if (!obstacle_) return {};
    if (::access(file_.path.c_str(), W_OK) != 0 && errno == EROFS) return *obstacle_;
    // Connections of one process share the index of the log beside the file. It stays read-only as long as the one
    // that opened it so is there.
    const char* const name = sqlite3_db_filename(database_.get(), "main");
    const bool is_stand_in = name == nullptr || *name == '\0';
    if (!is_stand_in) database_.reset();
    auto fresh = open_newest(file_);
    if (!fresh) {
        obstacle_ = fresh.error();
        if (is_stand_in) return *obstacle_;
        auto again = open_for_reading(file_);
        if (!again) again = stand_in(file_, *obstacle_);
        if (!again) return again.error();
        database_ = std::move(again->database_);
        return *obstacle_;
    }
    database_ = std::move(fresh->database_);
    obstacle_.reset();
    return {};
}

Result<void> Database::set_up(Durability durability) {
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
    if (obstacle_) return *obstacle_;
    const int result = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) return failure(database_.get(), result);
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int result =
        sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (result != SQLITE_OK) return failure(database_.get(), result);
    Statement prepared{database_.get(), statement};
    if (obstacle_ && sqlite3_stmt_readonly(statement) == 0) return *obstacle_;
    return prepared;
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
