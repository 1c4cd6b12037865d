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

/// A second place for lines: the log of a diagnosis. Bounded; what does not fit is counted.
class LogCopy {
public:
    /// Appends to a file of mode 0600. Errors: "log-file".
    static Result<std::shared_ptr<LogCopy>> open(const std::string& path, std::uint64_t most_bytes);
    ~LogCopy();
    LogCopy(const LogCopy&) = delete;
    LogCopy& operator=(const LogCopy&) = delete;

    /// Thread-safe, like all of it.
    void write(std::string_view line);
    [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(); }
    /// Lines that found no room, or that the disk did not take.
    [[nodiscard]] std::uint64_t lost() const { return lost_.load(); }

private:
    LogCopy(int descriptor, std::uint64_t bytes, std::uint64_t most)
        : descriptor_{descriptor}, most_{most}, bytes_{bytes} {}

    int descriptor_;
    std::uint64_t most_;
    std::mutex mutex_;  ///< lines stay whole
    std::atomic<std::uint64_t> bytes_, lost_{0};
};

class SyslogSender;

struct LogSettings {
    LogOrigin origin;  ///< process 0: this one's id; host empty: this host's name
    LogForm form = LogForm::text;
    LogLevel level = LogLevel::info;
    std::string file;  ///< empty: standard error
};

/// One entry of the event log.
struct LogEvent {
    std::uint64_t number = 0;  ///< counts from 1; goes on after a restart where the event log is kept on disk
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
    /// Every line goes there too from now on; null: no longer. Thread-safe.
    void copy_to(std::shared_ptr<LogCopy> copy);
    /// Entries of the event log are sent too; null: no longer. Thread-safe.
    void send_events(std::shared_ptr<SyslogSender> sender);
    /// Numbers of the event log go on after `number`, which a store on disk holds; those given already are moved up.
    void number_after(std::uint64_t number);
    /// Entries of the event log after number `after`, oldest first, at most the `most` latest of them. Thread-safe.
    [[nodiscard]] std::vector<LogEvent> events(std::uint64_t after, std::size_t most) const;

private:
    NodeLog(LogSettings settings, const Clock& clock, std::shared_ptr<spdlog::logger> lines);
    void remember(WallTime time, const LogRecord& record);
    template <typename Part>
    [[nodiscard]] std::shared_ptr<Part> held(const std::shared_ptr<Part>& part) const;

    LogSettings settings_;
    const Clock& clock_;
    std::shared_ptr<spdlog::logger> lines_;
    std::array<std::atomic<LogLevel>, static_cast<std::size_t>(LogModule::count_)> levels_;
    mutable std::mutex mutex_;
    std::deque<LogEvent> events_;
    std::uint64_t last_number_ = 0;
    std::shared_ptr<LogCopy> copy_;
    std::shared_ptr<SyslogSender> sender_;
    std::atomic<bool> has_copy_{false}, has_sender_{false};  ///< spares the lock where nobody asked
};

}  // namespace sallyport::io
