// SSH for provisioning (libssh): an edge accepts, a core connects, and each connection carries exactly one channel, a
// direct-tcpip one to the fixed name "provisioning". Shells, commands, subsystems, any other forwarding, agents, X11
// and passwords do not exist here. One thread of its own runs every connection; bytes cross to the control loop in
// bounded batches (docs/decisions/0010-ssh-thread.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "io/loop/loop.h"
#include "io/ssh/byte_channel.h"
#include "io/ssh/keys.h"
#include "io/ssh/ssh_limits.h"

namespace sallyport::io {

/// The one user name and the one destination.
inline constexpr const char* ssh_user = "sallyport";
inline constexpr const char* ssh_channel_name = "provisioning";
inline constexpr int ssh_channel_port = 2222;

struct SshServerSettings {
    SshKey host_key;
    std::vector<AuthorizedKey> authorized;
    SshLimits limits;
    std::vector<IpNetwork> neighbours{};  ///< where cores connect from: room is kept for these
};
struct SshClientSettings {
    std::string name;  ///< of the edge, for texts
    SshKey key, host_key;
    std::uint64_t login_seconds = 10;
};

/// Who is at the other end of an open channel.
struct SshFar {
    std::string address;
    std::string key;        ///< fingerprint: of the core's key on an edge, of the host key on a core
    std::size_t place = 0;  ///< on an edge: of the key among the authorised ones
    std::string comment;    ///< of that key
    std::string cipher, exchange;
};

/// Called on the control loop.
struct SshServerEvents {
    std::function<void(std::unique_ptr<ByteChannel>, const SshFar&)> on_open;
    /// Something was refused: who, and what it was.
    std::function<void(const std::string& address, const std::string& what)> on_refused;
    /// Beside that: a login with a key that is not among the authorised ones; its fingerprint. May be empty.
    std::function<void(const std::string& address, const std::string& key)> on_unknown_key{};
};
struct SshClientEvents {
    std::function<void(std::unique_ptr<ByteChannel>, const SshFar&)> on_open;
    /// No channel. Codes: "ssh-host-key", "ssh-login", "ssh-failed".
    std::function<void(const Error&)> on_failed;
};

/// An outgoing connection under way; destroying it cancels it and nothing is called any more.
class SshAttempt {
public:
    virtual ~SshAttempt() = default;
};

class SshNode {
public:
    explicit SshNode(Loop& control);
    ~SshNode();
    SshNode(const SshNode&) = delete;
    SshNode& operator=(const SshNode&) = delete;

    /// From now on accept() serves with these.
    void serve(SshServerSettings settings, SshServerEvents events);
    /// Takes over a connected socket; `address` is its far end.
    void accept(int descriptor, const std::string& address);
    [[nodiscard]] std::unique_ptr<SshAttempt> connect(int descriptor, const std::string& address,
                                                      SshClientSettings settings, SshClientEvents events);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sallyport::io
