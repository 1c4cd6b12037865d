// Two tables: replicas and their values.
#include "io/store/replica_store.h"

#include "io/store/database_copy.h"

namespace sallyport::io {

namespace {

constexpr Migration replica_steps[] = {
    {"CREATE TABLE replica (far TEXT PRIMARY KEY, component TEXT NOT NULL, revision INTEGER NOT NULL, digest TEXT NOT "
     "NULL)"
     " WITHOUT ROWID;"
     "CREATE TABLE replica_value (far TEXT NOT NULL, name TEXT NOT NULL, value_json TEXT NOT NULL, PRIMARY KEY (far, "
     "name))"
     " WITHOUT ROWID;"},
};

}  // namespace

std::size_t newest_replica_schema() { return std::size(replica_steps); }

Result<ReplicaStore> ReplicaStore::open(const std::string& path, std::chrono::milliseconds lock_wait) {
    auto database = Database::open(path, Durability::full, lock_wait);
    if (!database) return database.error();
    if (const auto ready = migrate(*database, replica_steps); !ready) return ready.error();
    return ReplicaStore{std::move(*database)};
}

Result<std::vector<StoredReplica>> ReplicaStore::load() {
    std::vector<StoredReplica> replicas;
    auto query = database_.prepare("SELECT far, component, revision, digest FROM replica ORDER BY far");
    if (!query) return query.error();
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) break;
        replicas.push_back(
            {query->text(0), query->text(1), static_cast<std::uint64_t>(query->number(2)), query->text(3), {}});
    }
    for (StoredReplica& replica : replicas) {
        auto values = database_.prepare("SELECT name, value_json FROM replica_value WHERE far = ?");
        if (!values) return values.error();
        values->bind(1, replica.far);
        for (;;) {
            const auto row = values->step();
            if (!row) return row.error();
            if (!*row) break;
            replica.values[values->text(0)] = values->text(1);
        }
    }
    return replicas;
}

Result<void> ReplicaStore::save(const StoredReplica& replica) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    auto head =
        database_.prepare("INSERT OR REPLACE INTO replica (far, component, revision, digest) VALUES (?, ?, ?, ?)");
    if (!head) return head.error();
    head->bind(1, replica.far).bind(2, replica.component).bind(3, static_cast<std::int64_t>(replica.revision));
    if (const auto done = head->bind(4, replica.digest).run(); !done) return done;
    auto forget = database_.prepare("DELETE FROM replica_value WHERE far = ?");
    if (!forget) return forget.error();
    if (const auto done = forget->bind(1, replica.far).run(); !done) return done;
    auto insert = database_.prepare("INSERT INTO replica_value (far, name, value_json) VALUES (?, ?, ?)");
    if (!insert) return insert.error();
    for (const auto& [name, value] : replica.values) {
        if (const auto done = insert->bind(1, replica.far).bind(2, name).bind(3, value).run(); !done) return done;
        insert->reset();
    }
    return transaction->commit();
}

}  // namespace sallyport::io
