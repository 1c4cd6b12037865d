// The sending direction of a session (docs/protocol/link.md, sections 3 and 5; XEP-0198): what was taken over and is
// not yet done. It knows what has been written on the present connection, what the far side is known to have received,
// and which stanzas were on their way when a connection ended: a stanza that ends the link is found out and taken out.
// Pure; the service writes the bytes and settles the tickets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "proto/link/session.h"
#include "proto/xmpp/stanza.h"

namespace sallyport::link {

/// A stanza is taken out when the far side has ended two connections while it was the one on its way, or died so twice;
/// or when three connections broke, which a bad cable can do too.
inline constexpr std::uint8_t most_strikes = 6;
inline constexpr std::uint8_t strikes_of_word = 3, strikes_of_loss = 2;

/// `Tag` is the service's word for "whom to tell"; the window only stores it.
template <typename Tag>
class SendWindow {
public:
    struct Entry {
        std::uint64_t number = 0;
        xmpp::OwnedStanza stanza;
        Tag tag{};
        TimePoint since{};
        std::uint8_t strikes = 0;  ///< from connections that ended with it on its way
        bool lost = false;         ///< the latest of them broke without a word
        bool done = false;         ///< and swept soon
        [[nodiscard]] std::uint64_t weight() const { return sizeof(Entry) + stanza.weight(); }
    };

    /// Keeps a stanza that is to be written; its number is returned.
    std::uint64_t push(xmpp::OwnedStanza stanza, Tag tag, TimePoint since, std::uint8_t strikes = 0) {
        entries_.push_back({next_, std::move(stanza), std::move(tag), since, strikes, false, false});
        weight_ += entries_.back().weight();
        bytes_ += entries_.back().stanza.size();
        return next_++;
    }

    /// Calls `write(bytes)` for what is not written yet, in order. A stanza with strikes goes alone, when everything
    /// before it is known to have arrived. True: to go on, the far side must be asked how much it has received.
    template <typename Write>
    [[nodiscard]] bool write_on(Write&& write) {
        if (alone_ != 0) return false;
        for (auto at = first_after(written_); at != entries_.end(); ++at) {
            if (at->strikes > 0 && confirmed_ < written_) return std::exchange(asked_, written_) != written_;
            write(at->stanza.bytes());
            written_ = at->number;
            if (at->strikes == 0) continue;
            alone_ = written_;
            return true;
        }
        return false;
    }

    /// The far side has received `h` stanzas (modulo 2^32). False: more than were written.
    [[nodiscard]] bool received(std::uint32_t h) {
        const auto behind = static_cast<std::uint32_t>(static_cast<std::uint32_t>(written_) - h);
        if (behind > written_) return false;
        confirm(written_ - behind);
        return true;
    }

    /// Marks numbers as done and calls `settle(entry)` for each that was not yet. False: a number was never written.
    template <typename Settle>
    [[nodiscard]] bool done(const Range& range, Settle&& settle) {
        if (range.first == 0 || range.last < range.first || range.last > written_) return false;
        // Stanzas arrive in order.
        confirm(range.last);
        for (auto at = first_after(range.first - 1); at != entries_.end() && at->number <= range.last; ++at) {
            if (at->done) continue;
            settle(*at);
            uncount(*at);
            // Moved away: an assignment of nothing would keep the buffer.
            const xmpp::OwnedStanza gone = std::move(at->stanza);
            at->stanza = {};
            at->done = true;
            ++done_;
        }
        sweep();
        return true;
    }

    /// The connection has ended.
    void broken(Blame blame) {
        alone_ = asked_ = 0;
        if (blame == Blame::none) return;
        const std::uint8_t more = blame == Blame::word ? strikes_of_word : strikes_of_loss;
        for (auto at = first_after(confirmed_); at != entries_.end() && at->number <= written_; ++at) {
            at->strikes = static_cast<std::uint8_t>(at->strikes + more);
            at->lost = blame == Blame::loss;
        }
    }
    /// The far process at the other end of the broken connection is no more.
    void far_died() {
        for (Entry& entry : entries_) {
            if (std::exchange(entry.lost, false)) ++entry.strikes;
        }
    }

    /// The session goes on: the far side has received `h` (modulo 2^32). False: that cannot be. What it lacks is to be
    /// written again.
    [[nodiscard]] bool resume(std::uint32_t h) {
        const auto behind = static_cast<std::uint32_t>(static_cast<std::uint32_t>(written_) - h);
        if (behind > written_ || written_ - behind < confirmed_) return false;
        const std::uint64_t last_written = written_;
        confirmed_ = written_ = written_ - behind;
        alone_ = asked_ = 0;
        // Only the first that did not arrive can have ended the connection.
        for (Entry& entry : entries_) {
            if (entry.number <= last_written && entry.number != confirmed_ + 1) entry.strikes = 0;
            entry.lost = false;
        }
        return true;
    }

