// Four tables. Names of tables and columns come from the list below, values are always bound.
#include "io/store/presence_store.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/join.h"
#include "io/store/database_copy.h"

namespace sallyport::io {

namespace {

constexpr Migration presence_steps[] = {
    {"CREATE TABLE xmpps2snodes (pkid TEXT PRIMARY KEY, cp_id TEXT NOT NULL UNIQUE) WITHOUT ROWID;"
     "CREATE TABLE processnode (pkid TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, nodeid INTEGER NOT NULL)"
     " WITHOUT ROWID;"
     "CREATE TABLE applicationuser (name TEXT PRIMARY KEY, roles TEXT NOT NULL, verifier TEXT NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE notification (id INTEGER PRIMARY KEY AUTOINCREMENT, severity INTEGER NOT NULL,"
     " count INTEGER NOT NULL, description TEXT NOT NULL, origin TEXT NOT NULL, created INTEGER NOT NULL,"
     " UNIQUE (origin, description));"},
    {"ALTER TABLE notification ADD COLUMN verb TEXT NOT NULL DEFAULT '';"},
};

/// What may be read from outside. The verifiers of passwords are not among it.
constexpr std::string_view s2s_columns[] = {"pkid", "cp_id"};
constexpr std::string_view process_columns[] = {"pkid", "name", "nodeid"};
constexpr std::string_view user_columns[] = {"name"};
struct Readable {
    std::string_view table;
    std::span<const std::string_view> columns;
};
constexpr Readable readable[] = {
    {"xmpps2snodes", s2s_columns}, {"processnode", process_columns}, {"applicationuser", user_columns}};

/// The schema's own spelling of a column, or nothing.
std::optional<std::string_view> known(const Readable& table, std::string_view column) {
    const auto at = std::find(table.columns.begin(), table.columns.end(), column);
    if (at == table.columns.end()) return std::nullopt;
    return *at;
}

Error no_such_column(const Readable& table, const std::string& column) {
    return {"store-no-such-name",
            "the table " + std::string{table.table} + " has no column \"" + column.substr(0, 64) + "\""};
}

/// " WHERE a = ? AND b = ?"
Result<std::string> where_text(const Readable& table, const std::vector<Condition>& where) {
    std::string text;
    for (const Condition& condition : where) {
        const auto column = known(table, condition.column);
        if (!column) return no_such_column(table, condition.column);
        text += (text.empty() ? " WHERE " : " AND ") + std::string{*column} + " = ?";
    }
    return text;
}

std::vector<std::string> values_of(const std::vector<Condition>& where) {
    std::vector<std::string> values;
    for (const Condition& condition : where) values.push_back(condition.value);
    return values;
}

void bind_all(Statement& statement, const std::vector<std::string>& values) {
    int place = 0;
    for (const std::string& value : values) statement.bind(++place, value);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> words;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t to = std::min(text.find(separator, from), text.size());
        words.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    return words;
}

constexpr std::string_view between_roles = "\n";

}  // namespace

std::size_t newest_presence_schema() { return std::size(presence_steps); }

Result<PresenceStore> PresenceStore::open(const std::string& path, std::chrono::milliseconds lock_wait) {
    auto database = Database::open_or_read({path, presence_steps, lock_wait});
    if (!database) return database.error();
    return PresenceStore{std::move(*database)};
}

Result<std::string> PresenceStore::fresh_uuid() {
    // RFC 4122 4.4: random but for version and variant. SQLite seeds its generator from the kernel's.
    auto query = database_.prepare(
        "SELECT lower(substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3) || '-' ||"
        " substr('89ab', 1 + (random() & 3), 1) || substr(h, 18, 3) || '-' || substr(h, 21))"
        " FROM (SELECT hex(randomblob(16)) AS h)");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return row.error();
    return query->text(0);
}

Result<std::vector<S2sNode>> PresenceStore::s2s_nodes() {
    auto query = database_.prepare("SELECT pkid, cp_id FROM xmpps2snodes ORDER BY cp_id");
    if (!query) return query.error();
    std::vector<S2sNode> nodes;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return nodes;
        nodes.push_back({query->text(0), query->text(1)});
    }
}

