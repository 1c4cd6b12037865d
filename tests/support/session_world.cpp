#include "support/session_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace sallyport::test {

using std::chrono::milliseconds;

namespace {

constexpr Duration look_every = milliseconds{500};

std::string_view text(SessionWorld::Action action) {
    using Action = SessionWorld::Action;
    switch (action) {
        case Action::turn_away: return "turn-away";
        case Action::cut: return "cut";
        case Action::bury: return "bury";
        case Action::refuse: return "refuse";
        case Action::go_on: return "go-on";
        case Action::begin_anew: return "begin-anew";
        case Action::ask: return "ask";
        case Action::learn: return "learn";
        case Action::forget: return "forget";
        case Action::sort: return "sort";
        case Action::succeed: return "succeed";
        case Action::pass_on: return "pass-on";
        case Action::pass_on_young: return "pass-on-young";
        case Action::give_back: return "give-back";
        case Action::give_missing: return "give-missing";
        case Action::tell_end: return "tell-end";
        case Action::end: return "end";
    }
    return "";
}

}  // namespace

SessionWorld::SessionWorld(link::End end) : end_{end}, settings_{std::make_unique<link::SessionLife::Settings>()} {
    settings_->end = end;
    settings_->hold = hold;
    life_ = std::make_unique<link::SessionLife>(*settings_);
}

void SessionWorld::fail_each_step(link::End end, const Script& script) {
    SessionWorld whole{end};
    script(whole);
    const std::size_t steps = whole.steps_;
    whole.see_to_the_end();
    for (std::size_t step = 1; step <= steps; ++step) {
        for (std::size_t n = 0; n < faults; ++n) {
            SCOPED_TRACE("step " + std::to_string(step) + ", failure " + std::to_string(n));
            SessionWorld world{end};
            world.fail_at_ = step;
            world.fault_ = static_cast<Fault>(n);
            script(world);
            world.failed_ = false;
            world.see_to_the_end();
        }
    }
}

link::SessionLife::Facts SessionWorld::facts() const {
    link::SessionLife::Facts all;
    const auto add = [&](Fact fact, bool holds) {
        if (holds) all.add(fact);
    };
    add(Fact::lives, connection_ == Connection::open);
    add(Fact::hangs, std::any_of(window_.begin(), window_.end(), [](const Carried& one) { return one.hangs; }));
    add(Fact::overdue, !window_.empty() && now_ - window_.front().since >= hold);
    add(Fact::others, others);
    add(Fact::stopping, stopping_);
    return all;
}

void SessionWorld::tell(On on, link::SessionLife::Facts more) {
    link::SessionLife::Actions actions;
    life_->on(on, facts() | more, now_, actions);
    carry_out(actions);
    check();
}

void SessionWorld::carry_out(const link::SessionLife::Actions& actions) {
    for (const Action& action : actions) {
        const bool leads_on = action == Action::go_on || action == Action::begin_anew || action == Action::succeed ||
                              action == Action::end;
        EXPECT_TRUE(!leads_on || &action == &actions.back()) << text(action) << " may lead to more events";
        EXPECT_FALSE(ended_) << "there is nothing any more to do it to";
        words_ += (words_.empty() ? "" : " ") + std::string{text(action)};
        carry_out(action);
    }
}

void SessionWorld::carry_out(Action action) {
    switch (action) {
        case Action::turn_away:
            EXPECT_EQ(end_, link::End::listener);
            EXPECT_EQ(connection_, Connection::open) << "another one lives";
            break;
        case Action::cut:
        case Action::refuse:
            EXPECT_NE(connection_, Connection::none);
            connection_ = Connection::none;
            break;
        case Action::bury: connection_ = Connection::none; break;
        case Action::go_on:
            EXPECT_EQ(connection_, Connection::none) << "one connection at a time";
            connection_ = Connection::open;
            if (!std::exchange(counts_, true)) return tell(On::miscounted);
            write();
            break;
        case Action::begin_anew:
            EXPECT_EQ(end_, link::End::dialler);
            EXPECT_EQ(connection_, Connection::none) << "one connection at a time";
            connection_ = Connection::open;
            write();
            break;
        case Action::ask: EXPECT_NE(connection_, Connection::none); break;
        case Action::learn:
            EXPECT_TRUE(std::exchange(said_, false));
            ++learned_;
            break;
        case Action::forget: EXPECT_TRUE(std::exchange(said_, false)); break;
        case Action::sort:
            EXPECT_FALSE(said_) << "what it serves is known";
            if (!serves_all) {
                passed_on_ += std::erase_if(window_, [](const Carried& one) { return one.hangs && !one.written; });
            }
            write();
            break;
        case Action::succeed: EXPECT_TRUE(life_->named()); break;
        case Action::pass_on:
            EXPECT_FALSE(stopping_) << "there is no other session to come";
            passed_on_ += std::exchange(window_, {}).size();
            break;
        case Action::pass_on_young:
            EXPECT_FALSE(stopping_) << "there is no other session to come";
            for (const Carried& one : std::exchange(window_, {})) ++(now_ - one.since < hold ? passed_on_ : returned_);
            break;
        case Action::give_back:
            EXPECT_TRUE(stopping_);
            for (const Carried& one : std::exchange(window_, {})) give_back(one);
            break;
        case Action::give_missing:
            EXPECT_TRUE(stopping_);
            for (const Carried& one : std::exchange(window_, {})) {
                if (one.written && connection_ == Connection::open) {
                    ++arrived_;
                } else {
                    give_back(one);
                }
            }
            break;
        case Action::tell_end: EXPECT_EQ(life_->phase(), "closed"); break;
        case Action::end:
            EXPECT_TRUE(window_.empty());
            EXPECT_EQ(connection_, Connection::none);
            ended_ = true;
            break;
    }
}

