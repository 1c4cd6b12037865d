// One shard of an edge: S2S with the Internet on one side, router links to the cores on the other. Composition only;
// the same object runs on real loops and in the simulated world of the tests.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/tables.h"
#include "model/policy/policy.h"
#include "nodes/runtime/ordered_stop.h"
#include "nodes/runtime/shard_parts.h"
#include "services/link/hub.h"
#include "services/record/desk.h"
#include "services/routing/shard.h"
#include "services/s2s/pool_word.h"
#include "services/s2s/s2s_shard.h"

namespace sallyport::nodes {

/// What the shards of one edge have in common.
struct EdgeParts : S2sParts {
    config::Snapshot settings;
    bool share_streams = false;
    std::atomic<int>* link_load = nullptr;  ///< connections of this shard, counted down when one closes
};

class EdgeShard final : public routing::Router {
public:
    /// `siblings` holds all shards of the node, this one included, before any of them runs.
    EdgeShard(routing::Shard& shard, routing::Ledger& ledger, const EdgeParts& parts,
              const std::vector<std::unique_ptr<EdgeShard>>& siblings);

    /// Once, when all siblings are there.
    void connect();
    [[nodiscard]] s2s::S2sShard& s2s() { return s2s_; }
    [[nodiscard]] link::Hub& hub() { return hub_; }
    [[nodiscard]] const routing::Shard& shard() const { return shard_; }
    [[nodiscard]] record::Desk& records() { return records_; }
    void apply(config::Snapshot settings);
    /// Ends in order: what is under way has a moment to be done, then streams and links are closed.
    void shut();
    /// Of a message that is only asked about: whose pool takes it, and what this shard's own would answer.
    [[nodiscard]] s2s::PoolWord word_on(const xmpp::Stanza& stanza);
    /// How full is what outlives a stream.
    [[nodiscard]] TableFills tables() const;
    [[nodiscard]] bool over() const { return stop_.over(); }

    /// By destination: local domains over the link, everything else to its S2S stream on the shard that owns the pair.
    void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;

private:
    /// Stanzas from a core: never back to a core (a loop), otherwise like any other.
    class FromLink final : public routing::Router {
    public:
        explicit FromLink(EdgeShard& edge) : edge_{edge} {}
        void route(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;

    private:
        EdgeShard& edge_;
    };

    [[nodiscard]] s2s::S2sContext s2s_context(routing::Ledger& ledger, const EdgeParts& parts);
    [[nodiscard]] link::HubContext hub_context(const EdgeParts& parts);
    [[nodiscard]] bool is_local(std::string_view domain) const;
    [[nodiscard]] bool goes_inside(const xmpp::Stanza& stanza) const;
    void forwarded(routing::Forwarded message);
    /// On the shard that owns the pair: its stream, or the peer's own on another shard (XEP-0288).
    void send_out(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    void reverse(const xmpp::DomainPair& pair, bool up);
    /// Another shard goes on with what waits: it keeps its age, and what is known of it.
    void take_over(std::uint32_t shard, const xmpp::DomainPair& pair, std::deque<s2s::Waiting> waiting);
    void reversed_at(const xmpp::DomainPair& pair, std::uint32_t shard, bool up);
    void send_now(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    /// What is on its way to that shard finds no stream there: what comes later waits here until it is back.
    void await_strays(const std::string& key, std::uint32_t shard);
    void came_back(std::uint32_t shard, const routing::Forwarded& message);
    void strays_are_back(const std::string& key);
    void pass_on(std::uint32_t shard, const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    void refuse_as_busy(const xmpp::Stanza& stanza, const routing::Ticket& ticket);
    void peer_news(const s2s::PeerNews& news);
    /// Calls `then` when the other shards' links have what was written of the pair there.
    void await_others(const xmpp::DomainPair& pair, std::function<void()> then);

    routing::Shard& shard_;
    const std::vector<std::unique_ptr<EdgeShard>>& siblings_;
    policy::EdgeRules rules_;
    FromLink from_link_;
    record::Desk records_;
    s2s::S2sShard s2s_;
    link::Hub hub_;
    OrderedStop stop_;
    /// A pair of ours that a peer's stream on another shard may carry (XEP-0288).
    struct Reversed {
        std::uint32_t shard = 0;
        bool used = false;  ///< something has gone there: what comes later does not overtake it on another stream
        std::optional<std::uint32_t> next{};  ///< has another stream of the peer, for when that one is gone
    };
    [[nodiscard]] bool goes_to(const Reversed& there, const xmpp::Stanza& stanza);
    /// Where the stanza, which is this shard's, goes to another one; else the end.
    [[nodiscard]] std::map<std::string, Reversed>::iterator reversed_of(const xmpp::Stanza& stanza);
    std::map<std::string, Reversed> reversed_;
    /// A pair some of whose stanzas are on their way back from a shard.
    struct Straying {
        unsigned shards = 0;  ///< from which they have not all come yet
        std::deque<routing::Forwarded> later;
    };
    std::map<std::string, Straying> straying_;
    std::size_t held_for_strays_ = 0;
};

}  // namespace sallyport::nodes
