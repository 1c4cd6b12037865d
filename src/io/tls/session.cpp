// TlsSession over SSL with a BIO of our own, so that ciphertext is gathered by the caller and sent in one call.
#include "io/tls/session.h"

#include <algorithm>

#include "io/tls/cert_facts.h"
#include "io/tls/channel_binding.h"
#include "io/tls/key_tap.h"
#include "io/tls/openssl_context.h"

namespace sallyport::io {

struct TlsSession::State {
    State(std::shared_ptr<const OpensslContext> context_, TlsRole role_) : context{std::move(context_)}, role{role_} {}

    void fail(std::string why) {
        if (phase == TlsState::failed) return;
        phase = TlsState::failed;
        failure = std::move(why);
    }
    void fail_with_openssl_words();

    std::shared_ptr<const OpensslContext> context;
    std::shared_ptr<const ReadyIdentity> identity;  ///< keeps the SSL_CTX of a minted identity
    TlsRole role;
    TlsState phase = TlsState::handshaking;
    std::string failure;
    std::uint64_t read_bytes = 0;  ///< plain text
    std::uint64_t post_handshake_messages = 0;
    ChainValidity peer_chain;
    SslPtr ssl;
};

namespace {

/// Of a peer: KeyUpdates and tickets (RFC 8446 4.6), attempts to renegotiate. Each takes longer than a full record, may
/// be answered and brings nothing to read, and no peer has use for many.
constexpr std::uint64_t most_post_handshake_messages = 32;
constexpr std::uint64_t bytes_for_one_more = 1 << 20;

int wire_read(BIO* bio, char* into, int room) {
    auto& wire = *static_cast<TlsWire*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const std::size_t got = wire.receive(into, static_cast<std::size_t>(room));
    if (got > 0) return static_cast<int>(got);
    BIO_set_retry_read(bio);
    return -1;
}

int wire_write(BIO* bio, const char* bytes, int size) {
    auto& wire = *static_cast<TlsWire*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    wire.transmit({bytes, static_cast<std::size_t>(size)});
    return size;
}

long wire_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int wire_create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

const BIO_METHOD* wire_method() {
    static const std::unique_ptr<BIO_METHOD, Freed<&BIO_meth_free>> method{[] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
        BIO_meth_set_read(made, wire_read);
        BIO_meth_set_write(made, wire_write);
        BIO_meth_set_ctrl(made, wire_control);
        BIO_meth_set_create(made, wire_create);
        return made;
    }()};
    return method.get();
}

/// ALPN names as length-prefixed strings (RFC 7301 3.1).
std::string alpn_wire_form(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        if (name.empty() || name.size() > 255) continue;
        out.push_back(static_cast<char>(name.size()));
        out += name;
    }
    return out;
}

}  // namespace

struct TlsSession::Callbacks {
    static State* state_of(SSL* ssl) { return static_cast<State*>(SSL_get_app_data(ssl)); }