void SessionWorld::write() {
    if (connection_ != Connection::open || !life_->may_write()) return;
    for (Carried& one : window_) one.written = true;
}

/// Who keeps it sends it again, or says himself that he cannot.
void SessionWorld::give_back(const Carried& one) { ++(one.kept ? left_ : returned_); }

void SessionWorld::check() const {
    EXPECT_EQ(taken_, window_.size() + done_ + passed_on_ + returned_ + left_ + arrived_) << "each is somewhere, once";
    if (over()) {
        EXPECT_EQ(life_->phase(), "closed");
        EXPECT_TRUE(window_.empty());
        EXPECT_EQ(life_->deadline(), never);
        return;
    }
    const std::string phase{life_->phase()};
    EXPECT_NE(phase, "closed");
    EXPECT_EQ(life_->broken(), connection_ == Connection::none) << phase;
    EXPECT_EQ(life_->may_write(), phase == "unnamed" || phase == "named");
    EXPECT_EQ(life_->deadline() != never, said_) << "it is learned in time, or forgotten at once";
    if (said_) {
        EXPECT_TRUE(life_->named()) << "the first time it is learned at once";
    }
    const auto waits = [](const Carried& one) { return !one.written; };
    if (connection_ == Connection::open && life_->may_write()) {
        EXPECT_TRUE(std::none_of(window_.begin(), window_.end(), waits));
    }
    if (phase == "sorting") {
        EXPECT_TRUE(std::all_of(window_.begin(), window_.end(), waits));
    }
}

void SessionWorld::step_done() {
    ++steps_;
    if (fail_at_ != steps_) return;
    fails(fault_);
    failed_ = true;
}

void SessionWorld::send(bool hangs, bool kept) {
    if (failed_ || over()) return;
    ++taken_;
    window_.push_back({now_, hangs, kept, false});
    write();
    check();
    step_done();
}

void SessionWorld::done() {
    if (failed_ || over()) return;
    if (connection_ == Connection::open && !window_.empty() && window_.front().written) {
        window_.pop_front();
        ++done_;
    }
    check();
    step_done();
}

void SessionWorld::resume(bool counts) {
    if (failed_ || over()) return;
    counts_ = counts;
    if (life_->broken()) {
        for (Carried& one : window_) one.written = false;
    }
    tell(On::resumed);
    counts_ = true;
    step_done();
}

void SessionWorld::renew() {
    if (failed_ || over()) return;
    for (Carried& one : window_) one.written = false;
    tell(On::renewed);
    step_done();
}

void SessionWorld::lose() {
    if (failed_ || over()) return;
    connection_ = Connection::none;
    for (Carried& one : window_) one.written = false;
    tell(On::lost);
    step_done();
}

void SessionWorld::end_connection() {
    if (failed_ || over()) return;
    connection_ = Connection::ending;
    check();
    step_done();
}

void SessionWorld::bind() {
    if (failed_ || over()) return;
    said_ = true;
    tell(On::bound);
    step_done();
}

void SessionWorld::happens(On on) {
    if (failed_ || over()) return;
    if (on == On::shut) {
        stopping_ = shut_ = true;
    }
    tell(on);
    step_done();
}

void SessionWorld::quiesce() {
    if (failed_ || over()) return;
    stopping_ = true;
    tell(On::quiesce);
    step_done();
}

void SessionWorld::after(Duration time) {
    if (failed_ || over()) return;
    const TimePoint end = now_ + time;
    for (int n = 0; n < 10'000 && now_ < end && !over(); ++n) {
        now_ = std::min({end, now_ + look_every, std::max(now_, life_->deadline())});
        if (now_ >= life_->deadline()) {
            link::SessionLife::Actions actions;
            life_->on_deadline(facts(), now_, actions);
            carry_out(actions);
            check();
        }
        if (life_->broken()) tell(On::look);
    }
    now_ = end;
    step_done();
}

void SessionWorld::fails(Fault fault) {
    fail_at_.reset();
    const bool connected = connection_ != Connection::none;
    switch (fault) {
        case Fault::lost:
            if (connected) lose();
            break;
        case Fault::ending:
            if (connected) end_connection();
            break;
        case Fault::taken_over:
            if (end_ == link::End::listener || !connected) resume();
            break;
        case Fault::miscounted:
            if (end_ == link::End::listener || !connected) resume(false);
            break;
        case Fault::renewed:
            if (end_ == link::End::dialler && !connected) renew();
            break;
        case Fault::replaced: happens(On::replaced); break;
        case Fault::given_up:
            if (end_ == link::End::listener) happens(On::given_up);
            break;
        case Fault::surplus:
            if (end_ == link::End::dialler) happens(On::surplus);
            break;
        case Fault::time: after(std::chrono::minutes{10}); break;
        case Fault::stop: quiesce(); break;
        case Fault::end: happens(On::shut); break;
    }
}

void SessionWorld::see_to_the_end() {
    after(std::chrono::minutes{1});
    if (connection_ != Connection::none) lose();
    after(std::chrono::minutes{1});
    quiesce();
    happens(On::shut);
    EXPECT_TRUE(over());
    EXPECT_TRUE(window_.empty());
    EXPECT_EQ(taken_, done_ + passed_on_ + returned_ + left_ + arrived_);
}

void SessionWorld::expect(const std::string& words) {
    if (failed_) return;
    EXPECT_EQ(std::exchange(words_, {}), words);
}

void SessionWorld::expect_phase(const std::string& phase) const {
    if (failed_) return;
    EXPECT_EQ(life_->phase(), phase);
}

}  // namespace sallyport::test
