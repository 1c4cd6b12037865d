// Small things about sockets: an owned descriptor, addresses, options. Only for .cpp files of io.
#pragma once

#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/endpoint.h"

namespace sallyport::io {

/// A descriptor that is closed with its owner.
class Socket {
public:
    Socket() = default;
    explicit Socket(int descriptor) : descriptor_{descriptor} {}
    ~Socket() { close(); }
    Socket(Socket&& other) noexcept : descriptor_{other.release()} {}
    Socket& operator=(Socket&& other) noexcept {
        if (this != &other) {
            close();
            descriptor_ = other.release();
        }
        return *this;
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] bool valid() const { return descriptor_ >= 0; }
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
    void close();

private:
    int descriptor_ = -1;
};

/// An address as the kernel wants it.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);
    [[nodiscard]] sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
    [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
[[nodiscard]] SocketAddress socket_address(const Endpoint& endpoint);
/// An address of IPv4 in the form of IPv6 is the one of IPv4. The null endpoint for anything but IPv4 and IPv6.
[[nodiscard]] Endpoint endpoint_of(const SocketAddress& address);
/// IPv4 addresses are that, over a socket of both families too.
[[nodiscard]] Endpoint local_endpoint(int descriptor);
[[nodiscard]] Endpoint remote_endpoint(int descriptor);

void set_option(int descriptor, int level, int name, int value);
/// What every connected TCP socket gets: no delay, keep-alive, and an end to unacknowledged data after 30 s.
void set_stream_options(int descriptor);
/// What is not acknowledged when the socket is closed is dropped, and the peer is told by RST.
void reset_on_close(int descriptor);
[[nodiscard]] std::string error_words(int number);

}  // namespace sallyport::io
