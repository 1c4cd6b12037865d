// The log of a node: lines to standard error or a file, which nobody waits for, a level a module that can change at run
// time, and the event log, the latest noteworthy records kept in memory for `events` and the admin pages.
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
#include "base/limits.h"
#include "base/log.h"
#include "base/result.h"
#include "io/log/line_writer.h"
#include "io/log/log_text.h"

namespace sallyport::io {

enum class LogForm { text, json };

/// A second place for lines: the log of a diagnosis. Bounded; what does not fit is counted.
class LogCopy {
public:
    /// Appends to a file of mode 0600. Errors: "log-file".
    static Result<std::shared_ptr<LogCopy>> open(const std::string& path, std::uint64_t most_bytes);

    /// Thread-safe, like all of it; never waits for the disk.
    void write(std::string_view line);
    /// Until the disk has what was written; bounded.
    void flush() { lines_.flush(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(); }
    /// Lines that found no room, or that the disk did not take.
    [[nodiscard]] std::uint64_t lost() const { return refused_.load() + lines_.state().lost; }

private:
    LogCopy(int descriptor, std::uint64_t bytes, std::uint64_t most);

    std::uint64_t most_;
    std::atomic<std::uint64_t> bytes_, refused_{0};
    LineWriter lines_;
};

class SyslogSender;

struct LogSettings {
    LogOrigin origin;  ///< process 0: this one's id; host empty: this host's name
    LogForm form = LogForm::text;
    LogLevel level = LogLevel::info;
    std::string file;  ///< empty: standard error
    std::uint64_t most_waiting = Limits{}.log_bytes;
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
    /// Never waits for who reads the lines.
    void write(LogRecord record) override;
    /// Until the lines written so far have been taken; bounded.
    void flush() { lines_.flush(); }
    [[nodiscard]] LineWriter::State lines() const { return lines_.state(); }
    /// See LineWriter.
    void write_before_fatal_ends() { lines_.write_before_fatal_ends(); }

    /// Thread-safe, in force at once.
    void set_level(LogModule module, LogLevel level);
    void set_levels(LogLevel level);
    [[nodiscard]] LogLevel level(LogModule module) const;
    /// Every line goes there too from now on; null: no longer. Thread-safe.
    void copy_to(std::shared_ptr<LogCopy> copy);
    /// Entries of the event log are sent too; null: no longer. Thread-safe.
    void send_events(std::shared_ptr<SyslogSender> sender);
    /// What a syslog receiver is told of lines that it missed. Thread-safe.
    [[nodiscard]] std::string syslog_loss_line(std::uint64_t lines) const;
    /// Numbers of the event log go on after `number`, which a store on disk holds; those given already are moved up.
    void number_after(std::uint64_t number);
    /// Entries of the event log after number `after`, oldest first, at most the `most` latest of them. Thread-safe.
    [[nodiscard]] std::vector<LogEvent> events(std::uint64_t after, std::size_t most) const;

private:
    NodeLog(LogSettings settings, const Clock& clock, int descriptor);
    [[nodiscard]] std::string line_of(const LogRecord& record, WallTime time) const;
    [[nodiscard]] std::string loss_line(std::uint64_t lines) const;
    void remember(WallTime time, const LogRecord& record);
    template <typename Part>
    [[nodiscard]] std::shared_ptr<Part> held(const std::shared_ptr<Part>& part) const;

    LogSettings settings_;
    const Clock& clock_;
    std::array<std::atomic<LogLevel>, static_cast<std::size_t>(LogModule::count_)> levels_;
    mutable std::mutex mutex_;
    std::deque<LogEvent> events_;
    std::uint64_t last_number_ = 0;
    std::shared_ptr<LogCopy> copy_;
    std::shared_ptr<SyslogSender> sender_;
    std::atomic<bool> has_copy_{false}, has_sender_{false};  ///< spares the lock where nobody asked
    LineWriter lines_;                                       ///< last: its thread asks for lines
};

}  // namespace sallyport::io