Result<S2sNode> PresenceStore::add_s2s_node(S2sNode node) {
    const auto there = s2s_nodes();
    if (!there) return there.error();
    if (there->size() >= most_s2s_nodes) return Error{"store-full", "the table xmpps2snodes is full"};
    if (node.pkid.empty()) {
        auto pkid = fresh_uuid();
        if (!pkid) return pkid.error();
        node.pkid = std::move(*pkid);
    }
    const auto added =
        change_s2s_nodes("INSERT INTO xmpps2snodes (pkid, cp_id) VALUES (?, ?)", {node.pkid, node.cp_id});
    if (!added) return added.error();
    return node;
}

Result<std::uint64_t> PresenceStore::change_s2s_nodes(const std::string& sql, const std::vector<std::string>& values) {
    std::uint64_t changed = 0;
    {
        auto transaction = Transaction::begin(database_);
        if (!transaction) return transaction.error();
        auto statement = database_.prepare(sql);
        if (!statement) return statement.error();
        bind_all(*statement, values);
        if (const auto done = statement->run(); !done) return done.error();
        changed = database_.changed();
        if (const auto committed = transaction->commit(); !committed) return committed.error();
    }
    if (changed != 0 && on_s2s_nodes_changed_) on_s2s_nodes_changed_();
    return changed;
}

Result<std::uint64_t> PresenceStore::remove_s2s_nodes(const std::vector<Condition>& where) {
    const auto text = where_text(readable[0], where);
    if (!text) return text.error();
    return change_s2s_nodes("DELETE FROM xmpps2snodes" + *text, values_of(where));
}

Result<std::uint64_t> PresenceStore::update_s2s_nodes(const std::string& cp_id, const std::vector<Condition>& where) {
    const auto text = where_text(readable[0], where);
    if (!text) return text.error();
    std::vector<std::string> values = values_of(where);
    values.insert(values.begin(), cp_id);
    return change_s2s_nodes("UPDATE xmpps2snodes SET cp_id = ?" + *text, values);
}

Result<SelectedRows> PresenceStore::select(const Selection& selection) {
    const auto table = std::find_if(std::begin(readable), std::end(readable),
                                    [&](const Readable& row) { return row.table == selection.table; });
    if (table == std::end(readable)) {
        return Error{"store-no-such-name", "there is no table \"" + selection.table.substr(0, 64) + "\""};
    }
    SelectedRows selected;
    if (selection.count) {
        selected.columns = {"count"};
    } else if (selection.columns.empty()) {
        for (const std::string_view column : table->columns) selected.columns.emplace_back(column);
    } else {
        for (const std::string& column : selection.columns) {
            if (!known(*table, column)) return no_such_column(*table, column);
        }
        selected.columns = selection.columns;
    }
    const auto where = where_text(*table, selection.where);
    if (!where) return where.error();
    std::string sql = "SELECT " + (selection.count ? "count(*)" : joined(selected.columns, ",")) + " FROM " +
                      std::string{table->table} + *where;
    for (std::size_t i = 0; i < selection.order_by.size(); ++i) {
        if (!known(*table, selection.order_by[i])) return no_such_column(*table, selection.order_by[i]);
        sql += (i == 0 ? " ORDER BY " : ", ") + selection.order_by[i];
    }
    sql += " LIMIT " + std::to_string(most_selected);
    auto query = database_.prepare(sql);
    if (!query) return query.error();
    bind_all(*query, values_of(selection.where));
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return selected;
        auto& cells = selected.rows.emplace_back();
        for (std::size_t i = 0; i < selected.columns.size(); ++i) cells.push_back(query->text(static_cast<int>(i)));
    }
}

Result<std::vector<ProcessNode>> PresenceStore::process_nodes() {
    auto query = database_.prepare("SELECT pkid, name, nodeid FROM processnode ORDER BY nodeid");
    if (!query) return query.error();
    std::vector<ProcessNode> nodes;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return nodes;
        nodes.push_back({query->text(0), query->text(1), query->number(2)});
    }
}

