// The life of a session of the router link at one of its ends: how it outlives connections, when it is over, and what
// becomes then of that which it carries (docs/protocol/link.md, sections 3, 4 and 10). A pure machine: events with what
// holds go in, actions come out. It has no stanza and no connection; those are the hub's.
//
// Its driver keeps, for each session, the windows and the connection. For each stanza it looks at may_write() alone. At
// the events below it calls on() with what holds at that moment, and carries the actions out in their order. In the hub
// (services/link/living.cpp carries out):
//
//   resume, session_open        resumed, or renewed; miscounted, when the windows do not agree
//   closed                      lost, after the connection has been left
//   bound                       bound
//   replace                     replaced, for each session of the same realm with another process
//   give_up                     given_up
//   dial_shards, retry_later    surplus
//   sweep                       look, for each that is broken
//   quiesce, shut               quiesce, shut
//   take_latest                 on_deadline() of those that are due
//
// Where an action is carried out by something that may tell of further events (go_on, begin_anew, succeed), it is the
// last one; so is end, after which there is no session.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proto/link/machine.h"
#include "proto/link/processes.h"
#include "proto/machine.h"

namespace sallyport::link {

class SessionLife {
public:
    enum class On : std::uint8_t {
        // Its connections
        resumed,     ///< another one goes on with it
        miscounted,  ///< that one says that it has received what cannot be
        renewed,     ///< dialler: the far side does not know it any more, and has opened another one in its place
        lost,        ///< the one that it is on has ended
        // The far side
        bound,     ///< says what it serves
        replaced,  ///< is linked with another process
        given_up,  ///< has given the session up, or is a neighbour no longer
        surplus,   ///< has fewer shards than it had, and none for the session
        // This side
        look,     ///< now and then, while it is on no connection
        quiesce,  ///< the node is going to stop
        shut,     ///< the node ends its connections
        // The machine's own timer
        latest,
    };
    enum class Fact : std::uint8_t {
        lives,     ///< the connection that it is on is open
        hangs,     ///< something that it carries goes only where its domain is served, or its realm reached
        overdue,   ///< the oldest that it carries has waited for the hold time
        others,    ///< other nodes that are linked can take what it carries
        stopping,  ///< there is no other session to come
        // The machine's own
        dialler,
        too_soon,  ///< what the far side serves changes too often
        away,      ///< it is on no connection for longer than others wait
        stale,     ///< overdue, and it is on no connection for the hold time
        expired,   ///< it is on no connection for as long as any session may be
    };
    using Facts = machine::Set<Fact>;
    enum class Action : std::uint8_t {
        // Connections
        turn_away,   ///< the one that came: the processes at both have this session
        cut,         ///< the one that it is on: it may have broken at what was on its way
        bury,        ///< the one that it is on, if any: the far process is no more
        refuse,      ///< the one that came, for its count
        go_on,       ///< over the one that came: what the far side lacks is written again
        begin_anew,  ///< over the one that came: all that is not done is written as new
        ask,         ///< the far side how much has arrived
        // What the far side serves
        learn,    ///< what it has said last
        forget,   ///< that
        sort,     ///< what it carries: what the far side serves is written, the rest goes over other sessions
        succeed,  ///< to sessions of earlier processes, and to the one that the far side has given up for it
        // What it carries, of which stanzas at which connections ended go to their senders
        pass_on,        ///< over other sessions
        pass_on_young,  ///< the same; but what has waited for the hold time goes to its senders
        give_back,      ///< to its senders, unless they keep it
        give_missing,   ///< the same, of what is not known to have arrived; and that will not arrive any more
        // The session
        tell_end,  ///< say that it was given up
        end,
    };
    using Actions = std::vector<Action>;

    /// What all sessions of a hub have in common.
    struct Settings {
        End end = End::dialler;
        Duration hold = std::chrono::seconds{30};             ///< how long stanzas wait for a link
        Duration patience = std::chrono::milliseconds{2500};  ///< until others take what it carries
        Duration longest = std::chrono::seconds{300};         ///< without a connection, whatever it carries
        /// Of what the far side serves so many changes count as quickly as they come, then one each time.
        int binds_at_once = 20;
        Duration bind_every = std::chrono::seconds{1};
    };

    /// It begins on a connection. `settings` outlive it.
    explicit SessionLife(const Settings& settings) : settings_{&settings} {}

    void on(On on, Facts holding, TimePoint now, Actions& out);
    [[nodiscard]] TimePoint deadline() const { return timers_.first(); }
    void on_deadline(Facts holding, TimePoint now, Actions& out);

    /// Stanzas may be written, while its connection is open.
    [[nodiscard]] bool may_write() const { return phase_ == Phase::unnamed || phase_ == Phase::named; }
    /// It is on a connection, whose far side has said what it serves.
    [[nodiscard]] bool named() const { return phase_ == Phase::named; }
    /// It is on no connection, and waits for one.
    [[nodiscard]] bool broken() const { return phase_ == Phase::broken; }
    /// For so long that others may take what it carries.
    [[nodiscard]] bool away(TimePoint now) const { return broken() && now - broken_since_ >= settings_->patience; }
    /// The phase by its name.
    [[nodiscard]] std::string_view phase() const { return words(phase_); }

    [[nodiscard]] static std::vector<machine::RowText> table();

private:
    enum class Phase : std::uint8_t {
        unnamed,  ///< on a connection; the far side has not said what it serves, and nothing that it carries hangs on
                  ///< it
        sorting,  ///< on a connection; the same, but something does: nothing is written
        named,    ///< on a connection; the far side has said it
        broken,   ///< on none
        closed,
    };
    enum class Timer : std::uint8_t { latest, count_ };
    using Did = machine::Did;
    using Act = Did (SessionLife::*)(TimePoint, Actions&);
    using Row = machine::Row<Phase, On, Fact, Act>;
    struct Table;
    [[nodiscard]] static std::string_view words(Phase phase);
    [[nodiscard]] static std::string_view text(On on);
    [[nodiscard]] Facts own(TimePoint now) const;
    void close(Action rest, Actions& out) const;

    Did take_over(TimePoint, Actions&);
    Did change_over(TimePoint, Actions&);
    Did go_on(TimePoint, Actions&);
    Did refuse(TimePoint, Actions&);
    Did begin_anew(TimePoint, Actions&);
    Did lose(TimePoint, Actions&);
    Did learn(TimePoint, Actions&);
    Did learn_and_sort(TimePoint, Actions&);
    Did learn_later(TimePoint, Actions&);
    Did forget(TimePoint, Actions&);
    Did bury(TimePoint, Actions&);
    Did give_up(TimePoint, Actions&);
    Did pass_on(TimePoint, Actions&);
    Did expire(TimePoint, Actions&);
    Did ask(TimePoint, Actions&);
    Did give_back(TimePoint, Actions&);
    Did give_missing(TimePoint, Actions&);

    const Settings* settings_;
    Phase phase_ = Phase::unnamed;
    Phase before_ = Phase::unnamed;  ///< it broke
    Facts holding_;                  ///< at the event under way
    TimePoint broken_since_ = never;
    TimePoint bound_until_{};  ///< changes up to now are those of the time until then
    Takeovers takeovers_;
    machine::Deadlines<Timer> timers_;
};

}  // namespace sallyport::link
