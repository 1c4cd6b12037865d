#include "s2s/tls.h"

#include <stdexcept>

namespace sallyport::bench {

TlsContext make_context(TlsRole role, const std::string& certificate, const std::string& key, std::size_t read_ahead) {
    TlsContext context{SSL_CTX_new(role == TlsRole::client ? TLS_client_method() : TLS_server_method())};
    SSL_CTX* raw = context.get();
    SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
    SSL_CTX_set_mode(raw,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    if (read_ahead != 0) {
        SSL_CTX_set_read_ahead(raw, 1);
        SSL_CTX_set_default_read_buffer_len(raw, read_ahead);
    }
    if (SSL_CTX_use_certificate_chain_file(raw, certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error{"cannot use certificate " + certificate + " with key " + key};
    }
    return context;
}

}  // namespace sallyport::bench
