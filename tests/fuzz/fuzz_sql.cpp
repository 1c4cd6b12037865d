// Any bytes as a statement of AXL or `run sql`: what is taken names tables and columns of the grammar only, and written
// anew from its parts it is the same statement, so nothing hid behind or between them.
#include <algorithm>
#include <cstdint>
#include <string>

#include "fuzz/check.h"
#include "proto/axl/statement.h"

using namespace sallyport;

namespace {

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

std::string listed(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
}

std::string conditions(const axl::Statement& statement) {
    std::string all;
    for (const axl::Equals& equals : statement.where) {
        all += (all.empty() ? " where " : " and ") + equals.column + " = " + axl::quoted(equals.value);
    }
    return all;
}

std::string written(const axl::Statement& statement) {
    switch (statement.act) {
        case axl::Act::select: {
            const std::string what = statement.count             ? "count(*)"
                                     : statement.columns.empty() ? "*"
                                                                 : listed(statement.columns);
            const std::string order = statement.order_by.empty() ? "" : " order by " + listed(statement.order_by);
            return "select " + what + " from " + statement.table + conditions(statement) + order;
        }
        case axl::Act::insert:
            return "insert into " + statement.table + " (pkid, cp_id) values (" +
                   (statement.pkid.empty() ? "newid()" : axl::quoted(statement.pkid)) + ", " +
                   axl::quoted(statement.cp_id) + ")";
        case axl::Act::update:
            return "update " + statement.table + " set cp_id = " + axl::quoted(statement.cp_id) + conditions(statement);
        case axl::Act::remove: return "delete from " + statement.table + conditions(statement);
    }
    return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view sql = fuzz::as_text(bytes, size);
    const auto statement = axl::parse_statement(sql);
    if (!statement) {
        fuzz::check(!statement.error().text.empty(), "refused without a reason");
        return 0;
    }
    fuzz::check(sql.size() <= axl::longest_statement, "longer than its bound");
    fuzz::check(is_word(statement->table), "a table that is no word");
    for (const auto* words : {&statement->columns, &statement->order_by}) {
        for (const std::string& word : *words) fuzz::check(is_word(word), "a column that is no word");
    }
    fuzz::check(statement->where.size() <= axl::most_conditions, "more conditions than its bound");
    for (const axl::Equals& equals : statement->where) {
        fuzz::check(is_word(equals.column), "a column that is no word");
        fuzz::check(equals.value.size() <= axl::longest_value, "a value above its bound");
    }
    const auto again = axl::parse_statement(written(*statement));
    fuzz::check(again && *again == *statement, "a statement that changes when it is written");
    return 0;
}
