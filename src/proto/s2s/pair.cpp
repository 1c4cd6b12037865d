// The life of a domain pair. While something waits for it, it looks for a way, in this order: the peer's own stream;
// the shard that owns the pair; a place on a stream to the same domain; a stream of its own. It keeps what it has found
// until that ends. Then it looks again at once, unless the stream was of no use, or of use for a moment only: then it
// backs off.
//
//   idle --wanted--> reversed, waiting, opening          waiting --may ask--> asking
//   opening, asking --ready--> ready                     ready, reversed, asking --gone--> idle, backing_off
//   opening --gone--> backing_off --retry--> idle        any --stop--> closed
//
// `idle` with something that waits is left at once: each event that leads there is followed by `wanted`. What no row
// names changes nothing.
#include "proto/s2s/pair.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sallyport::s2s {

namespace {
/// More make no difference to a delay.
constexpr std::uint8_t most_doublings = 100;
}  // namespace

struct Pair::Table {
    using P = Pair;
    using enum Phase;
    using enum Fact;
    static constexpr auto stays = machine::stays;
    static constexpr machine::Set all_but_backing_off{idle, opening, waiting, asking, Phase::ready, reversed};
    static constexpr machine::Set on_a_stream{opening, waiting, asking, Phase::ready, reversed};
    /// Where the end of a stream that was open finds the pair.
    static constexpr machine::Set had{idle, waiting, asking, Phase::ready, reversed};
    /// It has to go on.
    static constexpr Facts wants{opened, waits, admitted}, wants_more = wants | Fact::carried;
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{idle, On::wanted, reversed, &P::reverse, "XEP-0288 2.2", {waits, offered}},
        Row{idle, On::wanted, stays, &P::give_away, "record 0020", {waits, admitted, elsewhere}, offered},
        Row{idle, On::wanted, waiting, &P::join, "XEP-0220 2.6.1", {waits, admitted, shared}, {offered, elsewhere}},
        Row{idle, On::wanted, opening, &P::open, "RFC 6120 3.2", {waits, admitted}, {offered, elsewhere, shared}},
        Row{idle, On::wanted, stays, &P::give_back, "record 0017", waits, {admitted, offered}},
        Row{backing_off, On::wanted, stays, &P::give_back, "threat T70", waits, admitted},
        Row{closed, On::wanted, stays, &P::give_back, "record 0017", waits},

        Row{{idle, backing_off}, On::invited, reversed, &P::reverse, "record 0020", offered},
        Row{opening, On::invited, reversed, &P::switch_over, "record 0020", {offered, sole}},
        Row{reversed, On::invited, stays, &P::move_over, "record 0020", {offered, settled}},
        Row{reversed, On::withdrawn, idle, &P::leave, "XEP-0288 2.2"},

        Row{waiting, On::stream_open, stays, &P::await_place, "record 0011"},
        Row{waiting, On::may_ask, asking, &P::ask, "XEP-0220 2.6.1"},
        Row{asking, On::no_room, waiting, &P::rest, "XEP-0220 2.6.1"},
        Row{waiting, On::unshareable, idle, &P::go_own_way, "XEP-0220 2.6.1"},
        Row{{waiting, asking}, On::late, idle, &P::go_alone, "record 0011"},
        Row{asking, On::refused, idle, &P::go_alone, "XEP-0220 2.5"},

        Row{{opening, asking}, On::ready, Phase::ready, &P::come_up, "XEP-0220 2.1.1, RFC 6120 6.4.6"},
        Row{{Phase::ready, reversed}, On::carried, stays, &P::prove_worth, "record 0017"},
        Row{opening, On::refused, stays, &P::end_stream, "XEP-0220 2.1.1"},
        Row{opening, On::doomed, stays, &P::give_back, "record 0019"},
        Row{{opening, waiting, asking, Phase::ready}, On::barred, idle, &P::drop, "threat T70"},

