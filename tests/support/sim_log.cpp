// A log that tests can read.
#include "support/sim_log.h"

namespace sallyport::test {

void MemorySink::write(LogRecord record) {
    const std::lock_guard hold{mutex_};
    records_.push_back(std::move(record));
}

void MemorySink::forget() {
    const std::lock_guard lock{mutex_};
    records_.clear();
}

std::size_t MemorySink::count(std::string_view event) const {
    const std::lock_guard hold{mutex_};
    std::size_t found = 0;
    for (const LogRecord& record : records_) found += record.event == event ? 1 : 0;
    return found;
}

std::string MemorySink::last(std::string_view event, std::string_view key) const {
    const std::lock_guard hold{mutex_};
    for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
        if (record->event != event) continue;
        for (const LogFact& fact : record->facts) {
            if (fact.key == key) return fact.value;
        }
        return {};
    }
    return {};
}

std::vector<std::string> MemorySink::without_source() const {
    const std::lock_guard hold{mutex_};
    std::vector<std::string> events;
    for (const LogRecord& record : records_) {
        if (record.level >= LogLevel::info && record.source.empty()) events.emplace_back(record.event);
    }
    return events;
}

std::vector<std::string> MemorySink::names() const {
    const std::lock_guard hold{mutex_};
    std::vector<std::string> found;
    for (const LogRecord& record : records_) found.emplace_back(record.event);
    return found;
}

std::string MemorySink::dump() const {
    const std::lock_guard hold{mutex_};
    std::string out;
    for (const LogRecord& record : records_) {
        out += record.event;
        for (const LogFact& fact : record.facts) out += ' ' + std::string{fact.key} + '=' + fact.value;
        out += '\n';
    }
    return out;
}

}  // namespace sallyport::test
