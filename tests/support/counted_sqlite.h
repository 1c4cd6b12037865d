// What SQLite does while this lives, on every database that is opened meanwhile: statements by their text, and steps of
// its machine, which are the same on every host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace sallyport::test {

class CountedSqlite {
public:
    CountedSqlite();
    ~CountedSqlite();
    CountedSqlite(const CountedSqlite&) = delete;
    CountedSqlite& operator=(const CountedSqlite&) = delete;

    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    /// Statements that were begun and hold `text`.
    [[nodiscard]] std::size_t statements(std::string_view text) const;

private:
    static int opened(sqlite3* database, char** problem, const void* routines);
    std::uint64_t steps_ = 0;
    std::vector<std::string> begun_;
};

}  // namespace sallyport::test
