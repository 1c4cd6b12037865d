// The operator's policy as a chain of named rules over one snapshot. The live path, `why` and `peers` ask the same
// code.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/limits.h"
#include "model/config/settings.h"
#include "proto/s2s/rules.h"

namespace sallyport::policy {

/// What the chain is asked.
struct Contact {
    xmpp::DomainPair pair;
    s2s::Direction direction = s2s::Direction::inbound;
};

/// One rule's opinion.
struct Opinion {
    bool allow = true;
    std::string why;
    std::string remedy{};  ///< what to do about a refusal, with the names of this case
};
/// A rule has an opinion or none. rules/<name>.cpp holds each; chain.cpp lists them in order.
using Ask = std::optional<Opinion> (*)(const Contact& contact, const config::Settings& settings);
struct ChainLink {
    Rule rule;
    Ask ask;
    // What a peer is told when it refuses. The text tells nothing of our settings.
    xmpp::StreamCondition stream;
    xmpp::StanzaCondition stanza;
    std::string_view text;
};
[[nodiscard]] std::span<const ChainLink> chain();

/// First opinion wins; without any, the contact is allowed. The verdict id is a stable digest of rule, pair, direction
/// and revision, so that `why <id>` can find it again.
[[nodiscard]] s2s::Admission decide(const Contact& contact, const config::Settings& settings);

/// The exception that holds for `remote`: an exact name before a wildcard, the longer name first. Null: none.
[[nodiscard]] const config::PeerException* exception_for(const config::Settings& settings, const xmpp::Domain& remote);

/// What both allow: where one requires TLS and the other has none, it is optional; what one of them may do is offered.
[[nodiscard]] s2s::StreamPolicy wider(const s2s::StreamPolicy& one, const s2s::StreamPolicy& other);

/// The general limits, with the exception of `remote` on top.
[[nodiscard]] Limits limits_for(const config::Settings& settings, const Limits& general, const xmpp::Domain& remote);

/// The policy of the edge (foreign peers) as the stream machines ask it.
class EdgeRules final : public s2s::Rules {
public:
    explicit EdgeRules(config::Snapshot snapshot) : snapshot_{std::move(snapshot)} {}
    void replace(config::Snapshot snapshot) { snapshot_ = std::move(snapshot); }
    [[nodiscard]] const config::Settings& settings() const { return *snapshot_; }
    [[nodiscard]] const config::Snapshot& snapshot() const { return snapshot_; }

    [[nodiscard]] s2s::Served serves(const xmpp::Domain& domain) const override;
    [[nodiscard]] s2s::Admission admits(const xmpp::DomainPair& pair, s2s::Direction direction) const override;
    [[nodiscard]] s2s::StreamPolicy policy(const xmpp::Domain& remote) const override;
    [[nodiscard]] s2s::StreamPolicy unnamed_policy() const override;
    [[nodiscard]] std::string dialback_key(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                                           std::string_view stream_id) const override;
    [[nodiscard]] bool vouches(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                               std::string_view stream_id, std::string_view key) const override;
    [[nodiscard]] xmpp::Domain default_domain() const override;

private:
    config::Snapshot snapshot_;
};

/// The core's policy towards the organisation's own servers: the inside domains are the remote side, every other domain
/// is "served" (the core stands in for the whole federation).
class InsideRules final : public s2s::Rules {
public:
    struct Server {
        std::vector<xmpp::Domain> domains;
        s2s::StreamPolicy policy;
    };
    InsideRules(std::vector<Server> servers, std::string dialback_secret);

    [[nodiscard]] s2s::Served serves(const xmpp::Domain& domain) const override;
    [[nodiscard]] s2s::Admission admits(const xmpp::DomainPair& pair, s2s::Direction direction) const override;
    [[nodiscard]] s2s::StreamPolicy policy(const xmpp::Domain& remote) const override;
    [[nodiscard]] s2s::StreamPolicy unnamed_policy() const override;
    [[nodiscard]] std::string dialback_key(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                                           std::string_view stream_id) const override;
    [[nodiscard]] bool vouches(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                               std::string_view stream_id, std::string_view key) const override;
    [[nodiscard]] xmpp::Domain default_domain() const override;
    [[nodiscard]] bool is_inside(const xmpp::Domain& domain) const;

private:
    std::vector<Server> servers_;
    std::string dialback_secret_;
};

}  // namespace sallyport::policy
