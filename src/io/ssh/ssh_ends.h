// The two kinds of sessions, as SshNode starts them. On the SSH thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/doorway.h"
#include "io/ssh/ssh_node.h"

namespace sallyport::io {

class SshThread;

/// What the sessions of a listening node share; immutable but for who stands at the door, which is the SSH thread's.
struct SshServer {
    SshServerSettings settings;
    SshServerEvents events;
    std::unique_ptr<Doorway> doorway;
};
/// Takes the socket over.
void accept_ssh(SshThread& thread, Loop& control, std::uint64_t number, int descriptor, const std::string& address,
                std::shared_ptr<const SshServer> server);

/// Takes the socket over. `events` expire when nobody waits any longer; they are called on the control loop only.
void connect_ssh(SshThread& thread, Loop& control, std::uint64_t number, int descriptor, const std::string& address,
                 SshClientSettings settings, std::weak_ptr<const SshClientEvents> events);

void close_descriptor(int descriptor);

}  // namespace sallyport::io
