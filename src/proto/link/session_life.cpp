// The life of a session of the router link. It begins with the connection on which it was opened, and waits for another
// one when that has ended, but not for ever.
//
//   unnamed, sorting --bound--> named                    broken --resumed--> as before
//   unnamed, sorting, named --lost--> broken             broken --renewed--> unnamed, sorting
//   any --given up, replaced, look, shut ...--> closed
//
// What no row names changes nothing.
#include "proto/link/session_life.h"

#include <algorithm>
#include <array>

namespace sallyport::link {

struct SessionLife::Table {
    using L = SessionLife;
    using enum Phase;
    using enum Fact;
    static constexpr auto stays = machine::stays;
    static constexpr machine::Set connected{unnamed, sorting, Phase::named};
    static constexpr machine::Set living = connected | Phase::broken;
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{connected, On::resumed, stays, &L::take_over, "section 3", lives},
        Row{connected, On::resumed, stays, &L::change_over, "section 3", {}, lives},
        Row{Phase::broken, On::resumed, stays, &L::go_on, "section 3"},
        Row{connected, On::miscounted, closed, &L::refuse, "section 3"},
        Row{Phase::broken, On::renewed, sorting, &L::begin_anew, "section 3", hangs},
        Row{Phase::broken, On::renewed, unnamed, &L::begin_anew, "section 3", {}, hangs},
        Row{connected, On::lost, Phase::broken, &L::lose, "section 3"},

        Row{unnamed, On::bound, Phase::named, &L::learn, "section 4"},
        Row{sorting, On::bound, Phase::named, &L::learn_and_sort, "section 3"},
        Row{Phase::named, On::bound, stays, &L::learn, "section 4", {}, too_soon},
        Row{Phase::named, On::bound, stays, &L::learn_later, "section 4", too_soon},
        Row{Phase::named, On::latest, stays, &L::learn, "section 4", lives},
        Row{Phase::named, On::latest, stays, &L::forget, "section 4", {}, lives},

        // A dialler hears from its own connection when the old process is no more.
        Row{connected, On::replaced, closed, &L::bury, "section 3", {}, dialler},
        Row{Phase::broken, On::replaced, closed, &L::bury, "section 3"},
        Row{connected, On::given_up, closed, &L::give_up, "section 3"},
        Row{Phase::broken, On::given_up, closed, &L::pass_on, "section 3"},
        Row{Phase::broken, On::surplus, closed, &L::pass_on, "section 9"},
        Row{Phase::broken, On::look, closed, &L::expire, "section 3", expired},
        Row{Phase::broken, On::look, closed, &L::expire, "section 3", stale, expired},
        Row{Phase::broken, On::look, closed, &L::expire, "section 3", {Fact::away, others}, {expired, stale}},

        Row{connected, On::quiesce, stays, &L::ask, "section 10"},
        Row{Phase::broken, On::quiesce, closed, &L::give_back, "section 10"},
        Row{living, On::shut, closed, &L::give_missing, "section 10"},
    };
    static_assert(machine::check(rows, unnamed, closed) == machine::Fault::none);
};

void SessionLife::on(On on, Facts holding, TimePoint now, Actions& out) {
    holding_ = holding;
    holding_.add(own(now));
    (void)machine::step(
        Table::rows, phase_, on, [&](Facts) { return holding_; }, [&](Act act) { return (this->*act)(now, out); });
    if (phase_ != Phase::named) timers_.stop();
}

void SessionLife::on_deadline(Facts holding, TimePoint now, Actions& out) {
    if (now >= timers_[Timer::latest]) on(On::latest, holding, now, out);
}

SessionLife::Facts SessionLife::own(TimePoint now) const {
    Facts all;
    const auto add = [&](Fact fact, bool holds) {
        if (holds) all.add(fact);
    };
    add(Fact::dialler, settings_->end == End::dialler);
    add(Fact::too_soon, bound_until_ - now > (settings_->binds_at_once - 1) * settings_->bind_every);
    if (phase_ == Phase::broken) {
        const Duration without = now - broken_since_;
        add(Fact::away, away(now));
        add(Fact::expired, without >= settings_->longest);
        add(Fact::stale, holding_.has(Fact::overdue) && without >= settings_->hold);
    }
    return all;
}

/// It is over: `rest` is what becomes of that which it carries.
void SessionLife::close(Action rest, Actions& out) const {
    out.push_back(Action::tell_end);
    out.push_back(holding_.has(Fact::stopping) ? Action::give_back : rest);
    out.push_back(Action::end);
}

