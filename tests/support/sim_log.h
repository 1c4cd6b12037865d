// A log that tests can read.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace sallyport::test {

/// Keeps every record, from trace on. Thread-safe.
class MemorySink final : public LogSink {
public:
    [[nodiscard]] bool wants(LogModule, LogLevel) const override { return true; }
    void write(LogRecord record) override;

    /// What was logged so far is over.
    void forget();
    /// How often `event` was logged.
    [[nodiscard]] std::size_t count(std::string_view event) const;
    /// The value of `key` in the latest record of `event`; empty when there is none.
    [[nodiscard]] std::string last(std::string_view event, std::string_view key) const;
    /// Events from info on that draw on nobody's budget (LogRecord::source).
    [[nodiscard]] std::vector<std::string> without_source() const;
    /// Event names in order.
    [[nodiscard]] std::vector<std::string> names() const;
    /// Every record as `event key=value …`, one a line: what a failing test prints.
    [[nodiscard]] std::string dump() const;

private:
    mutable std::mutex mutex_;
    std::vector<LogRecord> records_;
};

}  // namespace sallyport::test
