// The chain: which rules there are, in which order, and what a peer is told when one of them refuses.
#include <algorithm>

#include "model/policy/policy.h"
#include "model/policy/rules/rules.h"
#include "model/policy/verdict.h"

namespace sallyport::policy {

namespace {

constexpr ChainLink links[] = {
    {"federation-off", rules::federation_off, "federation.enabled"},
    {"self", rules::self, "federation.domains"},
    {"not-local", rules::not_local, "federation.domains"},
    {"deny-list", rules::deny_list, "federation.deny_list"},
    {"allow-list", rules::allow_list, "federation.allow_list"},
};

/// What a refusal looks like from outside. The texts tell nothing of our settings.
struct Refusal {
    std::string_view rule;
    xmpp::StreamCondition stream;
    xmpp::StanzaCondition stanza;
    std::string_view text;
};
constexpr Refusal refusals[] = {
    {"federation-off", xmpp::StreamCondition::policy_violation, xmpp::StanzaCondition::not_allowed,
     "federation is not available"},
    {"self", xmpp::StreamCondition::invalid_from, xmpp::StanzaCondition::not_allowed, "this domain is served here"},
    {"not-local", xmpp::StreamCondition::host_unknown, xmpp::StanzaCondition::not_allowed,
     "this domain does not federate here"},
    {"deny-list", xmpp::StreamCondition::policy_violation, xmpp::StanzaCondition::not_allowed,
     "communication between these domains is not allowed"},
    {"allow-list", xmpp::StreamCondition::policy_violation, xmpp::StanzaCondition::not_allowed,
     "communication between these domains is not allowed"},
};

void describe_refusal(s2s::Admission& admission) {
    const auto* refusal = std::find_if(std::begin(refusals), std::end(refusals),
                                       [&](const Refusal& candidate) { return candidate.rule == admission.rule; });
    if (refusal == std::end(refusals)) return;
    admission.stream = refusal->stream;
    admission.stanza = refusal->stanza;
    admission.text = refusal->text;
}

}  // namespace

std::span<const ChainLink> chain() { return links; }

s2s::Admission decide(const Contact& contact, const config::Settings& settings) {
    s2s::Admission admission;
    admission.rule = "default";
    admission.why = "no rule forbids it";
    for (const ChainLink& link : links) {
        auto opinion = link.rule(contact, settings);
        if (!opinion) continue;
        admission.allowed = opinion->allow;
        admission.rule = link.name;
        admission.why = std::move(opinion->why);
        break;
    }
    if (!admission.allowed) describe_refusal(admission);
    admission.verdict_id = verdict_id(admission.rule, contact.pair, contact.direction, settings.revision);
    return admission;
}

}  // namespace sallyport::policy
