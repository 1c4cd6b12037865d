// The connecting end: the host key is compared with the pinned one before anything of ours is shown, then the login
// with our key, then the channel. libssh is driven without blocking: each step is called again until it is done.
#include <libssh/libssh.h>
#include <libssh/server.h>

#include "io/ssh/algorithms.h"
#include "io/ssh/ssh_ends.h"
#include "io/ssh/ssh_session.h"
#include "io/ssh/ssh_thread.h"

namespace sallyport::io {

namespace {

class ClientSession final : public SshSession {
public:
    ClientSession(SshThread& thread, Loop& control, std::uint64_t number, std::string address,
                  SshClientSettings settings, std::weak_ptr<const SshClientEvents> events)
        : SshSession{thread, control, number, std::move(address)},
          settings_{std::move(settings)},
          events_{std::move(events)} {}

    [[nodiscard]] bool begin(int descriptor) {
        login_within(settings_.login_seconds);
        const int lent = lend(descriptor);
        if (lent < 0) return false;
        const bool no = false;
        const int none = 0;
        const std::pair<ssh_options_e, const void*> options[] = {
            {SSH_OPTIONS_PROCESS_CONFIG, &no},
            {SSH_OPTIONS_HOST, "sallyport"},
            {SSH_OPTIONS_USER, ssh_user},
            {SSH_OPTIONS_FD, &lent},
            {SSH_OPTIONS_LOG_VERBOSITY, &none},
            {SSH_OPTIONS_KNOWNHOSTS, "/dev/null"},
            {SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"},
            {SSH_OPTIONS_KEY_EXCHANGE, ssh_algorithms::exchange},
            {SSH_OPTIONS_HOSTKEYS, ssh_algorithms::host_key},
            {SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, ssh_algorithms::host_key},
            {SSH_OPTIONS_CIPHERS_C_S, ssh_algorithms::cipher},
            {SSH_OPTIONS_CIPHERS_S_C, ssh_algorithms::cipher},
            {SSH_OPTIONS_HMAC_C_S, ssh_algorithms::mac},
            {SSH_OPTIONS_HMAC_S_C, ssh_algorithms::mac},
        };
        for (const auto& [option, value] : options) {
            if (ssh_options_set(session_, option, value) < 0) return false;
        }
        ssh_set_message_callback(session_, on_message, this);
        ssh_set_blocking(session_, 0);
        const int connecting = ssh_connect(session_);
        return connecting != SSH_ERROR && join();
    }

protected:
    /// Each stage that is done leads to the next at once.
    void advance() override {
        if (requests_ > most_requests) return end("it requests something that a core does not have");
        if (stage_ == Stage::connecting && done(ssh_connect(session_))) check_host_key();
        if (stage_ == Stage::login) log_in();
        if (stage_ == Stage::channel &&
            done(ssh_channel_open_forward(asked_, ssh_channel_name, ssh_channel_port, "core", 0))) {
            const SshFar far{
                address_,       fingerprint(settings_.host_key.get()),     0,
                settings_.name, text_or_none(ssh_get_cipher_in(session_)), text_or_none(ssh_get_kex_algo(session_))};
            opened(asked_, [events = events_, far](std::unique_ptr<ByteChannel> channel) {
                if (const auto held = events.lock()) held->on_open(std::move(channel), far);
            });
        }
    }

    void failed(const std::string& why) override {
        const Error error{code_, why};
        control_.post([events = events_, error] {
            if (const auto held = events.lock()) held->on_failed(error);
        });
    }

private:
    enum class Stage { connecting, login, channel };

    static constexpr std::uint64_t most_requests = 8;

    /// What an edge asks of a core is refused (1); without this libssh would keep each request for somebody to read.
    static int on_message(ssh_session, ssh_message message, void* self) {
        static_cast<ClientSession*>(self)->judge(message);
        return 1;
    }
    void judge(ssh_message message) {
        const bool is_sign_of_life = ssh_message_type(message) == SSH_REQUEST_GLOBAL &&
                                     ssh_message_subtype(message) == SSH_GLOBAL_REQUEST_KEEPALIVE;
        if (!is_sign_of_life && ++requests_ > most_requests && open())
            end("it requests something that a core does not have");
    }

    static std::string text_or_none(const char* text) { return text == nullptr ? "" : text; }

    [[nodiscard]] bool done(int result) {
        if (result == SSH_ERROR) end(problem());
        return result == SSH_OK;
    }

    void check_host_key() {
        ssh_key shown = nullptr;
        if (ssh_get_server_publickey(session_, &shown) != SSH_OK) return end(problem());
        const SshKey owned{shown, SshKeyFree{}};
        if (!same_key(shown, settings_.host_key.get())) {
            code_ = "ssh-host-key";
            return end("it presents " + fingerprint(shown) + ", host_key is " + fingerprint(settings_.host_key.get()));
        }
        stage_ = Stage::login;
    }

    void log_in() {
        switch (ssh_userauth_publickey(session_, nullptr, settings_.key.get())) {
            case SSH_AUTH_AGAIN: return;
            case SSH_AUTH_SUCCESS: break;
            case SSH_AUTH_ERROR: return end(problem());
            default:
                code_ = "ssh-login";
                return end("the edge does not accept our key " + fingerprint(settings_.key.get()) +
                           "; add its public key to authorized_keys there");
        }
        asked_ = ssh_channel_new(session_);
        stage_ = Stage::channel;
    }

    SshClientSettings settings_;
    std::weak_ptr<const SshClientEvents> events_;
    Stage stage_ = Stage::connecting;
    ssh_channel asked_ = nullptr;
    std::uint64_t requests_ = 0;
    std::string code_ = "ssh-failed";
};

}  // namespace

void connect_ssh(SshThread& thread, Loop& control, std::uint64_t number, int descriptor, const std::string& address,
                 SshClientSettings settings, std::weak_ptr<const SshClientEvents> events) {
    auto session =
        std::make_unique<ClientSession>(thread, control, number, address, std::move(settings), std::move(events));
    if (!session->begin(descriptor)) session->end("the handshake could not start");
    thread.add(std::move(session));
}

}  // namespace sallyport::io
