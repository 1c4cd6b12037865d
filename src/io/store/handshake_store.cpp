// One table; what is over the bounds goes in the transaction that brought it.
#include "io/store/handshake_store.h"

namespace sallyport::io {

namespace {

constexpr Migration handshake_steps[] = {
    {"CREATE TABLE handshake (number INTEGER PRIMARY KEY AUTOINCREMENT, peer TEXT NOT NULL, kind INTEGER NOT NULL,"
     " good INTEGER NOT NULL, text TEXT NOT NULL);"
     "CREATE INDEX handshake_peer ON handshake (peer, kind, good, number);"},
};

}  // namespace

Result<HandshakeStore> HandshakeStore::open(const std::string& path, Bounds bounds,
                                            std::chrono::milliseconds lock_wait) {
    auto database = Database::open(path, Durability::normal, lock_wait);
    if (!database) return database.error();
    if (const auto ready = migrate(*database, handshake_steps); !ready) return ready.error();
    return HandshakeStore{std::move(*database), bounds};
}

Result<void> HandshakeStore::append(const std::vector<StoredHandshake>& batch) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    for (const StoredHandshake& handshake : batch) {
        if (const auto inserted = insert(handshake); !inserted) return inserted;
        if (const auto trimmed = trim_peer(handshake); !trimmed) return trimmed;
    }
    if (const auto trimmed = trim_all(); !trimmed) return trimmed;
    return transaction->commit();
}

Result<void> HandshakeStore::insert(const StoredHandshake& handshake) {
    auto insert =
        database_.prepare("INSERT OR REPLACE INTO handshake (number, peer, kind, good, text) VALUES (?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    return insert->bind(1, static_cast<std::int64_t>(handshake.number))
        .bind(2, handshake.peer)
        .bind(3, handshake.kind)
        .bind(4, handshake.good ? 1 : 0)
        .bind(5, handshake.text)
        .run();
}

Result<void> HandshakeStore::trim_peer(const StoredHandshake& handshake) {
    auto erase = database_.prepare(
        "DELETE FROM handshake WHERE number IN (SELECT number FROM handshake WHERE peer = ? AND kind = ? AND good = ?"
        " ORDER BY number DESC LIMIT -1 OFFSET ?)");
    if (!erase) return erase.error();
    return erase->bind(1, handshake.peer)
        .bind(2, handshake.kind)
        .bind(3, handshake.good ? 1 : 0)
        .bind(4, handshake.good ? 1 : static_cast<std::int64_t>(bounds_.failures))
        .run();
}

Result<void> HandshakeStore::trim_all() {
    // From the one that is kept longest: a running sum of what is left for the others.
    auto erase = database_.prepare(
        "DELETE FROM handshake WHERE number IN (SELECT number FROM (SELECT number, sum(length(text)) OVER"
        " (ORDER BY peer IN (SELECT peer FROM handshake WHERE good) DESC, number DESC) AS sum FROM handshake)"
        " WHERE sum > ?)");
    if (!erase) return erase.error();
    return erase->bind(1, static_cast<std::int64_t>(bounds_.bytes)).run();
}

Result<std::vector<StoredHandshake>> HandshakeStore::all() {
    auto select = database_.prepare("SELECT number, peer, kind, good, text FROM handshake ORDER BY number");
    if (!select) return select.error();
    std::vector<StoredHandshake> found;
    for (;;) {
        const auto row = select->step();
        if (!row) return row.error();
        if (!*row) return found;
        found.push_back({static_cast<std::uint64_t>(select->number(0)), select->text(1), select->number(2),
                         select->number(3) != 0, select->text(4)});
    }
}

Result<std::uint64_t> HandshakeStore::newest() {
    auto select = database_.prepare("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'handshake'");
    if (!select) return select.error();
    const auto row = select->step();
    if (!row) return row.error();
    return static_cast<std::uint64_t>(select->number(0));
}

}  // namespace sallyport::io
