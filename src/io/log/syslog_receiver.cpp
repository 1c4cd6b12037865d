// A receiver that does not answer is tried again after a pause.
#include "io/log/syslog_receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace sallyport::io {

namespace {

struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

Address address_of(const SyslogAddress& receiver) {
    Address address;
    if (receiver.kind == SyslogAddress::Kind::local) {
        auto* local = reinterpret_cast<sockaddr_un*>(&address.bytes);
        local->sun_family = AF_UNIX;
        std::strncpy(local->sun_path, receiver.path.c_str(), sizeof local->sun_path - 1);
        address.size = sizeof *local;
    } else if (receiver.endpoint.address.v6) {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(receiver.endpoint.port);
        std::memcpy(&v6->sin6_addr, receiver.endpoint.address.bytes.data(), 16);
        address.size = sizeof *v6;
    } else {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(receiver.endpoint.port);
        std::memcpy(&v4->sin_addr, receiver.endpoint.address.bytes.data(), 4);
        address.size = sizeof *v4;
    }
    return address;
}

/// What went wrong with a socket since it was last asked; empty: nothing.
std::string problem_of(int descriptor) {
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size);
    return problem == 0 ? std::string{} : std::strerror(problem);
}

}  // namespace

SyslogReceiver::SyslogReceiver(SyslogAddress at, std::chrono::milliseconds patience)
    : where_{std::move(at)}, patience_{patience} {}

SyslogReceiver::~SyslogReceiver() { close(); }

std::string SyslogReceiver::send(const std::string& line) {
    if (descriptor_ < 0 && std::chrono::steady_clock::now() < not_before_) return trouble_;
    const bool is_new = descriptor_ < 0;
    trouble_ = is_new ? open() : std::string{};
    if (trouble_.empty()) trouble_ = put(line);
    if (trouble_.empty() && is_new && !is_sure()) trouble_ = refusal();
    if (!trouble_.empty()) {
        close();
        not_before_ = std::chrono::steady_clock::now() + pause;
    }
    return trouble_;
}

std::string SyslogReceiver::open() {
    const bool is_stream = where_.kind == SyslogAddress::Kind::tcp;
    const Address address = address_of(where_);
    descriptor_ =
        ::socket(address.bytes.ss_family, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor_ < 0) return std::strerror(errno);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0) return {};
    if (errno != EINPROGRESS) return std::strerror(errno);
    if (!ready(POLLOUT)) return "does not answer";
    return problem_of(descriptor_);
}

std::string SyslogReceiver::put(const std::string& line) {
    const bool is_stream = where_.kind == SyslogAddress::Kind::tcp;
    if (is_stream) {
        // A receiver that went away says so by the end of its direction; what it never says is anything else.
        char byte = 0;
        if (::recv(descriptor_, &byte, 1, MSG_DONTWAIT) == 0) return "the receiver closed the connection";
    }
    const std::string framed = is_stream ? std::to_string(line.size()) + ' ' + line : line;
    std::string_view rest = framed;
    while (!rest.empty()) {
        const ssize_t count = ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (ready(POLLOUT)) continue;
            return "does not take what is sent";
        }
        if (count < 0) return std::strerror(errno);
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

/// Empty: nobody has refused the datagram so far.
std::string SyslogReceiver::refusal() const {
    pollfd wanted{descriptor_, 0, 0};
    if (::poll(&wanted, 1, static_cast<int>(doubt.count())) != 1) return {};
    return problem_of(descriptor_);
}

bool SyslogReceiver::ready(short what) const {
    pollfd wanted{descriptor_, what, 0};
    return ::poll(&wanted, 1, static_cast<int>(patience_.count())) == 1;
}

void SyslogReceiver::close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace sallyport::io
