// What an edge's shard knows of peers, and what of it each far side has still to be told (docs/protocol/link.md,
// section 6). Pure: whoever has the connections asks for the next fact as long as one takes more.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "proto/link/machine.h"

namespace sallyport::link {

/// Facts of peers that a far side has not been told yet, because stanzas go first.
struct Untold {
    using Key = std::pair<xmpp::DomainPair, Direction>;
    static constexpr std::size_t most = 40000;  ///< news of all links; of more nothing is told

    void add(const PeerFacts& facts, bool has_room) {
        const Key key{facts.pair, facts.direction};
        if (has_room || news.contains(key)) news.insert_or_assign(key, facts);
    }
    /// The far side may have missed what happened: all that is known is told again.
    void begin_again() {
        all_again = true;
        told_to.reset();
    }
    [[nodiscard]] bool any() const { return all_again || !news.empty(); }

    std::map<Key, PeerFacts> news;  ///< the latest of each
    bool all_again = false;         ///< all that is known is told, as on each link that opens
    std::optional<Key> told_to;     ///< of that, up to here already
};

class KnownPeers {
public:
    static constexpr std::size_t most = 20000;  ///< pairs and directions; of more nothing is told

    /// A stream of the pair is up, or one has ended: the last one takes the pair with it. What far sides are to hear;
    /// nothing: it changes nothing for them, or there is no room for another pair.
    [[nodiscard]] std::optional<PeerFacts> hear(const PeerFacts& facts, bool up) {
        const Untold::Key key{facts.pair, facts.direction};
        auto at = known_.find(key);
        if (at == known_.end()) {
            if (!up || known_.size() >= most) return std::nullopt;
            at = known_.emplace(key, Known{}).first;
        }
        PeerFacts news = up ? facts : at->second.facts;
        news.state = up ? PeerState::opened : PeerState::closed;
        if (up) {
            at->second.facts = news;
            ++at->second.streams;
        } else if (--at->second.streams > 0) {
            return std::nullopt;
        } else {
            known_.erase(at);
        }
        return news;
    }

    /// Takes out of `untold` what its far side is told next: news first, then what is told again. Nothing: it has heard
    /// all.
    [[nodiscard]] std::optional<PeerFacts> next(Untold& untold) const {
        if (!untold.news.empty()) return std::move(untold.news.extract(untold.news.begin()).mapped());
        if (!untold.all_again) return std::nullopt;
        const auto next = untold.told_to ? known_.upper_bound(*untold.told_to) : known_.begin();
        untold.all_again = next != known_.end();
        if (!untold.all_again) return std::nullopt;
        untold.told_to = next->first;
        PeerFacts again = next->second.facts;
        again.state = PeerState::open;
        return again;
    }
    [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
    struct Known {
        PeerFacts facts;
        std::size_t streams = 0;  ///< of the pair in that direction, on all shards
    };
    std::map<Untold::Key, Known> known_;
};

}  // namespace sallyport::link
