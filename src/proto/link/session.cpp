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
    } else {
        handled_.push_back({number, number});
    }
}

std::vector<Range> ReceiveWindow::take_done() {
    if (!again_.empty()) {
        const std::size_t count = std::min(again_.size(), most_ranges);
        const std::vector<Range> some{again_.end() - static_cast<std::ptrdiff_t>(count), again_.end()};
        again_.resize(again_.size() - count);
        return some;
    }
    std::sort(handled_.begin(), handled_.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
    std::vector<Range> ranges;
    std::size_t used = 0;
    for (; used < handled_.size(); ++used) {
        const Range next = handled_[used];
        if (!ranges.empty() && ranges.back().last + 1 == next.first) {
            ranges.back().last = next.last;
        } else if (ranges.size() == most_ranges) {
            break;
        } else {
            ranges.push_back(next);
        }
    }
    handled_.erase(handled_.begin(), handled_.begin() + static_cast<std::ptrdiff_t>(used));
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
