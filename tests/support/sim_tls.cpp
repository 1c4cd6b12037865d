// Records of one type byte and a length. What a hello says is written out field by field, so that simulated TLS is
// bytes on the wire like the real one, and plain text sent into it is noticed.
#include "support/sim_tls.h"

#include <algorithm>

#include "base/hash.h"

namespace sallyport::test {

namespace {

constexpr char hello_record = '\x16';
constexpr char alert_record = '\x15';
constexpr char data_record = '\x17';

class SimTlsContext final : public io::TlsContext {
public:
    explicit SimTlsContext(SimTlsSettings settings_) : settings{std::move(settings_)} {}

    [[nodiscard]] std::shared_ptr<const io::TlsContext> showing(const std::string& name) const override {
        auto changed = std::make_shared<SimTlsContext>(settings);
        const CertFacts* picked = pick(name);
        if (picked != nullptr) changed->settings.identities = {*picked};
        return changed;
    }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> anonymous() const override {
        auto changed = std::make_shared<SimTlsContext>(settings);
        changed->settings.identities.clear();
        return changed;
    }
    [[nodiscard]] Result<CertFacts> own(const std::string& name) const override {
        const CertFacts* picked = pick(name);
        if (picked == nullptr) return Error{"tls-certificate", "There is no certificate to present."};
        return *picked;
    }
    [[nodiscard]] const CertFacts* pick(const std::string& name) const {
        for (const CertFacts& facts : settings.identities) {
            if (std::find(facts.dns_names.begin(), facts.dns_names.end(), name) != facts.dns_names.end()) return &facts;
        }
        return settings.identities.empty() ? nullptr : &settings.identities.front();
    }

    SimTlsSettings settings;
};

std::string join(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& item : items) out += item + '\x1f';
    return out;
}

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = text.find(by);
        if (end == std::string_view::npos) break;
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return out;
}

/// name, ALPN, version, then the certificate if there is one.
struct Hello {
    std::string name;
    std::vector<std::string> alpn;
    std::string version;
    std::optional<CertFacts> certificate;

    [[nodiscard]] std::string write() const {
        std::string out = name + '\x1e' + join(alpn) + '\x1e' + version + '\x1e';
        if (certificate) {
            const CertFacts& c = *certificate;
            for (const std::string& field :
                 {join(c.dns_names), join(c.srv_names), join(c.xmpp_addrs), c.subject, c.issuer, c.serial, c.sha256,
                  c.key, std::string{c.chain_valid ? "1" : "0"}, c.chain_error,
                  std::to_string(c.not_before.time_since_epoch().count()),
                  std::to_string(c.not_after.time_since_epoch().count()), join(c.uris)}) {
                out += field + '\x1e';
            }
        }
        return out;
    }

    [[nodiscard]] static Hello read(std::string_view text) {
        const std::vector<std::string> fields = split(text, '\x1e');
        Hello hello;
        if (fields.size() < 3) return hello;
        hello.name = fields[0];
        hello.alpn = split(fields[1], '\x1f');
        hello.version = fields[2];
        if (fields.size() < 16) return hello;
        CertFacts& c = hello.certificate.emplace();
        c.dns_names = split(fields[3], '\x1f');
        c.srv_names = split(fields[4], '\x1f');
        c.xmpp_addrs = split(fields[5], '\x1f');
        c.subject = fields[6];
        c.issuer = fields[7];
        c.serial = fields[8];
        c.sha256 = fields[9];
        c.key = fields[10];
        c.chain_valid = fields[11] == "1";
        c.chain_error = fields[12];
        c.not_before = WallTime{std::chrono::microseconds{std::stoll(fields[13])}};
        c.not_after = WallTime{std::chrono::microseconds{std::stoll(fields[14])}};
        c.uris = split(fields[15], '\x1f');
        return hello;
    }
};

class SimulatedSession final : public SimSession {
public:
    SimulatedSession(std::shared_ptr<const SimTlsContext> context, io::TlsRole role, std::string name,
                     io::TlsWire& wire)
        : context_{std::move(context)}, role_{role}, name_{std::move(name)}, wire_{wire} {}

