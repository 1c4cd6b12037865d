// The board of alarms of one node: conditions that are active until somebody clears them, as opposed to events, which
// happen once. Raising what stands already counts it and takes over the new detail. What was lowered is remembered
// for a while. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "services/alarms/alarm_codes.h"

namespace sallyport::services {

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

    [[nodiscard]] const AlarmRow& row() const { return alarm_row(code); }
    /// The sentence of the row about `key`.
    [[nodiscard]] std::string text() const;
    /// The same with the detail.
    [[nodiscard]] std::string sentence() const { return detail.empty() ? text() : text() + ": " + detail; }
    /// The remedy, likewise.
    [[nodiscard]] std::string cure() const;
};

class AlarmBoard {
public:
    static constexpr std::size_t most_standing = 500;
    static constexpr std::size_t most_lowered = 100;
    static constexpr std::size_t longest_detail = 500;
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
    void raise(AlarmCode code, const std::string& key, const std::string& detail);
    /// For what is looked at again and again: nothing happens when it stands with the same detail.
    void raise_once(AlarmCode code, const std::string& key, const std::string& detail);
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
};

}  // namespace sallyport::services
