// Which targets an SRV answer leads to and in which order: RFC 2782, RFC 6120 3.2.1 and 3.2.2, XEP-0368 section 5.
#include "model/route/targets.h"

#include <algorithm>
#include <iterator>

#include "model/route/ports.h"

namespace sallyport::route {

namespace {

using Random = std::function<std::uint64_t(std::uint64_t)>;

/// RFC 2782: the service is decidedly not available when the only target is the root.
bool declares_absence(const DnsAnswer& answer) {
    return answer.status == DnsStatus::ok && answer.srv.size() == 1 && answer.srv.front().target == ".";
}

bool has_records(const DnsAnswer& answer) { return answer.status == DnsStatus::ok && !answer.srv.empty(); }

/// The look-up said that there are no records (and not that it does not know).
bool says_none(const DnsAnswer& answer) {
    return answer.status == DnsStatus::no_data || answer.status == DnsStatus::no_name ||
           (answer.status == DnsStatus::ok && answer.srv.empty());
}

/// Why `record` is not used; empty when it is.
std::string objection(const SrvRecord& record) {
    if (record.target.empty() || record.target == ".") return "no target";
    if (record.target.size() > 253) return "target name too long";
    // RFC 2782: the target is a domain name, never an address.
    if (IpAddress::parse(record.target)) return "target " + record.target + " is an address, not a name";
    if (record.target.find_first_of(" \t\r\n/@:") != std::string::npos) return "target is not a name";
    if (!is_permitted_port(record.port)) return "port " + std::to_string(record.port) + " is not allowed";
    return {};
}

void collect(const DnsAnswer& answer, bool direct_tls, std::vector<Weighted>& usable,
             std::vector<std::string>& refused) {
    if (!has_records(answer) || declares_absence(answer)) return;
    for (const SrvRecord& record : answer.srv) {
        if (std::string why = objection(record); !why.empty()) {
            refused.push_back(std::move(why));
            continue;
        }
        usable.push_back({record.priority, record.weight, Target{record.target, record.port, direct_tls, false}});
    }
}

SrvPlan nothing(SrvPlan::Obstacle obstacle, std::string why) {
    return {SrvPlan::Next::nothing, {}, std::move(why), obstacle, {}, {}};
}

SrvPlan unusable(const std::string& objection) {
    SrvPlan plan = nothing(SrvPlan::Obstacle::unusable, "no SRV record can be used: " + objection);
    plan.detail = objection;
    return plan;
}

SrvPlan failed(const std::string& service, const DnsAnswer& answer) {
    std::string detail = text(answer.status);
    if (!answer.detail.empty()) detail += " (" + answer.detail + ")";
    SrvPlan plan = nothing(SrvPlan::Obstacle::look_up, "the look-up of " + service + " returned: " + detail);
    plan.service = service;
    plan.detail = std::move(detail);
    return plan;
}

/// What follows when no record can be used.
SrvPlan plan_without_targets(const DnsAnswer& server, const DnsAnswer& direct,
                             const std::vector<std::string>& refused) {
    // RFC 6120 3.2.1: an answer that is there but cannot be used does not open the way to A/AAAA.
    if (!refused.empty()) return unusable(refused.front());
    if (declares_absence(server)) return nothing(SrvPlan::Obstacle::absent, "service declared absent");
    if (!says_none(server)) return failed("_xmpp-server", server);
    // XEP-0368 section 5: a root target for direct TLS says nothing about STARTTLS, but rules out A/AAAA.
    if (declares_absence(direct)) {
        return nothing(SrvPlan::Obstacle::direct_tls_absent, "direct TLS declared absent and no _xmpp-server record");
    }
    if (!says_none(direct)) return failed("_xmpps-server", direct);
    SrvPlan plan;
    plan.next = SrvPlan::Next::addresses;
    return plan;
}

/// RFC 2782, page 4: one pick out of alternatives of equal priority, weight 0 first; `sum` is all their weights.
std::size_t pick(const std::vector<Weighted>& alternatives, std::uint64_t sum, const Random& random) {
    const std::uint64_t drawn = random(sum + 1);
    std::uint64_t running = 0;
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
        running += alternatives[i].weight;
        if (running >= drawn) return i;
    }
    return alternatives.size() - 1;
}

void order_equals(std::vector<Weighted> alternatives, const Random& random, std::vector<Target>& out) {
    std::stable_partition(alternatives.begin(), alternatives.end(), [](const Weighted& w) { return w.weight == 0; });
    std::uint64_t sum = 0;
    for (const Weighted& alternative : alternatives) sum += alternative.weight;
    while (!alternatives.empty()) {
        const std::size_t chosen = pick(alternatives, sum, random);
        sum -= alternatives[chosen].weight;
        out.push_back(std::move(alternatives[chosen].target));
        alternatives.erase(alternatives.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
}

}  // namespace

std::vector<Target> order(std::vector<Weighted> candidates, const Random& random) {
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Weighted& a, const Weighted& b) { return a.priority < b.priority; });
    std::vector<Target> ordered;
    ordered.reserve(candidates.size());
    for (auto first = candidates.begin(); first != candidates.end();) {
        const auto last = std::find_if(
            first, candidates.end(), [&](const Weighted& candidate) { return candidate.priority != first->priority; });
        order_equals({std::make_move_iterator(first), std::make_move_iterator(last)}, random, ordered);
        first = last;
    }
    return ordered;
}

SrvPlan plan_srv(const DnsAnswer& server, const DnsAnswer& direct, std::uint64_t most, const Random& random) {
    std::vector<Weighted> usable;
    std::vector<std::string> refused;
    collect(server, false, usable, refused);
    collect(direct, true, usable, refused);
    if (usable.empty()) return plan_without_targets(server, direct, refused);

    SrvPlan plan;
    plan.next = SrvPlan::Next::targets;
    for (Target& target : order(std::move(usable), random)) {
        if (plan.targets.size() >= most) break;
        // An answer may repeat a record; trying it twice would only cost time.
        const bool known = std::find(plan.targets.begin(), plan.targets.end(), target) != plan.targets.end();
        if (!known) plan.targets.push_back(std::move(target));
    }
    return plan;
}

}  // namespace sallyport::route
