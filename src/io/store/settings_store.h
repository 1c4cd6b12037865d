// The settings database: the current value of every setting, and who changed what when. It knows names and JSON text;
// what they mean is the business of model/config.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/store/database.h"

namespace sallyport::io {

struct StoredChange {
    std::string name;
    std::string from;       ///< JSON, for the history
    std::string value;      ///< JSON
    bool secret = false;    ///< the history holds stars in place of both values
    bool internal = false;  ///< a value of the program's own: no line in the history
};

struct StoredSettings {
    std::uint64_t revision = 0;  ///< 0: nothing was ever stored
    std::map<std::string, std::string> values;
    std::map<std::string, std::uint64_t> revisions;  ///< of the last change of each value
};

struct HistoryRow {
    std::uint64_t revision = 0;
    WallTime time;
    std::string author;
    std::string origin;  ///< "cli", "file", "rest"
    std::string name;
    std::string from;
    std::string to;
};

class SettingsStore {
public:
    /// At most this many lines of history are kept, the newest.
    static constexpr std::int64_t most_history = 10'000;
    /// Of those, that came from another node: what it changes to and fro leaves what administrators changed here.
    static constexpr std::int64_t most_replicated = most_history / 2;

    /// As Database::open_or_read(). Errors: those of Database.
    static Result<SettingsStore> open(const std::string& path,
                                      std::chrono::milliseconds lock_wait = std::chrono::seconds{2});

    /// Why it can only be read, if so (Database::open_or_read).
    [[nodiscard]] const std::optional<Error>& obstacle() const { return database_.obstacle(); }
    [[nodiscard]] Result<StoredSettings> load();
    /// All changes, or none, in one transaction that is on the disk when this returns. The new revision.
    [[nodiscard]] Result<std::uint64_t> commit(const std::vector<StoredChange>& changes, const std::string& author,
                                               const std::string& origin, WallTime time);
    /// Opens it for writing where it could only be read, and writes what is there already; errors: why a change could
    /// not be stored now.
    [[nodiscard]] Result<void> prove_writable();
    /// Newest first; an empty name means all.
    [[nodiscard]] Result<std::vector<HistoryRow>> history(std::size_t limit, const std::string& name);

private:
    explicit SettingsStore(Database database) : database_{std::move(database)} {}
    [[nodiscard]] Result<std::uint64_t> revision();
    [[nodiscard]] Result<void> write(const StoredChange& change, std::uint64_t revision);
    [[nodiscard]] Result<void> remember(const StoredChange& change, std::uint64_t revision, const std::string& author,
                                        const std::string& origin, WallTime time);
    [[nodiscard]] Result<void> forget_oldest();

    Database database_;
};

}  // namespace sallyport::io