Result<void> PresenceStore::set_process_nodes(const std::vector<std::string>& names) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    const auto known_nodes = process_nodes();
    if (!known_nodes) return known_nodes.error();
    if (const auto cleared = database_.run("DELETE FROM processnode"); !cleared) return cleared;
    std::int64_t nodeid = 0;
    for (const std::string& name : names) {
        const auto at = std::find_if(known_nodes->begin(), known_nodes->end(),
                                     [&](const ProcessNode& node) { return node.name == name; });
        const auto pkid = at == known_nodes->end() ? fresh_uuid() : Result<std::string>{at->pkid};
        if (!pkid) return pkid.error();
        auto insert = database_.prepare("INSERT INTO processnode (pkid, name, nodeid) VALUES (?, ?, ?)");
        if (!insert) return insert.error();
        if (const auto added = insert->bind(1, *pkid).bind(2, name).bind(3, ++nodeid).run(); !added) return added;
    }
    return transaction->commit();
}

Result<void> PresenceStore::prove_writable() {
    if (auto open = database_.overcome(); !open) return open;
    return database_.run("UPDATE processnode SET name = name");
}

Result<std::vector<ApplicationUser>> PresenceStore::application_users() {
    auto query = database_.prepare("SELECT name, roles, verifier FROM applicationuser ORDER BY name");
    if (!query) return query.error();
    std::vector<ApplicationUser> users;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return users;
        users.push_back({query->text(0), split(query->text(1), between_roles.front()), query->text(2)});
    }
}

Result<void> PresenceStore::put_application_user(const ApplicationUser& user) {
    auto insert = database_.prepare("INSERT OR REPLACE INTO applicationuser (name, roles, verifier) VALUES (?, ?, ?)");
    if (!insert) return insert.error();
    return insert->bind(1, user.name).bind(2, joined(user.roles, between_roles)).bind(3, user.verifier).run();
}

Result<bool> PresenceStore::remove_application_user(const std::string& name) {
    auto erase = database_.prepare("DELETE FROM applicationuser WHERE name = ?");
    if (!erase) return erase.error();
    if (const auto erased = erase->bind(1, name).run(); !erased) return erased.error();
    return database_.changed() != 0;
}

Result<std::vector<Notification>> PresenceStore::notifications() {
    auto query = database_.prepare(
        "SELECT id, severity, count, description, origin, created, verb FROM notification ORDER BY id DESC");
    if (!query) return query.error();
    std::vector<Notification> all;
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return all;
        all.push_back({query->number(0), query->number(1), query->number(2), query->text(3), query->text(4),
                       WallTime{std::chrono::microseconds{query->number(5)}}, query->text(6)});
    }
}

Result<std::int64_t> PresenceStore::raise_notification(const Notification& notification) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    std::int64_t id = 0;
    {
        auto put = database_.prepare(
            "INSERT INTO notification (severity, count, description, origin, created, verb) VALUES (?, 1, ?, ?, ?, ?)"
            " ON CONFLICT (origin, description) DO UPDATE SET count = count + 1, verb = excluded.verb RETURNING id");
        if (!put) return put.error();
        const auto row = put->bind(1, notification.severity)
                             .bind(2, notification.description)
                             .bind(3, notification.origin)
                             .bind(4, notification.created.time_since_epoch().count())
                             .bind(5, notification.verb)
                             .step();
        if (!row) return row.error();
        id = put->number(0);
        if (const auto ended = put->run(); !ended) return ended.error();
        auto trim = database_.prepare("DELETE FROM notification WHERE id <= (SELECT max(id) FROM notification) - ?");
        if (!trim) return trim.error();
        const auto trimmed = trim->bind(1, static_cast<std::int64_t>(most_notifications)).run();
        if (!trimmed) return trimmed.error();
    }
    if (const auto committed = transaction->commit(); !committed) return committed.error();
    return id;
}

Result<bool> PresenceStore::remove_notification(std::int64_t id) {
    auto erase = database_.prepare("DELETE FROM notification WHERE id = ?");
    if (!erase) return erase.error();
    if (const auto erased = erase->bind(1, id).run(); !erased) return erased.error();
    return database_.changed() != 0;
}

Result<std::uint64_t> PresenceStore::remove_notifications(const std::string& origin, std::string_view beginning) {
    auto erase =
        database_.prepare("DELETE FROM notification WHERE origin = ?1 AND substr(description, 1, length(?2)) = ?2");
    if (!erase) return erase.error();
    if (const auto erased = erase->bind(1, origin).bind(2, beginning).run(); !erased) return erased.error();
    return database_.changed();
}

}  // namespace sallyport::io
