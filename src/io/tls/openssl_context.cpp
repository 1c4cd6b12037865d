// Building contexts: RFC 7590 and RFC 9325 as settings of OpenSSL, and the choice of an identity.
#include "io/tls/openssl_context.h"

#include <algorithm>
#include <chrono>

#include "io/tls/cert_facts.h"
#include "io/tls/files.h"
#include "io/tls/session.h"
#include "io/tls/tls_library.h"

namespace sallyport::io {

namespace {

constexpr std::size_t most_minted = 1024;
constexpr long largest_chain_bytes = 65536;
constexpr int most_chain_depth = 8;
constexpr std::size_t read_ahead_bytes = 65536 + 4096;  ///< four full records with their overhead
constexpr auto mint_again_before = std::chrono::hours{24 * 10};

/// AEAD with forward secrecy only (RFC 9325 4.2). AES-128 first: the fastest, and beyond any attack we know.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384";
constexpr const char* tls13_ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* groups = "X25519:P-256:P-384";

SslCtxPtr plain_context(const TlsSettings& settings, X509_STORE* trust) {
    SslCtxPtr ssl{SSL_CTX_new_ex(tls_library(), nullptr, TLS_method())};
    SSL_CTX_set_min_proto_version(ssl.get(), settings.tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(ssl.get(), tls12_ciphers);
    SSL_CTX_set_ciphersuites(ssl.get(), tls13_ciphers);
    SSL_CTX_set1_groups_list(ssl.get(), groups);
    SSL_CTX_set_dh_auto(ssl.get(), 1);
    SSL_CTX_set_security_level(ssl.get(), 2);
    // No tickets and no cache: every session proves its certificate anew (threat T23), and idle streams stay small.
    SSL_CTX_set_options(ssl.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(ssl.get(), 0);
    SSL_CTX_set_session_cache_mode(ssl.get(), SSL_SESS_CACHE_OFF);
    // No automatic chain: exactly what the certificate file holds is shown, never an anchor of ours.
    SSL_CTX_set_mode(ssl.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY |
                                    SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ssl.get(), 1);
    SSL_CTX_set_default_read_buffer_len(ssl.get(), read_ahead_bytes);
    SSL_CTX_set_max_cert_list(ssl.get(), largest_chain_bytes);
    SSL_CTX_set_verify_depth(ssl.get(), most_chain_depth);
    SSL_CTX_set1_cert_store(ssl.get(), trust);
    TlsSession::install_callbacks(ssl.get());
    return ssl;
}

bool plausible_name(const std::string& name) {
    constexpr std::size_t longest = 253;
    return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_';
    });
}

WallTime wall_now() { return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now()); }

}  // namespace

Result<std::shared_ptr<const IdentityShelf>> IdentityShelf::make(TlsSettings settings) {
    auto shelf = std::make_shared<IdentityShelf>();
    std::string anchors;
    if (!settings.trust_file.empty()) {
        Result<std::string> read = read_file(settings.trust_file);
        if (!read) return Error{"tls-trust", read.error().text};
        anchors = std::move(*read);
        if (anchors.empty()) return Error{"tls-trust", settings.trust_file + ": is empty."};
    }
    Result<StorePtr> trust = trust_store(anchors);
    if (!trust) return Error{"tls-trust", settings.trust_file + ": " + trust.error().text};
    shelf->trust_ = std::move(*trust);
    shelf->settings_ = std::move(settings);
    for (const TlsIdentity& described : shelf->settings_.identities) {
        Result<Identity> identity = load_identity(described);
        if (!identity) return identity.error();
        Result<std::shared_ptr<const ReadyIdentity>> made = shelf->ready(&*identity);
        if (!made) return Error{made.error().code, described.certificate_file + ": " + made.error().text};
        shelf->identities_.push_back(*made);
    }
    Result<std::shared_ptr<const ReadyIdentity>> anonymous = shelf->ready(nullptr);
    if (!anonymous) return anonymous.error();
    shelf->anonymous_ = *anonymous;
    return std::shared_ptr<const IdentityShelf>{std::move(shelf)};
}

