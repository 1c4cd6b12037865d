// Three tables: people, tokens, what they did.
#include "io/store/admin_store.h"

#include <algorithm>

#include "io/store/database_copy.h"

namespace sallyport::io {

namespace {

constexpr Migration admin_steps[] = {
    {"CREATE TABLE account (name TEXT PRIMARY KEY, role TEXT NOT NULL, verifier TEXT NOT NULL, totp TEXT NOT NULL,"
     " created INTEGER NOT NULL, last_login INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE token (name TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, access TEXT NOT NULL, verbs TEXT NOT NULL,"
     " author TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, author TEXT NOT NULL,"
     " address TEXT NOT NULL, verb TEXT NOT NULL, arguments TEXT NOT NULL, outcome TEXT NOT NULL);"},
    {"ALTER TABLE account ADD COLUMN code_step INTEGER NOT NULL DEFAULT 0;"},
    {"ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT '';"},
};

std::int64_t number_of(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(std::int64_t number) { return WallTime{std::chrono::microseconds{number}}; }

AdminAccount account_of(const Statement& row) {
    return {row.text(0),   row.text(1), row.text(2), row.text(3), time_of(row.number(4)), time_of(row.number(5)),
            row.number(6), row.text(7)};
}
AdminToken token_row(const Statement& row) {
    return {row.text(0),           row.text(1), row.text(2), row.text(3), row.text(4), time_of(row.number(5)),
            time_of(row.number(6))};
}

/// All rows of a query, each made by `make`.
template <typename Row>
Result<std::vector<Row>> all_of(Statement& query, Row (*make)(const Statement&)) {
    std::vector<Row> rows;
    for (;;) {
        const auto found = query.step();
        if (!found) return found.error();
        if (!*found) return rows;
        rows.push_back(make(query));
    }
}
template <typename Row>
Result<std::optional<Row>> first_of(Statement& query, Row (*make)(const Statement&)) {
    const auto found = query.step();
    if (!found) return found.error();
    return *found ? std::optional{make(query)} : std::nullopt;
}

constexpr const char* account_columns =
    "SELECT name, role, verifier, totp, created, last_login, code_step, language FROM account";
constexpr const char* token_columns = "SELECT name, hash, access, verbs, author, created, expires FROM token";

}  // namespace

std::size_t newest_admin_schema() { return std::size(admin_steps); }

Result<AdminStore> AdminStore::open(const std::string& path, std::chrono::milliseconds lock_wait) {
    auto database = Database::open_or_read({path, admin_steps, lock_wait});
    if (!database) return database.error();
    return AdminStore{std::move(*database)};
}

Result<AdminStore> AdminStore::stand_in(const std::string& path, const Error& obstacle) {
    auto database = Database::stand_in({path, admin_steps}, obstacle);
    if (!database) return database.error();
    return AdminStore{std::move(*database)};
}

Result<void> AdminStore::prove_writable() {
    if (auto open = database_.overcome(); !open) return open;
    // There may be no account to write, and a row of the audit would say something.
    const std::string same = "PRAGMA user_version = " + std::to_string(std::size(admin_steps));
    return database_.run(same.c_str());
}

Result<std::vector<AdminAccount>> AdminStore::accounts() {
    auto query = database_.prepare(std::string{account_columns} + " ORDER BY name");
    if (!query) return query.error();
    return all_of(*query, account_of);
}

Result<std::optional<AdminAccount>> AdminStore::account(const std::string& name) {
    auto query = database_.prepare(std::string{account_columns} + " WHERE name = ?");
    if (!query) return query.error();
    query->bind(1, name);
    return first_of(*query, account_of);
}

Result<void> AdminStore::put(const AdminAccount& account) {
    auto insert = database_.prepare(
        "INSERT OR REPLACE INTO account (name, role, verifier, totp, created, last_login, code_step, language)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    return insert->bind(1, account.name)
        .bind(2, account.role)
        .bind(3, account.verifier)
        .bind(4, account.totp)
        .bind(5, number_of(account.created))
        .bind(6, number_of(account.last_login))
        .bind(7, account.code_step)
        .bind(8, account.language)
        .run();
}

Result<bool> AdminStore::remove(const std::string& name) {
    auto erase = database_.prepare("DELETE FROM account WHERE name = ?");
    if (!erase) return erase.error();
    if (const auto done = erase->bind(1, name).run(); !done) return done.error();
    return database_.changed() > 0;
}

Result<std::vector<AdminToken>> AdminStore::tokens() {
    auto query = database_.prepare(std::string{token_columns} + " ORDER BY name");
    if (!query) return query.error();
    return all_of(*query, token_row);
}

Result<std::optional<AdminToken>> AdminStore::token_of(const std::string& hash) {
    auto query = database_.prepare(std::string{token_columns} + " WHERE hash = ?");
    if (!query) return query.error();
    query->bind(1, hash);
    return first_of(*query, token_row);
}

Result<void> AdminStore::add(const AdminToken& token) {
    auto insert = database_.prepare(
        "INSERT INTO token (name, hash, access, verbs, author, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    return insert->bind(1, token.name)
        .bind(2, token.hash)
        .bind(3, token.access)
        .bind(4, token.verbs)
        .bind(5, token.author)
        .bind(6, number_of(token.created))
        .bind(7, number_of(token.expires))
        .run();
}

Result<bool> AdminStore::remove_token(const std::string& name) {
    auto erase = database_.prepare("DELETE FROM token WHERE name = ?");
    if (!erase) return erase.error();
    if (const auto done = erase->bind(1, name).run(); !done) return done.error();
    return database_.changed() > 0;
}

Result<void> AdminStore::record(const AuditRow& row, std::uint64_t most) {
    auto insert = database_.prepare(
        "INSERT INTO audit (time, author, address, verb, arguments, outcome) VALUES (?, ?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    const auto done = insert->bind(1, number_of(row.time))
                          .bind(2, row.author)
                          .bind(3, row.address)
                          .bind(4, row.verb)
                          .bind(5, row.arguments)
                          .bind(6, row.outcome)
                          .run();
    if (!done) return done;
    // Numbers only grow, so there are no more rows than from the first number to the last; nothing is counted before.
    auto span = database_.prepare("SELECT (SELECT max(id) FROM audit) - (SELECT min(id) FROM audit) + 1");
    if (!span) return span.error();
    if (const auto spanned = span->step(); !spanned) return spanned.error();
    const auto bound = static_cast<std::int64_t>(most);
    if (span->number(0) <= bound) return {};
    auto count = database_.prepare("SELECT count(*), sum(author = ?1) FROM audit");
    if (!count) return count.error();
    const auto counted = count->bind(1, row.author).step();
    if (!counted) return counted.error();
    const std::int64_t excess = count->number(0) - bound;
    if (excess <= 0) return {};
    // Whoever has more than a quarter makes room himself: nobody rolls over what others did.
    const std::int64_t own =
        std::clamp<std::int64_t>(count->number(1) - std::max<std::int64_t>(1, bound / 4), 0, excess);
    if (auto erased = erase_oldest_rows(row.author, own); !erased) return erased;
    return erase_oldest_rows({}, excess - own);
}

Result<void> AdminStore::erase_oldest_rows(const std::string& author, std::int64_t rows) {
    if (rows == 0) return {};
    auto erase = database_.prepare(
        "DELETE FROM audit WHERE id IN"
        " (SELECT id FROM audit WHERE ?1 = '' OR author = ?1 ORDER BY id LIMIT ?2)");
    if (!erase) return erase.error();
    return erase->bind(1, author).bind(2, rows).run();
}

Result<std::vector<AuditRow>> AdminStore::audit(std::size_t limit, const std::string& author) {
    auto query = database_.prepare(
        "SELECT id, time, author, address, verb, arguments, outcome FROM audit WHERE ?1 = '' OR author = ?1"
        " ORDER BY id DESC LIMIT ?2");
    if (!query) return query.error();
    query->bind(1, author).bind(2, static_cast<std::int64_t>(limit));
    return all_of<AuditRow>(*query, [](const Statement& row) -> AuditRow {
        return {row.number(0), time_of(row.number(1)), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)};
    });
}

Result<std::vector<std::string>> AdminStore::addresses_of(const std::string& verb, std::size_t most) {
    auto query = database_.prepare(
        "SELECT address FROM audit WHERE verb = ?1 AND outcome = 'ok' GROUP BY address ORDER BY max(id) DESC LIMIT ?2");
    if (!query) return query.error();
    query->bind(1, verb).bind(2, static_cast<std::int64_t>(most));
    return all_of<std::string>(*query, [](const Statement& row) { return row.text(0); });
}

}  // namespace sallyport::io
