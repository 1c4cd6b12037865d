// Adding up.
#include "services/history/roll_up.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>

namespace sallyport::history {

namespace {

template <typename Of>
bool tells_nothing(const Values<Of>& values, Kind kind) {
    const auto all = figures(kind);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const double value = values.all[i];
        if (is_zero_if_absent(all[i].nature) ? value != 0 : !std::isnan(value)) return false;
    }
    return true;
}

std::string number(double value) {
    char text[32];
    const int size = std::snprintf(text, sizeof text, "%.4g", value);
    return {text, static_cast<std::size_t>(std::max(size, 0))};
}

double read_number(std::string_view text) {
    double value = unknown;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc{} && end == text.data() + text.size() && std::isfinite(value) ? value : unknown;
}

}  // namespace

std::string packed(const std::vector<Point>& points) {
    std::string text;
    for (const Point& point : points) {
        if (!text.empty()) text += ' ';
        if (!point.known()) {
            text += '-';
            continue;
        }
        const std::string mean = number(point.mean), peak = number(point.peak);
        text += mean;
        if (peak != mean) text += '^' + peak;
    }
    return text;
}

std::vector<Point> unpacked(std::string_view text) {
    std::vector<Point> points;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        const std::size_t mark = word.find('^');
        const double mean = read_number(word.substr(0, mark));
        const double peak = mark == std::string_view::npos ? mean : read_number(word.substr(mark + 1));
        points.push_back(std::isnan(mean) || std::isnan(peak) ? no_point : Point{mean, peak});
    }
    return points;
}

void RollUp::go_on(const std::vector<Slot>& begun) {
    for (const Slot& slot : begun) {
        Open& open = open_[slot.ring];
        if (slot.subject.kind == Kind::node) {
            open.time = slot.time;
            open.seconds = slot.seconds;
        }
    }
    for (const Slot& slot : begun) {
        Open& open = open_[slot.ring];
        if (open.time != slot.time) continue;
        // How much of the time each figure was known is not stored: taken as all of it.
        for (const Point& point : slot.points) {
            const auto seconds = static_cast<double>(slot.seconds);
            open.sums[slot.subject].push_back(point.known() ? Sum{point.mean * seconds, seconds, point.peak} : Sum{});
        }
    }
}

void RollUp::forget(const std::string& peer) {
    for (Open& open : open_) open.sums.erase(Subject{Kind::peer, peer});
}

std::vector<Slot> RollUp::add(const Sample& sample) {
    std::map<Subject, std::vector<double>> values;
    const auto put = [&](Kind kind, const std::string& name, const auto& all) {
        values[{kind, name}].assign(all.begin(), all.end());
    };
    put(Kind::node, "", sample.node.all);
    for (const auto& [peer, own] : sample.peers) {
        if (!tells_nothing(own, Kind::peer)) put(Kind::peer, peer, own.all);
    }
    for (const auto& [rule, count] : sample.refusals) put(Kind::rule, rule, std::array{count});

    std::vector<Slot> slots;
    std::set<std::pair<std::size_t, std::int64_t>> touched;
    for (std::int64_t fine = sample.first; fine <= sample.last; ++fine) {
        const std::int64_t time = fine * rings.front().step;
        for (const auto& [subject, all] : values) {
            Slot slot{0, subject, time, rings.front().step, {}};
            for (const double value : all) slot.points.push_back({value, value});
            slots.push_back(std::move(slot));
        }
        for (std::size_t ring = 1; ring < rings.size(); ++ring) {
            const std::int64_t begin = time - time % rings[ring].step;
            // What was complete before this sample's next slot began is told before it is forgotten.
            if (open_[ring].time != begin && touched.contains({ring, open_[ring].time})) {
                for (Slot& slot : slots_of(ring)) slots.push_back(std::move(slot));
            }
            add(ring, begin, values);
            touched.emplace(ring, begin);
        }
    }
    for (std::size_t ring = 1; ring < rings.size(); ++ring) {
        for (Slot& slot : slots_of(ring)) slots.push_back(std::move(slot));
    }
    return slots;
}

void RollUp::add(std::size_t ring, std::int64_t time, const std::map<Subject, std::vector<double>>& values) {
    Open& open = open_[ring];
    if (open.time != time) open = {time, 0, {}};
    const std::int64_t step = rings.front().step;
    // A clock that was set back goes through a slot once more.
    open.seconds = std::min(open.seconds + step, rings[ring].step);
    for (const auto& [subject, all] : values) {
        std::vector<Sum>& sums = open.sums[subject];
        sums.resize(std::max(sums.size(), all.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (std::isnan(all[i])) continue;
            sums[i].sum += all[i] * static_cast<double>(step);
            sums[i].seconds += static_cast<double>(step);
            sums[i].peak = std::max(sums[i].peak, all[i]);
        }
    }
}

std::vector<Slot> RollUp::slots_of(std::size_t ring) const {
    const Open& open = open_[ring];
    std::vector<Slot> slots;
    for (const auto& [subject, sums] : open.sums) {
        const auto all = figures(subject.kind);
        Slot slot{ring, subject, open.time, open.seconds, {}};
        for (std::size_t i = 0; i < sums.size() && i < all.size(); ++i) {
            const bool fills = is_zero_if_absent(all[i].nature);
            const double seconds =
                fills ? std::max(static_cast<double>(open.seconds), sums[i].seconds) : sums[i].seconds;
            slot.points.push_back(seconds > 0 ? Point{sums[i].sum / seconds, sums[i].peak} : no_point);
        }
        slots.push_back(std::move(slot));
    }
    return slots;
}

std::vector<std::vector<Point>> arranged(Kind kind, const std::map<std::int64_t, Slot>& node,
                                         const std::map<std::int64_t, Slot>& own, std::int64_t from, std::int64_t step,
                                         std::size_t points) {
    const auto all = figures(kind);
    std::vector<std::vector<Point>> lines(all.size(), std::vector<Point>(points, no_point));
    for (std::size_t at = 0; at < points; ++at) {
        const std::int64_t begin = from + static_cast<std::int64_t>(at) * step;
        std::vector<double> sums(all.size()), seconds(all.size()), peaks(all.size());
        for (auto ran = node.lower_bound(begin); ran != node.end() && ran->first < begin + step; ++ran) {
            const auto slot = own.find(ran->first);
            const auto weight = static_cast<double>(ran->second.seconds);
            for (std::size_t i = 0; i < all.size(); ++i) {
                const bool is_there = slot != own.end() && i < slot->second.points.size();
                const Point absent = is_zero_if_absent(all[i].nature) && slot == own.end() ? Point{} : no_point;
                const Point point = is_there ? slot->second.points[i] : absent;
                if (!point.known()) continue;
                sums[i] += point.mean * weight;
                seconds[i] += weight;
                peaks[i] = std::max(peaks[i], point.peak);
            }
        }
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (seconds[i] > 0) lines[i][at] = {sums[i] / seconds[i], peaks[i]};
        }
    }
    return lines;
}

}  // namespace sallyport::history
