// The board of alarms of one node: conditions that are active until somebody clears them, as opposed to events, which
// happen once. Raising what stands already counts it and takes over the new detail. What was lowered is remembered
// for a while. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "services/alarms/alarm_codes.h"

namespace sallyport::services {

/// What one alarm says of its own, instead of its row; members that are empty: as the row.
struct AlarmWords {
    std::optional<AlarmSeverity> severity{};
    std::string text{}, cure{};
    std::string node{};  ///< on whose board it is active; empty: on this node's
    bool operator==(const AlarmWords&) const = default;
};

struct Alarm {
    std::uint64_t number = 0;  ///< counts from 1 since the start; names it for acknowledge()
    AlarmCode code{};
    std::string key;     ///< what it is about: an address, a domain, a name
    std::string detail;  ///< why, this time; never holds secrets
    std::uint64_t count = 0;
    WallTime first{}, last{};  ///< raised for the first and the latest time since it stands
    WallTime lowered{};        ///< of one that stands no longer
    WallTime acknowledged{};   ///< somebody has taken note of it
    std::string acknowledged_by, note;
    AlarmWords words;

    [[nodiscard]] const AlarmRow& row() const { return alarm_row(code); }
    [[nodiscard]] AlarmSeverity severity() const { return words.severity.value_or(row().severity); }
    /// Its own sentence, or that of the row about `key`.
    [[nodiscard]] std::string text() const;
    /// The same with the detail.
    [[nodiscard]] std::string sentence() const { return detail.empty() ? text() : text() + ": " + detail; }
    /// The remedy, likewise.
    [[nodiscard]] std::string cure() const;
};

/// "axl.refused imp1.example.org:8443": how nodes name an alarm to each other.
[[nodiscard]] std::string alarm_name(AlarmCode code, const std::string& key);
/// Under which key an alarm of a linked node is active here.
[[nodiscard]] std::string far_alarm_key(const std::string& node, const std::string& alarm_name);

class AlarmBoard {
public:
    static constexpr std::size_t most_standing = 500;
    static constexpr std::size_t most_lowered = 100;
    static constexpr std::size_t longest_detail = 500;  ///< and each of its own words
    static constexpr std::size_t longest_note = 200;

    AlarmBoard(const Clock& clock, Logger log) : clock_{&clock}, log_{log} {}

    /// What was acknowledged before the node started: those that are raised again within `settling` keep the
    /// acknowledgement, the time since when and the count; the others are over and `forget` is told.
    static constexpr Duration settling = std::chrono::minutes{20};
    struct Memory {
        std::function<void(const Alarm&)> keep;    ///< an acknowledged alarm
        std::function<void(const Alarm&)> forget;  ///< its cause is gone
    };
    void remember(std::vector<Alarm> acknowledged, Memory memory);
    /// The settling time is over when it ought to be; called now and then.
    void settle();

    /// Logged when it is new, or says something new.
    void raise(AlarmCode code, const std::string& key, const std::string& detail, const AlarmWords& words = {});
    /// For what is looked at again and again: nothing happens when it stands and says the same.
    void raise_once(AlarmCode code, const std::string& key, const std::string& detail, const AlarmWords& words = {});
    /// Nothing happens when it does not stand.
    void lower(AlarmCode code, const std::string& key);
    /// Lowers every one of the code whose key is not in `keys`.
    void lower_others(AlarmCode code, const std::vector<std::string>& keys);
    /// Notes who knows of it; it stands on, until it is lowered. Errors: "alarm-unknown".
    [[nodiscard]] Result<Alarm> acknowledge(std::uint64_t number, const std::string& author, const std::string& note);
    [[nodiscard]] bool stands(AlarmCode code, const std::string& key) const { return find(code, key) != nullptr; }
    /// Null when it does not stand. Good until the board changes.
    [[nodiscard]] const Alarm* find(AlarmCode code, const std::string& key) const {
        const auto at = standing_.find({code, key});
        return at == standing_.end() ? nullptr : &at->second;
    }

    /// Called whenever one is raised, says something new, or is lowered. One listener.
    void on_changed(std::function<void()> on_changed) { on_changed_ = std::move(on_changed); }

    /// The gravest first, then the oldest.
    [[nodiscard]] std::vector<Alarm> standing() const;
    /// The latest first.
    [[nodiscard]] const std::vector<Alarm>& lowered() const { return lowered_; }

private:
    using Key = std::pair<AlarmCode, std::string>;
    void log_raised(const Alarm& alarm) const;
    /// What a far node has standing draws on a budget of its own in the log.
    void log(LogLevel level, std::string_view event, const Alarm& alarm, std::vector<LogFact> facts) const;
    void take_over(Alarm& alarm);

    const Clock* clock_;
    Logger log_;
    std::map<Key, Alarm> standing_;
    std::uint64_t last_number_ = 0;
    std::vector<Alarm> lowered_;
    std::map<Key, Alarm> before_;  ///< acknowledged before the start, and not raised again yet
    TimePoint settled_at_{};
    Memory memory_;
    std::function<void()> on_changed_;
};

}  // namespace sallyport::services
