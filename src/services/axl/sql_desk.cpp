// From statements to calls of the store.
#include "services/axl/sql_desk.h"

namespace sallyport::axl {

namespace {

std::vector<io::Condition> conditions_of(const Statement& statement) {
    std::vector<io::Condition> conditions;
    for (const Equals& equals : statement.where) conditions.push_back({equals.column, equals.value});
    return conditions;
}

bool is_trouble(const Error& error) { return error.code != "store-conflict" && error.code != "store-no-such-name"; }

}  // namespace

Result<SqlResult> SqlDesk::run(std::string_view sql) {
    const auto statement = parse_statement(sql);
    if (!statement) return statement.error();
    return run(*statement);
}

Result<SqlResult> SqlDesk::run(const Statement& statement) {
    auto result = statement.changes() ? change(statement) : select(statement);
    const bool trouble = !result && is_trouble(result.error());
    if (statement.changes()) changes_fail_ = trouble;
    // A full disk can be read from: that says nothing about the next change.
    if (!trouble && changes_fail_ && !store_.prove_writable()) return result;
    if (!trouble) changes_fail_ = false;
    if (on_health_) on_health_(trouble ? &result.error() : nullptr);
    return result;
}

Result<SqlResult> SqlDesk::select(const Statement& statement) {
    auto selected = store_.select(
        {statement.table, statement.columns, statement.count, conditions_of(statement), statement.order_by});
    if (!selected) return selected.error();
    return SqlResult{true, std::move(selected->columns), std::move(selected->rows), 0};
}

Result<SqlResult> SqlDesk::change(const Statement& statement) {
    Result<std::uint64_t> changed{0};
    if (statement.act == Act::insert) {
        const auto added = store_.add_s2s_node({statement.pkid, statement.cp_id});
        changed = added ? Result<std::uint64_t>{1} : Result<std::uint64_t>{added.error()};
    } else if (statement.act == Act::update) {
        changed = store_.update_s2s_nodes(statement.cp_id, conditions_of(statement));
    } else {
        changed = store_.remove_s2s_nodes(conditions_of(statement));
    }
    if (!changed) return changed.error();
    return SqlResult{false, {}, {}, *changed};
}

std::string public_text(const Error& error) {
    if (error.code == "store-conflict") return "a row with this cp_id or pkid exists already";
    if (error.code == "store-locked") return "the database is locked by another process";
    if (error.code == "store-corrupt") return "the database is damaged";
    if (error.code == "store-full") return "the disk of the database, or the table, is full";
    if (error.code == "store-unwritable") return "the database cannot be written to";
    if (error.code.starts_with("store-")) return "the database failed";
    return error.text;
}

}  // namespace sallyport::axl
