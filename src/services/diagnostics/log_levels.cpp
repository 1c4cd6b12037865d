// One timer serves the end of words and the patience with verbose levels.
#include "services/diagnostics/log_levels.h"

#include <algorithm>

#include "base/log_lines.h"

namespace sallyport::services {

namespace {

std::size_t place(LogModule module) { return static_cast<std::size_t>(module); }
bool is_verbose(LogLevel level) { return level < LogLevel::info; }

template <typename Slots>
void fill(Slots& slots, const LogLevels::Levels& modules) {
    slots.fill(std::nullopt);
    for (const auto& [name, level] : modules) {
        LogModule module{};
        if (log_module(name, module)) slots[place(module)] = level;
    }
}

}  // namespace

LogLevels::LogLevels(io::Loop& loop, AlarmBoard& alarms, Logger log, std::function<void(LogModule, LogLevel)> apply)
    : loop_{loop}, alarms_{alarms}, log_{log}, apply_{std::move(apply)}, timer_{loop.timer([this] {
          put_in_force();
      })} {
    verbose_since_.fill(never);
}

void LogLevels::configure(LogLevel standard, const Levels& file, const Levels& settings) {
    standard_ = standard;
    fill(file_, file);
    fill(settings_, settings);
    put_in_force();
}

void LogLevels::set(LogModule module, LogLevel level, Duration span) {
    words_[place(module)] = Word{level, span > Duration{0} ? loop_.now() + std::min<Duration>(span, longest) : never};
    put_in_force();
}

void LogLevels::reset(LogModule module) {
    words_[place(module)].reset();
    put_in_force();
}

LogLevels::Row LogLevels::row(LogModule module) const {
    const std::size_t at = place(module);
    // A level of the file for all modules is the file's word too.
    Row row{module, standard_, standard_ == LogLevel::info ? Origin::standard : Origin::file, Duration{0}};
    if (file_[at]) row.level = *file_[at], row.origin = Origin::file;
    if (settings_[at]) row.level = *settings_[at], row.origin = Origin::setting;
    if (const auto& word = words_[at]; word && word->until > loop_.now()) {
        row.level = word->level;
        row.origin = Origin::run_time;
        if (word->until != never) row.left = word->until - loop_.now();
    }
    return row;
}

std::vector<LogLevels::Row> LogLevels::rows() const {
    std::vector<Row> all;
    for (std::size_t at = 0; at < count; ++at) {
        const auto module = static_cast<LogModule>(at);
        if (finest_level(module) != LogLevel::off) all.push_back(row(module));
    }
    return all;
}

void LogLevels::put_in_force() {
    for (std::size_t at = 0; at < count; ++at) {
        if (words_[at] && words_[at]->until <= loop_.now()) words_[at].reset();
        const Row now = row(static_cast<LogModule>(at));
        const auto before = in_force_[at];
        if (before == now.level) continue;
        in_force_[at] = now.level;
        apply_(now.module, now.level);
        if (before) {
            log_.info("log.level", {{"module", std::string{text(now.module)}},
                                    {"from", std::string{text(*before)}},
                                    {"to", std::string{text(now.level)}},
                                    {"origin", std::string{text(now.origin)}}});
        }
    }
    judge();
}

void LogLevels::judge() {
    TimePoint next = never;
    for (std::size_t at = 0; at < count; ++at) {
        const Row now = row(static_cast<LogModule>(at));
        const std::string name{text(now.module)};
        if (words_[at]) next = std::min(next, words_[at]->until);
        if (!is_verbose(now.level)) {
            verbose_since_[at] = never;
            alarms_.lower(AlarmCode::log_verbose, name);
            continue;
        }
        if (verbose_since_[at] == never) verbose_since_[at] = loop_.now();
        // What goes back by itself needs nobody.
        if (now.left > Duration{0}) continue;
        const TimePoint due = verbose_since_[at] + patience;
        if (due > loop_.now()) {
            next = std::min(next, due);
        } else {
            alarms_.raise_once(AlarmCode::log_verbose, name,
                               "at " + std::string{text(now.level)} + ", from: " + std::string{text(now.origin)});
        }
    }
    timer_->arm(next);
}

std::string_view text(LogLevels::Origin origin) {
    switch (origin) {
        case LogLevels::Origin::standard: return "default";
        case LogLevels::Origin::file: return "file";
        case LogLevels::Origin::setting: return "setting";
        case LogLevels::Origin::run_time: return "run time";
    }
    return "?";
}

}  // namespace sallyport::services
