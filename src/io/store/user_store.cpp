// Tables about an account: itself with its verifiers, its contacts, and what is kept for it, with the sums of that
// (user_store_kept.cpp).
#include "io/store/user_store.h"

#include "base/hash.h"
#include "io/store/database_copy.h"

namespace sallyport::io {

namespace {

constexpr Migration user_steps[] = {
    {"CREATE TABLE server (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE user (id INTEGER PRIMARY KEY, domain TEXT NOT NULL, local TEXT NOT NULL, created INTEGER NOT NULL,"
     " roster_version INTEGER NOT NULL DEFAULT 0, vcard TEXT NOT NULL DEFAULT '', UNIQUE (domain, local));"
     "CREATE TABLE verifier (user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, hash TEXT NOT NULL,"
     " salt TEXT NOT NULL, iterations INTEGER NOT NULL, stored_key TEXT NOT NULL, server_key TEXT NOT NULL,"
     " PRIMARY KEY (user, hash)) WITHOUT ROWID;"
     "CREATE TABLE contact (user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, jid TEXT NOT NULL,"
     " name TEXT NOT NULL, groups TEXT NOT NULL, state INTEGER NOT NULL, listed INTEGER NOT NULL,"
     " request TEXT NOT NULL, PRIMARY KEY (user, jid)) WITHOUT ROWID;"
     "CREATE TABLE kept (id INTEGER PRIMARY KEY AUTOINCREMENT, user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,"
     " stanza TEXT NOT NULL);"
     "CREATE INDEX kept_user ON kept (user, id);"},
    {"ALTER TABLE kept ADD COLUMN blame INTEGER NOT NULL DEFAULT 0;"},
    // A table of its own: a row of "user" has a vCard, which each stanza would write anew. Triggers: whoever removes
    // rows, the sums are right.
    {"CREATE TABLE kept_sum (user INTEGER PRIMARY KEY REFERENCES user ON DELETE CASCADE, stanzas INTEGER NOT NULL,"
     " bytes INTEGER NOT NULL);"
     "INSERT INTO kept_sum (user, stanzas, bytes)"
     " SELECT user, count(*), sum(length(CAST(stanza AS BLOB))) FROM kept GROUP BY user;"
     "CREATE TRIGGER kept_comes AFTER INSERT ON kept BEGIN"
     " INSERT INTO kept_sum (user, stanzas, bytes) VALUES (NEW.user, 1, length(CAST(NEW.stanza AS BLOB)))"
     " ON CONFLICT (user) DO UPDATE SET stanzas = stanzas + 1, bytes = bytes + excluded.bytes; END;"
     "CREATE TRIGGER kept_goes AFTER DELETE ON kept BEGIN"
     " UPDATE kept_sum SET stanzas = stanzas - 1, bytes = bytes - length(CAST(OLD.stanza AS BLOB))"
     " WHERE user = OLD.user; END;"},
    // Who has sent what is kept. Of what there was before nobody knows: it is nobody's, and no stranger's. One trigger
    // an event: SQLite does not say which of several comes first.
    {"ALTER TABLE kept ADD COLUMN payer TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE kept ADD COLUMN stranger INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE kept_sum ADD COLUMN strange_stanzas INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE kept_sum ADD COLUMN strange_bytes INTEGER NOT NULL DEFAULT 0;"
     "CREATE TABLE kept_share (user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, payer TEXT NOT NULL,"
     " stanzas INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (user, payer)) WITHOUT ROWID;"
     "DROP TRIGGER kept_comes;"
     "DROP TRIGGER kept_goes;"
     "CREATE TRIGGER kept_comes AFTER INSERT ON kept BEGIN"
     " INSERT INTO kept_sum (user, stanzas, bytes, strange_stanzas, strange_bytes)"
     " VALUES (NEW.user, 1, length(CAST(NEW.stanza AS BLOB)), NEW.stranger,"
     " NEW.stranger * length(CAST(NEW.stanza AS BLOB)))"
     " ON CONFLICT (user) DO UPDATE SET stanzas = stanzas + 1, bytes = bytes + excluded.bytes,"
     " strange_stanzas = strange_stanzas + excluded.strange_stanzas,"
     " strange_bytes = strange_bytes + excluded.strange_bytes;"
     " INSERT INTO kept_share (user, payer, stanzas, bytes)"
     " SELECT NEW.user, NEW.payer, 1, length(CAST(NEW.stanza AS BLOB)) WHERE NEW.payer <> ''"
     " ON CONFLICT (user, payer) DO UPDATE SET stanzas = stanzas + 1, bytes = bytes + excluded.bytes; END;"
     "CREATE TRIGGER kept_goes AFTER DELETE ON kept BEGIN"
     " UPDATE kept_sum SET stanzas = stanzas - 1, bytes = bytes - length(CAST(OLD.stanza AS BLOB)),"
     " strange_stanzas = strange_stanzas - OLD.stranger,"
     " strange_bytes = strange_bytes - OLD.stranger * length(CAST(OLD.stanza AS BLOB)) WHERE user = OLD.user;"
     " UPDATE kept_share SET stanzas = stanzas - 1, bytes = bytes - length(CAST(OLD.stanza AS BLOB))"
     " WHERE user = OLD.user AND payer = OLD.payer;"
     " DELETE FROM kept_share WHERE user = OLD.user AND payer = OLD.payer AND stanzas <= 0; END;"},
};

// No XML document can hold it, so no group's name does.
constexpr char separator = '\x1f';

/// Each with the separator behind it.
std::string in_one_text(const std::vector<std::string>& groups) {
    std::string out;
    for (const std::string& group : groups) out.append(group).push_back(separator);
    return out;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> groups;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find(separator, at);
        groups.push_back(text.substr(at, end - at));
        at = end == std::string::npos ? text.size() : end + 1;
    }
    return groups;
}

std::string bytes_of(const std::string& base64) {
    std::string out;
    return base64_decode(base64, out) ? out : std::string{};
}

}  // namespace

