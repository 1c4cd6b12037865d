// What survives a broken connection of the router link (docs/protocol/link.md, sections 3 and 5; XEP-0198): the stanzas
// sent and not yet done, and the numbers received. Pure; the service writes the bytes and settles the tickets.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sallyport::link {

/// A closed range of stanza numbers.
struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool operator==(const Range&) const = default;
};

/// "12-40 44" to ranges; false when malformed or more than 4096 of them.
[[nodiscard]] bool parse_ranges(std::string_view text, std::vector<Range>& out);
[[nodiscard]] std::string write_ranges(const std::vector<Range>& ranges);

/// The sending direction. `Ticket` is the service's word for "whom to tell"; the session only stores it.
template <typename Ticket>
class SendWindow {
public:
    struct Entry {
        std::string bytes;
        Ticket ticket{};
        TimePoint since{};
        bool done = false;
    };

    /// Keeps a stanza that is being sent; its number is returned.
    std::uint64_t push(std::string_view bytes, Ticket ticket, TimePoint now) {
        entries_.push_back({std::string{bytes}, ticket, now, false});
        bytes_ += bytes.size();
        return first_ + entries_.size() - 1;
    }

    /// Marks numbers as done and calls `settle(ticket)` for each that was not yet. False: a number was never sent.
    template <typename Settle>
    [[nodiscard]] bool done(const Range& range, Settle&& settle) {
        if (range.first == 0 || range.last < range.first || range.last >= first_ + entries_.size()) return false;
        for (std::uint64_t n = std::max(range.first, first_); n <= range.last; ++n) {
            Entry& entry = entries_[static_cast<std::size_t>(n - first_)];
            if (entry.done) continue;
            entry.done = true;
            bytes_ -= entry.bytes.size();
            entry.bytes = {};
            settle(entry.ticket);
        }
        while (!entries_.empty() && entries_.front().done) {
            entries_.pop_front();
            ++first_;
        }
        return true;
    }

    /// Calls `send(bytes)` for each stanza not done whose number the peer (having received `h`, modulo 2^32) lacks.
    /// False: `h` counts stanzas that were never sent.
    template <typename SendAgain>
    [[nodiscard]] bool resume(std::uint32_t h, SendAgain&& send) {
        const std::uint64_t newest = first_ + entries_.size() - 1;
        const auto behind = static_cast<std::uint32_t>(static_cast<std::uint32_t>(newest) - h);
        if (behind > newest) return false;
        const std::uint64_t received = newest - behind;
        for (std::uint64_t n = std::max(first_, received + 1); n <= newest; ++n) {
            const Entry& entry = entries_[static_cast<std::size_t>(n - first_)];
            // A number must not be skipped: the peer counts. Done entries beyond `received` cannot be.
            send(std::string_view{entry.bytes});
        }
        return true;
    }

    /// Starts a new session: what is not done is numbered from 1 again. Call for_each afterwards to send it.
    void restart() {
        std::deque<Entry> kept;
        for (Entry& entry : entries_) {
            if (!entry.done) kept.push_back(std::move(entry));
        }
        entries_ = std::move(kept);
        first_ = 1;
    }

    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const Entry& entry : entries_) {
            if (!entry.done) visit(entry);
        }
    }

    /// Takes out everything (the link is given up): `give(entry)` for each not done.
    template <typename Give>
    void drain(Give&& give) {
        std::deque<Entry> all;
        all.swap(entries_);
        first_ += all.size();
        bytes_ = 0;
        for (Entry& entry : all) {
            if (!entry.done) give(std::move(entry));
        }
    }

    /// When the stanza was sent; `never` when it was never sent, or is done.
    [[nodiscard]] TimePoint sent_at(std::uint64_t number) const {
        if (number < first_ || number >= first_ + entries_.size()) return never;
        const Entry& entry = entries_[static_cast<std::size_t>(number - first_)];
        return entry.done ? never : entry.since;
    }
    /// Age of the oldest that is not done; `never` when there is none.
    [[nodiscard]] TimePoint oldest() const {
        for (const Entry& entry : entries_) {
            if (!entry.done) return entry.since;
        }
        return never;
    }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    std::deque<Entry> entries_;
    std::uint64_t first_ = 1;
    std::uint64_t bytes_ = 0;
};

/// The receiving direction: counts what arrived and gathers what is done.
class ReceiveWindow {
public:
    /// The number of the stanza that just arrived.
    std::uint64_t received() { return ++received_; }
    [[nodiscard]] std::uint32_t h() const { return static_cast<std::uint32_t>(received_); }
    void handled(std::uint64_t number);
    /// The ranges handled since the last call.
    [[nodiscard]] std::vector<Range> take_done();
    [[nodiscard]] bool has_done() const { return !handled_.empty(); }
    void restart() { *this = {}; }

private:
    std::uint64_t received_ = 0;
    std::vector<std::uint64_t> handled_;
};

}  // namespace sallyport::link
