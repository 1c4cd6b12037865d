// The event log on disk, bounded: what happened, for `events` and the pages, across restarts; and who knows of which
// alarm.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "io/store/database.h"

namespace sallyport::io {

struct StoredEvent {
    std::uint64_t id = 0;  ///< grows; 0 when appended: the store gives one
    WallTime time;
    LogLevel level = LogLevel::info;
    std::string module;
    std::string code;   ///< the event's name, such as "settings.changed"
    std::string facts;  ///< a JSON object; never with secrets
};

/// Empty fields do not restrict.
struct EventQuery {
    LogLevel least_level = LogLevel::trace;
    std::vector<std::string> modules;  ///< any of these; without commas in their names
    std::string code_prefix;           ///< "s2s." finds "s2s.dialback.sent"
    std::string contains;              ///< somewhere in the facts
    WallTime since{}, until = WallTime::max();
    std::uint64_t after_id = 0;
    std::uint64_t before_id = 0;  ///< for the next page
    std::size_t limit = 100;
};

/// Somebody has taken note of an alarm that stood.
struct StoredAcknowledgement {
    std::string code, key;  ///< of the alarm
    WallTime time;
    std::string author, note;
    WallTime first;           ///< the alarm stood since
    std::uint64_t count = 0;  ///< and had been raised so often
};

class EventStore {
public:
    static constexpr std::size_t most_in_answer = 10'000;

    /// Keeps the newest `most` events. Errors: those of Database.
    static Result<EventStore> open(const std::string& path, std::uint64_t most,
                                   std::chrono::milliseconds lock_wait = std::chrono::seconds{2});

    /// All of a batch, or none: one transaction.
    [[nodiscard]] Result<void> append(const std::vector<StoredEvent>& events);
    /// The greatest id so far, 0 when there is none.
    [[nodiscard]] Result<std::uint64_t> newest();
    /// When the newest event was; nothing: there is none.
    [[nodiscard]] Result<std::optional<WallTime>> newest_time();
    [[nodiscard]] Result<void> forget_before(WallTime time);
    /// One for each alarm; a later one takes its place.
    [[nodiscard]] Result<void> keep(const StoredAcknowledgement& acknowledgement);
    [[nodiscard]] Result<void> forget_acknowledgement(const std::string& code, const std::string& key);
    [[nodiscard]] Result<std::vector<StoredAcknowledgement>> acknowledgements();
    /// Newest first.
    [[nodiscard]] Result<std::vector<StoredEvent>> query(const EventQuery& query);

private:
    EventStore(Database database, std::uint64_t most) : database_{std::move(database)}, most_{most} {}

    Database database_;
    std::uint64_t most_;
};

}  // namespace sallyport::io
