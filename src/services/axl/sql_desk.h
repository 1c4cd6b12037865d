// Statements on the presence node's database, for `run sql` and for the AXL service: the same grammar, the same
// executor. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/store/presence_store.h"
#include "proto/axl/statement.h"

namespace sallyport::axl {

struct SqlResult {
    bool rows_wanted = false;  ///< it was a select
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
    std::uint64_t changed = 0;  ///< rows that were inserted, updated or deleted
};

class SqlDesk {
public:
    /// Told after every statement: the database's trouble, or null when it works; after a change that failed, only when
    /// it can be written to again. Not told of statements that are refused for what they say.
    using OnHealth = std::function<void(const Error* trouble)>;

    /// `store` must outlive the desk.
    explicit SqlDesk(io::PresenceStore& store, OnHealth on_health = {})
        : store_{store}, on_health_{std::move(on_health)} {}

    /// A change has failed elsewhere: until the database can be written to again, reading alone does not make it well.
    void note_failed_change() { changes_fail_ = true; }

    /// Errors: "sql-refused", and those of PresenceStore.
    [[nodiscard]] Result<SqlResult> run(std::string_view sql);
    [[nodiscard]] Result<SqlResult> run(const Statement& statement);

private:
    [[nodiscard]] Result<SqlResult> select(const Statement& statement);
    [[nodiscard]] Result<SqlResult> change(const Statement& statement);

    io::PresenceStore& store_;
    OnHealth on_health_;
    bool changes_fail_ = false;
};

/// What a far caller may read of the store's trouble: no paths of ours.
[[nodiscard]] std::string public_text(const Error& error);

}  // namespace sallyport::axl
