// `why FROM TO`: walks what a stanza would meet, without sending one, with the code that the live path uses.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/api/verb_handlers.h"
#include "model/policy/policy.h"
#include "model/policy/static_route.h"
#include "model/policy/verdict.h"
#include "model/route/gateway.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

/// The journey of one stanza, a step a stage; the first one that stops it is the verdict.
class Journey {
public:
    Journey(NodeControl& node, const NodeStatus& status, policy::Contact contact)
        : node_{node}, status_{status}, contact_{std::move(contact)}, settings_{node.settings().snapshot()} {}

    json::object walk(std::string_view from, std::string_view to) {
        if (status_.router) {
            router(*status_.router);
        } else {
            rules();
            security();
            if (is_outbound()) route();
            link();
            inside();
            destination();
        }
        const bool passes = blocked_by_.empty();
        json::object result{{"from", view(from)},
                            {"to", view(to)},
                            {"local", contact_.pair.local.text()},
                            {"remote", contact_.pair.remote.text()},
                            {"direction", policy::text(contact_.direction)},
                            {"passes", passes},
                            {"verdict_id", policy::decide(contact_, *settings_).verdict_id},
                            {"blocked_by", passes ? json::value{} : json::value(blocked_by_)},
                            {"change", change_.empty() ? json::value{} : json::value(change_)},
                            {"steps", std::move(steps_)}};
        return result;
    }

private:
    [[nodiscard]] bool is_outbound() const { return contact_.direction == s2s::Direction::outbound; }
    [[nodiscard]] bool is_edge() const { return node_.file().role == config::Role::edge; }

    void step(std::string_view name, bool passes, const std::string& text, std::string_view change = {}) {
        steps_.push_back(json::object{{"step", view(name)},
                                      {"passes", passes},
                                      {"text", text},
                                      {"change", change.empty() ? json::value{} : json::value(view(change))}});
        if (passes || !blocked_by_.empty()) return;
        blocked_by_ = text;
        change_ = change;
    }

    /// Rules behind the one that decides are not asked by the live path either.
    void rules() {
        for (const policy::ChainLink& link : policy::chain()) {
            const auto opinion = link.rule(contact_, *settings_);
            if (!opinion) {
                step(link.name, true, "has no objection");
                continue;
            }
            step(link.name, opinion->allow, opinion->why, opinion->allow ? std::string_view{} : link.setting);
            return;
        }
    }

    void security() {
        const s2s::StreamPolicy policy = policy::EdgeRules{settings_}.policy(contact_.pair.remote);
        std::string says{security_mode_word(policy.security)};
        says += policy.require_certificate ? ", a certificate is required" : "";
        says += policy.offer_dialback ? ", dialback" : "";
        says += policy.offer_external ? ", SASL EXTERNAL" : "";
        step("security", true, says, "federation.security_mode");
    }

    void route() {
        const auto first = [](std::uint64_t) { return std::uint64_t{0}; };
        const policy::RouteChoice choice = policy::static_route(*settings_, contact_.pair.remote, first);
        if (!choice.has_route)
            return step("route", true, "by DNS; `sallyport check dns " + contact_.pair.remote.text() + "`");
        std::string says = "static route to";
        for (const route::Target& target : choice.targets) says += " " + HostPort{target.host, target.port}.text();
        step("route", true, says + (choice.fall_back_to_dns ? ", then DNS" : ""), "federation.static_routes");
    }

    void link() {
        const auto serves = [this](const link::SessionStatus& link) {
            const auto& bound = link.bound;
            const bool ours = std::find(bound.begin(), bound.end(), contact_.pair.local.text()) != bound.end();
            return link.state == "open" && (is_edge() ? ours : link.far_role == "edge");
        };
        const auto at = std::find_if(status_.links.begin(), status_.links.end(), serves);
        if (at != status_.links.end()) return step("link", true, "router link to " + at->far_realm + " is open");
        const bool any = std::any_of(status_.links.begin(), status_.links.end(),
                                     [](const link::SessionStatus& link) { return link.state == "open"; });
        if (any && is_edge()) {
            return step("link", false, "a core is linked, but none serves " + contact_.pair.local.text(),
                        "[[inside.server]] domains in the core's file");
        }
        step("link", false, is_edge() ? "no core is linked" : "no edge is linked", "[[link.dial]] in the core's file");
    }

    /// On a core: who has the local domain.
    void inside() {
        if (is_edge()) return;
        const xmpp::Domain& local = contact_.pair.local;
        for (const config::InsideServer& server : node_.file().inside.servers) {
            if (std::find(server.domains.begin(), server.domains.end(), local) == server.domains.end()) continue;
            return step("inside", true, local.text() + " is on " + server.address.text());
        }
        for (const link::SessionStatus& link : status_.links) {
            if (link.far_role != "presence" || !names(link.bound, local)) continue;
            return step("inside", true, "the presence node " + link.far_realm + " has " + local.text());
        }
        const auto& components = node_.file().components.allowed;
        const auto is_component = [&](const config::ComponentEntry& entry) { return entry.domain == local; };
        if (std::any_of(components.begin(), components.end(), is_component)) return component(local);
        step("inside", false, "no inside server has " + local.text(),
             "[[inside.server]] domains in " + node_.file().path);
    }

