// The listening end: who may log in, and what may be asked for afterwards, which is one channel. libssh calls back from
// within the event loop; the callbacks only judge, count and remember, and step() ends what is to end.
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include <algorithm>

#include "io/ssh/algorithms.h"
#include "io/ssh/ssh_ends.h"
#include "io/ssh/ssh_session.h"
#include "io/ssh/ssh_thread.h"

namespace sallyport::io {

namespace {

struct BindFree {
    void operator()(ssh_bind bind) const { ssh_bind_free(bind); }
};

class ServerSession final : public SshSession {
public:
    ServerSession(SshThread& thread, Loop& control, std::uint64_t number, std::string address,
                  std::shared_ptr<const SshServer> server, std::unique_ptr<Doorway::Place> place)
        : SshSession{thread, control, number, std::move(address)},
          server_{std::move(server)},
          place_{std::move(place)} {
        ssh_callbacks_init(&callbacks_);
        callbacks_.userdata = this;
        callbacks_.auth_pubkey_function = judge_key;
        callbacks_.auth_none_function = [](ssh_session, const char*, void*) -> int { return SSH_AUTH_DENIED; };
    }

    /// Key exchange begins. False: the socket or the key does not do.
    [[nodiscard]] bool begin(int descriptor) {
        login_within(server_->settings.limits.login_seconds);
        const std::unique_ptr<ssh_bind_struct, BindFree> bind{ssh_bind_new()};
        const bool no = false;
        // The bind frees its key.
        ssh_key host_key = ssh_key_dup(server_->settings.host_key.get());
        const std::pair<ssh_bind_options_e, const void*> options[] = {
            {SSH_BIND_OPTIONS_PROCESS_CONFIG, &no},
            {SSH_BIND_OPTIONS_IMPORT_KEY, host_key},
            {SSH_BIND_OPTIONS_KEY_EXCHANGE, ssh_algorithms::exchange},
            {SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, ssh_algorithms::host_key},
            {SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, ssh_algorithms::host_key},
            {SSH_BIND_OPTIONS_CIPHERS_C_S, ssh_algorithms::cipher},
            {SSH_BIND_OPTIONS_CIPHERS_S_C, ssh_algorithms::cipher},
            {SSH_BIND_OPTIONS_HMAC_C_S, ssh_algorithms::mac},
            {SSH_BIND_OPTIONS_HMAC_S_C, ssh_algorithms::mac},
        };
        for (const auto& [option, value] : options) {
            if (ssh_bind_options_set(bind.get(), option, value) < 0) return close_descriptor(descriptor), false;
        }
        if (ssh_bind_accept_fd(bind.get(), session_, descriptor) != SSH_OK) return false;
        ssh_set_server_callbacks(session_, &callbacks_);
        ssh_set_message_callback(session_, on_message, this);
        ssh_set_auth_methods(session_, SSH_AUTH_METHOD_PUBLICKEY);
        ssh_set_blocking(session_, 0);
        return ssh_handle_key_exchange(session_) != SSH_ERROR && join();
    }

    [[nodiscard]] bool logged_in() const { return logged_in_; }

protected:
    void advance() override {
        const SshLimits& limits = server_->settings.limits;
        if (!logged_in_ && packets() > limits.login_packets) return end("too many packets before login");
        if (attempts_ > limits.login_attempts) return end("too many attempts to log in");
        if (refusals_ > limits.refusals) return end("too many refused requests");
        if (channel_asked_ == nullptr) return;
        SshFar far{address_,
                   key_fingerprint_,
                   key_place_,
                   server_->settings.authorized[key_place_].comment,
                   text_or_none(ssh_get_cipher_in(session_)),
                   text_or_none(ssh_get_kex_algo(session_))};
        opened(channel_asked_, [weak = std::weak_ptr{server_}, far](std::unique_ptr<ByteChannel> channel) {
            if (const auto server = weak.lock()) server->events.on_open(std::move(channel), far);
        });
    }

    void failed(const std::string& why) override { refused(logged_in_ ? "after login: " + why : "login: " + why); }

private:
    static std::string text_or_none(const char* text) { return text == nullptr ? "" : text; }

    void refused(const std::string& what) {
        control_.post([weak = std::weak_ptr{server_}, address = address_, what] {
            if (const auto server = weak.lock()) server->events.on_refused(address, what);
        });
    }

    /// RFC 4252 7: asked first whether the key would do, then with a signature that libssh has verified.
    static int judge_key(ssh_session, const char* user, ssh_key key, char state, void* self) {
        return static_cast<ServerSession*>(self)->judge(user, key, state);
    }
    int judge(std::string_view user, ssh_key key, char state) {
        const auto& known = server_->settings.authorized;
        const auto at = std::find_if(known.begin(), known.end(),
                                     [key](const AuthorizedKey& one) { return same_key(one.key.get(), key); });
        const bool good = user == ssh_user && at != known.end() && !logged_in_;
        if (good && state == SSH_PUBLICKEY_STATE_NONE) return SSH_AUTH_SUCCESS;
        if (good && state == SSH_PUBLICKEY_STATE_VALID) {
            logged_in_ = true;
            place_->prove();
            key_place_ = static_cast<std::size_t>(at - known.begin());
            key_fingerprint_ = fingerprint(key);
            return SSH_AUTH_SUCCESS;
        }
        ++attempts_;
        const std::string print = fingerprint(key);
        refused(user == ssh_user ? "login with the unknown key " + print : "login as another user");
        if (user == ssh_user && at == known.end()) {
            control_.post([weak = std::weak_ptr{server_}, address = address_, print] {
                const auto server = weak.lock();
                if (server && server->events.on_unknown_key) server->events.on_unknown_key(address, print);
            });
        }
        return SSH_AUTH_DENIED;
    }

