// Standing alarms by code and key; lowered ones in a short list.
#include "services/alarms/alarm_board.h"

#include <algorithm>
#include <utility>

#include "base/whole_text.h"

namespace sallyport::services {

namespace {

std::string with_key(std::string_view words, const std::string& key) {
    constexpr std::string_view place = "{key}";
    std::string sentence{words};
    for (auto at = sentence.find(place); at != std::string::npos; at = sentence.find(place, at + key.size())) {
        sentence.replace(at, place.size(), key);
    }
    return sentence;
}

AlarmWords whole(const AlarmWords& words) {
    return {words.severity, whole_text(words.text, AlarmBoard::longest_detail),
            whole_text(words.cure, AlarmBoard::longest_detail), whole_text(words.node, AlarmBoard::longest_detail)};
}

}  // namespace

std::string Alarm::text() const { return words.text.empty() ? with_key(row().text, key) : words.text; }

std::string Alarm::cure() const { return words.cure.empty() ? with_key(row().cure, key) : words.cure; }

std::string alarm_name(AlarmCode code, const std::string& key) {
    return std::string{alarm_row(code).name} + (key.empty() ? "" : " " + key);
}

std::string far_alarm_key(const std::string& node, const std::string& alarm_name) { return node + ": " + alarm_name; }

void AlarmBoard::raise(AlarmCode code, const std::string& key, const std::string& detail, const AlarmWords& words) {
    const WallTime now = clock_->wall();
    const auto at = standing_.find({code, key});
    if (at == standing_.end() && code != AlarmCode::alarms_full && standing_.size() >= most_standing) {
        return raise(AlarmCode::alarms_full, {}, std::string{alarm_row(code).name} + " " + key + ": " + detail);
    }
    Alarm& alarm = standing_[{code, key}];
    const std::string said = whole_text(detail, longest_detail);
    AlarmWords own = whole(words);
    const bool is_news = alarm.count == 0 || alarm.detail != said || alarm.words != own;
    if (alarm.count == 0) {
        alarm.number = ++last_number_;
        alarm.code = code;
        alarm.key = key;
        alarm.first = now;
        take_over(alarm);
    }
    alarm.detail = said;
    alarm.words = std::move(own);
    alarm.last = now;
    ++alarm.count;
    if (!is_news) return;
    log_raised(alarm);
    if (on_changed_) on_changed_();
}

void AlarmBoard::remember(std::vector<Alarm> acknowledged, Memory memory) {
    memory_ = std::move(memory);
    before_.clear();
    settled_at_ = clock_->now() + settling;
    for (Alarm& alarm : acknowledged) {
        const Key key{alarm.code, alarm.key};
        const auto at = standing_.find(key);
        before_[key] = std::move(alarm);
        if (at != standing_.end()) take_over(at->second);
    }
}

void AlarmBoard::settle() {
    if (before_.empty() || clock_->now() < settled_at_) return;
    const auto over = std::exchange(before_, {});
    for (const auto& [key, alarm] : over) {
        if (memory_.forget) memory_.forget(alarm);
    }
}

/// What stood before the start and still stands is the same alarm.
void AlarmBoard::take_over(Alarm& alarm) {
    settle();
    const auto at = before_.find({alarm.code, alarm.key});
    if (at == before_.end()) return;
    const Alarm& before = at->second;
    alarm.first = before.first;
    alarm.count = before.count;
    alarm.acknowledged = before.acknowledged;
    alarm.acknowledged_by = before.acknowledged_by;
    alarm.note = before.note;
    before_.erase(at);
}

void AlarmBoard::raise_once(AlarmCode code, const std::string& key, const std::string& detail,
                            const AlarmWords& words) {
    const Alarm* const known = find(code, key);
    const bool is_same =
        known != nullptr && known->detail == whole_text(detail, longest_detail) && known->words == whole(words);
    if (!is_same) raise(code, key, detail, words);
}

void AlarmBoard::log_raised(const Alarm& alarm) const {
    const AlarmRow& row = alarm.row();
    std::vector<LogFact> facts{{"code", std::string{row.name}},
                               {"key", alarm.key},
                               {"text", alarm.text()},
                               {"why", alarm.detail},
                               {"cure", alarm.cure()}};
    log(alarm.severity() == AlarmSeverity::error ? LogLevel::error : LogLevel::warn, "alarm.raised", alarm,
        std::move(facts));
}

void AlarmBoard::log(LogLevel level, std::string_view event, const Alarm& alarm, std::vector<LogFact> facts) const {
    const bool is_far = alarm.code == AlarmCode::far_alarm;  // the key begins with the node's name
    log_.write_for(is_far ? alarm.key.substr(0, alarm.key.find(':')) : std::string{}, level, event, std::move(facts));
}

void AlarmBoard::lower(AlarmCode code, const std::string& key) {
    const auto at = standing_.find({code, key});
    if (at == standing_.end()) return;
    Alarm alarm = std::move(at->second);
    standing_.erase(at);
    alarm.lowered = clock_->wall();
    if (memory_.forget && alarm.acknowledged != WallTime{}) memory_.forget(alarm);
    log(LogLevel::info, "alarm.lowered", alarm,
        {{"code", std::string{alarm.row().name}},
         {"key", alarm.key},
         {"text", alarm.text()},
         {"count", std::to_string(alarm.count)}});
    lowered_.insert(lowered_.begin(), std::move(alarm));
    if (lowered_.size() > most_lowered) {
        // What comes and goes on a far node pushes out nothing of this one.
        const auto oldest = std::find_if(lowered_.rbegin(), lowered_.rend(), [&](const Alarm& one) {
            return code != AlarmCode::far_alarm || one.code == AlarmCode::far_alarm;
        });
        lowered_.erase(std::next(oldest).base());
    }
    if (code != AlarmCode::alarms_full && standing_.size() < most_standing) lower(AlarmCode::alarms_full, {});
    if (on_changed_) on_changed_();
}

void AlarmBoard::lower_others(AlarmCode code, const std::vector<std::string>& keys) {
    std::vector<std::string> over;
    for (const auto& [key, alarm] : standing_) {
        if (key.first == code && std::find(keys.begin(), keys.end(), key.second) == keys.end())
            over.push_back(key.second);
    }
    for (const std::string& key : over) lower(code, key);
}

Result<Alarm> AlarmBoard::acknowledge(std::uint64_t number, const std::string& author, const std::string& note) {
    const auto at = std::find_if(standing_.begin(), standing_.end(),
                                 [number](const auto& entry) { return entry.second.number == number; });
    if (at == standing_.end()) {
        return Error{"alarm-unknown", "no alarm " + std::to_string(number) + " is active; see `alarms`"};
    }
    Alarm& alarm = at->second;
    alarm.acknowledged = clock_->wall();
    alarm.acknowledged_by = author;
    alarm.note = whole_text(note, longest_note);
    if (memory_.keep) memory_.keep(alarm);
    log_.info("alarm.acknowledged",
              {{"code", std::string{alarm.row().name}}, {"key", alarm.key}, {"author", author}, {"note", alarm.note}});
    return alarm;
}

std::vector<Alarm> AlarmBoard::standing() const {
    std::vector<Alarm> all;
    for (const auto& [key, alarm] : standing_) all.push_back(alarm);
    std::stable_sort(all.begin(), all.end(), [](const Alarm& a, const Alarm& b) {
        if (a.severity() != b.severity()) return a.severity() == AlarmSeverity::error;
        return a.first < b.first;
    });
    return all;
}

}  // namespace sallyport::services