        Row{had | opening | backing_off, On::gone, reversed, &P::go_over, "record 0020", offered},
        Row{opening, On::gone, backing_off, &P::lose, "record 0019", {}, offered},
        // Names, addresses and TLS are the domain's; what else failed for one pair each has to try for itself.
        Row{waiting, On::gone, backing_off, &P::lose, "record 0011", of_domain, {offered, opened}},
        Row{waiting, On::gone, idle, &P::part_alone, "record 0011", {}, {offered, opened, of_domain}},
        Row{had, On::gone, idle, &P::part_well, "record 0017", {opened, ours}, offered},
        Row{had, On::gone, idle, &P::part, "record 0017", opened, {offered, ours, waits}},
        Row{had, On::gone, idle, &P::part, "record 0017", {opened, waits}, {offered, ours, admitted}},
        // The shard that owns the pair knows whether to wait, and has what came later.
        Row{had, On::gone, idle, &P::part, "record 0020", wants | elsewhere, {offered, ours}},
        Row{had, On::gone, backing_off, &P::lose, "record 0017", wants, {offered, ours, elsewhere, Fact::carried}},
        Row{had, On::gone, backing_off, &P::pause, "record 0017", wants_more | quick, {offered, ours, elsewhere}},
        Row{had, On::gone, idle, &P::part, "record 0017", wants_more, {offered, ours, elsewhere, quick}},
        Row{backing_off, On::gone, stays, &P::give_back, "threat T70", waits, {offered, admitted}},
        Row{closed, On::gone, stays, &P::stop, "record 0017"},
        Row{{Phase::ready, reversed}, On::came_back, stays, &P::flush, "record 0017", {waits, admitted}},
        Row{on_a_stream, On::came_back, stays, &P::give_back, "threat T70", waits, admitted},
        Row{closed, On::came_back, stays, &P::give_back, "record 0017", waits},

        Row{backing_off, On::retry, idle, &P::rest, "record 0017"},
        Row{backing_off, On::hurried, idle, &P::rest, "record 0017"},
        Row{backing_off, On::alive, idle, &P::revive, "record 0017"},
        Row{all_but_backing_off, On::alive, stays, &P::revive, "record 0017"},
        Row{backing_off, On::heard, idle, &P::try_now, "record 0037"},
        Row{backing_off, On::rules_changed, idle, &P::forgive, "record 0017"},
        Row{all_but_backing_off, On::rules_changed, stays, &P::forgive, "record 0017", admitted},
        Row{all_but_backing_off, On::rules_changed, stays, &P::forgive_and_return, "threat T70", {}, admitted},
        Row{all_but_backing_off | backing_off, On::stop, closed, &P::stop, "record 0017"},
    };
    static_assert(machine::check(rows, idle, closed) == machine::Fault::none);
};

void Pair::on(On on, Facts holding, TimePoint now, Actions& out) {
    holding_ = holding;
    if (phase_ == Phase::backing_off && now >= timers_[Timer::retry]) step(On::retry, now, out);
    step(on, now, out);
    if (phase_ == Phase::idle && on != On::wanted) step(On::wanted, now, out);
}

bool Pair::step(On on, TimePoint now, Actions& out) {
    const auto holding = [&](Facts) {
        Facts all = holding_;
        if (alone_) all = all.without(Fact::shared);
        // Only one that was is remembered, asked for pairs, or carries them.
        if (phase_ != Phase::waiting) all.add(Fact::opened);
        return all;
    };
    const bool found = machine::step(Table::rows, phase_, on, holding, [&](Act act) { return (this->*act)(now, out); });
    if (phase_ != Phase::waiting && phase_ != Phase::asking) timers_[Timer::place] = never;
    if (phase_ != Phase::backing_off) timers_[Timer::retry] = never;
    return found;
}

void Pair::on_deadline(Facts holding, TimePoint now, Actions& out) {
    if (now >= timers_[Timer::retry]) return on(On::retry, holding, now, out);
    if (now >= timers_[Timer::place]) on(On::late, holding, now, out);
}

