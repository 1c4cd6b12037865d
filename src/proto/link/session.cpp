// Ranges of stanza numbers on the router link (docs/protocol/link.md, section 5).
#include "proto/link/session.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace sallyport::link {

namespace {

constexpr std::size_t most_ranges = 4096;

bool parse_number(std::string_view& text, std::uint64_t& out) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (problem != std::errc{} || out == 0) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

}  // namespace

bool parse_ranges(std::string_view text, std::vector<Range>& out) {
    out.clear();
    while (!text.empty()) {
        Range range;
        if (out.size() == most_ranges || !parse_number(text, range.first)) return false;
        range.last = range.first;
        if (!text.empty() && text.front() == '-') {
            text.remove_prefix(1);
            if (!parse_number(text, range.last) || range.last < range.first) return false;
        }
        out.push_back(range);
        if (text.empty()) break;
        if (text.front() != ' ') return false;
        text.remove_prefix(1);
        if (text.empty()) return false;
    }
    return !out.empty();
}

std::string write_ranges(const std::vector<Range>& ranges) {
    std::string out;
    for (const Range& range : ranges) {
        if (!out.empty()) out.push_back(' ');
        out += std::to_string(range.first);
        if (range.last != range.first) out += "-" + std::to_string(range.last);
    }
    return out;
}

void ReceiveWindow::handled(std::uint64_t number) {
    if (!handled_.empty() && handled_.back().last + 1 == number) {
        handled_.back().last = number;
        return;
    }
    handled_.push_back({number, number});
    constexpr std::size_t few = 64;
    if (handled_.size() > 2 * merged_ + few) merge();
}

void ReceiveWindow::merge() {
    std::sort(handled_.begin(), handled_.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
    std::size_t last = 0;
    for (std::size_t at = 1; at < handled_.size(); ++at) {
        if (handled_[last].last + 1 == handled_[at].first) {
            handled_[last].last = handled_[at].last;
        } else {
            handled_[++last] = handled_[at];
        }
    }
    if (!handled_.empty()) handled_.resize(last + 1);
    merged_ = handled_.size();
}

std::vector<Range> ReceiveWindow::take_done() {
    if (!again_.empty()) {
        const std::size_t count = std::min(again_.size(), most_ranges);
        const std::vector<Range> some{again_.end() - static_cast<std::ptrdiff_t>(count), again_.end()};
        again_.resize(again_.size() - count);
        return some;
    }
    merge();
    const std::size_t count = std::min(handled_.size(), most_ranges);
    const auto end = handled_.begin() + static_cast<std::ptrdiff_t>(count);
    const std::vector<Range> ranges{handled_.begin(), end};
    handled_.erase(handled_.begin(), end);
    merged_ = handled_.size();
    for (const Range& range : ranges) keep(range);
    return ranges;
}

void ReceiveWindow::keep(Range range) {
    auto at = told_.upper_bound(range.first);
    if (at != told_.begin()) {
        const auto before = std::prev(at);
        if (before->second + 1 >= range.first) {
            range = {before->first, std::max(before->second, range.last)};
            at = told_.erase(before);
        }
    }
    while (at != told_.end() && at->first <= range.last + 1) {
        range.last = std::max(range.last, at->second);
        at = told_.erase(at);
    }
    told_.emplace(range.first, range.last);
}

void ReceiveWindow::resumed() {
    again_.clear();
    for (const auto& [first, last] : told_) again_.push_back({first, last});
}

}  // namespace sallyport::link
