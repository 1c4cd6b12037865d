// The event log on disk, and beside it who knows of which alarm: what NodeLog remembers is written in batches, beside
// the control thread, and outlives restarts. What is read comes over a connection of its own, on a thread of its own,
// and waits for no write. Without a disk that works the events in memory serve. Control thread only.
#pragma once

#include <functional>
#include <map>
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
    /// Where the disk is waited for: work, and then the rest on this thread; false: too much is under way. Empty: at
    /// once.
    std::function<bool(std::function<void()> work, std::function<void()> then)> disk{};
    /// The same for what is read.
    std::function<bool(std::function<void()> work, std::function<void()> then)> reading{};
};

/// Empty fields do not restrict.
struct EventSearch {
    std::vector<LogModule> modules;  ///< any of these
    LogLevel least_level = LogLevel::trace;
    std::string code_prefix, contains;
    WallTime since{}, until = WallTime::max();
    std::uint64_t after = 0;   ///< a number
    std::uint64_t before = 0;  ///< a number; 0: the newest
    /// What else has to hold; called on the thread that reads. Empty: nothing.
    std::function<bool(const io::LogEvent&)> passes{};
};

struct EventsFound {
    std::vector<io::LogEvent> events;  ///< newest first
    std::uint64_t before = 0;          ///< older ones than this number were not looked at; 0: all were
};

class EventJournal {
public:
    /// One search looks at so many rows, whatever passes, and says where to go on.
    static constexpr std::size_t most_looked_at = 20'000;
    /// Searches under way: of all, of one who asks.
    static constexpr std::size_t most_searches = 16, most_searches_of_one = 4;

    EventJournal(JournalOptions options, io::Loop& loop, io::NodeLog& log, AlarmBoard& alarms);
    ~EventJournal();
    EventJournal(const EventJournal&) = delete;
    EventJournal& operator=(const EventJournal&) = delete;

    using OnFound = std::function<void(Result<EventsFound>)>;
    /// The newest `most` that fit; what was not written yet is among them. `asker` is whose search it is. Errors:
    /// "events-busy", and those of the store.
    void find(EventSearch search, std::size_t most, const std::string& asker, OnFound on_found);

private:
    using Work = std::function<Result<void>(io::EventStore&)>;
    void open();
    void write();
    /// `work` where the disk is waited for; its trouble is ours.
    void beside(Work work, std::function<void(bool done)> then);
    /// What is not on the disk yet, and newer than all of it.
    [[nodiscard]] EventsFound find_in_memory(const EventSearch& search, std::size_t most, bool on_disk);
    void search_ended(const std::string& asker);
    void turn();
    void watch_syslog();
    void watch_lines();
    void remember_alarms();
    [[nodiscard]] WallTime sure_time() const;

    JournalOptions options_;
    io::Loop& loop_;
    io::NodeLog& log_;
    AlarmBoard& alarms_;
    std::shared_ptr<io::EventStore> store_;        ///< used beside; null: trouble
    std::shared_ptr<io::EventStore> reading_;      ///< used by the thread that reads
    std::map<std::string, std::size_t> searches_;  ///< under way, by who asked
    std::string trouble_;
    std::shared_ptr<io::SyslogSender> sender_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint try_again_{}, next_cleaning_{}, calm_after_{};
    struct Watched {
        TimePoint calm_after{};  ///< without trouble by then it is well
        TimePoint told{};        ///< its trouble, or that it is another now
    };
    std::map<std::string, Watched> receivers_;  ///< of syslog that have been in trouble, by name
    TimePoint opened_{};                        ///< of the store
    WallTime newest_at_open_{};                 ///< of its events
    std::uint64_t lines_lost_ = 0;              ///< of the log, seen so far
    std::uint64_t written_ = 0;                 ///< the number of the latest on disk
    bool writing_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sallyport::services