bool Pair::hopeless(TimePoint now, Duration patience) const {
    if (phase_ != Phase::backing_off || now >= timers_[Timer::retry] || failures_ == 0) return false;
    return permanent_ || now - failing_since_ > patience;
}

void Pair::lower(Actions& out) {
    if (std::exchange(up_, false)) out.push_back(Action::down);
}

void Pair::return_all(Actions& out) {
    if (!holding_.has(Fact::waits)) return;
    out.push_back(Action::return_all);
    holding_ = holding_.without(Fact::waits);
}

void Pair::worked() {
    failures_ = 0;
    backed_off_ = 0;
    failing_since_ = never;
    permanent_ = false;
}

void Pair::carried_well() {
    worked();
    proven_ = true;
}

Pair::Did Pair::open(TimePoint, Actions& out) {
    out.push_back(Action::open);
    return Did::advance;
}

Pair::Did Pair::join(TimePoint, Actions& out) {
    out.push_back(Action::join);
    return Did::advance;
}

Pair::Did Pair::reverse(TimePoint, Actions& out) {
    if (holding_.has(Fact::carried)) carried_well();
    out.push_back(Action::reverse);
    out.push_back(Action::flush);
    return Did::advance;
}

Pair::Did Pair::give_away(TimePoint, Actions& out) {
    out.push_back(Action::give_away);
    return Did::advance;
}

Pair::Did Pair::give_back(TimePoint, Actions& out) {
    return_all(out);
    return Did::advance;
}

/// A stream of ours that is on its way for this pair alone has lost its use.
Pair::Did Pair::switch_over(TimePoint now, Actions& out) {
    move_over(now, out);
    out.push_back(Action::end);
    return Did::advance;
}

/// All that the older stream carried has arrived: nothing can be overtaken.
Pair::Did Pair::move_over(TimePoint now, Actions& out) {
    out.push_back(Action::leave);
    return reverse(now, out);
}

Pair::Did Pair::leave(TimePoint, Actions& out) {
    out.push_back(Action::leave);
    return Did::advance;
}

Pair::Did Pair::await_place(TimePoint now, Actions&) {
    timers_[Timer::place] = now + settings_.sharing_patience;
    return Did::advance;
}

Pair::Did Pair::ask(TimePoint, Actions& out) {
    out.push_back(Action::ask);
    return Did::advance;
}

Pair::Did Pair::go_own_way(TimePoint now, Actions& out) {
    out.push_back(Action::unshare);
    holding_ = holding_.without(Fact::shared);
    return leave(now, out);
}

/// The pair is refused, or only its company: a stream of its own will tell.
Pair::Did Pair::go_alone(TimePoint now, Actions& out) {
    alone_ = true;
    return leave(now, out);
}

Pair::Did Pair::come_up(TimePoint, Actions& out) {
    // Who takes a stream and nothing on it has failed still.
    if (holding_.has(Fact::carried)) carried_well();
    if (!std::exchange(up_, true)) out.push_back(Action::up);
    out.push_back(Action::flush);
    return Did::advance;
}

Pair::Did Pair::end_stream(TimePoint, Actions& out) {
    out.push_back(Action::hurt);
    out.push_back(Action::end);
    return_all(out);
    return Did::advance;
}

Pair::Did Pair::drop(TimePoint, Actions& out) {
    lower(out);
    out.push_back(Action::leave);
    return_all(out);
    return Did::advance;
}

Pair::Did Pair::go_over(TimePoint now, Actions& out) {
    lower(out);
    holding_ = holding_.without(Fact::carried);  // the one that is gone did
    return reverse(now, out);
}

/// An attempt came to nothing, or a stream on which nothing was carried.
Pair::Did Pair::lose(TimePoint now, Actions& out) {
    part(now, out);
    ++failures_;
    if (failing_since_ == never) failing_since_ = now;
    permanent_ = holding_.has(Fact::permanent);
    proven_ = proven_ && now - failing_since_ < settings_.restart;
    const bool restarting = proven_ && holding_.has(Fact::unheard);
    if (!restarting && backed_off_ < most_doublings) ++backed_off_;
    timers_[Timer::retry] = now + settings_.delay(std::max<unsigned>(backed_off_, 1));
    out.push_back(Action::failed);
    if (permanent_) return_all(out);
    return Did::advance;
}