Result<std::shared_ptr<const ReadyIdentity>> IdentityShelf::ready(const Identity* identity) const {
    auto made = std::make_shared<ReadyIdentity>();
    made->ssl = plain_context(settings_, trust_.get());
    if (identity == nullptr) return std::shared_ptr<const ReadyIdentity>{std::move(made)};
    made->domains = identity->domains;
    made->expires = certificate_facts(identity->leaf.get()).not_after;
    if (SSL_CTX_use_certificate(made->ssl.get(), identity->leaf.get()) != 1) {
        return Error{"tls-certificate", "cannot be used: " + openssl_error("unknown reason")};
    }
    if (SSL_CTX_use_PrivateKey(made->ssl.get(), identity->key.get()) != 1) {
        return Error{"tls-key", "the key cannot be used: " + openssl_error("unknown reason")};
    }
    for (const X509Ptr& link : identity->chain) {
        if (SSL_CTX_add1_chain_cert(made->ssl.get(), link.get()) != 1) {
            return Error{"tls-certificate", "the chain cannot be used: " + openssl_error("unknown reason")};
        }
    }
    return std::shared_ptr<const ReadyIdentity>{std::move(made)};
}

Result<std::shared_ptr<const ReadyIdentity>> IdentityShelf::minted(const std::string& name) const {
    const std::lock_guard hold{mutex_};
    if (const auto found = minted_.find(name); found != minted_.end()) {
        if (found->second.identity->expires > wall_now() + mint_again_before) {
            found->second.used = ++uses_;
            return found->second.identity;
        }
        minted_.erase(found);
    }
    const Result<std::string> pem = settings_.mint(name);
    if (!pem) return pem.error();
    Result<Identity> identity = parse_identity(*pem, *pem, "the minted certificate", "the minted key");
    if (!identity) return identity.error();
    identity->domains = {name};
    Result<std::shared_ptr<const ReadyIdentity>> made = ready(&*identity);
    if (!made) return made;
    // Names come from peers: the cache is bounded, and what rests longest makes room; it can be minted again.
    if (minted_.size() >= most_minted) {
        minted_.erase(std::min_element(minted_.begin(), minted_.end(), [](const auto& one, const auto& other) {
            return one.second.used < other.second.used;
        }));
    }
    minted_.emplace(name, Minted{*made, ++uses_});
    return made;
}

Result<std::shared_ptr<const ReadyIdentity>> IdentityShelf::pick(const std::string& name) const {
    for (const auto& identity : identities_) {
        if (!name.empty() && covers(identity->domains, name)) return identity;
    }
    if (settings_.mint && plausible_name(name)) return minted(name);
    if (!identities_.empty()) return identities_.front();
    return Error{"tls-certificate", "There is no certificate to present for \"" + name.substr(0, 64) + "\"."};
}

Result<std::shared_ptr<const ReadyIdentity>> OpensslContext::identity(TlsRole role, const std::string& name) const {
    const bool client = role == TlsRole::client;
    if (client && anonymous_) return shelf_->anonymous();
    // SNI is the name of the peer: it says nothing about which of our names a client should show.
    Result<std::shared_ptr<const ReadyIdentity>> picked = shelf_->pick(forced_.value_or(client ? std::string{} : name));
    if (!picked && client && !forced_) return shelf_->anonymous();
    return picked;
}

Result<std::shared_ptr<const TlsContext>> make_tls_context(TlsSettings settings) {
    Result<std::shared_ptr<const IdentityShelf>> shelf = IdentityShelf::make(std::move(settings));
    if (!shelf) return shelf.error();
    return std::shared_ptr<const TlsContext>{std::make_shared<OpensslContext>(*shelf, std::nullopt)};
}

std::shared_ptr<const TlsContext> with_identity(const std::shared_ptr<const TlsContext>& base,
                                                const std::string& name) {
    return base->showing(name);
}

std::shared_ptr<const TlsContext> without_identity(const std::shared_ptr<const TlsContext>& base) {
    return base->anonymous();
}

Result<CertFacts> own_certificate(const TlsContext& context, const std::string& name) { return context.own(name); }

std::shared_ptr<const TlsContext> OpensslContext::showing(const std::string& name) const {
    return std::make_shared<OpensslContext>(shelf_, name);
}

std::shared_ptr<const TlsContext> OpensslContext::anonymous() const {
    return std::make_shared<OpensslContext>(shelf_, std::nullopt, true);
}

Result<CertFacts> OpensslContext::own(const std::string& name) const {
    const Result<std::shared_ptr<const ReadyIdentity>> picked = identity(TlsRole::server, name);
    if (!picked) return picked.error();
    X509* leaf = SSL_CTX_get0_certificate((*picked)->ssl.get());
    if (leaf == nullptr) return Error{"tls-certificate", "There is no certificate to present."};
    CertFacts facts = certificate_facts(leaf);
    const StoreCtxPtr judge{X509_STORE_CTX_new()};
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs((*picked)->ssl.get(), &chain);
    X509_STORE_CTX_init(judge.get(), SSL_CTX_get_cert_store((*picked)->ssl.get()), leaf, chain);
    apply(judge_chain(judge.get()), facts);
    return facts;
}

}  // namespace sallyport::io
