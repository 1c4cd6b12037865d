// One function a step, in the order of the live path.
#include "admin/api/journey.h"

#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/judge/remedies.h"
#include "base/counted.h"
#include "model/policy/static_route.h"
#include "model/policy/verdict.h"
#include "model/route/gateway.h"
#include "proto/s2s/certificate.h"
#include "services/routing/shard.h"
#include "services/s2s/pool.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr Part ours = Part::ours;
constexpr Part peers = Part::the_peers;

bool names(const std::vector<std::string>& all, const xmpp::Domain& domain) {
    return std::find(all.begin(), all.end(), domain.text()) != all.end();
}

policy::RouteChoice route_of(const config::Settings& settings, const xmpp::Domain& remote) {
    const auto first = [](std::uint64_t) { return std::uint64_t{0}; };
    return policy::static_route(settings, remote, first);
}

/// The next hop's pair as the pool of an edge (outbound) or a core (inbound) keeps it.
xmpp::DomainPair hop_of(const policy::Contact& contact, bool is_edge) {
    return is_edge ? contact.pair : xmpp::DomainPair{contact.pair.remote, contact.pair.local};
}

const s2s::DestinationStatus* destination_of(const NodeStatus& status, const xmpp::DomainPair& pair) {
    const auto at = std::find_if(status.destinations.begin(), status.destinations.end(),
                                 [&](const s2s::DestinationStatus& to) { return to.pair == pair; });
    return at == status.destinations.end() ? nullptr : &*at;
}

/// XEP-0288: a stream that the peer opened carries the pair.
bool is_reversed(const NodeStatus& status, const xmpp::DomainPair& pair) {
    return std::any_of(status.streams.begin(), status.streams.end(), [&](const s2s::StreamStatus& stream) {
        if (stream.direction != s2s::Direction::inbound || !stream.bidi) return false;
        return std::any_of(stream.pairs.begin(), stream.pairs.end(),
                           [&](const auto& known) { return known.domains == pair && !known.pending; });
    });
}

bool is_own_domain(NodeControl& node, const config::Settings& settings, const xmpp::Domain& domain) {
    // A core knows its own without any settings of an edge.
    const config::NodeFile& file = node.file();
    const bool inside = std::any_of(file.inside.servers.begin(), file.inside.servers.end(), [&](const auto& server) {
        return std::find(server.domains.begin(), server.domains.end(), domain) != server.domains.end();
    });
    return inside || std::any_of(settings.domains.begin(), settings.domains.end(),
                                 [&](const config::NamePattern& pattern) { return pattern.matches(domain); });
}

/// "TLS required, dialback"
std::string proofs_of(const config::InsideServer& server) {
    std::string says = server.tls == config::InsideTls::required   ? "TLS required"
                       : server.tls == config::InsideTls::optional ? "TLS optional"
                                                                   : "no TLS";
    return says + (server.auth == config::InsideAuth::certificate ? ", certificate" : ", dialback");
}

class Journey {
public:
    explicit Journey(const JourneyInput& input)
        : input_{input},
          node_{input.node},
          status_{input.status},
          contact_{input.contact},
          settings_{node_.settings().snapshot()},
          hop_{hop_of(contact_, is_edge())} {}

    json::object walk() {
        if (status_.router) {
            router(*status_.router);
        } else {
            policy();
            authentication();
            if (is_edge() && is_outbound()) {
                route();
                dns();
            }
            link();
            budget();
            inside();
            if (is_edge() == is_outbound()) next_hop();
        }
        const bool passes = blocked_by_.empty();
        return {{"from", input_.from},
                {"to", input_.to},
                {"local", contact_.pair.local.text()},
                {"remote", contact_.pair.remote.text()},
                {"direction", view(policy::text(contact_.direction))},
                {"passes", passes},
                {"verdict_id", refusal_id()},
                {"blocked_by", passes ? json::value{} : json::value(blocked_by_)},
                {"blocked_at", passes ? json::value{} : json::value(blocked_at_)},
                {"change", change_.empty() ? json::value{} : json::value(change_)},
                {"part", passes ? json::value{} : json::value(view(sallyport::text(part_)))},
                {"steps", std::move(steps_)}};
    }

private:
    /// That of a live refusal by a rule, for `why ID`; null when the rules have no objection.
    [[nodiscard]] json::value refusal_id() const {
        if (status_.router || !knows_policy()) return nullptr;
        const auto decided = policy::decide(contact_, *settings_);
        return decided.allowed ? json::value{} : json::value(decided.verdict_id);
    }

