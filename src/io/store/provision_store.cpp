// Four tables.
#include "io/store/provision_store.h"

#include "io/store/database_copy.h"

namespace sallyport::io {

namespace {

constexpr Migration provision_steps[] = {
    {"CREATE TABLE publisher (address TEXT PRIMARY KEY, username TEXT NOT NULL, password TEXT NOT NULL,"
     " tls_verify INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE node (publisher TEXT NOT NULL REFERENCES publisher (address) ON DELETE CASCADE,"
     " place INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (publisher, place)) WITHOUT ROWID;"
     "CREATE TABLE provisioned (publisher TEXT NOT NULL REFERENCES publisher (address) ON DELETE CASCADE,"
     " cp_id TEXT NOT NULL, PRIMARY KEY (publisher, cp_id)) WITHOUT ROWID;"},
    {"CREATE TABLE told (publisher TEXT NOT NULL REFERENCES publisher (address) ON DELETE CASCADE,"
     " cp_id TEXT NOT NULL, is_there INTEGER NOT NULL, PRIMARY KEY (publisher, cp_id)) WITHOUT ROWID;"},
};

}  // namespace

std::size_t newest_provision_schema() { return std::size(provision_steps); }

Result<ProvisionStore> ProvisionStore::open(const std::string& path, std::chrono::milliseconds lock_wait) {
    auto database = Database::open_or_read({path, provision_steps, lock_wait});
    if (!database) return database.error();
    return ProvisionStore{std::move(*database)};
}

Result<std::vector<StoredPublisher>> ProvisionStore::publishers() {
    auto query = database_.prepare("SELECT address, username, password, tls_verify FROM publisher ORDER BY address");
    if (!query) return query.error();
    std::vector<StoredPublisher> all;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return all;
        all.push_back({query->text(0), query->text(1), query->text(2), query->number(3) != 0});
    }
}

Result<void> ProvisionStore::put_publisher(const StoredPublisher& publisher) {
    // Not INSERT OR REPLACE: that would delete the row first, and with it what hangs on it.
    auto put = database_.prepare(
        "INSERT INTO publisher (address, username, password, tls_verify) VALUES (?, ?, ?, ?) ON CONFLICT (address)"
        " DO UPDATE SET username = excluded.username, password = excluded.password, tls_verify = excluded.tls_verify");
    if (!put) return put.error();
    return put->bind(1, publisher.address)
        .bind(2, publisher.username)
        .bind(3, publisher.password)
        .bind(4, static_cast<std::int64_t>(publisher.tls_verify))
        .run();
}

Result<void> ProvisionStore::remove_publisher(const std::string& address) {
    auto erase = database_.prepare("DELETE FROM publisher WHERE address = ?");
    if (!erase) return erase.error();
    return erase->bind(1, address).run();
}

Result<std::vector<std::string>> ProvisionStore::texts(std::string_view sql, const std::string& address) {
    auto query = database_.prepare(sql);
    if (!query) return query.error();
    query->bind(1, address);
    std::vector<std::string> all;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return all;
        all.push_back(query->text(0));
    }
}

Result<void> ProvisionStore::run(std::string_view sql, const std::string& one, const std::string& other) {
    auto statement = database_.prepare(sql);
    if (!statement) return statement.error();
    return statement->bind(1, one).bind(2, other).run();
}

Result<std::vector<std::string>> ProvisionStore::nodes(const std::string& address) {
    return texts("SELECT name FROM node WHERE publisher = ? ORDER BY place", address);
}

Result<void> ProvisionStore::set_nodes(const std::string& address, const std::vector<std::string>& names) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    {
        auto erase = database_.prepare("DELETE FROM node WHERE publisher = ?");
        if (!erase) return erase.error();
        if (const auto erased = erase->bind(1, address).run(); !erased) return erased;
        auto insert = database_.prepare("INSERT INTO node (publisher, place, name) VALUES (?, ?, ?)");
        if (!insert) return insert.error();
        std::int64_t place = 0;
        for (const std::string& name : names) {
            insert->reset();
            if (const auto added = insert->bind(1, address).bind(2, ++place).bind(3, name).run(); !added) return added;
        }
    }
    return transaction->commit();
}

Result<std::vector<std::string>> ProvisionStore::provisioned(const std::string& address) {
    return texts("SELECT cp_id FROM provisioned WHERE publisher = ? ORDER BY cp_id", address);
}

Result<void> ProvisionStore::remember(const std::string& address, const std::string& cp_id) {
    return run("INSERT OR IGNORE INTO provisioned (publisher, cp_id) VALUES (?, ?)", address, cp_id);
}

Result<void> ProvisionStore::forget(const std::string& address, const std::string& cp_id) {
    return run("DELETE FROM provisioned WHERE publisher = ? AND cp_id = ?", address, cp_id);
}

Result<std::vector<ToldRow>> ProvisionStore::told(const std::string& address) {
    auto query = database_.prepare("SELECT cp_id, is_there FROM told WHERE publisher = ? ORDER BY cp_id");
    if (!query) return query.error();
    query->bind(1, address);
    std::vector<ToldRow> all;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return all;
        all.push_back({query->text(0), query->number(1) != 0});
    }
}

Result<void> ProvisionStore::set_told(const std::string& address, const std::vector<std::string>& cp_ids) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    {
        auto gone = database_.prepare("UPDATE told SET is_there = 0 WHERE publisher = ?");
        if (!gone) return gone.error();
        if (const auto done = gone->bind(1, address).run(); !done) return done;
        auto there = database_.prepare(
            "INSERT INTO told (publisher, cp_id, is_there) VALUES (?, ?, 1) ON CONFLICT (publisher, cp_id)"
            " DO UPDATE SET is_there = 1");
        if (!there) return there.error();
        for (const std::string& cp_id : cp_ids) {
            there->reset();
            if (const auto done = there->bind(1, address).bind(2, cp_id).run(); !done) return done;
        }
    }
    return transaction->commit();
}

}  // namespace sallyport::io