    static int verify(X509_STORE_CTX* judged, void*) {
        auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(judged, SSL_get_ex_data_X509_STORE_CTX_idx()));
        State& state = *state_of(ssl);
        state.peer_chain = judge_chain(judged);
        // The path is not needed again; without it an idle stream is some kilobytes smaller.
        const bool accepted = state.peer_chain.objection.empty();
        const int problem = X509_STORE_CTX_get_error(judged);
        X509_STORE_CTX_set0_verified_chain(judged, nullptr);
        X509_STORE_CTX_set_error(judged, problem);
        return accepted || !state.context->settings().require_peer ? 1 : 0;
    }

    /// One SSL_read works off all that has arrived of them, so that counting afterwards would be too late.
    static void message(int sent, int, int type, const void*, std::size_t, SSL* ssl, void*) {
        if (sent != 0 || type != SSL3_RT_HANDSHAKE) return;
        State& state = *state_of(ssl);
        if (state.phase != TlsState::open) return;
        ++state.post_handshake_messages;
        const std::uint64_t earned = state.read_bytes / bytes_for_one_more;
        if (state.post_handshake_messages <= most_post_handshake_messages + earned) return;
        state.fail("the peer sent too many handshake messages after the TLS handshake");
        SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);  // nothing more is read
    }

    static int server_name(SSL* ssl, int* alert, void*) {
        State& state = *state_of(ssl);
        if (state.role == TlsRole::client) return SSL_TLSEXT_ERR_OK;  // called there too, for the ServerHello
        const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        const auto picked = state.context->identity(TlsRole::server, asked == nullptr ? std::string{} : asked);
        if (!picked) {
            state.fail(picked.error().text);
            *alert = SSL_AD_UNRECOGNIZED_NAME;
            return SSL_TLSEXT_ERR_ALERT_FATAL;
        }
        state.identity = *picked;
        SSL_set_SSL_CTX(ssl, state.identity->ssl.get());
        return SSL_TLSEXT_ERR_OK;
    }

    /// RFC 7301 3.2: a client that offers only protocols we do not speak is refused (threat T22).
    static int alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
        const std::string accepted = alpn_wire_form(state_of(ssl)->context->settings().alpn);
        if (accepted.empty()) return SSL_TLSEXT_ERR_NOACK;
        for (std::size_t ours = 0; ours < accepted.size();) {
            const auto size = static_cast<unsigned char>(accepted[ours]);
            const std::string_view name{accepted.data() + ours + 1, size};
            for (unsigned theirs = 0; theirs < offered_size; theirs += 1U + offered[theirs]) {
                const std::string_view candidate{reinterpret_cast<const char*>(offered) + theirs + 1, offered[theirs]};
                if (candidate != name) continue;
                *out = offered + theirs + 1;
                *out_size = offered[theirs];
                return SSL_TLSEXT_ERR_OK;
            }
            ours += 1U + size;
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
};

void TlsSession::install_callbacks(ssl_ctx_st* ssl) {
    SSL_CTX_set_cert_verify_callback(ssl, &Callbacks::verify, nullptr);
    SSL_CTX_set_tlsext_servername_callback(ssl, &Callbacks::server_name);
    SSL_CTX_set_alpn_select_cb(ssl, &Callbacks::alpn, nullptr);
    SSL_CTX_set_msg_callback(ssl, &Callbacks::message);
    SSL_CTX_set_keylog_callback(ssl, [](const SSL*, const char* line) { tell_key_tap(line); });
}

void TlsSession::State::fail_with_openssl_words() {
    const unsigned long code = ERR_peek_error();
    const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    std::string words = openssl_error("the connection ended during the TLS handshake");
    if (reason > SSL_AD_REASON_OFFSET) {
        words = "the peer refused: " + words;
    } else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        words = "the peer's certificate is not accepted: " + peer_chain.objection;
    } else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
        words = "the peer does not speak TLS here (" + words + ")";
    }
    fail(std::move(words));
}

TlsSession::TlsSession(std::unique_ptr<State> state) : state_{std::move(state)} {}
TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::make(std::shared_ptr<const TlsContext> context, TlsRole role,
                                                     const std::string& name, TlsWire& wire) {
    auto real = std::dynamic_pointer_cast<const OpensslContext>(context);
    if (!real) return Error{"tls-context", "This TLS context is not one of this network's."};
    auto state = std::make_unique<State>(std::move(real), role);
    Result<std::shared_ptr<const ReadyIdentity>> identity = state->context->identity(role, {});
    // A server that only mints has no fall-back: the identity follows from SNI, or the handshake fails.
    state->identity = identity ? *identity : state->context->shelf()->anonymous();
    if (!identity && (role == TlsRole::client || !state->context->settings().mint)) return identity.error();

    state->ssl.reset(SSL_new(state->identity->ssl.get()));
    SSL* ssl = state->ssl.get();
    BIO* bio = BIO_new(wire_method());
    if (ssl == nullptr || bio == nullptr) return Error{"tls-context", openssl_error("out of memory")};
    BIO_set_data(bio, &wire);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, state.get());
    const TlsSettings& settings = state->context->settings();
    int verify = SSL_VERIFY_NONE;
    if (role == TlsRole::client || settings.request_peer || settings.require_peer) verify = SSL_VERIFY_PEER;
    if (settings.require_peer) verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_set_verify(ssl, verify, nullptr);
    if (role == TlsRole::server) {
        SSL_set_accept_state(ssl);
    } else {
        SSL_set_connect_state(ssl);
        if (!name.empty()) SSL_set_tlsext_host_name(ssl, name.c_str());
        const std::string offered = alpn_wire_form(settings.alpn);
        if (!offered.empty()) {
            SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(offered.data()),
                                static_cast<unsigned>(offered.size()));
        }
    }
    return std::unique_ptr<TlsSession>{new TlsSession{std::move(state)}};
}

