// From an X.509 certificate to CertFacts, and the judgement of a chain (RFC 5280, RFC 9525, RFC 4985, RFC 6120 13.7.1).
// Chains are judged neutrally as to purpose: a certificate for serverAuth only is as good in either role (XEP-0178),
// because public authorities no longer issue clientAuth.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tls_facts.h"

struct x509_st;
struct x509_store_ctx_st;

namespace sallyport::io {

/// Names kept of one certificate; further ones are left out.
inline constexpr std::size_t most_certificate_names = 1024;

/// What the certificate says; chain_valid is left false.
[[nodiscard]] CertFacts certificate_facts(x509_st* certificate);
/// What the chain of a certificate is worth.
struct ChainValidity {
    std::string objection;  ///< empty: accepted
    /// An authority of it may issue for some names only. OpenSSL holds dNSNames against that, not the names in
    /// otherName (SRVName, xmppAddr).
    bool constrained = false;
};
/// Verifies the chain prepared in `context` with our rules.
[[nodiscard]] ChainValidity judge_chain(x509_store_ctx_st* context);
/// Writes it into the facts of the chain's first certificate: names that nobody held against a constraint are
/// left out.
void apply(const ChainValidity& validity, CertFacts& facts);

/// Some domain of `domains` is `name` or a wildcard for it (one left-most label); without regard to case.
[[nodiscard]] bool covers(const std::vector<std::string>& domains, std::string_view name);

/// The facts of the first certificate of `chain_pem`, judged at this moment against the anchors of `trust_pem`.
/// Errors: "tls-certificate", "tls-trust".
[[nodiscard]] Result<CertFacts> judge_certificate(std::string_view chain_pem, std::string_view trust_pem);

}  // namespace sallyport::io
