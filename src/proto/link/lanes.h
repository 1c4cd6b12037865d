// Who has how much on its way over the links of a hub (docs/protocol/link.md, section 9): a lane is a pair of domains,
// and keeps to its session as long as anything of it is not done, so that nothing overtakes; a partner is the domain to
// which lanes lead, or from which they come, and has a budget of its own. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"

namespace sallyport::link {

/// How those who write to a partner have to behave.
enum class Pace {
    free,   ///< nothing of note is on its way
    brisk,  ///< much is, and it moves on: whoever feeds it waits a moment
    slow,   ///< much is, and it hardly moves: only who has nothing for others waits
};

/// How much was done in the last two seconds.
class Throughput {
public:
    void add(std::uint64_t weight, TimePoint now);
    /// Would `weight` be done within so many seconds at that speed?
    [[nodiscard]] bool carries(std::uint64_t weight, TimePoint now, std::uint64_t seconds = 2) const;

private:
    TimePoint begun_{};  ///< the second in which `moved_` was done
    std::uint64_t moved_ = 0, before_ = 0;
};

struct Partner {
    std::string domain;
    std::uint64_t weight = 0;   ///< not done; what it takes of the memory
    std::uint64_t stanzas = 0;  ///< not done
    std::uint64_t lanes = 0;
    std::uint64_t floor = 0;    ///< of its weight, what is taken from Budget::newcomers
    std::uint64_t stalled = 0;  ///< of its weight, what is in lanes that do not move (Budget::of_senders)
    std::uint64_t brisk = 0;    ///< lanes with much on its way that moves on
    std::uint64_t slow = 0;     ///< and that hardly moves, which may be the link's fault
    std::uint64_t refused = 0;  ///< beyond the budget, since the partner last had nothing on its way
    TimePoint busy_since{};
    Throughput flow;
    Pace pace = Pace::free;
};

/// The pace of what is busy since then; a backlog that is younger than a second has the benefit of the doubt.
[[nodiscard]] Pace pace_of_backlog(std::uint64_t backlog, TimePoint busy_since, const Throughput& flow, TimePoint now);

struct Lane {
    Partner* partner = nullptr;
    std::uint64_t under_way = 0;  ///< stanzas that are not done, held ones included
    std::uint64_t held = 0;       ///< of those, without a session
    std::uint64_t passed = 0;     ///< number of the last look at what is held in which one of the lane had no way
    std::uint64_t elsewhere = 0;  ///< of those, with another shard
    std::uint32_t shard = 0;      ///< that other shard
    bool returning = false;       ///< it gives back what it has: nothing more goes there until all is back or done
    std::uint64_t session = 0;    ///< serial of the session that has the rest; 0: none
    // Where a partner's budget is that of a sender:
    std::uint64_t weight = 0;  ///< of what is under way
    TimePoint busy_since{};
    Throughput flow;
    Pace pace = Pace::free;
    bool stalled = false;  ///< it does not move although the far side has it: it holds back nothing but itself
};

struct Budget {
    std::uint64_t all = 0;          ///< of all partners
    std::uint64_t one_partner = 0;  ///< at most; less when many need much
    std::uint64_t one_stanza = 0;   ///< the largest: a partner that has nothing on its way may have one, mostly
    /// The partner of a lane is the domain that it comes from: over a link that leads inwards. A lane may then have a
    /// part of what its sender may: one recipient that hangs keeps the sender from no other.
    bool of_senders = false;
    /// Beside `all`, for partners that have nothing on its way when `all` is used up: one stanza each, and of the names
    /// of one owner as much as `one_stanza`.
    std::uint64_t newcomers = 0;
    /// A partner may have all but what others have. For who counts after somebody else: only the one that sends knows
    /// which lanes hang, and counts them against nobody's share.
    bool unshared = false;
};

class Lanes {
public:
    using OnPace = std::function<void(const Partner&)>;
    /// `on_pace` hears when a partner's pace changes; `key` is random.
    Lanes(Budget budget, SipKey key, OnPace on_pace)
        : budget_{budget},
          on_pace_{std::move(on_pace)},
          lanes_{16, Hash{key}},
          partners_{16, Hash{key}},
          newcomers_{16, Hash{key}} {}

    /// Valid while anything of it is under way, otherwise until the next call of this or of forget_idle.
    [[nodiscard]] Lane& lane(std::string_view from, std::string_view to);
    /// May the partner of the lane have so much more? Counted if not.
    [[nodiscard]] bool admits(Lane& lane, std::uint64_t weight);
    void add(Lane& lane, std::uint64_t weight, TimePoint now);
    void remove(Lane& lane, std::uint64_t weight, TimePoint now);
    /// A stanza that stays takes `now` in place of `before`.
    void reweigh(Lane& lane, std::uint64_t before, std::uint64_t now);
    /// Looks at every partner and lane whose pace is not free again; true when there is one. `arrived` says whether the
    /// far side has received what is under way of a lane: one that does not move is stalled only then. Otherwise it is
    /// the link that stands still, and there is no better way.
    bool look(TimePoint now, const std::function<bool(const Lane&)>& arrived);
    /// Forgets lanes with nothing under way.
    void forget_idle();

    [[nodiscard]] std::uint64_t weight() const { return weight_; }
    /// Of all partners.
    [[nodiscard]] const Throughput& flow() const { return flow_; }
    /// What one partner may have at most as things are.
    [[nodiscard]] std::uint64_t share() const;
    /// Partners whose pace is not free, or that were refused.
    [[nodiscard]] std::vector<Partner> busy() const;
    [[nodiscard]] std::size_t size() const { return lanes_.size(); }
    [[nodiscard]] std::size_t partners() const { return partners_.size(); }
    /// Owners whose names have something of Budget::newcomers.
    [[nodiscard]] std::size_t newcomers() const { return newcomers_.size(); }

private:
    /// Peers choose domain names (threat T63).
    struct Hash {
        using is_transparent = void;
        SipKey key;
        std::size_t operator()(std::string_view text) const { return sip_hash(key, text); }
    };
    using Table = std::unordered_map<std::string, Lane, Hash, std::equal_to<>>;

    [[nodiscard]] Partner& partner(std::string_view domain);
    [[nodiscard]] bool fits(const Partner& partner, std::uint64_t weight) const;
    /// What a lane may have of its sender's share.
    [[nodiscard]] std::uint64_t part(const Lane& lane) const;
    [[nodiscard]] bool fits(const Lane& lane, std::uint64_t weight) const;
    [[nodiscard]] bool fits_as_newcomer(const Partner& partner, std::uint64_t weight) const;
    void give_floor(Partner& partner, std::uint64_t weight);
    void take_floor(Partner& partner);
    /// Of Budget::all.
    [[nodiscard]] std::uint64_t used() const { return weight_ - std::min(floor_, weight_); }
    void change(Lane& lane, std::uint64_t before, std::uint64_t now);
    void judge(Lane& lane, TimePoint now, bool may_stall = false);
    static void count(const Lane& lane, int sign);
    void judge(Partner& partner, TimePoint now);

    Budget budget_;
    OnPace on_pace_;
    Table lanes_;
    std::unordered_map<std::string, std::unique_ptr<Partner>, Hash, std::equal_to<>> partners_;
    std::vector<Lane*> paced_;  ///< lanes whose pace is not free
    Lane* last_ = nullptr;
    std::string last_key_, key_;
    std::size_t sweep_at_ = 1024;
    std::uint64_t weight_ = 0;
    std::uint64_t floor_ = 0;                                                          ///< of that, of newcomers
    std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> newcomers_;  ///< by owner
    Throughput flow_;
};

}  // namespace sallyport::link