void TlsSession::rewire(TlsWire& wire) { BIO_set_data(SSL_get_rbio(state_->ssl.get()), &wire); }

TlsState TlsSession::state() const { return state_->phase; }
const std::string& TlsSession::failure() const { return state_->failure; }

TlsState TlsSession::handshake() {
    if (state_->phase != TlsState::handshaking) return state_->phase;
    ERR_clear_error();
    const int outcome = SSL_do_handshake(state_->ssl.get());
    if (outcome == 1) {
        state_->phase = TlsState::open;
    } else if (SSL_get_error(state_->ssl.get(), outcome) != SSL_ERROR_WANT_READ) {
        state_->fail_with_openssl_words();
    }
    return state_->phase;
}

std::size_t TlsSession::read(char* into, std::size_t room) {
    std::size_t have = 0;
    if (state_->phase != TlsState::open) return have;
    ERR_clear_error();
    while (have < room) {
        std::size_t got = 0;
        const int outcome = SSL_read_ex(state_->ssl.get(), into + have, room - have, &got);
        if (outcome == 1) {
            have += got;
            state_->read_bytes += got;
            continue;
        }
        if (state_->phase == TlsState::failed) break;
        const int reason = SSL_get_error(state_->ssl.get(), outcome);
        if (reason == SSL_ERROR_ZERO_RETURN) state_->phase = TlsState::closed;
        if (reason == SSL_ERROR_SSL || reason == SSL_ERROR_SYSCALL) state_->fail_with_openssl_words();
        break;
    }
    return have;
}

bool TlsSession::write(std::string_view bytes) {
    if (state_->phase == TlsState::failed || state_->phase == TlsState::handshaking) return false;
    ERR_clear_error();
    while (!bytes.empty()) {
        std::size_t took = 0;
        if (SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &took) != 1) {
            state_->fail_with_openssl_words();
            return false;
        }
        bytes.remove_prefix(took);
    }
    return true;
}

void TlsSession::shut_down() {
    if (state_->phase != TlsState::open && state_->phase != TlsState::closed) return;
    ERR_clear_error();
    SSL_shutdown(state_->ssl.get());
    ERR_clear_error();
}

bool TlsSession::has_buffered() const { return SSL_has_pending(state_->ssl.get()) == 1; }

TlsFacts TlsSession::take_facts() {
    SSL* ssl = state_->ssl.get();
    TlsFacts facts;
    facts.version = SSL_get_version(ssl);
    facts.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
    const unsigned char* alpn = nullptr;
    unsigned alpn_size = 0;
    SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
    if (alpn_size > 0) facts.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
    if (state_->role == TlsRole::server) {
        const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        if (asked != nullptr) facts.sni = asked;
    }
    if (X509* peer = SSL_get0_peer_certificate(ssl)) {
        facts.peer = certificate_facts(peer);
        apply(state_->peer_chain, *facts.peer);
    }
    // The leaf is held separately (channel bindings need it); the rest of what the peer sent is of no more use.
    STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
    while (chain != nullptr && sk_X509_num(chain) > 0) X509_free(sk_X509_pop(chain));
    return facts;
}

std::string TlsSession::channel_binding(std::string_view type) const {
    if (state_->phase != TlsState::open && state_->phase != TlsState::closed) return {};
    return io::channel_binding(state_->ssl.get(), state_->role, type);
}

}  // namespace sallyport::io
