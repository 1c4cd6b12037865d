// Lines through spdlog (which takes care of threads and files); formatting is ours.
#include "io/log/node_log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>

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

std::string host_name() {
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
    return name;
}

}  // namespace

Result<std::unique_ptr<NodeLog>> NodeLog::open(LogSettings settings, const Clock& clock) {
    if (settings.origin.host.empty()) settings.origin.host = host_name();
    if (settings.origin.process == 0) settings.origin.process = getpid();
    spdlog::sink_ptr sink;
    if (settings.file.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        // spdlog reports a file that cannot be opened by an exception; here it becomes a value.
        try {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.file);
        } catch (const spdlog::spdlog_ex& problem) {
            return Error{"log-file", settings.file + ": " + problem.what()};
        }
    }
    auto lines = std::make_shared<spdlog::logger>("sallyport", std::move(sink));
    lines->set_pattern("%v");
    lines->set_level(spdlog::level::trace);
    lines->flush_on(spdlog::level::info);
    return std::unique_ptr<NodeLog>{new NodeLog{std::move(settings), clock, std::move(lines)}};
}

NodeLog::NodeLog(LogSettings settings, const Clock& clock, std::shared_ptr<spdlog::logger> lines)
    : settings_{std::move(settings)}, clock_{clock}, lines_{std::move(lines)} {
    set_levels(settings_.level);
}

NodeLog::~NodeLog() = default;

bool NodeLog::wants(LogModule module, LogLevel level) const {
    return level >= levels_[static_cast<std::size_t>(module)].load(std::memory_order_relaxed);
}

void NodeLog::write(LogRecord record) {
    const WallTime now = clock_.wall();
    const bool json = settings_.form == LogForm::json;
    const std::string line = json ? json_line(settings_.origin, now, record) : text_line(settings_.origin, now, record);
    lines_->info(spdlog::string_view_t{line.data(), line.size()});
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
        entry.facts.emplace_back(fact.key, fact.value.substr(0, longest_log_value));
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