Error UserStore::unknown() { return {"user-unknown", "there is no such user"}; }

std::size_t newest_user_schema() { return std::size(user_steps); }

Result<UserStore> UserStore::open(const std::string& path, const std::string& secret,
                                  std::chrono::milliseconds lock_wait) {
    auto database = Database::open_or_read({path, user_steps, lock_wait});
    if (!database) return database.error();
    UserStore store{std::move(*database), secret};
    if (const auto kept = store.keep_secret(); !kept) return kept.error();
    return store;
}

/// The one that is there is good; a database that can only be read gets this one when it can be written.
Result<void> UserStore::keep_secret() {
    if (!database_.obstacle()) {
        auto insert = database_.prepare("INSERT OR IGNORE INTO server (name, value) VALUES ('secret', ?)");
        if (!insert) return insert.error();
        if (auto done = insert->bind(1, base64_encode(secret_)).run(); !done) return done;
    }
    auto query = database_.prepare("SELECT value FROM server WHERE name = 'secret'");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return row.error();
    if (*row) secret_ = bytes_of(query->text(0));
    return {};
}

Result<void> UserStore::prove_writable() {
    if (auto open = database_.overcome(); !open) return open;
    if (auto kept = keep_secret(); !kept) return kept;
    return database_.run("UPDATE server SET value = value");
}

Result<void> UserStore::together(const std::function<Result<void>()>& work) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    if (auto done = work(); !done) return done;
    return transaction->commit();
}

Result<void> UserStore::apart(const std::function<Result<void>()>& work) {
    if (auto marked = database_.run("SAVEPOINT apart"); !marked) return marked;
    const auto done = work();
    // SQLite rolls back all by itself where it cannot go on (full disk, broken disk): then the mark is gone.
    if (!done) {
        if (const auto undone = database_.run("ROLLBACK TO apart"); !undone) return done;
    }
    return database_.run("RELEASE apart");
}