    [[nodiscard]] io::TlsState state() const override { return state_; }
    [[nodiscard]] std::string failure() const override { return failure_; }

    io::TlsState handshake() override {
        if (state_ != io::TlsState::handshaking) return state_;
        if (role_ == io::TlsRole::client && !greeted_) {
            greeted_ = true;
            send(hello_record, own_hello(context_->settings.alpn, name_, {}).write());
        }
        pull();
        char type = 0;
        std::string content;
        if (!next_record(type, content)) return state_;
        if (type != hello_record) return fail("unexpected message");
        judge(Hello::read(content));
        return state_;
    }

    [[nodiscard]] std::string read() override {
        std::string out;
        pull();
        char type = 0;
        std::string content;
        while (state_ == io::TlsState::open && next_record(type, content)) {
            if (type == data_record) out += content;
        }
        return out;
    }

    void write(std::string_view bytes) override { send(data_record, bytes); }
    void shut_down() override {
        if (state_ == io::TlsState::open || state_ == io::TlsState::closed) send(alert_record, {});
    }

    [[nodiscard]] TlsFacts take_facts() override { return facts_; }
    [[nodiscard]] std::string channel_binding(std::string_view type) const override {
        if (state_ == io::TlsState::handshaking || type != "tls-exporter") return {};
        return sha256("exporter of " + server_sha256_);
    }

private:
    io::TlsState fail(std::string why) {
        state_ = io::TlsState::failed;
        failure_ = std::move(why);
        return state_;
    }

    void send(char type, std::string_view content) {
        std::string record{type};
        for (int shift = 24; shift >= 0; shift -= 8) record += static_cast<char>(content.size() >> shift & 0xFFU);
        record += content;
        wire_.transmit(record);
    }

    void pull() {
        char piece[4096];
        while (const std::size_t got = wire_.receive(piece, sizeof piece)) buffer_.append(piece, got);
    }

    bool next_record(char& type, std::string& content) {
        if (buffer_.empty()) return false;
        type = buffer_.front();
        if (type != hello_record && type != data_record && type != alert_record) {
            fail("the peer does not speak TLS here");
            return false;
        }
        if (buffer_.size() < 5) return false;
        std::size_t size = 0;
        for (std::size_t i = 1; i < 5; ++i) size = size << 8U | static_cast<unsigned char>(buffer_[i]);
        if (buffer_.size() < 5 + size) return false;
        content = buffer_.substr(5, size);
        buffer_.erase(0, 5 + size);
        if (type != alert_record) return true;
        if (content.empty()) {
            state_ = io::TlsState::closed;
        } else {
            fail("the peer refused: " + content);
        }
        return false;
    }

    [[nodiscard]] Hello own_hello(std::vector<std::string> alpn, const std::string& name,
                                  const std::string& asked) const {
        Hello hello{name, std::move(alpn), context_->settings.version, {}};
        if (const CertFacts* own = context_->pick(asked)) hello.certificate = *own;
        return hello;
    }

    io::TlsState refuse(const std::string& alert, const std::string& why) {
        send(alert_record, alert);
        return fail(why);
    }

    /// The peer's hello decides everything; a server answers with its own.
    void judge(const Hello& peer) {
        const SimTlsSettings& ours = context_->settings;
        const bool server = role_ == io::TlsRole::server;
        if (server && ours.identities.empty()) {
            refuse("handshake failure", "There is no certificate to present.");
            return;
        }
        std::vector<std::string> agreed;
        if (server && !ours.alpn.empty() && !peer.alpn.empty()) {
            for (const std::string& name : ours.alpn) {
                if (agreed.empty() && std::find(peer.alpn.begin(), peer.alpn.end(), name) != peer.alpn.end())
                    agreed = {name};
            }
            if (agreed.empty()) {
                refuse("no application protocol", "no application protocol in common");
                return;
            }
        }
        if (!server) agreed = peer.alpn;
        if (!server || ours.request_peer || ours.require_peer) facts_.peer = peer.certificate;
        if (facts_.peer) accept_chain(*facts_.peer);
        if (ours.require_peer && !(facts_.peer && facts_.peer->chain_valid)) {
            refuse("certificate required", "the peer's certificate is not accepted: " +
                                               (facts_.peer ? facts_.peer->chain_error : "it sent none"));
            return;
        }
        const bool refused = server && ours.refuses_strangers && facts_.peer && !facts_.peer->chain_valid;
        // In TLS 1.3 the client is through with the handshake when the server judges its certificate.
        if (server && !(refused && ours.version == "TLSv1.2")) {
            send(hello_record, own_hello(agreed, {}, peer.name).write());
        }
        if (refused) {
            refuse("unknown ca", "the peer's certificate is not accepted: " + facts_.peer->chain_error);
            return;
        }
        facts_.version = std::min(ours.version, peer.version);
        facts_.cipher = "TLS_AES_128_GCM_SHA256";
        facts_.alpn = agreed.empty() ? "" : agreed.front();
        if (server) facts_.sni = peer.name;
        server_sha256_ =
            server ? context_->pick(peer.name)->sha256 : (peer.certificate ? peer.certificate->sha256 : "");
        state_ = io::TlsState::open;
    }