    [[nodiscard]] bool is_outbound() const { return contact_.direction == s2s::Direction::outbound; }
    [[nodiscard]] bool is_edge() const { return node_.file().role == config::Role::edge; }

    /// A core has the edge's settings when they are replicated to it, and otherwise knows nothing of them.
    [[nodiscard]] bool knows_policy() const {
        return is_edge() || (node_.file().replicates() && node_.settings().has_value("federation.enabled"));
    }

    void step(std::string_view name, bool passes, const std::string& text, std::string_view change = {},
              Part part = ours) {
        steps_.push_back(json::object{{"step", view(name)},
                                      {"passes", passes},
                                      {"text", text},
                                      {"decided_by", decider_.empty() ? json::value{} : json::value(view(decider_))},
                                      {"change", change.empty() ? json::value{} : json::value(view(change))},
                                      {"part", passes ? json::value{} : json::value(view(sallyport::text(part)))}});
        if (passes || !blocked_by_.empty()) return;
        blocked_by_ = text;
        blocked_at_ = name;
        change_ = change;
        part_ = part;
    }

    /// What the edge decides with its settings, on whichever node it is asked.
    void policy() {
        if (!is_edge()) decider_ = "edge";
        if (knows_policy()) {
            rules();
            security();
        } else {
            step("policy", true,
                 "the edge decides with its own settings, which this core does not have; run `sallyport why` there",
                 "[[ssh.dial]] in " + node_.file().path);
        }
        decider_ = {};
    }

    /// Rules behind the one that decides are not asked by the live path either.
    void rules() {
        for (const policy::ChainLink& link : policy::chain()) {
            const RuleRow& row = row_of(link.rule);
            if (link.rule == Rule::not_local && is_strange()) {
                // Which of the two was meant to be ours cannot be known: to advise one would be to guess.
                return step(row.name, false,
                            "neither " + contact_.pair.local.text() + " nor " + contact_.pair.remote.text() +
                                " is one of our domains; add the one that is ours to federation.domains",
                            row.change);
            }
            const auto opinion = link.ask(contact_, *settings_);
            if (!opinion) {
                step(row.name, true, "has no objection");
                continue;
            }
            step(row.name, opinion->allow, Reason{opinion->why, opinion->remedy}.text(),
                 opinion->allow ? std::string_view{} : row.change);
            return;
        }
    }

    [[nodiscard]] bool is_strange() const {
        return !is_own_domain(node_, *settings_, contact_.pair.local) &&
               !is_own_domain(node_, *settings_, contact_.pair.remote);
    }

    [[nodiscard]] s2s::StreamPolicy stream_policy() const {
        return policy::EdgeRules{settings_}.policy(contact_.pair.remote);
    }

    void security() {
        const s2s::StreamPolicy policy = stream_policy();
        std::string says{security_mode_word(policy.security)};
        says += policy.require_certificate ? ", a certificate is required" : "";
        says += policy.offer_dialback ? ", dialback" : "";
        says += policy.offer_external ? ", SASL EXTERNAL" : "";
        step("security", true, says, "federation.security_mode");
    }

    /// What can be proved with what we have, and how it went the last time.
    void authentication() {
        if (!is_edge()) return;
        const s2s::StreamPolicy policy = stream_policy();
        const bool certified =
            std::any_of(status_.certificates.begin(), status_.certificates.end(), [&](const auto& own) {
                return own.use == CertificateUse::s2s && s2s::names(own.facts, contact_.pair.local);
            });
        std::string says =
            certified ? "a certificate of ours covers " + contact_.pair.local.text()
                      : "no certificate of ours covers " + contact_.pair.local.text() + "; dialback authenticates it";
        const s2s::DestinationStatus* const to = destination_of(status_, hop_);
        if (to != nullptr && to->certificate_refused) {
            says += "; " + contact_.pair.remote.text() + " refused our certificate ";
            says += *to->certificate_refused == s2s::Learned::Refusal::in_tls
                        ? "in TLS and closed the connection, so none is shown and dialback is used for a while"
                        : "in SASL EXTERNAL and closed the stream, so dialback is used for a while";
        }
        const record::Archive* const archive = node_.handshakes();
        const record::Archive::Found last = archive == nullptr ? nullptr : last_handshake(*archive);
        if (last == nullptr) return step("authentication", true, says);
        says += "; the last handshake (" + last->id + ") ";
        if (last->good) return step("authentication", true, says + "succeeded by " + last->result);
        const bool proof =
            last->failed_at == Stage::tls || last->failed_at == Stage::sasl || last->failed_at == Stage::dialback;
        says += "failed at " + std::string{sallyport::text(last->failed_at)} + ": " + last->result;
        // An earlier failure binds nobody: the next stream may do better. One without any success after it is what
        // will happen again, and inbound nothing else can be known.
        const bool stops = proof && !is_outbound() && !policy.offer_dialback;
        step("authentication", !stops, says, "sallyport handshakes diff " + last->id,
             row_of(rule_at(last->failed_at)).part);
    }

