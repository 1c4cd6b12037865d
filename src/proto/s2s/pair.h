// The life of a domain pair on its shard: how it comes to a stream, what becomes of it when that stream ends, when it
// is tried again (RFC 6120 3.2, XEP-0220 2.6, XEP-0288; decision records 0011, 0017, 0019, 0020). A pure machine:
// events with what holds go in, actions come out. It has no stanza and no stream; those are the pool's.
//
// Its driver keeps, for each pair, the queue and the stream that the pair is on (`carrier`, `reverse`). For each stanza
// it looks at ready() alone. At the events below it calls on() with what holds at that moment, and carries the actions
// out in their order, after its own lists are as the event says (a stream that is gone has been left by all its pairs).
// In the pool (services/s2s/pool_life.cpp carries out):
//
//   enqueue                     wanted, if may_try()
//   take_over                   wanted; came_back while the pair is on a stream
//   ping                        hurried
//   offer                       invited
//   leave_reverse               withdrawn, if the pair is on that stream
//   outbound_ready              ready, for its pair when it is on that stream; then, if it was the stream's first,
//                               stream_open for the others on it; then ask_waiting
//   ask_waiting                 may_ask or unshareable, for each pair on it that is in_line(), until one gets no_room;
//                               ready, where the stream has the pair already
//   outbound_failed             barred, at Stage::policy; refused, at Stage::dialback if the stream is not
//                               ready for the pair; doomed, at another stage, for good, before the stream was open
//   carried                     carried, for each pair on the stream, the first time
//   gone                        gone, for each pair that was on it and for each to whose queue stanzas came back and
//                               that is on none; came_back, where it is on another one. What has waited for too long
//                               is returned before
//   alive                       alive or heard
//   rules_changed, shut         rules_changed, stop
//   sweep                       on_deadline() of those that are due
//
// Actions are calls as well: open, join (stream_open and ask_waiting follow where the stream is open), ask, leave, end,
// flush (became_ready), return_all (refuse_all), give_away (take_over of the owner), failed (lost: what it logs and
// answers), up and down (on_peer), unshare (Remote::unshared).
// return_all is always the last: what is returned may come back as something to send. The delay before a retry and the
// reasons of failures, which senders are told, stay outside.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proto/machine.h"

namespace sallyport::s2s {

class Pair {
public:
    enum class On : std::uint8_t {
        wanted,   ///< something waits for it
        hurried,  ///< an operator does not want to wait for the next attempt
        // The peer's own streams (XEP-0288).
        invited,    ///< one of them may carry the pair: the fact `offered` holds from now on
        withdrawn,  ///< the one that it is on may do so no longer, though it lives
        // A stream that was opened for another pair.
        stream_open,  ///< its first pair is authenticated; at once where the pair joins one that is open
        may_ask,      ///< it can be asked for this pair
        no_room,      ///< it could not after all
        unshareable,  ///< its peer takes no further pairs
        // The stream that it is on.
        ready,    ///< the pair is authenticated
        refused,  ///< the peer does not accept our proof for it (XEP-0220 2.5)
        doomed,   ///< it will end without use, and so would the next: known before its end
        barred,   ///< our rules no longer admit the pair, and the stream has dropped it
        carried,  ///< something on it was acknowledged, or taken for good
        gone,     ///< it has ended; also one that the pair was on before, while it is on none
        // Anywhere.
        came_back,  ///< stanzas, from a stream that it was on before, while it is on another
        alive,      ///< the domain has proved by a stream, its own or one of ours, that it is there
        heard,      ///< it says something on a stream that stood before
        rules_changed,
        stop,  ///< the node ends
        // The machine's own timers.
        retry,
        late,
    };
    enum class Fact : std::uint8_t {
        waits,      ///< something waits for the pair
        admitted,   ///< our rules admit it
        offered,    ///< and a stream of the peer may carry it
        elsewhere,  ///< streams of ours for it are another shard's
        shared,     ///< a stream of ours to the domain, be it open or not, has a place
        // Of the stream that an event is about, or of the peer's that the pair would come to.
        opened,     ///< its first pair was authenticated
        carried,    ///< something on it was acknowledged, or taken for good
        settled,    ///< nothing that was sent on it is open
        sole,       ///< it has no other pair
        ours,       ///< we meant it to end
        quick,      ///< the peer ended it at once
        silent,     ///< it ended without a word
        of_domain,  ///< what failed fails for every pair of the domain
        permanent,  ///< it would fail again until somebody changes something
        unheard,    ///< nobody listens there: the attempt cost the peer nothing
    };
    using Facts = machine::Set<Fact>;
    enum class Action : std::uint8_t {
        open,        ///< a stream of its own
        join,        ///< the stream with a place
        ask,         ///< the stream that it is on for this pair; answer with no_room if it cannot be asked
        reverse,     ///< go to the peer's own stream
        give_away,   ///< what waits, to the shard that owns the pair
        leave,       ///< the stream that it is on
        end,         ///< the stream that it is on, or has just left
        flush,       ///< it works: failures are history, what waits is written
        failed,      ///< say so; it is tried again at retry_at()
        hurt,        ///< those who wait are hurt
        return_all,  ///< what waits, to its senders
        unshare,     ///< the domain takes one pair a stream
        up,          ///< tell that a stream of ours carries the pair
        down,        ///< and that none does
    };
    using Actions = std::vector<Action>;

