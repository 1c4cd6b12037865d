// Acknowledgement counters of XEP-0198 section 4, one class a direction; both wrap at 2^32 on the wire.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proto/xmpp/stanza.h"

namespace sallyport::s2s {

/// What we received: gives numbers to stanzas and knows up to which one all of them are handled. Stanzas may be
/// finished in any order; `h` only counts the unbroken beginning, so that the peer keeps what is still on its way. What
/// is handled behind that is kept as ranges: as many as there are gaps, however long one stanza stays on its way.
class ReceivedCounter {
public:
    /// A stanza arrived: its sequence, from 1.
    std::uint64_t receive() { return current_ = ++received_; }
    /// The same on a stream that can be resumed: `mark` is what the stanza is known by should it come again.
    std::uint64_t receive(std::uint64_t mark);
    /// It is done with. Numbers never given and repetitions are ignored.
    void handle(std::uint64_t sequence);
    /// The peer sent `<enable/>` (or we got `<enabled/>`): counting starts at zero after the stanzas so far. Nobody
    /// tells of those, so they count as handled.
    void enable() {
        enabled_ = true;
        base_ = handled_ = received_;
        ahead_.clear();
        forget_marks();
    }
    [[nodiscard]] bool enabled() const { return enabled_; }
    /// The value of `h` now.
    [[nodiscard]] std::uint32_t h() const { return static_cast<std::uint32_t>(done() - base_); }
    /// The value of `h` for `<resumed/>`: the peer sends again what is not in it, and what is on its way from here is
    /// still to arrive. From now on no less is told, be it repeated on this connection or not.
    std::uint32_t resume() {
        current_ = answered_for_ = received_;
        return h();
    }
    /// Of a stream that can be resumed: at most so many marks are kept of stanzas on their way.
    void keep_marks(std::size_t most) { most_marks_ = most; }
    /// Each stanza on its way would be known again.
    [[nodiscard]] bool knows_all() const { return !marks_lost_; }
    /// As resume(), but nothing is answered for that is on its way: the peer sends all of it again, in its order
    /// (XEP-0198 section 5), and that is passed over by repeat().
    std::uint32_t go_back();
    /// The next stanza is one that has come before.
    [[nodiscard]] bool repeats() const { return current_ < received_; }
    /// It has come again. False: it is another one, and the peer does not do what it has to.
    [[nodiscard]] bool repeat(std::uint64_t mark);
    /// Memory that is held for what is on its way.
    [[nodiscard]] std::size_t bytes() const {
        return marks_.size() * sizeof(std::uint64_t) + ahead_.size() * range_bytes;
    }
    /// The peer asked while stanzas were on their way: an `<a/>` follows when those are done.
    void owe() { owed_ = on_their_way() ? received_ : 0; }
    [[nodiscard]] bool on_their_way() const { return told() < received_; }
    /// So often it is looked whether one stanza withholds the acknowledgement of all behind it. A peer that hears of
    /// nothing for a minute takes us for dead, and sends all of them again.
    static constexpr Duration look_every = std::chrono::seconds{20};
    /// A stanza has come and nobody looks yet: the time of the first look.
    [[nodiscard]] TimePoint watch(TimePoint now) {
        note();
        return now + look_every;
    }
    /// Nothing new could be told since the last look: we answer for what had been received by then. True when that is
    /// news for the peer.
    [[nodiscard]] bool look();
    /// The time of the next look; `never` when nothing is on its way.
    [[nodiscard]] TimePoint next_look(TimePoint now) const { return on_their_way() ? now + look_every : never; }
    /// True once when the owed answer has become due.
    [[nodiscard]] bool due();
    [[nodiscard]] std::uint64_t received() const { return received_; }
    /// Whoever reads waits from here on until gaps have closed.
    static constexpr std::size_t most_ranges = 16384;
    [[nodiscard]] bool crowded() const { return ahead_.size() >= most_ranges; }
    /// Kept behind the unbroken beginning.
    [[nodiscard]] std::size_t ranges() const { return ahead_.size(); }

private:
    static constexpr std::size_t range_bytes = 64;  ///< of a node of ahead_, about

