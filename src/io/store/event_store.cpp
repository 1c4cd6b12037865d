// One table; the oldest rows go when there are too many.
#include "io/store/event_store.h"

#include <algorithm>
#include <limits>

namespace sallyport::io {

namespace {

constexpr Migration event_steps[] = {
    {"CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, level INTEGER NOT NULL,"
     " module TEXT NOT NULL, code TEXT NOT NULL, facts TEXT NOT NULL);"},
    {"CREATE TABLE acknowledgement (code TEXT NOT NULL, key TEXT NOT NULL, time INTEGER NOT NULL, author TEXT NOT NULL,"
     " note TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (code, key)) WITHOUT ROWID;"},
};

}  // namespace

Result<EventStore> EventStore::open(const std::string& path, std::uint64_t most, std::chrono::milliseconds lock_wait) {
    auto database = Database::open(path, Durability::normal, lock_wait);
    if (!database) return database.error();
    if (const auto ready = migrate(*database, event_steps); !ready) return ready.error();
    return EventStore{std::move(*database), most};
}

Result<void> EventStore::append(const std::vector<StoredEvent>& events) {
    if (events.empty()) return {};
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    {
        auto insert = database_.prepare(
            "INSERT INTO event (time, level, module, code, facts, id) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0))");
        if (!insert) return insert.error();
        for (const StoredEvent& event : events) {
            insert->reset();
            const auto written = insert->bind(1, event.time.time_since_epoch().count())
                                     .bind(2, static_cast<std::int64_t>(event.level))
                                     .bind(3, event.module)
                                     .bind(4, event.code)
                                     .bind(5, event.facts)
                                     .bind(6, static_cast<std::int64_t>(event.id))
                                     .run();
            if (!written) return written;
        }
        auto erase = database_.prepare("DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?");
        if (!erase) return erase.error();
        if (const auto trimmed = erase->bind(1, static_cast<std::int64_t>(most_)).run(); !trimmed) return trimmed;
    }
    return transaction->commit();
}

Result<std::uint64_t> EventStore::newest() {
    // AUTOINCREMENT remembers it even when every row has been deleted for its age.
    auto select = database_.prepare("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'");
    if (!select) return select.error();
    const auto row = select->step();
    if (!row) return row.error();
    return static_cast<std::uint64_t>(select->number(0));
}

Result<std::optional<WallTime>> EventStore::newest_time() {
    auto select = database_.prepare("SELECT time FROM event ORDER BY id DESC LIMIT 1");
    if (!select) return select.error();
    const auto row = select->step();
    if (!row) return row.error();
    if (!*row) return std::optional<WallTime>{};
    return std::optional{WallTime{std::chrono::microseconds{select->number(0)}}};
}

Result<void> EventStore::forget_before(WallTime time) {
    auto erase = database_.prepare("DELETE FROM event WHERE time < ?");
    if (!erase) return erase.error();
    return erase->bind(1, time.time_since_epoch().count()).run();
}

Result<void> EventStore::keep(const StoredAcknowledgement& acknowledgement) {
    auto insert = database_.prepare(
        "INSERT OR REPLACE INTO acknowledgement (code, key, time, author, note, first, count)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    return insert->bind(1, acknowledgement.code)
        .bind(2, acknowledgement.key)
        .bind(3, acknowledgement.time.time_since_epoch().count())
        .bind(4, acknowledgement.author)
        .bind(5, acknowledgement.note)
        .bind(6, acknowledgement.first.time_since_epoch().count())
        .bind(7, static_cast<std::int64_t>(acknowledgement.count))
        .run();
}

Result<void> EventStore::forget_acknowledgement(const std::string& code, const std::string& key) {
    auto erase = database_.prepare("DELETE FROM acknowledgement WHERE code = ? AND key = ?");
    if (!erase) return erase.error();
    return erase->bind(1, code).bind(2, key).run();
}

Result<std::vector<StoredAcknowledgement>> EventStore::acknowledgements() {
    auto select = database_.prepare("SELECT code, key, time, author, note, first, count FROM acknowledgement");
    if (!select) return select.error();
    std::vector<StoredAcknowledgement> all;
    for (;;) {
        const auto row = select->step();
        if (!row) return row.error();
        if (!*row) return all;
        all.push_back({select->text(0), select->text(1), WallTime{std::chrono::microseconds{select->number(2)}},
                       select->text(3), select->text(4), WallTime{std::chrono::microseconds{select->number(5)}},
                       static_cast<std::uint64_t>(select->number(6))});
    }
}

Result<std::vector<StoredEvent>> EventStore::query(const EventQuery& query) {
    auto select = database_.prepare(
        "SELECT id, time, level, module, code, facts FROM event"
        " WHERE level >= ?1 AND (?2 = '' OR instr(?2, ',' || module || ',') > 0) AND substr(code, 1, length(?3)) = ?3"
        " AND (?4 = '' OR instr(facts, ?4) > 0) AND time >= ?5 AND id < ?6 AND time <= ?8 AND id > ?9"
        " ORDER BY id DESC LIMIT ?7");
    if (!select) return select.error();
    std::string modules;  // ",s2s,link,"
    for (const std::string& module : query.modules) modules += (modules.empty() ? "," : "") + module + ",";
    const auto before =
        query.before_id == 0 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(query.before_id);
    select->bind(1, static_cast<std::int64_t>(query.least_level))
        .bind(2, modules)
        .bind(3, query.code_prefix)
        .bind(4, query.contains)
        .bind(5, query.since.time_since_epoch().count())
        .bind(6, before)
        .bind(7, static_cast<std::int64_t>(std::min(query.limit, most_in_answer)))
        .bind(8, query.until.time_since_epoch().count())
        .bind(9, static_cast<std::int64_t>(query.after_id));
    std::vector<StoredEvent> events;
    for (;;) {
        const auto row = select->step();
        if (!row) return row.error();
        if (!*row) return events;
        events.push_back({static_cast<std::uint64_t>(select->number(0)),
                          WallTime{std::chrono::microseconds{select->number(1)}},
                          static_cast<LogLevel>(select->number(2)), select->text(3), select->text(4), select->text(5)});
    }
}

}  // namespace sallyport::io
