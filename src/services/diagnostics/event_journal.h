// The event log on disk, and beside it who knows of which alarm: what NodeLog remembers is written in batches, off the
// data threads, and outlives restarts. Without a disk that works the events in memory serve. Control thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/log/node_log.h"
#include "io/log/syslog.h"
#include "io/loop/loop.h"
#include "io/store/event_store.h"
#include "services/alarms/alarm_board.h"

namespace sallyport::services {

struct JournalOptions {
    std::string file;
    unsigned rows = 100'000;
    unsigned days = 90;
    std::vector<io::SyslogAddress> syslog;
};

/// Empty fields do not restrict.
struct EventSearch {
    std::optional<LogModule> module;
    LogLevel least_level = LogLevel::trace;
    std::string code_prefix, contains;
    WallTime since{}, until = WallTime::max();
    std::uint64_t after = 0;   ///< a number
    std::uint64_t before = 0;  ///< a number; 0: the newest
};

class EventJournal {
public:
    EventJournal(JournalOptions options, io::Loop& loop, io::NodeLog& log, AlarmBoard& alarms);
    ~EventJournal();
    EventJournal(const EventJournal&) = delete;
    EventJournal& operator=(const EventJournal&) = delete;

    /// The newest `most` that fit, newest first; what was not written yet is among them. Errors: those of the store.
    [[nodiscard]] Result<std::vector<io::LogEvent>> find(const EventSearch& search, std::size_t most);

private:
    void open();
    void write();
    void turn();
    void watch_syslog();
    void watch_lines();
    void remember_alarms();

    JournalOptions options_;
    io::Loop& loop_;
    io::NodeLog& log_;
    AlarmBoard& alarms_;
    std::optional<io::EventStore> store_;
    std::string trouble_;
    std::shared_ptr<io::SyslogSender> sender_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint try_again_{}, next_cleaning_{}, calm_after_{};
    std::uint64_t lines_lost_ = 0;  ///< of the log, seen so far
    std::uint64_t written_ = 0;     ///< the number of the latest on disk
};

}  // namespace sallyport::services
