// RFC 9266 and RFC 5929.
#include "io/tls/channel_binding.h"

#include <cstring>

namespace sallyport::io {

namespace {

std::string exporter(SSL* ssl) {
    // RFC 9266 4.2: below TLS 1.3 the exporter is unique only with the extended master secret.
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
    constexpr std::string_view label = "EXPORTER-Channel-Binding";
    std::string material(32, '\0');
    auto* out = reinterpret_cast<unsigned char*>(material.data());
    const unsigned char no_context = 0;
    const int made =
        SSL_export_keying_material(ssl, out, material.size(), label.data(), label.size(), &no_context, 0, 1);
    return made == 1 ? material : std::string{};
}

std::string server_end_point(SSL* ssl, TlsRole role) {
    X509* certificate = role == TlsRole::server ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) return {};
    // RFC 5929 4.1: the hash of the signature, but SHA-256 in place of MD5 and SHA-1.
    int digest = NID_undef;
    int key = NID_undef;
    OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, &key);
    const EVP_MD* hash = digest == NID_undef ? nullptr : EVP_get_digestbynid(digest);
    if (hash == nullptr || digest == NID_md5 || digest == NID_sha1) hash = EVP_sha256();
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(certificate, hash, value, &size) != 1) return {};
    return {reinterpret_cast<const char*>(value), size};
}

}  // namespace

std::string channel_binding(SSL* ssl, TlsRole role, std::string_view type) {
    if (type == "tls-exporter") return exporter(ssl);
    if (type == "tls-server-end-point") return server_end_point(ssl, role);
    return {};
}

}  // namespace sallyport::io
