// The world of one domain pair, as a pool would be for its machine: it carries out what the machine asks for, and
// checks that this can be done. Scripts are plain functions; fail_each_step() plays them again with each failure after
// each step.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "proto/s2s/pair.h"

namespace sallyport::testing {

class PairWorld {
public:
    using On = s2s::Pair::On;
    using Fact = s2s::Pair::Fact;
    using Facts = s2s::Pair::Facts;
    using Action = s2s::Pair::Action;
    enum class Where { nowhere, own, others, theirs };
    enum class Fault { unreachable, useless, quick, broken, ours, refused, barred, forbidden, withdrawn, time, stop };
    static constexpr std::size_t faults = 11;
    using Script = std::function<void(PairWorld&)>;

    PairWorld();

    /// Plays `script` whole, then with each failure after each step, and sees each of them to its end.
    static void fail_each_step(const Script& script);

    // Steps
    /// A stanza for the pair.
    void send();
    void happens(On on, Facts more = {});
    /// The peer offers a stream of its own.
    void invite();
    /// The stream that the pair is on ends; `again` stanzas come back from it.
    void gone(Facts how = {}, std::size_t again = 0);
    /// One that it was on before ends, and `again` stanzas come back from it.
    void earlier_gone(Facts how, std::size_t again);
    void after(Duration time);
    void fails(Fault fault);
    /// What has to hold whatever has happened.
    void check() const;
    /// Time passes until nothing more comes of it, the node stops, and all streams end.
    void see_to_the_end();

    /// The actions since the last look, in words.
    void expect(const std::string& words);
    void expect_phase(const std::string& phase) const;

    // What holds around the pair
    bool admitted = true;
    bool elsewhere = false;    ///< streams of ours are another shard's
    bool place = false;        ///< a stream to the domain has one
    bool others_open = false;  ///< and it is open
    bool sole = true;          ///< on its own stream
    bool settled = true;       ///< what was sent on the stream has arrived

    [[nodiscard]] s2s::Pair& pair() { return *pair_; }
    [[nodiscard]] Where where() const { return where_; }
    [[nodiscard]] bool open() const { return open_; }
    [[nodiscard]] bool theirs() const { return theirs_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    [[nodiscard]] std::size_t returned() const { return returned_; }
    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] bool up() const { return up_; }

private:
    [[nodiscard]] Facts facts() const;
    void tell(On on, Facts holding);
    void carry_out(const s2s::Pair::Actions& actions);
    void carry_out(Action action);
    void step_done();

    std::unique_ptr<s2s::Pair::Settings> settings_;
    std::unique_ptr<s2s::Pair> pair_;
    TimePoint now_{std::chrono::hours{1}};
    Where where_ = Where::nowhere;
    bool open_ = false, carried_ = false;  ///< of the stream that it is on
    bool theirs_ = false;                  ///< the peer has a stream that may carry it
    bool unshared_ = false, up_ = false, stopped_ = false;
    std::size_t taken_ = 0;  ///< stanzas, each time that one came or came back
    std::size_t given_ = 0, waiting_ = 0, written_ = 0, returned_ = 0;
    std::string said_;

    std::size_t steps_ = 0;
    std::optional<std::size_t> fail_at_;
    Fault fault_ = Fault::useless;
    bool failed_ = false;
};

}  // namespace sallyport::testing
