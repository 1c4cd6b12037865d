// What waits: stanzas for links that are down, domains that cannot be reached, take too little or acknowledge nothing.
#include <chrono>
#include <set>

#include "admin/judge/finding_rows.h"
#include "admin/judge/judges.h"
#include "admin/judge/remedies.h"

namespace sallyport::admin {

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
        found.push_back(say(Says::peer_unreachable, {{"domain", remote}, {"why", failure.why}}, remedy.remedy));
    }
    if (failing > most_named) {
        found.push_back(say(Says::more_unreachable, {{"n", std::to_string(failing - most_named)}}));
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
        found.push_back(say(Says::peer_stalled, {{"domain", remote},
                                                 {"seconds", std::to_string(seconds)},
                                                 {"unacknowledged", std::to_string(to.unacknowledged)},
                                                 {"queued", std::to_string(to.queued)}}));
    }
    if (stalled > most_named) {
        found.push_back(say(Says::more_stalled, {{"n", std::to_string(stalled - most_named)}}));
    }
    return found;
}

/// Domains to which too much is under way over links.
Findings judge_slow(const NodeStatus& status) {
    Findings found;
    for (const link::PartnerStatus& partner : status.slow_partners) {
        found.push_back(say(partner.refused == 0 ? Says::peer_slow : Says::peer_slow_refused,
                            {{"n", std::to_string(partner.stanzas)},
                             {"kib", std::to_string(partner.bytes >> 10U)},
                             {"domain", partner.domain},
                             {"refused", std::to_string(partner.refused)}}));
    }
    return found;
}

}  // namespace

Findings judge_held(const Facts& facts) {
    if (facts.status.held_for_link == 0) return {};
    return {say(Says::held_for_link, {{"n", std::to_string(facts.status.held_for_link)}})};
}

Findings judge_queues(const Facts& facts) {
    Findings found = judge_slow(facts.status);
    append(found, judge_failing(facts));
    append(found, judge_stalled(facts.status));
    return found;
}

}  // namespace sallyport::admin