/// The far side knows better than our TCP that the old connection is dead; or there are two that are the same to the
/// last bit, as when a host is copied while it runs.
SessionLife::Did SessionLife::take_over(TimePoint now, Actions& out) {
    if (!takeovers_.again(now)) return change_over(now, out);
    out.push_back(Action::turn_away);
    return Did::stay;
}

SessionLife::Did SessionLife::change_over(TimePoint, Actions& out) {
    out.push_back(Action::cut);
    out.push_back(Action::go_on);
    return Did::advance;
}

SessionLife::Did SessionLife::go_on(TimePoint, Actions& out) {
    phase_ = before_;
    out.push_back(Action::go_on);
    return Did::ended;
}

SessionLife::Did SessionLife::refuse(TimePoint, Actions& out) {
    out.push_back(Action::refuse);
    close(Action::pass_on, out);
    return Did::advance;
}

SessionLife::Did SessionLife::begin_anew(TimePoint, Actions& out) {
    out.push_back(Action::begin_anew);
    return Did::advance;
}

SessionLife::Did SessionLife::lose(TimePoint now, Actions& out) {
    // Whoever comes back says again what it serves.
    if (timers_[Timer::latest] != never) out.push_back(Action::forget);
    before_ = phase_;
    broken_since_ = now;
    return Did::advance;
}

SessionLife::Did SessionLife::learn(TimePoint now, Actions& out) {
    timers_[Timer::latest] = never;
    bound_until_ = std::max(bound_until_, now) + settings_->bind_every;
    out.push_back(Action::learn);
    out.push_back(Action::succeed);
    return Did::advance;
}

SessionLife::Did SessionLife::learn_and_sort(TimePoint now, Actions& out) {
    learn(now, out);
    out.insert(out.end() - 1, Action::sort);
    return Did::advance;
}

SessionLife::Did SessionLife::learn_later(TimePoint now, Actions&) {
    timers_[Timer::latest] = now + settings_->bind_every;
    return Did::advance;
}

SessionLife::Did SessionLife::forget(TimePoint, Actions& out) {
    timers_[Timer::latest] = never;
    out.push_back(Action::forget);
    return Did::advance;
}

SessionLife::Did SessionLife::bury(TimePoint, Actions& out) {
    out.push_back(Action::bury);
    close(Action::pass_on, out);
    return Did::advance;
}

SessionLife::Did SessionLife::give_up(TimePoint now, Actions& out) {
    out.push_back(Action::cut);
    return pass_on(now, out);
}

SessionLife::Did SessionLife::pass_on(TimePoint, Actions& out) {
    close(Action::pass_on, out);
    return Did::advance;
}

SessionLife::Did SessionLife::expire(TimePoint, Actions& out) {
    close(Action::pass_on_young, out);
    return Did::advance;
}

SessionLife::Did SessionLife::ask(TimePoint, Actions& out) {
    out.push_back(Action::ask);
    return Did::advance;
}

/// Nobody is told: the node stops.
SessionLife::Did SessionLife::give_back(TimePoint, Actions& out) {
    out.push_back(Action::give_back);
    out.push_back(Action::end);
    return Did::advance;
}

/// Its connection may have to say goodbye.
SessionLife::Did SessionLife::give_missing(TimePoint, Actions& out) {
    out.push_back(Action::give_missing);
    return Did::advance;
}

std::string_view SessionLife::words(Phase phase) {
    switch (phase) {
        case Phase::unnamed: return "unnamed";
        case Phase::sorting: return "sorting";
        case Phase::named: return "named";
        case Phase::broken: return "broken";
        case Phase::closed: return "closed";
    }
    return "";
}

std::string_view SessionLife::text(On on) {
    switch (on) {
        case On::resumed: return "resumed";
        case On::miscounted: return "miscounted";
        case On::renewed: return "renewed";
        case On::lost: return "lost";
        case On::bound: return "bound";
        case On::replaced: return "replaced";
        case On::given_up: return "given-up";
        case On::surplus: return "surplus";
        case On::look: return "look";
        case On::quiesce: return "quiesce";
        case On::shut: return "shut";
        case On::latest: return "latest";
    }
    return "";
}

std::vector<machine::RowText> SessionLife::table() {
    return machine::in_words(Table::rows, &SessionLife::words, &SessionLife::text);
}

}  // namespace sallyport::link