    [[nodiscard]] record::Archive::Found last_handshake(const record::Archive& archive) const {
        for (const auto& one : archive.list(contact_.pair.remote.text(), SIZE_MAX)) {
            const bool same = one->inbound != is_outbound() && !one->proven_only;
            if (same && (one->local.empty() || one->local == contact_.pair.local.text())) return one;
        }
        return nullptr;
    }

    void route() {
        const policy::RouteChoice choice = route_of(*settings_, contact_.pair.remote);
        if (!choice.has_route) return step("route", true, "by DNS");
        std::string says = "static route to";
        for (const route::Target& target : choice.targets) says += " " + HostPort{target.host, target.port}.text();
        step("route", true, says + (choice.fall_back_to_dns ? ", then DNS" : ""), "federation.static_routes");
    }

    void dns() {
        const std::string& remote = contact_.pair.remote.text();
        const std::string change = "the DNS of " + remote + "; `sallyport check dns " + remote + "`";
        if (input_.dns_silent)
            return step("dns", false, "DNS did not answer in time", "[dns] servers in " + node_.file().path);
        if (!input_.survey) return;
        const diag::Survey& survey = *input_.survey;
        if (survey.plan.next == route::SrvPlan::Next::nothing)
            return step("dns", false, survey.plan.why, change, peers);
        std::string good, refused;
        for (const diag::SurveyedHost& host : survey.hosts) {
            for (const IpAddress& address : host.addresses()) {
                const Endpoint at{address, host.target.port};
                const auto own = listeners();
                (route::may_connect(address, at.port, node_.file().s2s.allow_networks, own) ? good : refused) +=
                    " " + at.text();
            }
        }
        if (!good.empty()) return step("dns", true, remote + " is at" + good);
        if (!refused.empty()) {
            return step("dns", false,
                        "every address of " + remote + " is reserved, our own or has a forbidden port:" + refused,
                        "[s2s] allow_networks in " + node_.file().path, Part::ours_or_the_peers);
        }
        step("dns", false, "no address of " + remote + " was found", change, peers);
    }

    [[nodiscard]] std::vector<Endpoint> listeners() const {
        const config::NodeFile& file = node_.file();
        std::vector<Endpoint> own;
        for (const auto* list : {&file.s2s.listen, &file.s2s.direct_tls_listen, &file.link.listen, &file.inside.listen})
            own.insert(own.end(), list->begin(), list->end());
        return own;
    }

    void link() {
        const auto serves = [this](const link::SessionStatus& link) {
            return link.state == link::LinkState::open &&
                   (is_edge() ? names(link.bound, contact_.pair.local) : link.far_role == Role::edge);
        };
        const auto at = std::find_if(status_.links.begin(), status_.links.end(), serves);
        if (at != status_.links.end()) {
            return step("link", true, "router link to " + at->far_realm + " is open" + copy_of(at->far_realm));
        }
        const bool any = std::any_of(status_.links.begin(), status_.links.end(), [](const link::SessionStatus& link) {
            return link.state == link::LinkState::open;
        });
        if (any && is_edge()) {
            return step("link", false, "a core is linked, but none serves " + contact_.pair.local.text(),
                        "[[inside.server]] domains in the core's file");
        }
        std::string why = is_edge() ? "no core is linked" : "no edge is linked";
        for (const link::Hub::DialStatus& dial : status_.dials) {
            if (dial.role != Role::edge || dial.why.empty()) continue;
            why += ": " + dial.why;
            break;
        }
        step("link", false, why, "[[link.dial]] in the core's file");
    }

    [[nodiscard]] std::string copy_of(const std::string& realm) const {
        for (const link::Copy& copy : status_.link_copies) {
            if (copy.far_realm == realm && status_.now - copy.since <= copies_told) {
                return "; a copy of it at " + copy.remote.text() + " is turned away";
            }
        }
        return {};
    }

    /// What is under way over the links to one domain has a budget.
    void budget() {
        const std::string& to = is_edge() ? contact_.pair.local.text() : contact_.pair.remote.text();
        for (const link::PartnerStatus& partner : status_.slow_partners) {
            if (partner.domain != to) continue;
            step("budget", partner.refused == 0,
                 counted(partner.stanzas, "stanza") + " (" + std::to_string(partner.bytes >> 10U) + " KiB) to " + to +
                     noun_for(partner.stanzas, " is", " are") + " unacknowledged, the domain is slow; " +
                     counted(partner.refused, "was", "were") + " refused",
                 "[limits] link_bytes in " + node_.file().path, peers);
        }
    }