    /// What all pairs of a pool have in common.
    struct Settings {
        std::function<Duration(unsigned failures)> delay;      ///< before the next attempt
        Duration sharing_patience = std::chrono::seconds{10};  ///< for a place on an open stream
        Duration alive_every = std::chrono::seconds{5};        ///< signs of life that count
        /// Who has just worked and cannot be reached is being restarted for so long: nothing is doubled yet.
        Duration restart = std::chrono::seconds{15};
    };

    /// `settings` outlive the pair.
    explicit Pair(const Settings& settings) : settings_{settings} {}

    void on(On on, Facts holding, TimePoint now, Actions& out);
    [[nodiscard]] TimePoint deadline() const { return timers_.first(); }
    void on_deadline(Facts holding, TimePoint now, Actions& out);

    /// Stanzas may be written.
    [[nodiscard]] bool ready() const { return phase_ == Phase::ready || phase_ == Phase::reversed; }
    /// On a stream, be it ready or not.
    [[nodiscard]] bool on_stream() const {
        return phase_ != Phase::idle && phase_ != Phase::backing_off && phase_ != Phase::closed;
    }
    /// On no stream, and the next attempt may begin.
    [[nodiscard]] bool may_try(TimePoint now) const {
        return phase_ == Phase::idle || (phase_ == Phase::backing_off && now >= timers_[Timer::retry]);
    }
    /// On another pair's stream, for its turn to be asked for.
    [[nodiscard]] bool in_line() const { return phase_ == Phase::waiting; }
    /// What comes now would wait in vain for as long as `patience`.
    [[nodiscard]] bool hopeless(TimePoint now, Duration patience) const;
    [[nodiscard]] unsigned failures() const { return failures_; }
    /// `never`: not at all.
    [[nodiscard]] TimePoint failing_since() const { return failing_since_; }
    /// When it is tried again; `never` when it is not backing off.
    [[nodiscard]] TimePoint retry_at() const { return timers_[Timer::retry]; }
    /// The phase by its name.
    [[nodiscard]] std::string_view phase() const { return words(phase_); }

    [[nodiscard]] static std::vector<machine::RowText> table();

private:
    enum class Phase : std::uint8_t {
        idle,         ///< on no stream; nothing waits for long
        backing_off,  ///< on no stream: the next attempt is not due
        opening,      ///< on a stream that is being opened for it
        waiting,      ///< on another pair's stream, for its turn to be asked for
        asking,       ///< on another pair's stream, which was asked for it
        ready,        ///< authenticated on a stream of ours
        reversed,     ///< on a stream of the peer (XEP-0288)
        closed,       ///< the node ends
    };
    enum class Timer : std::uint8_t { place, retry, count_ };
    using Did = machine::Did;
    using Act = Did (Pair::*)(TimePoint, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    [[nodiscard]] static std::string_view words(Phase phase);
    [[nodiscard]] static std::string_view text(On on);

    bool step(On on, TimePoint now, Actions& out);
    void lower(Actions& out);
    void return_all(Actions& out);
    void worked();
    void carried_well();

    Did rest(TimePoint, Actions&) { return Did::advance; }
    Did open(TimePoint, Actions&);
    Did join(TimePoint, Actions&);
    Did reverse(TimePoint, Actions&);
    Did give_away(TimePoint, Actions&);
    Did give_back(TimePoint, Actions&);
    Did switch_over(TimePoint, Actions&);
    Did move_over(TimePoint, Actions&);
    Did leave(TimePoint, Actions&);
    Did await_place(TimePoint, Actions&);
    Did ask(TimePoint, Actions&);
    Did go_own_way(TimePoint, Actions&);
    Did go_alone(TimePoint, Actions&);
    Did come_up(TimePoint, Actions&);
    Did end_stream(TimePoint, Actions&);
    Did drop(TimePoint, Actions&);
    Did go_over(TimePoint, Actions&);
    Did lose(TimePoint, Actions&);
    Did pause(TimePoint, Actions&);
    Did part(TimePoint, Actions&);
    Did part_alone(TimePoint, Actions&);
    Did part_well(TimePoint, Actions&);
    Did flush(TimePoint, Actions&);
    Did prove_worth(TimePoint, Actions&);
    Did revive(TimePoint, Actions&);
    Did try_now(TimePoint, Actions&);
    [[nodiscard]] bool counts_as_life(TimePoint now);
    Did forgive(TimePoint, Actions&);
    Did forgive_and_return(TimePoint, Actions&);
    Did stop(TimePoint, Actions&);

    const Settings& settings_;
    Phase phase_ = Phase::idle;
    bool alone_ = false;           ///< it was not taken on another pair's stream
    bool up_ = false;              ///< told
    bool permanent_ = false;       ///< the last failure
    bool proven_ = false;          ///< something was carried, and what failed since has not failed for long
    std::uint8_t backed_off_ = 0;  ///< failures that doubled the delay, as far as that counts
    unsigned failures_ = 0;        ///< since something was carried
    Facts holding_;                ///< at the event under way
    TimePoint failing_since_ = never;
    TimePoint revived_at_{};
    machine::Deadlines<Timer> timers_;
};

}  // namespace sallyport::s2s
