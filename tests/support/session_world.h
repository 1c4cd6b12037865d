// The world of one session of the router link, as a hub would be for its machine: it carries out what the machine asks
// for, and checks that this can be done. Scripts are plain functions; fail_each_step() plays them again with each
// failure after each step.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "proto/link/session_life.h"

namespace sallyport::test {

class SessionWorld {
public:
    using On = link::SessionLife::On;
    using Fact = link::SessionLife::Fact;
    using Action = link::SessionLife::Action;
    enum class Connection { none, open, ending };
    enum class Fault { lost, ending, taken_over, miscounted, renewed, replaced, given_up, surplus, time, stop, end };
    static constexpr std::size_t faults = 11;
    using Script = std::function<void(SessionWorld&)>;

    explicit SessionWorld(link::End end);

    /// Plays `script` whole, then with each failure after each step, and sees each of them to its end.
    static void fail_each_step(link::End end, const Script& script);

    // Steps
    /// A stanza for the session. `hangs`: it goes only where its domain is served; `kept`: its sender keeps it.
    void send(bool hangs = false, bool kept = false);
    /// The far side is done with the oldest.
    void done();
    /// Another connection goes on with the session; `counts` well, or not.
    void resume(bool counts = true);
    /// It is on no connection; the far side has begun another session.
    void renew();
    void lose();
    /// The connection that it is on is closed, and that is not known yet.
    void end_connection();
    void bind();
    void happens(On on);
    void after(Duration time);
    void quiesce();
    void fails(Fault fault);
    /// What has to hold whatever has happened.
    void check() const;
    /// Time passes until nothing more comes of it, and the node stops.
    void see_to_the_end();

    /// The actions since the last look, in words.
    void expect(const std::string& words);
    void expect_phase(const std::string& phase) const;

    // What holds around the session
    bool others = false;     ///< other nodes can take what it carries
    bool serves_all = true;  ///< the far side, when it says what it serves
    static constexpr Duration hold = std::chrono::seconds{30};

    [[nodiscard]] const link::SessionLife& life() const { return *life_; }
    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] Connection connection() const { return connection_; }
    [[nodiscard]] bool over() const { return ended_ || shut_; }
    [[nodiscard]] std::size_t carried() const { return window_.size(); }
    [[nodiscard]] std::size_t learned() const { return learned_; }
    [[nodiscard]] std::size_t passed_on() const { return passed_on_; }
    [[nodiscard]] std::size_t returned() const { return returned_; }
    [[nodiscard]] std::size_t left_to_senders() const { return left_; }

private:
    struct Carried {
        TimePoint since;
        bool hangs = false, kept = false, written = false;
    };

    [[nodiscard]] link::SessionLife::Facts facts() const;
    void tell(On on, link::SessionLife::Facts more = {});
    void carry_out(const link::SessionLife::Actions& actions);
    void carry_out(Action action);
    void write();
    void give_back(const Carried& one);
    void look();
    void step_done();

    link::End end_;
    std::unique_ptr<link::SessionLife::Settings> settings_;
    std::unique_ptr<link::SessionLife> life_;
    TimePoint now_{std::chrono::hours{1}};
    Connection connection_ = Connection::open;
    bool counts_ = true;  ///< the far side, well
    bool said_ = false;   ///< what it serves, and that is not learned
    bool stopping_ = false, shut_ = false, ended_ = false;
    std::deque<Carried> window_;
    std::size_t taken_ = 0, done_ = 0, passed_on_ = 0, returned_ = 0, left_ = 0, arrived_ = 0, learned_ = 0;
    std::string words_;

    std::size_t steps_ = 0;
    std::optional<std::size_t> fail_at_;
    Fault fault_ = Fault::lost;
    bool failed_ = false;
};

}  // namespace sallyport::test
