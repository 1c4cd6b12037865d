#include "support/pair_world.h"

#include <gtest/gtest.h>

namespace sallyport::testing {

using std::chrono::seconds;

namespace {

std::string_view text(PairWorld::Action action) {
    using Action = PairWorld::Action;
    switch (action) {
        case Action::open: return "open";
        case Action::join: return "join";
        case Action::ask: return "ask";
        case Action::reverse: return "reverse";
        case Action::give_away: return "give-away";
        case Action::leave: return "leave";
        case Action::end: return "end";
        case Action::flush: return "flush";
        case Action::failed: return "failed";
        case Action::hurt: return "hurt";
        case Action::return_all: return "return-all";
        case Action::unshare: return "unshare";
        case Action::up: return "up";
        case Action::down: return "down";
    }
    return "";
}

}  // namespace

PairWorld::PairWorld() : settings_{std::make_unique<s2s::Pair::Settings>()} {
    settings_->delay = [](unsigned failures) { return seconds{failures}; };
    pair_ = std::make_unique<s2s::Pair>(*settings_);
}

void PairWorld::fail_each_step(const Script& script) {
    PairWorld whole;
    script(whole);
    const std::size_t steps = whole.steps_;
    whole.see_to_the_end();
    for (std::size_t step = 1; step <= steps; ++step) {
        for (std::size_t n = 0; n < faults; ++n) {
            SCOPED_TRACE("step " + std::to_string(step) + ", failure " + std::to_string(n));
            PairWorld world;
            world.fail_at_ = step;
            world.fault_ = static_cast<Fault>(n);
            script(world);
            world.failed_ = false;
            world.see_to_the_end();
        }
    }
}

PairWorld::Facts PairWorld::facts() const {
    Facts all;
    if (waiting_ > 0) all.add(Fact::waits);
    if (admitted) all.add(Fact::admitted);
    if (theirs_ && admitted) all.add(Fact::offered);
    if (elsewhere) all.add(Fact::elsewhere);
    if (place && !unshared_ && where_ != Where::others) all.add(Fact::shared);
    if (where_ != Where::nowhere && carried_) all.add(Fact::carried);
    if (settled) all.add(Fact::settled);
    if (sole) all.add(Fact::sole);
    return all;
}

void PairWorld::tell(On on, Facts holding) {
    s2s::Pair::Actions actions;
    pair_->on(on, holding, now_, actions);
    carry_out(actions);
    check();
}

void PairWorld::carry_out(const s2s::Pair::Actions& actions) {
    for (const Action& action : actions) {
        EXPECT_TRUE(action != Action::return_all || &action == &actions.back()) << "it may lead to more events";
        said_ += (said_.empty() ? "" : " ") + std::string{text(action)};
        carry_out(action);
    }
}

void PairWorld::carry_out(Action action) {
    switch (action) {
        case Action::open:
            EXPECT_EQ(where_, Where::nowhere) << "one stream at a time";
            EXPECT_FALSE(stopped_ || elsewhere);
            EXPECT_TRUE(admitted);
            where_ = Where::own;
            open_ = carried_ = false;
            break;
        case Action::join:
            EXPECT_EQ(where_, Where::nowhere) << "one stream at a time";
            EXPECT_TRUE(place && !unshared_ && !stopped_ && admitted);
            where_ = Where::others;
            open_ = others_open;
            carried_ = false;
            if (open_) tell(On::stream_open, facts());
            break;
        case Action::ask: EXPECT_TRUE(where_ == Where::others && open_); break;
        case Action::reverse:
            EXPECT_EQ(where_, Where::nowhere) << "one stream at a time";
            EXPECT_TRUE(theirs_ && admitted && !stopped_);
            where_ = Where::theirs;
            open_ = true;
            carried_ = false;
            break;
        case Action::give_away:
            EXPECT_TRUE(elsewhere);
            given_ += std::exchange(waiting_, 0);
            break;
        case Action::leave:
            EXPECT_NE(where_, Where::nowhere);
            where_ = Where::nowhere;
            break;
        case Action::end: break;
        case Action::flush:
            EXPECT_TRUE(pair_->ready());
            written_ += std::exchange(waiting_, 0);
            break;
        case Action::failed: EXPECT_GT(pair_->retry_at(), now_); break;
        case Action::hurt: break;
        case Action::return_all: returned_ += std::exchange(waiting_, 0); break;
        case Action::unshare: unshared_ = true; break;
        case Action::up:
            EXPECT_FALSE(up_);
            EXPECT_TRUE(where_ == Where::own || where_ == Where::others);
            up_ = true;
            break;
        case Action::down:
            EXPECT_TRUE(up_);
            up_ = false;
            break;
    }
}

void PairWorld::check() const {
    if (stopped_) {
        EXPECT_EQ(pair_->phase(), "closed");
        EXPECT_EQ(waiting_, 0U);
        EXPECT_EQ(pair_->deadline(), never);
        return;
    }
    EXPECT_EQ(pair_->on_stream(), where_ != Where::nowhere) << pair_->phase();
    if (pair_->phase() == "idle") {
        EXPECT_EQ(waiting_, 0U) << "nobody will come for it";
    }
    if (pair_->ready()) {
        EXPECT_EQ(waiting_, 0U);
    }
    EXPECT_EQ(pair_->phase() == "backing-off", pair_->retry_at() != never);
    EXPECT_EQ(up_, pair_->phase() == "ready");
    EXPECT_EQ(pair_->failures() == 0, pair_->failing_since() == never);
    EXPECT_EQ(given_ + waiting_ + written_ + returned_, taken_) << "each is somewhere, once";
}

void PairWorld::step_done() {
    ++steps_;
    if (fail_at_ != steps_) return;
    fails(fault_);
    failed_ = true;
}

void PairWorld::send() {
    if (failed_) return;
    ++taken_;
    ++waiting_;
    if (pair_->ready()) {
        written_ += std::exchange(waiting_, 0);
    } else if (!pair_->on_stream()) {
        tell(On::wanted, facts());
    }
    step_done();
}

void PairWorld::happens(On on, Facts more) {
    if (failed_) return;
    if (on == On::stream_open) open_ = others_open = true;
    if (on == On::ready) open_ = true;
    if (on == On::carried) carried_ = true;
    if (on == On::stop) stopped_ = true;
    tell(on, facts() | more);
    step_done();
}

void PairWorld::invite() {
    if (failed_) return;
    theirs_ = true;
    tell(On::invited, facts());
    step_done();
}

void PairWorld::gone(Facts how, std::size_t again) {
    if (failed_) return;
    Facts then = how;
    if (open_) then.add(Fact::opened);
    if (carried_) then.add(Fact::carried);
    if (where_ == Where::theirs) theirs_ = false;
    if (where_ == Where::others) place = others_open = false;
    where_ = Where::nowhere;
    open_ = carried_ = false;
    taken_ += again;
    waiting_ += again;
    tell(On::gone, facts().without(Fact::carried) | then);
    step_done();
}

void PairWorld::earlier_gone(Facts how, std::size_t again) {
    if (failed_) return;
    taken_ += again;
    waiting_ += again;
    tell(where_ == Where::nowhere ? On::gone : On::came_back, facts().without(Fact::carried) | how);
    step_done();
}

void PairWorld::after(Duration time) {
    if (failed_) return;
    const TimePoint end = now_ + time;
    for (int n = 0; n < 100 && pair_->deadline() <= end; ++n) {
        now_ = std::max(now_, pair_->deadline());
        s2s::Pair::Actions actions;
        pair_->on_deadline(facts(), now_, actions);
        carry_out(actions);
        check();
    }
    now_ = end;
    step_done();
}

void PairWorld::fails(Fault fault) {
    const bool on_stream = where_ != Where::nowhere;
    const bool on_ours = where_ == Where::own || where_ == Where::others;
    const std::string phase{pair_->phase()};
    fail_at_.reset();
    switch (fault) {
        case Fault::unreachable:
            if (on_stream) gone({Fact::of_domain, Fact::permanent});
            break;
        case Fault::useless:
            if (on_stream) gone({}, pair_->ready() ? 2 : 0);
            break;
        case Fault::quick:
            if (pair_->ready()) happens(On::carried);
            if (on_stream) gone(Fact::quick, pair_->ready() ? 2 : 0);
            break;
        case Fault::broken:
            if (pair_->ready()) happens(On::carried);
            if (on_stream) gone(Fact::silent, pair_->ready() ? 2 : 0);
            break;
        case Fault::ours:
            if (on_stream) gone(Fact::ours, pair_->ready() ? 1 : 0);
            break;
        case Fault::refused:
            if (phase == "opening" || phase == "asking") happens(On::refused);
            if (phase == "opening") gone(Fact::ours);
            break;
        case Fault::barred:
            admitted = false;
            if (on_ours) happens(On::barred);
            break;
        case Fault::forbidden:
            admitted = false;
            happens(On::rules_changed);
            break;
        case Fault::withdrawn:
            theirs_ = false;
            if (where_ == Where::theirs) happens(On::withdrawn);
            break;
        case Fault::time: after(std::chrono::hours{1}); break;
        case Fault::stop: happens(On::stop); break;
    }
}

void PairWorld::see_to_the_end() {
    for (int n = 0; n < 3; ++n) {
        after(std::chrono::minutes{1});
        if (where_ != Where::nowhere && !stopped_) gone(Fact::of_domain);
    }
    if (!stopped_) happens(On::stop);
    if (where_ != Where::nowhere) gone(Fact::ours, up_ ? 1 : 0);
    EXPECT_EQ(waiting_, 0U);
    EXPECT_FALSE(up_);
    EXPECT_EQ(given_ + written_ + returned_, taken_);
}

void PairWorld::expect(const std::string& words) {
    if (failed_) return;
    EXPECT_EQ(std::exchange(said_, {}), words);
}

void PairWorld::expect_phase(const std::string& phase) const {
    if (failed_) return;
    EXPECT_EQ(pair_->phase(), phase);
}

}  // namespace sallyport::testing
