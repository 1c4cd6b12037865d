// Which peers have a history of their own: a bounded number, the least active of which go first. Activity is counted in
// quarters of an hour in which a peer had a stream or traffic, and halves in a week: however much somebody sends, he is
// as active as whoever is there as long. So strangers do not turn over the table: a full one gives a place only to a
// peer that has been there for longer than the least active one, an owner of domains has a quarter of the places, and
// peers that the settings name give way to none that they do not name. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sallyport::history {

class Roster {
public:
    static constexpr std::int64_t quarter = 900;  ///< seconds
    /// Domains of one owner (proto/xmpp/owner.cpp), but those that are named: one in so many of the places.
    static constexpr std::size_t share_of_owner = 4;

    explicit Roster(std::size_t most) : most_{most} {}

    struct Rank {
        double quarters = 0;   ///< of activity, as they count at `at`
        std::int64_t at = -1;  ///< number of the latest active quarter since 1970
        bool named = false;
        /// What it is worth at another time.
        [[nodiscard]] double in(std::int64_t now) const;
    };
    struct Settled {
        std::vector<std::string> changed;    ///< kept; their rank is another now
        std::vector<std::string> forgotten;  ///< kept no longer
    };

    /// As a process before this one left it.
    void restore(const std::string& peer, const Rank& rank);
    /// `active` are there now and proved who they are; `named` are named by the operator. `time` in Unix time.
    [[nodiscard]] Settled settle(const std::set<std::string>& active, const std::set<std::string>& named,
                                 std::int64_t time);
    [[nodiscard]] bool keeps(const std::string& peer) const { return kept_.contains(peer); }
    [[nodiscard]] const std::map<std::string, Rank>& kept() const { return kept_; }
    [[nodiscard]] std::size_t most() const { return most_; }

private:
    using Ranks = std::map<std::string, Rank>;
    /// Counts the quarter, once. True: it was not counted before.
    static bool count(Rank& rank, std::int64_t now);
    [[nodiscard]] bool owner_has_his_share(const Ranks& ranks, const std::string& peer) const;
    [[nodiscard]] static Ranks::iterator least(Ranks& ranks, std::int64_t now);
    void wait(const std::string& peer, bool named, std::int64_t now);
    void take_places(std::int64_t now, Settled& settled);

    std::size_t most_;
    Ranks kept_;
    Ranks waiting_;  ///< for a place: as many as there are places
};

}  // namespace sallyport::history