Pair::Did Pair::pause(TimePoint now, Actions& out) {
    part(now, out);
    timers_[Timer::retry] = now + settings_.delay(1);
    return Did::advance;
}

Pair::Did Pair::part(TimePoint, Actions& out) {
    lower(out);
    // It may show only at the end of a stream that it carried something.
    if (ready() && holding_.has(Fact::carried)) carried_well();
    // Perhaps it was the question that ended the stream: this peer is not asked again.
    if (phase_ == Phase::asking && !holding_.has(Fact::silent)) {
        out.push_back(Action::unshare);
        holding_ = holding_.without(Fact::shared);
    }
    return Did::advance;
}

Pair::Did Pair::part_alone(TimePoint now, Actions& out) {
    alone_ = true;
    return part(now, out);
}

Pair::Did Pair::part_well(TimePoint now, Actions& out) {
    worked();
    return part(now, out);
}

Pair::Did Pair::flush(TimePoint, Actions& out) {
    out.push_back(Action::flush);
    return Did::advance;
}

Pair::Did Pair::prove_worth(TimePoint, Actions&) {
    carried_well();
    return Did::advance;
}

/// Not each sign of life does: a partner gives as many as it likes.
bool Pair::counts_as_life(TimePoint now) {
    if (failures_ == 0 || (revived_at_ != TimePoint{} && now - revived_at_ < settings_.alive_every)) return false;
    revived_at_ = now;
    return true;
}

Pair::Did Pair::revive(TimePoint now, Actions&) {
    if (!counts_as_life(now)) return Did::stay;
    worked();
    return Did::advance;
}

/// Its streams to us do not say that ours reach it: what failed so far is not forgotten, it is only tried.
Pair::Did Pair::try_now(TimePoint now, Actions&) { return counts_as_life(now) ? Did::advance : Did::stay; }

/// What failed under the old rules may work under the new ones.
Pair::Did Pair::forgive(TimePoint, Actions&) {
    alone_ = false;
    return Did::advance;
}

Pair::Did Pair::forgive_and_return(TimePoint now, Actions& out) {
    return_all(out);
    return forgive(now, out);
}

/// With the stream that it is on, once that has ended, the pair is down.
Pair::Did Pair::stop(TimePoint, Actions& out) {
    if (phase_ == Phase::closed) lower(out);
    return_all(out);
    return Did::advance;
}

std::string_view Pair::words(Phase phase) {
    switch (phase) {
        case Phase::idle: return "idle";
        case Phase::backing_off: return "backing-off";
        case Phase::opening: return "opening";
        case Phase::waiting: return "waiting";
        case Phase::asking: return "asking";
        case Phase::ready: return "ready";
        case Phase::reversed: return "reversed";
        case Phase::closed: return "closed";
    }
    return "";
}

std::string_view Pair::text(On on) {
    switch (on) {
        case On::wanted: return "wanted";
        case On::hurried: return "hurried";
        case On::invited: return "invited";
        case On::withdrawn: return "withdrawn";
        case On::stream_open: return "stream-open";
        case On::may_ask: return "may-ask";
        case On::no_room: return "no-room";
        case On::unshareable: return "unshareable";
        case On::ready: return "ready";
        case On::refused: return "refused";
        case On::doomed: return "doomed";
        case On::barred: return "barred";
        case On::carried: return "carried";
        case On::gone: return "gone";
        case On::came_back: return "came-back";
        case On::alive: return "alive";
        case On::heard: return "heard";
        case On::rules_changed: return "rules-changed";
        case On::stop: return "stop";
        case On::retry: return "retry";
        case On::late: return "late";
    }
    return "";
}

std::vector<machine::RowText> Pair::table() { return machine::in_words(Table::rows, &Pair::words, &Pair::text); }

}  // namespace sallyport::s2s