Result<std::optional<std::int64_t>> UserStore::find(const UserName& user) {
    auto query = database_.prepare("SELECT id FROM user WHERE domain = ? AND local = ?");
    if (!query) return query.error();
    const auto row = query->bind(1, user.domain).bind(2, user.local).step();
    if (!row) return row.error();
    return *row ? std::optional{query->number(0)} : std::nullopt;
}

Result<std::int64_t> UserStore::require(const UserName& user) {
    const auto id = find(user);
    if (!id) return id.error();
    if (!*id) return unknown();
    return **id;
}

Result<void> UserStore::write_verifiers(std::int64_t id, const std::vector<StoredVerifier>& verifiers) {
    auto erase = database_.prepare("DELETE FROM verifier WHERE user = ?");
    if (!erase) return erase.error();
    if (auto erased = erase->bind(1, id).run(); !erased) return erased;
    for (const StoredVerifier& verifier : verifiers) {
        auto insert = database_.prepare(
            "INSERT INTO verifier (user, hash, salt, iterations, stored_key, server_key) VALUES (?, ?, ?, ?, ?, ?)");
        if (!insert) return insert.error();
        auto written = insert->bind(1, id)
                           .bind(2, verifier.hash)
                           .bind(3, base64_encode(verifier.salt))
                           .bind(4, static_cast<std::int64_t>(verifier.iterations))
                           .bind(5, base64_encode(verifier.stored_key))
                           .bind(6, base64_encode(verifier.server_key))
                           .run();
        if (!written) return written;
    }
    return {};
}

Result<void> UserStore::add(const UserName& user, const std::vector<StoredVerifier>& verifiers, WallTime now) {
    return together([&]() -> Result<void> {
        const auto known = find(user);
        if (!known) return known.error();
        if (*known) return Error{"user-exists", "this user exists already"};
        auto insert = database_.prepare("INSERT INTO user (domain, local, created) VALUES (?, ?, ?)");
        if (!insert) return insert.error();
        auto inserted = insert->bind(1, user.domain).bind(2, user.local).bind(3, now.time_since_epoch().count()).run();
        if (!inserted) return inserted;
        const auto id = require(user);
        if (!id) return id.error();
        return write_verifiers(*id, verifiers);
    });
}

Result<void> UserStore::replace_verifiers(const UserName& user, const std::vector<StoredVerifier>& verifiers) {
    return together([&]() -> Result<void> {
        const auto id = require(user);
        if (!id) return id.error();
        return write_verifiers(*id, verifiers);
    });
}

Result<void> UserStore::remove(const UserName& user) {
    return together([&]() -> Result<void> {
        const auto id = require(user);
        if (!id) return id.error();
        auto erase = database_.prepare("DELETE FROM user WHERE id = ?");
        if (!erase) return erase.error();
        return erase->bind(1, *id).run();
    });
}

Result<std::vector<UserRow>> UserStore::list() {
    auto query = database_.prepare(
        "SELECT local, domain, created, (SELECT count(*) FROM contact WHERE user = user.id AND listed = 1),"
        " coalesce((SELECT stanzas FROM kept_sum WHERE user = user.id), 0) FROM user ORDER BY domain, local");
    if (!query) return query.error();
    std::vector<UserRow> rows;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return rows;
        rows.push_back({{query->text(0), query->text(1)},
                        WallTime{std::chrono::microseconds{query->number(2)}},
                        static_cast<std::uint64_t>(query->number(3)),
                        static_cast<std::uint64_t>(query->number(4))});
    }
}

