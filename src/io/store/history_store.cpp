// Two tables: subjects, and their slots.
#include "io/store/history_store.h"

namespace sallyport::io {

namespace {

constexpr Migration history_steps[] = {
    {"CREATE TABLE subject (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL,"
     " note TEXT NOT NULL DEFAULT '', UNIQUE (kind, name));"
     "CREATE TABLE slot (subject INTEGER NOT NULL REFERENCES subject (id) ON DELETE CASCADE, ring INTEGER NOT NULL,"
     " place INTEGER NOT NULL, time INTEGER NOT NULL, seconds INTEGER NOT NULL, figures TEXT NOT NULL,"
     " PRIMARY KEY (subject, ring, place)) WITHOUT ROWID;"},
};

}  // namespace

Result<HistoryStore> HistoryStore::open(const std::string& path, std::chrono::milliseconds lock_wait) {
    auto database = Database::open(path, Durability::normal, lock_wait);
    if (!database) return database.error();
    if (const auto ready = migrate(*database, history_steps); !ready) return ready.error();
    return HistoryStore{std::move(*database)};
}

Result<void> HistoryStore::put(const HistoryBatch& batch) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    for (const StoredSubject& subject : batch.forgotten) {
        if (const auto done = forget(subject); !done) return done;
    }
    for (const StoredSubject& subject : batch.notes) {
        if (const auto done = note(subject); !done) return done;
    }
    if (const auto done = put_slots(batch.slots); !done) return done;
    return transaction->commit();
}

Result<void> HistoryStore::forget(const StoredSubject& subject) {
    auto erase = database_.prepare("DELETE FROM subject WHERE kind = ? AND name = ?");
    if (!erase) return erase.error();
    return erase->bind(1, subject.kind).bind(2, subject.name).run();
}

Result<void> HistoryStore::note(const StoredSubject& subject) {
    auto insert = database_.prepare(
        "INSERT INTO subject (kind, name, note) VALUES (?, ?, ?)"
        " ON CONFLICT (kind, name) DO UPDATE SET note = excluded.note");
    if (!insert) return insert.error();
    return insert->bind(1, subject.kind).bind(2, subject.name).bind(3, subject.note).run();
}

Result<void> HistoryStore::put_slots(const std::vector<StoredSlot>& slots) {
    auto know = database_.prepare("INSERT INTO subject (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING");
    auto insert = database_.prepare(
        "INSERT OR REPLACE INTO slot (subject, ring, place, time, seconds, figures)"
        " SELECT id, ?3, ?4, ?5, ?6, ?7 FROM subject WHERE kind = ?1 AND name = ?2");
    if (!know) return know.error();
    if (!insert) return insert.error();
    for (const StoredSlot& slot : slots) {
        know->reset();
        if (const auto known = know->bind(1, slot.kind).bind(2, slot.name).run(); !known) return known;
        insert->reset();
        const auto written = insert->bind(1, slot.kind)
                                 .bind(2, slot.name)
                                 .bind(3, slot.ring)
                                 .bind(4, slot.place)
                                 .bind(5, slot.time)
                                 .bind(6, slot.seconds)
                                 .bind(7, slot.figures)
                                 .run();
        if (!written) return written;
    }
    return {};
}

Result<std::vector<StoredSlot>> HistoryStore::rows(Statement& select) {
    std::vector<StoredSlot> found;
    for (;;) {
        const auto row = select.step();
        if (!row) return row.error();
        if (!*row) return found;
        found.push_back({select.number(0), select.text(1), select.number(2), select.number(3), select.number(4),
                         select.number(5), select.text(6)});
    }
}

Result<std::vector<StoredSlot>> HistoryStore::read(std::int64_t ring, std::int64_t kind, const std::string& name,
                                                   std::int64_t from, std::int64_t until) {
    auto select = database_.prepare(
        "SELECT kind, name, ring, place, time, seconds, figures FROM slot JOIN subject ON id = subject"
        " WHERE kind = ? AND name = ? AND ring = ? AND time >= ? AND time < ? ORDER BY time");
    if (!select) return select.error();
    select->bind(1, kind).bind(2, name).bind(3, ring).bind(4, from).bind(5, until);
    return rows(*select);
}

Result<std::vector<StoredSlot>> HistoryStore::read_all(std::int64_t ring, std::int64_t kind, std::int64_t from,
                                                       std::int64_t until) {
    auto select = database_.prepare(
        "SELECT kind, name, ring, place, time, seconds, figures FROM slot JOIN subject ON id = subject"
        " WHERE kind = ? AND ring = ? AND time >= ? AND time < ? ORDER BY name, time");
    if (!select) return select.error();
    select->bind(1, kind).bind(2, ring).bind(3, from).bind(4, until);
    return rows(*select);
}

Result<std::vector<StoredSubject>> HistoryStore::subjects(std::int64_t kind) {
    auto select = database_.prepare("SELECT kind, name, note FROM subject WHERE kind = ? ORDER BY name");
    if (!select) return select.error();
    select->bind(1, kind);
    std::vector<StoredSubject> found;
    for (;;) {
        const auto row = select->step();
        if (!row) return row.error();
        if (!*row) return found;
        found.push_back({select->number(0), select->text(1), select->text(2)});
    }
}

}  // namespace sallyport::io
