// What TLS found out, as values: machines and policy judge these and never see OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace sallyport {

/// What an X.509 certificate says and whether its chain was accepted (RFC 5280, RFC 6125 identifiers).
struct CertFacts {
    std::vector<std::string> dns_names;   ///< dNSName as ASCII; one with an embedded NUL is left out
    std::vector<std::string> srv_names;   ///< SRVName (RFC 4985), e.g. "_xmpp-server.example.org"
    std::vector<std::string> xmpp_addrs;  ///< id-on-xmppAddr (RFC 6120 13.7.1.4), UTF-8
    std::vector<std::string> uris;        ///< uniformResourceIdentifier as printable ASCII
    std::string subject;                  ///< one line, escaped, for people only
    std::string issuer;
    std::string serial;  ///< lower-case hex
    std::string sha256;  ///< fingerprint of the DER form, lower-case hex
    std::string key;     ///< e.g. "EC 256", "RSA 2048"
    WallTime not_before{};
    WallTime not_after{};
    bool chain_valid = false;  ///< path, signatures, validity and rules accepted, judged purpose-neutrally
    std::string chain_error;   ///< the verifier's words when not valid
    bool client_auth = true;   ///< the extended key usage allows (or does not limit) client authentication
    bool server_auth = true;
};

/// An established TLS session.
struct TlsFacts {
    std::string version;  ///< "TLSv1.2" or "TLSv1.3"
    std::string cipher;
    std::string alpn;               ///< empty: none negotiated
    std::string sni;                ///< as server: the name that the peer asked for
    std::optional<CertFacts> peer;  ///< absent: the peer sent no certificate
};

}  // namespace sallyport
