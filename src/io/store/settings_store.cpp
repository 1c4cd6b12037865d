// Two tables: what holds now, and what was changed.
#include "io/store/settings_store.h"

#include <algorithm>

#include "io/store/database_copy.h"

namespace sallyport::io {

namespace {

constexpr Migration settings_steps[] = {
    {"CREATE TABLE setting (name TEXT PRIMARY KEY, value_json TEXT NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE setting_change (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, time INTEGER NOT NULL,"
     " author TEXT NOT NULL, origin TEXT NOT NULL, name TEXT NOT NULL, from_json TEXT NOT NULL, value_json TEXT NOT "
     "NULL);"
     "CREATE INDEX setting_change_name ON setting_change (name, id);"},
};

constexpr std::string_view stars = "\"********\"";

}  // namespace

std::size_t newest_settings_schema() { return std::size(settings_steps); }

Result<SettingsStore> SettingsStore::open(const std::string& path, std::chrono::milliseconds lock_wait) {
    auto database = Database::open_or_read({path, settings_steps, lock_wait});
    if (!database) return database.error();
    return SettingsStore{std::move(*database)};
}

Result<std::uint64_t> SettingsStore::revision() {
    auto query = database_.prepare("SELECT coalesce(max(revision), 0) FROM setting");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return row.error();
    return static_cast<std::uint64_t>(query->number(0));
}

Result<StoredSettings> SettingsStore::load() {
    StoredSettings stored;
    auto query = database_.prepare("SELECT name, value_json, revision FROM setting");
    if (!query) return query.error();
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return stored;
        const auto revision = static_cast<std::uint64_t>(query->number(2));
        stored.values[query->text(0)] = query->text(1);
        stored.revisions[query->text(0)] = revision;
        stored.revision = std::max(stored.revision, revision);
    }
}

Result<std::uint64_t> SettingsStore::commit(const std::vector<StoredChange>& changes, const std::string& author,
                                            const std::string& origin, WallTime time) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    const auto last = revision();
    if (!last) return last.error();
    if (changes.empty()) return *last;
    const std::uint64_t next = *last + 1;
    for (const StoredChange& change : changes) {
        if (const auto written = write(change, next); !written) return written.error();
        if (change.internal) continue;
        if (const auto noted = remember(change, next, author, origin, time); !noted) return noted.error();
    }
    if (const auto trimmed = forget_oldest(); !trimmed) return trimmed.error();
    if (const auto committed = transaction->commit(); !committed) return committed.error();
    return next;
}

Result<void> SettingsStore::write(const StoredChange& change, std::uint64_t revision) {
    auto insert = database_.prepare("INSERT OR REPLACE INTO setting (name, value_json, revision) VALUES (?, ?, ?)");
    if (!insert) return insert.error();
    return insert->bind(1, change.name).bind(2, change.value).bind(3, static_cast<std::int64_t>(revision)).run();
}

Result<void> SettingsStore::remember(const StoredChange& change, std::uint64_t revision, const std::string& author,
                                     const std::string& origin, WallTime time) {
    auto insert = database_.prepare(
        "INSERT INTO setting_change (revision, time, author, origin, name, from_json, value_json)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    return insert->bind(1, static_cast<std::int64_t>(revision))
        .bind(2, time.time_since_epoch().count())
        .bind(3, author)
        .bind(4, origin)
        .bind(5, change.name)
        .bind(6, change.secret ? stars : change.from)
        .bind(7, change.secret ? stars : change.value)
        .run();
}

Result<void> SettingsStore::forget_oldest() {
    // By rows and not by numbers: those that another node caused go first, and leave gaps.
    auto share = database_.prepare(
        "DELETE FROM setting_change WHERE origin = 'replication' AND id <= (SELECT id FROM setting_change"
        " WHERE origin = 'replication' ORDER BY id DESC LIMIT 1 OFFSET ?)");
    if (!share) return share.error();
    if (const auto erased = share->bind(1, most_replicated).run(); !erased) return erased;
    auto erase = database_.prepare(
        "DELETE FROM setting_change WHERE id <= (SELECT id FROM setting_change ORDER BY id DESC LIMIT 1 OFFSET ?)");
    if (!erase) return erase.error();
    return erase->bind(1, most_history).run();
}

Result<void> SettingsStore::prove_writable() {
    if (auto open = database_.overcome(); !open) return open;
    return database_.run("UPDATE setting SET revision = revision");
}

Result<std::vector<HistoryRow>> SettingsStore::history(std::size_t limit, const std::string& name) {
    auto query = database_.prepare(
        "SELECT revision, time, author, origin, name, from_json, value_json FROM setting_change"
        " WHERE ?1 = '' OR name = ?1 ORDER BY id DESC LIMIT ?2");
    if (!query) return query.error();
    const std::size_t most = std::min(limit, static_cast<std::size_t>(most_history));
    query->bind(1, name).bind(2, static_cast<std::int64_t>(most));
    std::vector<HistoryRow> rows;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return rows;
        rows.push_back({static_cast<std::uint64_t>(query->number(0)),
                        WallTime{std::chrono::microseconds{query->number(1)}}, query->text(2), query->text(3),
                        query->text(4), query->text(5), query->text(6)});
    }
}

}  // namespace sallyport::io
