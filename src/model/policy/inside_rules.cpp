// The core's answers to the streams of the organisation's own servers: it stands in for every domain outside.
#include <algorithm>

#include "base/hash.h"
#include "model/policy/policy.h"
#include "model/policy/verdict.h"
#include "proto/s2s/dialback.h"

namespace sallyport::policy {

namespace {

bool has(const InsideRules::Server& server, const xmpp::Domain& domain) {
    return std::find(server.domains.begin(), server.domains.end(), domain) != server.domains.end();
}

s2s::Admission refusal(Rule rule, std::string why, std::string_view remedy, xmpp::StreamCondition stream,
                       std::string text) {
    s2s::Admission admission;
    admission.allowed = false;
    admission.rule = rule;
    admission.why = std::move(why);
    admission.remedy = remedy;
    admission.stream = stream;
    admission.text = std::move(text);
    return admission;
}

s2s::Admission judge(const InsideRules& rules, const xmpp::DomainPair& pair) {
    if (pair.local == pair.remote) {
        return refusal(Rule::self, pair.local.text() + " cannot federate with itself",
                       "the domain's own server delivers such stanzas", xmpp::StreamCondition::invalid_from,
                       "both domains are the same");
    }
    if (!rules.is_inside(pair.remote)) {
        return refusal(Rule::not_inside, pair.remote.text() + " is not an internal domain",
                       row_of(Rule::not_inside).remedy, xmpp::StreamCondition::policy_violation,
                       "this domain is not known here");
    }
    if (rules.is_inside(pair.local)) {
        return refusal(Rule::inside_to_inside, pair.local.text() + " is an internal domain",
                       row_of(Rule::inside_to_inside).remedy, xmpp::StreamCondition::host_unknown,
                       "this domain cannot be reached from here");
    }
    s2s::Admission admission;
    admission.why = pair.remote.text() + " is an internal domain";
    return admission;
}

}  // namespace

InsideRules::InsideRules(std::vector<Server> servers, std::string dialback_secret)
    : servers_{std::move(servers)}, dialback_secret_{std::move(dialback_secret)} {}

bool InsideRules::is_inside(const xmpp::Domain& domain) const {
    return std::any_of(servers_.begin(), servers_.end(), [&](const Server& server) { return has(server, domain); });
}

s2s::Served InsideRules::serves(const xmpp::Domain& domain) const {
    return domain.empty() || is_inside(domain) ? s2s::Served::no : s2s::Served::yes;
}

s2s::Admission InsideRules::admits(const xmpp::DomainPair& pair, s2s::Direction direction) const {
    s2s::Admission admission = judge(*this, pair);
    admission.verdict_id = verdict_id(admission.rule, pair, direction, 0);
    return admission;
}

s2s::StreamPolicy InsideRules::policy(const xmpp::Domain& remote) const {
    const auto server =
        std::find_if(servers_.begin(), servers_.end(), [&](const Server& candidate) { return has(candidate, remote); });
    return server == servers_.end() ? s2s::StreamPolicy{} : server->policy;
}

s2s::StreamPolicy InsideRules::unnamed_policy() const {
    if (servers_.empty()) return {};
    s2s::StreamPolicy policy = servers_.front().policy;
    for (const Server& server : servers_) policy = wider(policy, server.policy);
    return policy;
}

std::string InsideRules::dialback_key(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                                      std::string_view stream_id) const {
    return s2s::dialback_key(dialback_secret_, receiving.text(), originating.text(), stream_id);
}

bool InsideRules::vouches(const xmpp::Domain& receiving, const xmpp::Domain& originating, std::string_view stream_id,
                          std::string_view key) const {
    if (serves(originating) != s2s::Served::yes || dialback_secret_.empty()) return false;
    return equal_constant_time(dialback_key(receiving, originating, stream_id), key);
}

xmpp::Domain InsideRules::default_domain() const { return {}; }

}  // namespace sallyport::policy