    /// Everything that is no login with a key. 1: libssh refuses it.
    static int on_message(ssh_session, ssh_message message, void* self) {
        return static_cast<ServerSession*>(self)->judge(message);
    }
    int judge(ssh_message message) {
        const int type = ssh_message_type(message);
        const int kind = ssh_message_subtype(message);
        if (type == SSH_REQUEST_SERVICE) return 1;  // RFC 4253 10: libssh accepts ssh-userauth and ssh-connection
        if (type == SSH_REQUEST_AUTH) {
            // Asking without credentials is how a client learns the methods (RFC 4252 5.2).
            if (kind != SSH_AUTH_METHOD_NONE) refused("login by a method other than a key");
            ++attempts_;
            return 1;
        }
        if (logged_in_ && type == SSH_REQUEST_CHANNEL_OPEN && kind == SSH_CHANNEL_DIRECT_TCPIP)
            return judge_channel(message);
        // A client may ask for a sign of life; the refusal is one (RFC 4254 4).
        if (type == SSH_REQUEST_GLOBAL && kind == SSH_GLOBAL_REQUEST_KEEPALIVE) return 1;
        return refuse(type == SSH_REQUEST_CHANNEL_OPEN ? channel_words(kind)
                      : type == SSH_REQUEST_CHANNEL    ? request_words(kind)
                      : kind == SSH_GLOBAL_REQUEST_TCPIP_FORWARD || kind == SSH_GLOBAL_REQUEST_CANCEL_TCPIP_FORWARD
                          ? "remote forwarding"
                          : "a global request");
    }
    int judge_channel(ssh_message message) {
        const std::string_view name = ssh_message_channel_request_open_destination(message);
        const int port = ssh_message_channel_request_open_destination_port(message);
        if (name != ssh_channel_name || port != ssh_channel_port)
            return refuse("forwarding to " + std::string{name.substr(0, 64)} + ":" + std::to_string(port));
        if (channel_asked_ != nullptr) return refuse("a second channel");
        channel_asked_ = ssh_message_channel_request_open_reply_accept(message);
        return 0;
    }
    int refuse(const std::string& what) {
        ++refusals_;
        refused(what);
        if (refusals_ > server_->settings.limits.refusals && open()) end("too many refused requests");
        return 1;
    }
    static std::string channel_words(int kind) {
        switch (kind) {
            case SSH_CHANNEL_SESSION: return "a session";
            case SSH_CHANNEL_DIRECT_TCPIP: return "forwarding before login";
            case SSH_CHANNEL_FORWARDED_TCPIP: return "a forwarded connection";
            case SSH_CHANNEL_X11: return "X11";
            case SSH_CHANNEL_AUTH_AGENT: return "an agent";
            default: return "a channel of another type";
        }
    }
    static std::string request_words(int kind) {
        switch (kind) {
            case SSH_CHANNEL_REQUEST_PTY: return "a terminal";
            case SSH_CHANNEL_REQUEST_EXEC: return "a command";
            case SSH_CHANNEL_REQUEST_SHELL: return "a shell";
            case SSH_CHANNEL_REQUEST_ENV: return "an environment variable";
            case SSH_CHANNEL_REQUEST_SUBSYSTEM: return "a subsystem";
            case SSH_CHANNEL_REQUEST_X11: return "X11";
            default: return "a request on the channel";
        }
    }

    std::shared_ptr<const SshServer> server_;
    std::unique_ptr<Doorway::Place> place_;  ///< until the login
    ssh_server_callbacks_struct callbacks_{};
    ssh_channel channel_asked_ = nullptr;
    std::string key_fingerprint_;
    std::size_t key_place_ = 0;
    std::uint64_t attempts_ = 0, refusals_ = 0;
    bool logged_in_ = false;
};

}  // namespace

void accept_ssh(SshThread& thread, Loop& control, std::uint64_t number, int descriptor, const std::string& address,
                std::shared_ptr<const SshServer> server) {
    const auto& sessions = thread.sessions();
    const auto open = static_cast<std::size_t>(
        std::count_if(sessions.begin(), sessions.end(), [](const auto& session) { return session->open(); }));
    const SshLimits& limits = server->settings.limits;
    // A place at the door is for those without a channel; who has logged in and opens none is in time's hands.
    const auto remote = Endpoint::parse(address);
    auto place = server->doorway->enter(remote ? remote->address : IpAddress{});
    if (!place || open >= limits.connections || sessions.size() >= 4 * limits.connections) {
        close_descriptor(descriptor);
        control.post([weak = std::weak_ptr{server}, address] {
            if (const auto held = weak.lock()) held->events.on_refused(address, "too many connections");
        });
        return;
    }
    auto session = std::make_unique<ServerSession>(thread, control, number, address, server, std::move(place));
    if (!session->begin(descriptor)) session->end("the handshake could not start");
    thread.add(std::move(session));
}

}  // namespace sallyport::io