    /// On a core: who has the local domain.
    void inside() {
        if (is_edge()) return;
        const xmpp::Domain& local = contact_.pair.local;
        for (const config::InsideServer& server : node_.file().inside.servers) {
            if (std::find(server.domains.begin(), server.domains.end(), local) == server.domains.end()) continue;
            return step("inside", true,
                        local.text() + " is on " + server.address.text() + " (" + proofs_of(server) + ")");
        }
        for (const link::SessionStatus& link : status_.links) {
            if (link.far_role != Role::presence || !names(link.bound, local)) continue;
            return step("inside", true, "the presence node " + link.far_realm + " has " + local.text());
        }
        const auto& components = node_.file().components.allowed;
        const auto is_component = [&](const config::ComponentEntry& entry) { return entry.domain == local; };
        if (std::any_of(components.begin(), components.end(), is_component)) return component(local);
        step("inside", false, "no internal server has " + local.text(),
             "[[inside.server]] domains in " + node_.file().path);
    }

    /// On a presence node: the next hop, as its router finds it; policies are the edge's.
    void router(const RouterStatus& router) {
        const xmpp::Domain& to = contact_.pair.remote;
        if (names(router.domains, to)) {
            const auto& allowed = node_.file().components.allowed;
            const auto is_component = [&](const config::ComponentEntry& entry) { return entry.domain == to; };
            if (std::any_of(allowed.begin(), allowed.end(), is_component)) return component(to);
            step("router", true, to.text() + " is a domain of this node");
            return user();
        }
        if (!names(router.domains, contact_.pair.local)) {
            return step("router", false, "neither domain is served by this node",
                        "[[components.allowed]] in " + node_.file().path);
        }
        for (const link::SessionStatus& link : status_.links) {
            if (link.state != link::LinkState::open || !names(link.bound, to)) continue;
            return step("router", true, "the core " + link.far_realm + " serves " + to.text());
        }
        if (!router.obstacle.empty()) {
            return step("router", false, router.obstacle.why, router.obstacle.remedy);
        }
        const std::string& from = contact_.pair.local.text();
        step("router", true,
             "by the edge " + std::string{route::choose_gateway(from, to.text(), router.gateways)} +
                 "; run `sallyport why` there for the next steps");
    }

    /// A stanza to an account that does not exist vanishes, so that nobody can probe; here is who may know.
    void user() {
        if (!input_.account) return;
        const std::string name = account_asked(node_, input_.to);
        const Result<io::UserRow>& row = *input_.account;
        step("user", row.has_value(), row ? name + " has an account on this node" : name + ": " + row.error().text,
             "sallyport users add " + name);
    }

    void component(const xmpp::Domain& local) {
        const auto attached = [&](const ComponentStatus& status) { return status.domain == local.text(); };
        const bool here = std::any_of(status_.components.begin(), status_.components.end(), attached);
        step("inside", here,
             here ? "component " + local.text() + " is attached" : "component " + local.text() + " is not attached",
             "start the component");
    }

    [[nodiscard]] bool needs_pool() const {
        if (is_edge()) return true;
        const auto& servers = node_.file().inside.servers;
        return std::any_of(servers.begin(), servers.end(), [&](const config::InsideServer& server) {
            return std::find(server.domains.begin(), server.domains.end(), hop_.remote) != server.domains.end();
        });
    }

    /// The stream to the next hop, with its queue and bounds: the foreign domain at an edge, the inside one at a core.
    void next_hop() {
        if (!needs_pool()) return;
        const s2s::DestinationStatus* const to = destination_of(status_, hop_);
        limits();
        queue(to);
        stream(to);
    }

    [[nodiscard]] bool refused_by(Rule rule) const { return input_.refusal && input_.refusal->rule == rule; }

    [[nodiscard]] std::string set_in(Rule rule) const {
        return std::string{row_of(rule).change} + " in " + node_.file().path;
    }

    /// The pool itself has judged (Pool::refusal).
    void refused(std::string_view name) {
        const xmpp::StanzaError& refusal = *input_.refusal;
        step(name, false, refusal.why, set_in(refusal.rule), row_of(refusal.rule).part);
    }

    /// A new destination needs a place.
    void limits() {
        if (refused_by(Rule::streams) || refused_by(Rule::streams_of_sender)) return refused("limits");
        step("limits", true,
             std::to_string(status_.destinations.size()) + " of " +
                 counted(s2s::Pool::most_destinations(node_.file().limits), "destination") + " on this node",
             set_in(Rule::streams));
    }

