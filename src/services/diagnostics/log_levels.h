// Which module logs how much, and why: the default, the node's file, a setting, or a word at run time, which may be for
// a while only. The latest kind of the list that says something counts. Control thread only.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/loop/loop.h"
#include "services/alarms/alarm_board.h"

namespace sallyport::services {

class LogLevels {
public:
    static constexpr auto longest = std::chrono::hours{24};
    /// A verbose level that nobody wants back by itself is an alarm after this time.
    static constexpr auto patience = std::chrono::minutes{10};

    using Levels = std::map<std::string, LogLevel>;  ///< by text(LogModule)
    enum class Origin { standard, file, setting, run_time };
    struct Row {
        LogModule module{};
        LogLevel level{};
        Origin origin{};
        Duration left{0};  ///< until it goes back by itself; 0: it does not
    };

    /// `apply` puts a level in force.
    LogLevels(io::Loop& loop, AlarmBoard& alarms, Logger log, std::function<void(LogModule, LogLevel)> apply);

    /// What file and settings say; words at run time stay.
    void configure(LogLevel standard, const Levels& file, const Levels& settings);
    /// At run time; `span` 0: until the next start.
    void set(LogModule module, LogLevel level, Duration span);
    /// What was said at run time is forgotten.
    void reset(LogModule module);
    /// Of the modules that have lines.
    [[nodiscard]] std::vector<Row> rows() const;
    [[nodiscard]] Row row(LogModule module) const;

private:
    static constexpr std::size_t count = static_cast<std::size_t>(LogModule::count_);
    struct Word {
        LogLevel level{};
        TimePoint until = never;  ///< never: until the next start
    };
    void put_in_force();
    void judge();

    io::Loop& loop_;
    AlarmBoard& alarms_;
    Logger log_;
    std::function<void(LogModule, LogLevel)> apply_;
    LogLevel standard_ = LogLevel::info;
    std::array<std::optional<LogLevel>, count> file_, settings_;
    std::array<std::optional<Word>, count> words_;
    std::array<std::optional<LogLevel>, count> in_force_;
    std::array<TimePoint, count> verbose_since_{};
    std::unique_ptr<io::Timer> timer_;
};

[[nodiscard]] std::string_view text(LogLevels::Origin origin);

}  // namespace sallyport::services
