// What waits: stanzas for links that are down, domains that cannot be reached, take too little or acknowledge nothing.
#include <chrono>
#include <set>

#include "admin/judge/judges.h"
#include "admin/judge/remedies.h"
#include "base/counted.h"

namespace sallyport::admin {

using diag::Grade;

namespace {

constexpr std::size_t most_named = 5;
/// After that nobody knows whether it could be reached now, unless something waits for it.
constexpr auto failure_told = std::chrono::minutes{1};

bool is_known_to_fail(const s2s::DestinationStatus& to, WallTime now) {
    return is_failing(to) && (to.queued > 0 || now - to.last_failure < failure_told);
}

Findings judge_failing(const Facts& facts) {
    Findings found;
    std::size_t failing = 0;
    std::set<std::string> seen;  // several domains of ours may write to one
    for (const s2s::DestinationStatus& to : facts.status.destinations) {
        const std::string& remote = to.pair.remote.text();
        if (!is_known_to_fail(to, facts.now) || inside_server(facts.file, to.pair.remote) != nullptr) continue;
        if (!seen.insert(remote).second || ++failing > most_named) continue;
        const xmpp::Failure failure = to.failure.value_or(xmpp::Failure{});
        const Remedy remedy = remedy_of(facts.file, facts.settings, failure, remote);
        found.push_back({Grade::warning, remote + " cannot be reached: " + failure.why,
                         remedy.remedy.empty() ? "sallyport peers show " + remote : remedy.remedy});
    }
    if (failing > most_named) {
        found.push_back({Grade::warning,
                         counted(failing - most_named, "more domain", "more domains") + " cannot be reached",
                         "sallyport peers list"});
    }
    return found;
}

/// Streams that are open and of no use: what was sent is neither acknowledged nor taken.
Findings judge_stalled(const NodeStatus& status) {
    Findings found;
    std::size_t stalled = 0;
    for (const s2s::DestinationStatus& to : status.destinations) {
        if (to.stalled == Duration{0} || ++stalled > most_named) continue;
        const std::string& remote = to.pair.remote.text();
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(to.stalled).count();
        found.push_back({Grade::warning,
                         remote + " has made no progress for " + std::to_string(seconds) +
                             " s: " + counted(to.unacknowledged, "stanza is", "stanzas are") + " unacknowledged, " +
                             counted(to.queued, "is", "are") + " queued",
                         "sallyport peers show " + remote + "; the node closes the stream by itself"});
    }
    if (stalled > most_named) {
        found.push_back({Grade::warning,
                         counted(stalled - most_named, "more domain makes", "more domains make") + " no progress",
                         "sallyport peers list"});
    }
    return found;
}

/// Domains to which too much is under way over links.
Findings judge_slow(const NodeStatus& status) {
    Findings found;
    for (const link::PartnerStatus& partner : status.slow_partners) {
        const std::string refused =
            partner.refused == 0 ? ""
                                 : "; " + counted(partner.refused, "was", "were") + " refused, its budget is used up";
        found.push_back({Grade::warning,
                         counted(partner.stanzas, "stanza") + " (" + std::to_string(partner.bytes >> 10U) +
                             " KiB) to " + partner.domain + noun_for(partner.stanzas, " is", " are") +
                             " unacknowledged, the domain is slow" + refused,
                         "sallyport peers show " + partner.domain +
                             " on the node with its stream; other domains are not affected"});
    }
    return found;
}

}  // namespace

Findings judge_held(const Facts& facts) {
    if (facts.status.held_for_link == 0) return {};
    return {{Grade::warning,
             counted(facts.status.held_for_link, "stanza is", "stanzas are") + " held for a link that is down",
             "`sallyport check link` shows which and why"}};
}

Findings judge_queues(const Facts& facts) {
    Findings found = judge_slow(facts.status);
    append(found, judge_failing(facts));
    append(found, judge_stalled(facts.status));
    return found;
}

}  // namespace sallyport::admin
