// The log of a node: lines to standard error or a file, a level a module that can change at run time, and the event
// log, the latest noteworthy records kept in memory for `events` and the admin pages.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "io/log/log_text.h"

namespace spdlog {
class logger;
}

namespace sallyport::io {

enum class LogForm { text, json };

struct LogSettings {
    LogOrigin origin;  ///< process 0: this one's id; host empty: this host's name
    LogForm form = LogForm::text;
    LogLevel level = LogLevel::info;
    std::string file;  ///< empty: standard error
};

/// One entry of the event log.
struct LogEvent {
    std::uint64_t number = 0;  ///< counts from 1 since the start
    WallTime time{};
    LogModule module{};
    LogLevel level{};
    std::string event;
    std::vector<std::pair<std::string, std::string>> facts;  ///< values capped, not escaped
};

class NodeLog final : public LogSink {
public:
    static constexpr std::size_t events_kept = 2000;

    /// Errors: "log-file". `clock` must outlive the log.
    static Result<std::unique_ptr<NodeLog>> open(LogSettings settings, const Clock& clock);
    ~NodeLog() override;

    [[nodiscard]] bool wants(LogModule module, LogLevel level) const override;
    void write(LogRecord record) override;

    /// Thread-safe, in force at once.
    void set_level(LogModule module, LogLevel level);
    void set_levels(LogLevel level);
    [[nodiscard]] LogLevel level(LogModule module) const;
    /// Entries of the event log after number `after`, oldest first, at most the `most` latest of them. Thread-safe.
    [[nodiscard]] std::vector<LogEvent> events(std::uint64_t after, std::size_t most) const;

private:
    NodeLog(LogSettings settings, const Clock& clock, std::shared_ptr<spdlog::logger> lines);
    void remember(WallTime time, const LogRecord& record);

    LogSettings settings_;
    const Clock& clock_;
    std::shared_ptr<spdlog::logger> lines_;
    std::array<std::atomic<LogLevel>, static_cast<std::size_t>(LogModule::count_)> levels_;
    mutable std::mutex mutex_;
    std::deque<LogEvent> events_;
    std::uint64_t last_number_ = 0;
};

}  // namespace sallyport::io
