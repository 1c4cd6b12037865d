// From records to lines, and what is remembered of them.
#include "io/log/node_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/whole_text.h"
#include "io/log/syslog.h"

namespace sallyport::io {

namespace {

/// Modules whose records at info and above an administrator reads as the event log.
bool is_event(const LogRecord& record) {
    if (record.level < LogLevel::info) return false;
    switch (record.module) {
        case LogModule::node:
        case LogModule::settings:
        case LogModule::s2s:
        case LogModule::link:
        case LogModule::axl: return true;
        default: return record.level >= LogLevel::warn;
    }
}

LogRecord loss(std::uint64_t lines) {
    return {LogModule::node,
            LogLevel::warn,
            "log.lines.lost",
            std::source_location::current(),
            {{"lines", std::to_string(lines)}}};
}

std::string host_name() {
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
    return name;
}

}  // namespace

Result<std::unique_ptr<NodeLog>> NodeLog::open(LogSettings settings, const Clock& clock) {
    if (settings.origin.host.empty()) settings.origin.host = host_name();
    if (settings.origin.process == 0) settings.origin.process = getpid();
    int descriptor = STDERR_FILENO;
    if (!settings.file.empty()) {
        descriptor = ::open(settings.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (descriptor < 0) return Error{"log-file", settings.file + ": " + std::strerror(errno)};
    }
    return std::unique_ptr<NodeLog>{new NodeLog{std::move(settings), clock, descriptor}};
}

NodeLog::NodeLog(LogSettings settings, const Clock& clock, int descriptor)
    : settings_{std::move(settings)},
      clock_{clock},
      lines_{descriptor, !settings_.file.empty(), settings_.most_waiting,
             [this](std::uint64_t lines) { return loss_line(lines); }} {
    set_levels(settings_.level);
}

NodeLog::~NodeLog() = default;

bool NodeLog::wants(LogModule module, LogLevel level) const {
    return level >= levels_[static_cast<std::size_t>(module)].load(std::memory_order_relaxed);
}

std::string NodeLog::line_of(const LogRecord& record, WallTime time) const {
    const bool json = settings_.form == LogForm::json;
    return json ? json_line(settings_.origin, time, record) : text_line(settings_.origin, time, record);
}

std::string NodeLog::loss_line(std::uint64_t lines) const { return line_of(loss(lines), clock_.wall()); }

std::string NodeLog::syslog_loss_line(std::uint64_t lines) const {
    return syslog_line(settings_.origin, clock_.wall(), loss(lines));
}

void NodeLog::write(LogRecord record) {
    const WallTime now = clock_.wall();
    const std::string line = line_of(record, now);
    lines_.write(line);
    if (has_copy_.load(std::memory_order_relaxed)) {
        if (const auto copy = held(copy_)) copy->write(line);
    }
    if (!is_event(record)) return;
    remember(now, record);
    if (has_sender_.load(std::memory_order_relaxed)) {
        if (const auto sender = held(sender_)) sender->send(syslog_line(settings_.origin, now, record));
    }
}

template <typename Part>
std::shared_ptr<Part> NodeLog::held(const std::shared_ptr<Part>& part) const {
    const std::lock_guard hold{mutex_};
    return part;
}

void NodeLog::copy_to(std::shared_ptr<LogCopy> copy) {
    const std::lock_guard hold{mutex_};
    copy_ = std::move(copy);
    has_copy_.store(copy_ != nullptr, std::memory_order_relaxed);
}

void NodeLog::send_events(std::shared_ptr<SyslogSender> sender) {
    const std::lock_guard hold{mutex_};
    sender_ = std::move(sender);
    has_sender_.store(sender_ != nullptr, std::memory_order_relaxed);
}

void NodeLog::number_after(std::uint64_t number) {
    const std::lock_guard hold{mutex_};
    for (LogEvent& event : events_) event.number += number;
    last_number_ += number;
}

void NodeLog::set_level(LogModule module, LogLevel level) {
    levels_[static_cast<std::size_t>(module)].store(level, std::memory_order_relaxed);
}

void NodeLog::set_levels(LogLevel level) {
    for (auto& entry : levels_) entry.store(level, std::memory_order_relaxed);
}

LogLevel NodeLog::level(LogModule module) const {
    return levels_[static_cast<std::size_t>(module)].load(std::memory_order_relaxed);
}

void NodeLog::remember(WallTime time, const LogRecord& record) {
    LogEvent entry;
    entry.time = time;
    entry.module = record.module;
    entry.level = record.level;
    entry.event = record.event;
    for (const LogFact& fact : record.facts)
        entry.facts.emplace_back(fact.key, whole_text(fact.value, longest_log_value(fact.key)));
    const std::lock_guard hold{mutex_};
    entry.number = ++last_number_;
    events_.push_back(std::move(entry));
    if (events_.size() > events_kept) events_.pop_front();
}

std::vector<LogEvent> NodeLog::events(std::uint64_t after, std::size_t most) const {
    const std::lock_guard hold{mutex_};
    const auto first =
        std::find_if(events_.begin(), events_.end(), [after](const LogEvent& e) { return e.number > after; });
    const auto count = static_cast<std::size_t>(events_.end() - first);
    const auto skipped = static_cast<std::ptrdiff_t>(count > most ? count - most : 0);
    return {first + skipped, events_.end()};
}

}  // namespace sallyport::io
