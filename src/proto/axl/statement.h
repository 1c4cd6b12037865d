// The statements that `run sql` and AXL take: a small part of SQL, named form by form. Nothing of a statement's text
// ever reaches a database: tables and columns come out as words from the lists below, values as values.
//
//   select * | count(*) | column, …  from table  [where column = 'value' [and …]]  [order by column, …]
//   insert into xmpps2snodes (pkid, cp_id) values (newid() | 'uuid', 'value')
//   update xmpps2snodes set cp_id = 'value' where column = 'value' [and …]
//   delete from xmpps2snodes where column = 'value' [and …]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport::axl {

enum class Act : std::uint8_t { select, insert, update, remove };

struct Equals {
    std::string column;
    std::string value;
    bool operator==(const Equals&) const = default;
};

struct Statement {
    Act act = Act::select;
    std::string table;
    std::vector<std::string> columns;  ///< select; empty: all
    bool count = false;                ///< select count(*)
    std::vector<Equals> where;
    std::vector<std::string> order_by;  ///< select
    std::string pkid;                   ///< insert; empty: newid()
    std::string cp_id;                  ///< insert, update
    bool operator==(const Statement&) const = default;

    [[nodiscard]] bool changes() const { return act != Act::select; }
};

inline constexpr std::size_t longest_statement = 8192;
inline constexpr std::size_t longest_value = 512;
inline constexpr std::size_t most_conditions = 16;

/// Errors: "sql-refused"; the text says what stands where something else was wanted.
[[nodiscard]] Result<Statement> parse_statement(std::string_view sql);

/// `cm-<n>_s2scp-<n>.<realm>`. Errors: "cp-id-malformed".
[[nodiscard]] Result<void> check_cp_id(std::string_view cp_id);

/// `value` between single quotes, for a statement that we send.
[[nodiscard]] std::string quoted(std::string_view value);

}  // namespace sallyport::axl