    /// Up to which stanza the peer hears of it: not of one that it has still to repeat on this connection.
    [[nodiscard]] std::uint64_t done() const { return std::min(told(), current_); }
    void forget_marks() {
        std::vector<std::uint64_t>{}.swap(marks_);
        dropped_ = 0;
        marks_lost_ = false;
    }
    void drop_marks();
    /// What the next look compares with.
    void note() {
        seen_ = told();
        had_ = received_;
    }
    /// Up to which stanza the peer hears that all are done.
    [[nodiscard]] std::uint64_t told() const { return std::max(handled_, answered_for_); }

    std::uint64_t received_ = 0;
    std::uint64_t handled_ = 0;
    std::uint64_t base_ = 0;
    std::uint64_t owed_ = 0;
    std::uint64_t answered_for_ = 0;                ///< whatever becomes of it, the peer does not send it again
    std::uint64_t seen_ = 0, had_ = 0;              ///< told, and received, at the last look
    std::map<std::uint64_t, std::uint64_t> ahead_;  ///< handled out of order: first and last of each range
    std::uint64_t current_ = 0;                     ///< the last that came on this connection
    std::vector<std::uint64_t> marks_;              ///< of those behind the unbroken beginning, up to received_
    std::size_t dropped_ = 0;                       ///< of these, at their front, are of no use any more
    std::size_t most_marks_ = 0;
    bool marks_lost_ = false;
    bool enabled_ = false;
};

/// What we sent: how much of it the peer has acknowledged, and when to ask.
class SentCounter {
public:
    static constexpr std::uint64_t ask_every = 50;  ///< stanzas between two `<r/>`

    void enable() { enabled_ = true; }
    void disable() { *this = SentCounter{}; }
    /// Goes on from a count of an earlier time.
    void resume_at(std::uint64_t count) { sent_ = acknowledged_ = asked_at_ = count; }
    /// Of an earlier time as well: so many had been acknowledged, and so many more were sent.
    [[nodiscard]] static SentCounter of(std::uint64_t acknowledged, std::uint64_t unacknowledged) {
        SentCounter counter;
        counter.resume_at(acknowledged);
        counter.sent_ += unacknowledged;
        return counter;
    }
    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] bool enabled() const { return enabled_; }
    /// A stanza was written. True: it is time to ask.
    [[nodiscard]] bool send();
    /// A stanza that the peer has not counted is taken back, and will not be sent again.
    void withdraw() {
        --sent_;
        asked_at_ = std::min(asked_at_, sent_);
    }
    void asked() { asked_at_ = sent_; }
    /// `h` of an `<a/>`: how many stanzas it newly acknowledges; nothing when it counts more than we sent.
    [[nodiscard]] std::optional<std::uint64_t> acknowledge(std::uint32_t h);
    /// `h` is a count that the peer can have: neither more than was sent nor less than it told before.
    [[nodiscard]] bool counts(std::uint32_t h) const {
        return static_cast<std::uint32_t>(h - static_cast<std::uint32_t>(acknowledged_)) <= unacknowledged();
    }
    [[nodiscard]] std::uint64_t unacknowledged() const { return sent_ - acknowledged_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }

private:
    std::uint64_t sent_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t asked_at_ = 0;
    bool enabled_ = false;
};

/// What a stanza is known by when it comes again: its kind, addresses, id and type. Whoever sends it again may add to
/// it (XEP-0203), and who makes up two that look alike harms himself.
[[nodiscard]] std::uint64_t mark_of(const xmpp::Stanza& stanza);

/// Decimal digits within 32 bits, nothing else.
[[nodiscard]] std::optional<std::uint32_t> read_h(std::string_view text);

}  // namespace sallyport::s2s