Result<std::optional<std::vector<StoredVerifier>>> UserStore::verifiers(const UserName& user) {
    const auto id = find(user);
    if (!id) return id.error();
    if (!*id) return std::optional<std::vector<StoredVerifier>>{};
    auto query =
        database_.prepare("SELECT hash, salt, iterations, stored_key, server_key FROM verifier WHERE user = ?");
    if (!query) return query.error();
    query->bind(1, **id);
    std::vector<StoredVerifier> all;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return std::optional{std::move(all)};
        all.push_back({query->text(0), bytes_of(query->text(1)), static_cast<std::uint32_t>(query->number(2)),
                       bytes_of(query->text(3)), bytes_of(query->text(4))});
    }
}

Result<std::optional<StoredUser>> UserStore::load(const UserName& user) {
    auto query = database_.prepare("SELECT id, roster_version, vcard <> '' FROM user WHERE domain = ? AND local = ?");
    if (!query) return query.error();
    const auto found = query->bind(1, user.domain).bind(2, user.local).step();
    if (!found) return found.error();
    if (!*found) return std::optional<StoredUser>{};
    StoredUser stored;
    const std::int64_t id = query->number(0);
    stored.roster_version = static_cast<std::uint64_t>(query->number(1));
    stored.has_vcard = query->number(2) != 0;
    auto contacts = database_.prepare("SELECT jid, name, groups, state, listed, request FROM contact WHERE user = ?");
    if (!contacts) return contacts.error();
    contacts->bind(1, id);
    for (;;) {
        const auto row = contacts->step();
        if (!row) return row.error();
        if (!*row) return std::optional{std::move(stored)};
        stored.contacts.push_back({contacts->text(0), contacts->text(1), split(contacts->text(2)), contacts->number(3),
                                   contacts->number(4) != 0, contacts->text(5)});
    }
}

Result<void> UserStore::set_version(std::int64_t id, std::uint64_t version) {
    auto update = database_.prepare("UPDATE user SET roster_version = ? WHERE id = ?");
    if (!update) return update.error();
    return update->bind(1, static_cast<std::int64_t>(version)).bind(2, id).run();
}

Result<void> UserStore::put_contact(const UserName& user, const StoredContact& contact, std::uint64_t version) {
    const auto id = require(user);
    if (!id) return id.error();
    auto insert = database_.prepare(
        "INSERT OR REPLACE INTO contact (user, jid, name, groups, state, listed, request) VALUES (?, ?, ?, ?, ?, ?, "
        "?)");
    if (!insert) return insert.error();
    auto written = insert->bind(1, *id)
                       .bind(2, contact.jid)
                       .bind(3, contact.name)
                       .bind(4, in_one_text(contact.groups))
                       .bind(5, contact.state)
                       .bind(6, std::int64_t{contact.listed})
                       .bind(7, contact.request)
                       .run();
    if (!written) return written;
    return set_version(*id, version);
}

Result<void> UserStore::remove_contact(const UserName& user, const std::string& jid, std::uint64_t version) {
    const auto id = require(user);
    if (!id) return id.error();
    auto erase = database_.prepare("DELETE FROM contact WHERE user = ? AND jid = ?");
    if (!erase) return erase.error();
    if (auto erased = erase->bind(1, *id).bind(2, jid).run(); !erased) return erased;
    return set_version(*id, version);
}

Result<std::string> UserStore::vcard(const UserName& user) {
    auto query = database_.prepare("SELECT vcard FROM user WHERE domain = ? AND local = ?");
    if (!query) return query.error();
    const auto row = query->bind(1, user.domain).bind(2, user.local).step();
    if (!row) return row.error();
    if (!*row) return unknown();
    return query->text(0);
}

Result<void> UserStore::put_vcard(const UserName& user, const std::string& vcard) {
    const auto id = require(user);
    if (!id) return id.error();
    auto update = database_.prepare("UPDATE user SET vcard = ? WHERE id = ?");
    if (!update) return update.error();
    return update->bind(1, vcard).bind(2, *id).run();
}

}  // namespace sallyport::io
