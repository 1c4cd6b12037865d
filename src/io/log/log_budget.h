// What strangers can cause to be logged, under a budget: `repeated_events` records of one event about one remote
// address in ten seconds (of the level info `info_share` times as many), and `all_share` times as many of one event
// about all of them. The rest is counted, and a line tells how many there were. Who overran it has a twentieth in the
// ten seconds after, until they were calm: a flood that lasts leaves two lines in ten seconds for each address, and
// neither the log nor the event log turns over.
//
// Only records with a source draw on it, and none below info: details are switched on by an operator who wants them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/tables.h"

namespace sallyport::io {

class LogBudget final : public LogSink {
public:
    static constexpr std::uint64_t all_share = 50;
    static constexpr std::uint64_t info_share = 10;
    static constexpr std::uint64_t penalty = 20;
    static constexpr Duration window = std::chrono::seconds{10};
    static constexpr std::size_t most_events = 512;  ///< names, which are ours

    struct Bounds {
        std::uint64_t records;  ///< of one event about one source
        std::uint64_t sources;  ///< events and sources counted apart; more draw on what is for all
    };
    /// Both outlive it.
    LogBudget(LogSink& sink, const Clock& clock, Bounds bounds) : sink_{sink}, clock_{clock}, bounds_{bounds} {}

    [[nodiscard]] bool wants(LogModule module, LogLevel level) const override { return sink_.wants(module, level); }
    void write(LogRecord record) override;
    /// Tells what was counted in windows that are over; to be called every few seconds. Thread-safe, like all of it.
    void settle();
    [[nodiscard]] TableFill table() const;

private:
    using Key = std::pair<std::string, std::string>;  ///< event, source; an empty source: all of them
    struct Account {
        LogModule module{};
        std::uint64_t passed = 0, held_back = 0;
        bool is_loud = false;  ///< overran the window before
    };
    [[nodiscard]] bool admit(const LogRecord& record);
    [[nodiscard]] Account* account(const Key& key, LogModule module, std::uint64_t most);
    [[nodiscard]] bool has_room(const Account& account, std::uint64_t share) const;
    /// Takes windows that are over off the queue, at most so many; what is to be told of them.
    [[nodiscard]] std::vector<LogRecord> age(std::size_t most);

    LogSink& sink_;
    const Clock& clock_;
    const Bounds bounds_;
    mutable std::mutex mutex_;  ///< guards what follows
    std::map<Key, Account> accounts_;
    std::size_t for_all_ = 0;                        ///< of those, without a source
    std::deque<std::pair<TimePoint, Key>> windows_;  ///< one an account: when it ends, soonest first
};

}  // namespace sallyport::io
