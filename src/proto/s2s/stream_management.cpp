// XEP-0198 section 4: counting, including out-of-order completion and the wrap at 2^32.
#include "proto/s2s/stream_management.h"

#include <iterator>

#include "base/hash.h"

namespace sallyport::s2s {

void ReceivedCounter::handle(std::uint64_t sequence) {
    if (sequence <= handled_ || sequence > received_) return;
    const auto behind = ahead_.upper_bound(sequence);
    const auto before = behind == ahead_.begin() ? ahead_.end() : std::prev(behind);
    if (before != ahead_.end() && before->second >= sequence) return;
    const bool closes_up = behind != ahead_.end() && behind->first == sequence + 1;
    const std::uint64_t last = closes_up ? behind->second : sequence;
    if (closes_up) ahead_.erase(behind);
    if (sequence == handled_ + 1) {
        handled_ = last;
    } else if (before != ahead_.end() && before->second == sequence - 1) {
        before->second = last;
    } else {
        ahead_.emplace(sequence, last);
    }
}

std::uint64_t ReceivedCounter::receive(std::uint64_t mark) {
    drop_marks();
    receive();
    if (marks_lost_ && told() + 1 == received_) marks_lost_ = false;
    if (marks_.size() - dropped_ >= most_marks_) {
        forget_marks();
        marks_lost_ = true;
    }
    if (!marks_lost_) marks_.push_back(mark);
    return received_;
}

/// marks_ ends with that of received_: what stands before the first that may come again is of no use any more.
void ReceivedCounter::drop_marks() {
    constexpr std::size_t kept_at_rest = 64;
    const auto wanted = static_cast<std::size_t>(received_ - done());
    dropped_ = marks_.size() - std::min(marks_.size(), wanted);
    if (dropped_ == 0 || dropped_ < marks_.size() / 2) return;
    marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(dropped_));
    dropped_ = 0;
    if (marks_.empty() && marks_.capacity() > kept_at_rest) std::vector<std::uint64_t>{}.swap(marks_);
}

std::uint32_t ReceivedCounter::go_back() {
    current_ = told();
    drop_marks();
    return h();
}

bool ReceivedCounter::repeat(std::uint64_t mark) {
    const std::uint64_t left = received_ - current_;
    if (left == 0 || left > marks_.size() || marks_[marks_.size() - left] != mark) return false;
    ++current_;
    return true;
}

bool ReceivedCounter::due() {
    if (owed_ == 0 || told() < owed_) return false;
    owed_ = 0;
    return true;
}

bool ReceivedCounter::look() {
    if (on_their_way() && told() == seen_) answered_for_ = std::max(answered_for_, had_);
    const bool is_news = told() != seen_;
    note();
    return is_news;
}

bool SentCounter::send() {
    if (!enabled_) return false;
    ++sent_;
    return sent_ - asked_at_ >= ask_every;
}

std::optional<std::uint64_t> SentCounter::acknowledge(std::uint32_t h) {
    const std::uint64_t count = h - static_cast<std::uint32_t>(acknowledged_);
    const std::uint64_t fresh = count & 0xffffffffU;
    if (fresh > unacknowledged()) return std::nullopt;
    acknowledged_ += fresh;
    return fresh;
}

std::uint64_t mark_of(const xmpp::Stanza& stanza) {
    std::uint64_t mark = static_cast<std::uint64_t>(stanza.kind);
    for (const std::string_view part : {stanza.from, stanza.to, stanza.id, stanza.type}) {
        mark = mark * 31 + sip_hash({}, part);
    }
    return mark;
}

std::optional<std::uint32_t> read_h(std::string_view text) {
    if (text.empty() || text.size() > 10) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (value > 0xffffffffU) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

}  // namespace sallyport::s2s
