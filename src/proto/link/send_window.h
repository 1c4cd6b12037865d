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

/// Suspects that go together where there are more. A far process that died with thousands on their way leaves thousands
/// of suspects, nearly all of them innocent: one a round trip would hold them back for minutes. If a connection ends at
/// several, each of those goes alone the next time: the search costs the far side one ending more.
inline constexpr std::size_t most_together = 64;

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
        bool apart = false;        ///< one ended at several, with it among them: it goes alone
        bool done = false;         ///< and swept soon
        [[nodiscard]] std::uint64_t weight() const { return sizeof(Entry) + stanza.weight(); }
    };

    /// Keeps a stanza that is to be written; its number is returned.
    std::uint64_t push(xmpp::OwnedStanza stanza, Tag tag, TimePoint since, std::uint8_t strikes = 0,
                       bool apart = false) {
        entries_.push_back({next_, std::move(stanza), std::move(tag), since, strikes, false, apart, false});
        weight_ += entries_.back().weight();
        bytes_ += entries_.back().stanza.size();
        return next_++;
    }

    /// Calls `write(bytes)` for what is not written yet, in order. Stanzas with strikes go when everything before them
    /// is known to have arrived: a few together, or one alone; what is behind them waits until they have arrived.
    /// True: to go on, the far side must be asked how much it has received.
    template <typename Write>
    [[nodiscard]] bool write_on(Write&& write) {
        if (suspects_ != 0) return false;
        std::size_t together = 0;
        for (auto at = first_after(written_); at != entries_.end() && together < most_together; ++at) {
            const bool suspect = at->strikes > 0;
            if (together > 0 && (!suspect || at->apart)) break;
            const bool alone = suspect && together == 0 && !has_many_from(at);
            if (suspect && together == 0 && confirmed_ < written_) {
                return std::exchange(asked_, written_) != written_;
            }
            write(at->stanza.bytes());
            written_ = at->number;
            if (!suspect) continue;
            ++together;
            suspects_ = written_;
            if (alone) break;
        }
        return together > 0;
    }

    /// The far side has received `h` stanzas (modulo 2^32). False: more than were written.
    [[nodiscard]] bool received(std::uint32_t h) {
        const auto behind = static_cast<std::uint32_t>(static_cast<std::uint32_t>(written_) - h);
        if (behind > written_) return false;
        confirm(written_ - behind);
        return true;
    }

    /// The number of the last stanza that it was given, and of the last that the far side is known to have received.
    [[nodiscard]] std::uint64_t last() const { return next_ - 1; }
    [[nodiscard]] std::uint64_t confirmed() const { return confirmed_; }

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
        const bool several = suspects_ != 0 && confirmed_ + 1 < written_;
        suspects_ = asked_ = 0;
        held_back_ = 0;
        if (blame == Blame::none) return;
        const std::uint8_t more = blame == Blame::word ? strikes_of_word : strikes_of_loss;
        // Of several suspects nearly all are innocent: only one that went alone, or is known to be the first that did
        // not arrive, is struck once more.
        if (several) held_back_ = more;
        for (auto at = first_after(confirmed_); at != entries_.end() && at->number <= written_; ++at) {
            at->apart = several;
            at->lost = !several && blame == Blame::loss;
            if (!several) at->strikes = static_cast<std::uint8_t>(at->strikes + more);
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
        suspects_ = asked_ = 0;
        // Only the first that did not arrive can have ended the connection.
        for (Entry& entry : entries_) {
            entry.lost = false;
            if (entry.number > last_written) continue;
            if (entry.number == confirmed_ + 1) {
                entry.strikes = static_cast<std::uint8_t>(entry.strikes + held_back_);
            } else {
                acquit(entry);
            }
        }
        held_back_ = 0;
        return true;
    }

    /// A new session: what is not done is numbered from 1 again, and to be written again.
    void restart() {
        far_died();
        sweep_all();
        confirmed_ = written_ = suspects_ = asked_ = 0;
        held_back_ = 0;
        renumber();
    }

    /// Takes out what ended the link too often: `give(entry)`. After resume() or restart().
    template <typename Give>
    void take_culprits(Give&& give) {
        take_unwritten([](const Entry& entry) { return entry.strikes >= most_strikes; }, give);
    }
    /// Takes out what is not written on the present connection and is `wanted(entry)`: `give(entry)`.
    template <typename Wanted, typename Give>
    void take_unwritten(Wanted&& wanted, Give&& give) {
        sweep_all();
        Entries kept, taken;
        for (Entry& entry : entries_) {
            const bool goes = entry.number > written_ && wanted(std::as_const(entry));
            if (goes) uncount(entry);
            (goes ? taken : kept).push_back(std::move(entry));
        }
        entries_ = std::move(kept);
        // The far side counts what it receives: no number may be missing.
        if (!taken.empty()) renumber();
        for (Entry& entry : taken) give(entry);
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
        suspects_ = 0;
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

    /// Is the stanza a suspect that may go with others, with as many behind it?
    [[nodiscard]] bool has_many_from(typename Entries::const_iterator at) const {
        constexpr auto many = static_cast<std::ptrdiff_t>(most_together);
        if (at->apart || entries_.end() - at <= many) return false;
        return (at + many)->strikes > 0 && !(at + many)->apart;
    }

    void confirm(std::uint64_t number) {
        const std::uint64_t before = confirmed_;
        confirmed_ = std::max(confirmed_, number);
        if (suspects_ == 0) return;
        for (auto at = first_after(before); at != entries_.end() && at->number <= confirmed_; ++at) acquit(*at);
        if (confirmed_ >= suspects_) suspects_ = 0;
    }

    static void acquit(Entry& entry) {
        entry.strikes = 0;
        entry.apart = false;
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
    std::uint64_t suspects_ = 0;   ///< the last of the suspects that are on their way, with nothing else; 0: none
    std::uint64_t asked_ = 0;      ///< the last one written when the far side was asked what it has received
    std::size_t done_ = 0;         ///< places of stanzas that are done
    std::uint8_t held_back_ = 0;   ///< strikes for the one of several suspects at which the last connection ended
    std::uint64_t weight_ = 0, bytes_ = 0;
};

}  // namespace sallyport::link
