// By SQLite's own hooks, which a new connection is given.
#include "support/counted_sqlite.h"

#include <sqlite3.h>

#include <algorithm>

namespace sallyport::test {

namespace {
/// SQLite hands nothing to who is told of a new connection.
CountedSqlite* counting = nullptr;
}  // namespace

CountedSqlite::CountedSqlite() {
    counting = this;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&CountedSqlite::opened));
}

CountedSqlite::~CountedSqlite() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&CountedSqlite::opened));
    counting = nullptr;
}

int CountedSqlite::opened(sqlite3* database, char**, const void*) {
    sqlite3_progress_handler(
        database, 1,
        [](void*) {
            if (counting != nullptr) ++counting->steps_;
            return 0;
        },
        nullptr);
    sqlite3_trace_v2(
        database, SQLITE_TRACE_STMT,
        [](unsigned, void*, void*, void* text) {
            if (counting != nullptr) counting->begun_.emplace_back(static_cast<const char*>(text));
            return 0;
        },
        nullptr);
    return SQLITE_OK;
}

std::size_t CountedSqlite::statements(std::string_view text) const {
    return static_cast<std::size_t>(std::count_if(begun_.begin(), begun_.end(), [&](const std::string& statement) {
        return statement.find(text) != std::string::npos;
    }));
}

}  // namespace sallyport::test
