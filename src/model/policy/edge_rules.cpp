// The edge's answers to the stream machines, out of one snapshot.
#include <algorithm>

#include "base/hash.h"
#include "model/policy/policy.h"
#include "proto/s2s/dialback.h"

namespace sallyport::policy {

namespace {

/// The exception that fits best: an exact name before a pattern, a longer pattern before a shorter.
void demand(config::Authentication authentication, s2s::StreamPolicy& policy) {
    switch (authentication) {
        case config::Authentication::any: policy.require_certificate = false; break;
        case config::Authentication::certificate:
            policy.require_certificate = true;
            policy.offer_dialback = false;
            break;
        case config::Authentication::dialback:
            policy.require_certificate = false;
            policy.offer_external = false;
            policy.certificate_shortcut = false;
            break;
    }
}

/// Without TLS there is no certificate to look at.
void leave_certificates_out(s2s::StreamPolicy& policy) {
    policy.require_certificate = false;
    policy.offer_external = false;
    policy.certificate_shortcut = false;
}

bool is_key_of(const std::string& secret, const xmpp::Domain& receiving, const xmpp::Domain& originating,
               std::string_view stream_id, std::string_view key) {
    const std::string ours = s2s::dialback_key(secret, receiving.text(), originating.text(), stream_id);
    return equal_constant_time(ours, key);
}

}  // namespace

const config::PeerException* exception_for(const config::Settings& settings, const xmpp::Domain& remote) {
    const config::PeerException* best = nullptr;
    const auto is_better = [&](const config::PeerException& candidate) {
        if (best == nullptr) return true;
        if (candidate.domain.below != best->domain.below) return !candidate.domain.below;
        return candidate.domain.domain.text().size() > best->domain.domain.text().size();
    };
    for (const config::PeerException& candidate : settings.peers) {
        if (candidate.domain.matches(remote) && is_better(candidate)) best = &candidate;
    }
    return best;
}

Limits limits_for(const config::Settings& settings, const Limits& general, const xmpp::Domain& remote) {
    Limits limits = general;
    const config::PeerException* peer = exception_for(settings, remote);
    if (peer == nullptr) return limits;
    for (const auto& [name, value] : peer->limits) {
        for (const LimitRow& row : limit_rows()) {
            if (row.key == name) row.member(limits) = value;
        }
    }
    return limits;
}

s2s::Served EdgeRules::serves(const xmpp::Domain& domain) const {
    const auto& domains = snapshot_->domains;
    const bool ours = std::any_of(domains.begin(), domains.end(),
                                  [&](const config::NamePattern& pattern) { return pattern.matches(domain); });
    return ours ? s2s::Served::yes : s2s::Served::no;
}

s2s::Admission EdgeRules::admits(const xmpp::DomainPair& pair, s2s::Direction direction) const {
    return decide({pair, direction}, *snapshot_);
}

s2s::StreamPolicy wider(const s2s::StreamPolicy& one, const s2s::StreamPolicy& other) {
    s2s::StreamPolicy both;
    both.security = one.security == other.security ? one.security : s2s::SecurityMode::tls_optional;
    both.require_certificate = one.require_certificate && other.require_certificate;
    both.offer_external = one.offer_external || other.offer_external;
    both.offer_dialback = one.offer_dialback || other.offer_dialback;
    both.certificate_shortcut = one.certificate_shortcut || other.certificate_shortcut;
    both.bidi = one.bidi || other.bidi;
    both.stream_management = one.stream_management || other.stream_management;
    return both;
}

namespace {

s2s::StreamPolicy policy_with(const config::Settings& settings, const config::PeerException* exception) {
    s2s::StreamPolicy policy;
    policy.security = settings.security_mode;
    policy.require_certificate = settings.require_client_certificates;
    policy.bidi = settings.bidi;
    if (exception != nullptr) {
        policy.security = exception->security_mode.value_or(policy.security);
        policy.bidi = exception->bidi.value_or(policy.bidi);
        if (exception->authentication) demand(*exception->authentication, policy);
        // A certificate cannot be had without TLS: asking this peer for one asks it for TLS too.
        if (!policy.offer_dialback) policy.security = s2s::SecurityMode::tls_required;
    }
    if (policy.security == s2s::SecurityMode::no_tls) leave_certificates_out(policy);
    return policy;
}

}  // namespace

s2s::StreamPolicy EdgeRules::policy(const xmpp::Domain& remote) const {
    return policy_with(*snapshot_, exception_for(*snapshot_, remote));
}

s2s::StreamPolicy EdgeRules::unnamed_policy() const {
    s2s::StreamPolicy policy = policy_with(*snapshot_, nullptr);
    for (const config::PeerException& peer : snapshot_->peers) policy = wider(policy, policy_with(*snapshot_, &peer));
    return policy;
}

std::string EdgeRules::dialback_key(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                                    std::string_view stream_id) const {
    return s2s::dialback_key(snapshot_->dialback_secret, receiving.text(), originating.text(), stream_id);
}

bool EdgeRules::vouches(const xmpp::Domain& receiving, const xmpp::Domain& originating, std::string_view stream_id,
                        std::string_view key) const {
    if (serves(originating) != s2s::Served::yes || snapshot_->dialback_secret.empty()) return false;
    const std::string& previous = snapshot_->previous_dialback_secret;
    // Both are always computed: the time must not tell which secret a key was made with (threat T08).
    const bool current_fits = is_key_of(snapshot_->dialback_secret, receiving, originating, stream_id, key);
    const bool previous_fits = is_key_of(previous, receiving, originating, stream_id, key);
    return current_fits | (previous_fits & !previous.empty());
}

xmpp::Domain EdgeRules::default_domain() const {
    const auto& domains = snapshot_->domains;
    const auto exact = std::find_if(domains.begin(), domains.end(), [](const auto& pattern) { return !pattern.below; });
    return exact == domains.end() ? xmpp::Domain{} : exact->domain;
}

}  // namespace sallyport::policy