    [[nodiscard]] static bool names(const std::vector<std::string>& all, const xmpp::Domain& domain) {
        return std::find(all.begin(), all.end(), domain.text()) != all.end();
    }

    /// On a presence node: the next hop, as its router finds it; policies are the edge's.
    void router(const RouterStatus& router) {
        const xmpp::Domain& to = contact_.pair.remote;
        if (names(router.domains, to)) {
            const auto& allowed = node_.file().components.allowed;
            const auto is_component = [&](const config::ComponentEntry& entry) { return entry.domain == to; };
            if (std::any_of(allowed.begin(), allowed.end(), is_component)) return component(to);
            return step("router", true, to.text() + " is a domain of this node");
        }
        if (!names(router.domains, contact_.pair.local)) {
            return step("router", false, "neither domain is one of this node",
                        "[[components.allowed]] in " + node_.file().path);
        }
        for (const link::SessionStatus& link : status_.links) {
            if (link.state != "open" || !names(link.bound, to)) continue;
            return step("router", true, "the core " + link.far_realm + " serves " + to.text());
        }
        if (!router.obstacle.empty()) {
            const std::size_t end = router.obstacle.rfind("; ");
            return step("router", false, router.obstacle.substr(0, end),
                        end == std::string::npos ? std::string{} : router.obstacle.substr(end + 2));
        }
        const std::string& from = contact_.pair.local.text();
        step("router", true,
             "over the edge " + std::string{route::choose_gateway(from, to.text(), router.gateways)} +
                 "; its `sallyport why` says what happens there");
    }

    void component(const xmpp::Domain& local) {
        const auto attached = [&](const ComponentStatus& status) { return status.domain == local.text(); };
        const bool here = std::any_of(status_.components.begin(), status_.components.end(), attached);
        step("inside", here,
             here ? "component " + local.text() + " is attached" : "component " + local.text() + " is not attached",
             "start the component");
    }

    /// The next hop of this node: the foreign domain at an edge, the inside domain at a core.
    void destination() {
        if (is_edge() != is_outbound()) return;
        const std::string& wanted = (is_edge() ? contact_.pair.remote : contact_.pair.local).text();
        const std::string& other = (is_edge() ? contact_.pair.local : contact_.pair.remote).text();
        for (const s2s::DestinationStatus& to : status_.destinations) {
            if (to.pair.remote.text() != wanted || to.pair.local.text() != other) continue;
            if (to.state == "ready") return step("stream", true, "a stream to " + wanted + " is open");
            if (to.failures == 0) return step("stream", true, "a stream to " + wanted + " is " + to.state);
            return step("stream", false, wanted + " cannot be reached (" + to.last_step + "): " + to.last_error,
                        "sallyport peers show " + wanted);
        }
        step("stream", true, "no stream to " + wanted + " yet; one is opened when a stanza comes");
    }

    NodeControl& node_;
    const NodeStatus& status_;
    policy::Contact contact_;
    config::Snapshot settings_;
    json::array steps_;
    std::string blocked_by_, change_;
};

/// The domain of an address, or the call has ended.
std::optional<xmpp::Domain> domain_of(Call& call, std::string_view name) {
    const auto jid = xmpp::Jid::parse(call.text(name));
    if (jid) return jid->domain();
    call.fail({"argument-malformed", "'" + call.text(name) + "' is neither a domain nor an address with one"}, name);
    return std::nullopt;
}

bool is_ours(const config::Settings& settings, const xmpp::Domain& domain) {
    return std::any_of(settings.domains.begin(), settings.domains.end(),
                       [&](const config::NamePattern& pattern) { return pattern.matches(domain); });
}

}  // namespace

void run_why(const SharedCall& call) {
    const auto from = domain_of(*call, "from");
    if (!from) return;
    const auto to = domain_of(*call, "to");
    if (!to) return;
    // A recipient of ours makes it inbound; everything else is judged as something that we would send.
    const config::Snapshot settings = call->node().settings().snapshot();
    const bool inbound =
        is_ours(*settings, *to) && !is_ours(*settings, *from) && call->node().file().role != config::Role::presence;
    const policy::Contact contact{inbound ? xmpp::DomainPair{*to, *from} : xmpp::DomainPair{*from, *to},
                                  inbound ? s2s::Direction::inbound : s2s::Direction::outbound};
    call->node().status([call, contact](const NodeStatus& status) {
        call->succeed(Journey{call->node(), status, contact}.walk(call->text("from"), call->text("to")));
    });
}

}  // namespace sallyport::admin
