// The chain: which rules there are, in which order, and what a peer is told when one of them refuses.
#include "model/policy/policy.h"
#include "model/policy/rules/rules.h"
#include "model/policy/verdict.h"

namespace sallyport::policy {

namespace {

using Stream = xmpp::StreamCondition;
using Stanza = xmpp::StanzaCondition;

constexpr ChainLink links[] = {
    {Rule::federation_off, rules::federation_off, Stream::policy_violation, Stanza::not_allowed,
     "federation is not available"},
    {Rule::self, rules::self, Stream::invalid_from, Stanza::not_allowed, "this domain is served here"},
    {Rule::not_local, rules::not_local, Stream::host_unknown, Stanza::not_allowed,
     "this domain does not federate here"},
    {Rule::deny_list, rules::deny_list, Stream::policy_violation, Stanza::not_allowed,
     "communication between these domains is not allowed"},
    {Rule::allow_list, rules::allow_list, Stream::policy_violation, Stanza::not_allowed,
     "communication between these domains is not allowed"},
};

}  // namespace

std::span<const ChainLink> chain() { return links; }

s2s::Admission decide(const Contact& contact, const config::Settings& settings) {
    s2s::Admission admission;
    admission.why = "no rule forbids it";
    for (const ChainLink& link : links) {
        auto opinion = link.ask(contact, settings);
        if (!opinion) continue;
        admission.allowed = opinion->allow;
        admission.rule = link.rule;
        admission.why = std::move(opinion->why);
        admission.remedy = std::move(opinion->remedy);
        if (!opinion->allow) {
            admission.stream = link.stream;
            admission.stanza = link.stanza;
            admission.text = link.text;
        }
        break;
    }
    admission.verdict_id = verdict_id(admission.rule, contact.pair, contact.direction, settings.revision);
    return admission;
}

}  // namespace sallyport::policy
