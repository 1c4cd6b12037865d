// Making certificates: a small authority and what it issues. Used for the traversal authority, the inside authority,
// demonstrations and tests; public certificates come from elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::io {

/// A certificate and its key, both PEM.
struct PemPair {
    std::string certificate;
    std::string key;
};

enum class KeyKind { ec_p256, rsa_1024, rsa_2048 };

struct CertificateRequest {
    std::string common_name;
    std::vector<std::string> dns_names;
    std::vector<std::string> srv_names;
    std::vector<std::string> xmpp_addrs;
    std::vector<std::string> uris;
    std::vector<std::string> raw_names;  ///< further subjectAltName entries, each a GeneralName in DER
    std::string extended_key_usage = "serverAuth,clientAuth";  ///< as in openssl.cnf; empty: no such extension
    std::string digest = "SHA256";
    KeyKind key = KeyKind::ec_p256;
    bool authority = false;
    std::string name_constraints{};  ///< of an authority, as in openssl.cnf; empty: no such extension
    WallTime not_before{};
    std::chrono::seconds lifetime = std::chrono::hours{24 * 90};
};

/// Makes a key and a certificate for it, signed by `issuer` or by itself when null. Errors: "pki".
[[nodiscard]] Result<PemPair> issue_certificate(const CertificateRequest& request, const PemPair* issuer);
/// A self-signed authority, EC P-256, valid from an hour before `now`.
[[nodiscard]] Result<PemPair> make_authority(const std::string& common_name, WallTime now,
                                             std::chrono::seconds lifetime);
/// Writes `<stem>.pem` (0644) and `<stem>.key` (0600). Errors: "file-write".
[[nodiscard]] Result<void> write_pair(const std::string& stem, const PemPair& pair);

}  // namespace sallyport::io