    /// A new session: what is not done is numbered from 1 again, and to be written again.
    void restart() {
        far_died();
        sweep_all();
        confirmed_ = written_ = alone_ = asked_ = 0;
        renumber();
    }

    /// Takes out what ended the link too often: `give(entry)`. After resume() or restart().
    template <typename Give>
    void take_culprits(Give&& give) {
        sweep_all();
        bool found = false;
        for (auto at = entries_.begin(); at != entries_.end();) {
            if (at->strikes < most_strikes || at->number <= written_) {
                ++at;
                continue;
            }
            found = true;
            uncount(*at);
            Entry culprit = std::move(*at);
            at = entries_.erase(at);
            give(culprit);
        }
        // The far side counts what it receives: no number may be missing.
        if (found) renumber();
    }

    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const Entry& entry : entries_) {
            if (!entry.done) visit(entry);
        }
    }

    /// Takes out everything that is not done, in order: `give(entry)`.
    template <typename Give>
    void drain(Give&& give) {
        std::deque<Entry> all;
        all.swap(entries_);
        weight_ = bytes_ = done_ = 0;
        alone_ = 0;
        for (Entry& entry : all) {
            if (!entry.done) give(std::move(entry));
        }
    }

    /// When the stanza was taken over; `never` when it was not, or is done.
    [[nodiscard]] TimePoint sent_at(std::uint64_t number) const {
        const auto at = first_after(number - 1);
        return at == entries_.end() || at->number != number || at->done ? never : at->since;
    }
    /// Since when the oldest waits that is not done; `never` when there is none.
    [[nodiscard]] TimePoint oldest() const { return entries_.empty() ? never : entries_.front().since; }
    /// Stanzas that are not done.
    [[nodiscard]] std::size_t size() const { return entries_.size() - done_; }
    /// Their bytes as they are sent.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// What they take of the memory.
    [[nodiscard]] std::uint64_t weight() const { return weight_; }
    /// Places in use, those of stanzas that are done and not yet swept included.
    [[nodiscard]] std::size_t places() const { return entries_.size(); }
    /// Is the stanza known to have arrived?
    [[nodiscard]] bool arrived(const Entry& entry) const { return entry.number <= confirmed_; }

private:
    using Entries = std::deque<Entry>;

    template <typename Self>
    static auto after(Self& entries, std::uint64_t number) {
        // Mostly it is the last one, or the first.
        if (entries.empty() || entries.back().number <= number) return entries.end();
        if (entries.front().number > number) return entries.begin();
        if (entries.size() > 1 && (entries.end() - 2)->number <= number) return entries.end() - 1;
        return std::upper_bound(entries.begin(), entries.end(), number,
                                [](std::uint64_t wanted, const Entry& entry) { return wanted < entry.number; });
    }
    [[nodiscard]] typename Entries::iterator first_after(std::uint64_t number) { return after(entries_, number); }
    [[nodiscard]] typename Entries::const_iterator first_after(std::uint64_t number) const {
        return after(entries_, number);
    }

    void confirm(std::uint64_t number) {
        confirmed_ = std::max(confirmed_, number);
        if (alone_ == 0 || confirmed_ < alone_) return;
        const auto at = first_after(alone_ - 1);
        if (at != entries_.end() && at->number == alone_) at->strikes = 0;
        alone_ = 0;
    }

    /// Counted no more.
    void uncount(const Entry& entry) {
        weight_ -= entry.weight();
        bytes_ -= entry.stanza.size();
    }

    void sweep() {
        while (!entries_.empty() && entries_.front().done) {
            entries_.pop_front();
            --done_;
        }
        // What is done behind something that is not: at most as many places as are in use, and a few.
        constexpr std::size_t few = 64;
        if (done_ > few && done_ > entries_.size() / 2) sweep_all();
    }
    void sweep_all() {
        if (done_ == 0) return;
        Entries kept;
        for (Entry& entry : entries_) {
            if (!entry.done) kept.push_back(std::move(entry));
        }
        entries_ = std::move(kept);
        done_ = 0;
    }

    /// Numbers what the far side lacks, without a gap.
    void renumber() {
        next_ = written_ + 1;
        for (Entry& entry : entries_) {
            if (entry.number > written_) entry.number = next_++;
        }
    }

    Entries entries_;
    std::uint64_t next_ = 1;       ///< number of the next stanza
    std::uint64_t written_ = 0;    ///< the last one written on the present connection, or before and received
    std::uint64_t confirmed_ = 0;  ///< the last one that is known to have arrived
    std::uint64_t alone_ = 0;      ///< the one that is on its way alone; 0: none
    std::uint64_t asked_ = 0;      ///< the last one written when the far side was asked what it has received
    std::size_t done_ = 0;         ///< places of stanzas that are done
    std::uint64_t weight_ = 0, bytes_ = 0;
};

}  // namespace sallyport::link
