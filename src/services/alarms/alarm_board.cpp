// Standing alarms by code and key; lowered ones in a short list.
#include "services/alarms/alarm_board.h"

#include <algorithm>

namespace sallyport::services {

std::string Alarm::text() const {
    constexpr std::string_view place = "{key}";
    std::string sentence{row().text};
    if (const auto at = sentence.find(place); at != std::string::npos) sentence.replace(at, place.size(), key);
    return sentence;
}

void AlarmBoard::raise(AlarmCode code, const std::string& key, const std::string& detail) {
    const WallTime now = clock_->wall();
    const auto at = standing_.find({code, key});
    if (at == standing_.end() && code != AlarmCode::alarms_full && standing_.size() >= most_standing) {
        return raise(AlarmCode::alarms_full, {}, std::string{alarm_row(code).name} + " " + key + ": " + detail);
    }
    Alarm& alarm = standing_[{code, key}];
    const std::string said = detail.substr(0, longest_detail);
    const bool is_news = alarm.count == 0 || alarm.detail != said;
    if (alarm.count == 0) alarm = Alarm{code, key, {}, 0, now, now, {}};
    alarm.detail = said;
    alarm.last = now;
    ++alarm.count;
    if (is_news) log_raised(alarm);
}

void AlarmBoard::raise_once(AlarmCode code, const std::string& key, const std::string& detail) {
    const auto at = standing_.find({code, key});
    if (at == standing_.end() || at->second.detail != detail.substr(0, longest_detail)) raise(code, key, detail);
}

void AlarmBoard::log_raised(const Alarm& alarm) const {
    const AlarmRow& row = alarm.row();
    const std::vector<LogFact> facts{{"code", std::string{row.name}},
                                     {"key", alarm.key},
                                     {"text", alarm.text()},
                                     {"why", alarm.detail},
                                     {"cure", std::string{row.cure}}};
    if (row.severity == AlarmSeverity::error) return log_.error("alarm.raised", facts);
    log_.warn("alarm.raised", facts);
}

void AlarmBoard::lower(AlarmCode code, const std::string& key) {
    const auto at = standing_.find({code, key});
    if (at == standing_.end()) return;
    Alarm alarm = std::move(at->second);
    standing_.erase(at);
    alarm.lowered = clock_->wall();
    log_.info("alarm.lowered", {{"code", std::string{alarm.row().name}},
                                {"key", alarm.key},
                                {"text", alarm.text()},
                                {"count", std::to_string(alarm.count)}});
    lowered_.insert(lowered_.begin(), std::move(alarm));
    if (lowered_.size() > most_lowered) lowered_.pop_back();
    if (code != AlarmCode::alarms_full && standing_.size() < most_standing) lower(AlarmCode::alarms_full, {});
}

std::vector<Alarm> AlarmBoard::standing() const {
    std::vector<Alarm> all;
    for (const auto& [key, alarm] : standing_) all.push_back(alarm);
    std::stable_sort(all.begin(), all.end(), [](const Alarm& a, const Alarm& b) {
        if (a.row().severity != b.row().severity) return a.row().severity == AlarmSeverity::error;
        return a.first < b.first;
    });
    return all;
}

}  // namespace sallyport::services
