// Does a certificate prove a domain? RFC 6120 13.7.1.2.1, RFC 6125 / RFC 9525, XEP-0178; threats T25, T32.
#pragma once

#include "base/tls_facts.h"
#include "proto/xmpp/jid.h"

namespace sallyport::s2s {

/// The names of `certificate` include `domain`: dNSName (a wildcard only as the whole left-most label, never directly
/// above a top-level name), SRVName "_xmpp-server.<domain>", or xmppAddr equal to the domain. The subject's common name
/// never counts. Says nothing about the chain.
[[nodiscard]] bool names(const CertFacts& certificate, const xmpp::Domain& domain);
/// Chain accepted and names() holds. Certificates with only serverAuth are judged like any other.
[[nodiscard]] bool proves(const CertFacts& certificate, const xmpp::Domain& domain);
/// Why proves() is false, in words for the operator; empty when it is true.
[[nodiscard]] std::string objection(const CertFacts& certificate, const xmpp::Domain& domain);

}  // namespace sallyport::s2s
