// Addresses to and from the kernel's form; options.
#include "io/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>

#include "base/mapped_address.h"

namespace sallyport::io {

namespace {

constexpr int unacknowledged_ms = 30000;
constexpr int keep_alive_idle_s = 60;
constexpr int keep_alive_interval_s = 15;
constexpr int keep_alive_probes = 4;

}  // namespace

void Socket::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

SocketAddress socket_address(const Endpoint& endpoint) {
    SocketAddress address;
    if (endpoint.address.v6) {
        auto& in = reinterpret_cast<sockaddr_in6&>(address.storage);
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(endpoint.port);
        std::copy_n(endpoint.address.bytes.begin(), 16, in.sin6_addr.s6_addr);
        address.size = sizeof in;
    } else {
        auto& in = reinterpret_cast<sockaddr_in&>(address.storage);
        in.sin_family = AF_INET;
        in.sin_port = htons(endpoint.port);
        std::memcpy(&in.sin_addr, endpoint.address.bytes.data(), 4);
        address.size = sizeof in;
    }
    return address;
}

Endpoint endpoint_of(const SocketAddress& address) {
    Endpoint endpoint;
    if (address.storage.ss_family == AF_INET6) {
        const auto& in = reinterpret_cast<const sockaddr_in6&>(address.storage);
        endpoint.address.v6 = true;
        std::copy_n(in.sin6_addr.s6_addr, 16, endpoint.address.bytes.begin());
        endpoint.port = ntohs(in.sin6_port);
    } else if (address.storage.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(address.storage);
        std::memcpy(endpoint.address.bytes.data(), &in.sin_addr, 4);
        endpoint.port = ntohs(in.sin_port);
    }
    endpoint.address = unmapped(endpoint.address);
    return endpoint;
}

Endpoint local_endpoint(int descriptor) {
    SocketAddress address;
    return getsockname(descriptor, address.raw(), &address.size) == 0 ? endpoint_of(address) : Endpoint{};
}

Endpoint remote_endpoint(int descriptor) {
    SocketAddress address;
    return getpeername(descriptor, address.raw(), &address.size) == 0 ? endpoint_of(address) : Endpoint{};
}

void set_option(int descriptor, int level, int name, int value) {
    setsockopt(descriptor, level, name, &value, sizeof value);
}

void set_stream_options(int descriptor) {
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, keep_alive_idle_s);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, keep_alive_interval_s);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, keep_alive_probes);
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms);
}

void reset_on_close(int descriptor) {
    const ::linger at_once{1, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::string error_words(int number) { return std::system_category().message(number); }

}  // namespace sallyport::io
