// Rules from a literal: what a test's operator wants.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "proto/s2s/dialback.h"
#include "proto/s2s/rules.h"

namespace sallyport::testing {

/// A domain that is known to be good.
inline xmpp::Domain domain(std::string_view text) { return xmpp::Domain::parse(text).value(); }
inline xmpp::DomainPair pair_of(std::string_view local, std::string_view remote) {
    return {domain(local), domain(remote)};
}

class TestRules : public s2s::Rules {
public:
    std::set<std::string> served{"corp.example", "rooms.corp.example"};
    std::set<std::string> gone{"retired.example"};
    std::set<std::string> denied_in, denied_out;  ///< remote domains, or pairs as their text
    s2s::StreamPolicy everyone;
    std::map<std::string, s2s::StreamPolicy> peers;
    std::optional<s2s::StreamPolicy> unnamed;  ///< else as everyone
    std::string secret = "s3cr3tf0rd14lb4ck";

    [[nodiscard]] s2s::Served serves(const xmpp::Domain& d) const override {
        if (served.contains(d.text())) return s2s::Served::yes;
        return gone.contains(d.text()) ? s2s::Served::gone : s2s::Served::no;
    }
    [[nodiscard]] s2s::Admission admits(const xmpp::DomainPair& p, s2s::Direction direction) const override {
        const auto& denied = direction == s2s::Direction::inbound ? denied_in : denied_out;
        s2s::Admission admission;
        if (denied.contains(p.remote.text()) || denied.contains(p.text()) || served.contains(p.remote.text())) {
            admission.allowed = false;
            admission.rule = Rule::deny_list;
            admission.why = "the test denies it";
            admission.verdict_id = "v-0123456789ab";
        }
        return admission;
    }
    [[nodiscard]] s2s::StreamPolicy policy(const xmpp::Domain& remote) const override {
        const auto at = peers.find(remote.text());
        return at == peers.end() ? everyone : at->second;
    }
    [[nodiscard]] s2s::StreamPolicy unnamed_policy() const override { return unnamed.value_or(everyone); }
    [[nodiscard]] std::string dialback_key(const xmpp::Domain& receiving, const xmpp::Domain& originating,
                                           std::string_view id) const override {
        return s2s::dialback_key(secret, receiving.text(), originating.text(), id);
    }
    [[nodiscard]] bool vouches(const xmpp::Domain& receiving, const xmpp::Domain& originating, std::string_view id,
                               std::string_view key) const override {
        return key == dialback_key(receiving, originating, id);
    }
    [[nodiscard]] xmpp::Domain default_domain() const override { return domain("corp.example"); }
};

inline CertFacts certificate_for(std::string name) {
    CertFacts facts;
    facts.dns_names = {std::move(name)};
    facts.chain_valid = true;
    return facts;
}
inline CertFacts self_signed_for(std::string name) {
    CertFacts facts = certificate_for(std::move(name));
    facts.chain_valid = false;
    facts.chain_error = "self-signed certificate";
    return facts;
}
inline TlsFacts tls_with(std::optional<CertFacts> peer) {
    TlsFacts facts;
    facts.version = "TLSv1.3";
    facts.cipher = "TLS_AES_128_GCM_SHA256";
    facts.peer = std::move(peer);
    return facts;
}

}  // namespace sallyport::testing