    void queue(const s2s::DestinationStatus* to) {
        if (refused_by(Rule::queue_full)) return refused("queue");
        if (to == nullptr) return step("queue", true, "the queue is empty");
        step("queue", true,
             counted(to->queued, "stanza") + " of " + counted(to->queued_bytes, "byte") +
                 noun_for(to->queued, " is", " are") + " queued",
             set_in(Rule::queue_full));
    }

    /// For another reason than those of the steps above.
    [[nodiscard]] bool refused_otherwise() const {
        return input_.refusal && !refused_by(Rule::streams) && !refused_by(Rule::streams_of_sender) &&
               !refused_by(Rule::queue_full);
    }

    void stream(const s2s::DestinationStatus* to) {
        const std::string& wanted = hop_.remote.text();
        if (refused_otherwise() && (to == nullptr || to->failures == 0)) {
            // The pool knows of what status takes for overcome.
            const xmpp::StanzaError& refusal = *input_.refusal;
            const Remedy remedy = remedy_of(node_.file(), *settings_, refusal.rule, refusal.remedy, wanted);
            const std::string why = refusal.why.empty() ? std::string{row_of(refusal.rule).help} : refusal.why;
            return step(sallyport::text(refusal.rule), false, why,
                        remedy.change.empty() ? "sallyport peers show " + wanted : remedy.change, remedy.part);
        }
        if (is_reversed(status_, contact_.pair) && is_edge() && !refused_otherwise()) {
            return step("stream", true, "the stream that " + wanted + " opened is used in both directions");
        }
        if (to == nullptr) return step("stream", true, "no stream to " + wanted + " yet; the next stanza opens one");
        if (to->phase == s2s::PairPhase::ready) return step("stream", true, "a stream to " + wanted + " is open");
        if (to->failures == 0)
            return step("stream", true, "a stream to " + wanted + " is " + std::string{s2s::text(to->phase)});
        // Named as the refusal is that it causes: `why ID` and this walk speak of the same thing.
        const xmpp::Failure failure = to->failure.value_or(xmpp::Failure{.stage = Stage::stream, .why = {}});
        const Remedy remedy = remedy_of(node_.file(), *settings_, failure, wanted);
        const std::string name{sallyport::text(failure.cause())};
        step(name, false, wanted + " cannot be reached (" + name + "): " + failure.why,
             remedy.change.empty() ? "sallyport peers show " + wanted : remedy.change, remedy.part);
    }

    const JourneyInput& input_;
    NodeControl& node_;
    const NodeStatus& status_;
    policy::Contact contact_;
    config::Snapshot settings_;
    xmpp::DomainPair hop_;
    json::array steps_;
    std::string blocked_by_, blocked_at_, change_;
    Part part_ = ours;
    std::string_view decider_;  ///< another node, of the steps that follow; empty: this one
};

}  // namespace

policy::Contact contact_of(NodeControl& node, const xmpp::Domain& from, const xmpp::Domain& to) {
    const config::Snapshot settings = node.settings().snapshot();
    const bool inbound = is_own_domain(node, *settings, to) && !is_own_domain(node, *settings, from) &&
                         node.file().role != config::Role::presence;
    return {inbound ? xmpp::DomainPair{to, from} : xmpp::DomainPair{from, to},
            inbound ? s2s::Direction::inbound : s2s::Direction::outbound};
}

bool asks_dns(NodeControl& node, const NodeStatus& status, const policy::Contact& contact) {
    if (node.file().role != config::Role::edge || contact.direction != s2s::Direction::outbound) return false;
    const config::Snapshot settings = node.settings().snapshot();
    if (contact.pair.remote.is_address() || route_of(*settings, contact.pair.remote).has_route) return false;
    if (!policy::decide(contact, *settings).allowed || is_reversed(status, contact.pair)) return false;
    const s2s::DestinationStatus* const to = destination_of(status, contact.pair);
    return to == nullptr || (to->phase != s2s::PairPhase::ready && to->failures == 0);
}

std::string account_asked(NodeControl& node, const std::string& to) {
    const auto jid = xmpp::Jid::parse(to);
    if (node.users() == nullptr || !jid || jid->local().empty()) return {};
    const auto& domains = node.file().clients.domains;
    const bool has_users = std::find(domains.begin(), domains.end(), jid->domain()) != domains.end();
    return has_users ? jid->local() + "@" + jid->domain().text() : std::string{};
}

json::object walk(const JourneyInput& input) { return Journey{input}.walk(); }

}  // namespace sallyport::admin