    void accept_chain(CertFacts& peer) const {
        if (!peer.chain_valid) {
            if (peer.chain_error.empty()) peer.chain_error = "certificate has expired";
        } else if (context_->settings.trusted.count(peer.issuer) == 0) {
            peer.chain_valid = false;
            peer.chain_error = "unable to get local issuer certificate";
        }
    }

    std::shared_ptr<const SimTlsContext> context_;
    io::TlsRole role_;
    std::string name_;
    io::TlsWire& wire_;
    io::TlsState state_ = io::TlsState::handshaking;
    std::string failure_;
    std::string buffer_;
    std::string server_sha256_;
    TlsFacts facts_;
    bool greeted_ = false;
};

class RealSession final : public SimSession {
public:
    explicit RealSession(std::unique_ptr<io::TlsSession> session) : session_{std::move(session)} {}

    [[nodiscard]] io::TlsState state() const override { return session_->state(); }
    [[nodiscard]] std::string failure() const override { return session_->failure(); }
    io::TlsState handshake() override { return session_->handshake(); }
    [[nodiscard]] std::string read() override {
        std::string out(65536, '\0');
        out.resize(session_->read(out.data(), out.size()));
        return out;
    }
    void write(std::string_view bytes) override { static_cast<void>(session_->write(bytes)); }
    void shut_down() override { session_->shut_down(); }
    [[nodiscard]] TlsFacts take_facts() override { return session_->take_facts(); }
    [[nodiscard]] std::string channel_binding(std::string_view type) const override {
        return session_->channel_binding(type);
    }

private:
    std::unique_ptr<io::TlsSession> session_;
};

}  // namespace

std::shared_ptr<const io::TlsContext> sim_tls_context(SimTlsSettings settings) {
    return std::make_shared<SimTlsContext>(std::move(settings));
}

CertFacts sim_certificate(const std::vector<std::string>& names, const std::string& issuer) {
    CertFacts facts;
    facts.dns_names = names;
    facts.subject = names.empty() ? "CN=nobody" : "CN=" + names.front();
    facts.issuer = issuer;
    facts.serial = "01";
    facts.sha256 = to_hex(sha256(join(names) + issuer));
    facts.key = "EC 256";
    facts.not_before = WallTime{std::chrono::seconds{1700000000}};
    facts.not_after = WallTime{std::chrono::seconds{2000000000}};
    facts.chain_valid = true;
    return facts;
}

Result<std::unique_ptr<SimSession>> make_sim_session(std::shared_ptr<const io::TlsContext> context, io::TlsRole role,
                                                     const std::string& name, io::TlsWire& wire) {
    if (auto simulated = std::dynamic_pointer_cast<const SimTlsContext>(context)) {
        return std::unique_ptr<SimSession>{std::make_unique<SimulatedSession>(std::move(simulated), role, name, wire)};
    }
    Result<std::unique_ptr<io::TlsSession>> real = io::TlsSession::make(std::move(context), role, name, wire);
    if (!real) return real.error();
    return std::unique_ptr<SimSession>{std::make_unique<RealSession>(std::move(*real))};
}

}  // namespace sallyport::test
