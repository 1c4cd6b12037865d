#include "s2s/channel.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace sallyport::bench {
namespace {

constexpr std::size_t record = 16384;  // the largest TLS record
constexpr int send_buffer = 128 * 1024;
constexpr std::size_t read_turn = 1 << 20;  // then others have their turn

std::string tls_error(const std::string& what) {
    const unsigned long code = ERR_get_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return what + ": " + (reason != nullptr ? reason : std::strerror(errno));
}

}  // namespace

sockaddr_in parse_address(const std::string& text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error{"not an IPv4 address and port: " + text};
    }
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1))));
    return address;
}

void Channel::connect(const sockaddr_in& to, const in_addr* from) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw std::runtime_error{"no more sockets"};
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // A bound below what the kernel would grow to: stanzas wait in the server's queues, not in this process's.
    setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    if (from != nullptr) {
        setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in local{};
        local.sin_family = AF_INET;
        local.sin_addr = *from;
        if (bind(fd_, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
            throw std::runtime_error{"cannot bind a source address"};
        }
    }
    phase_ = Phase::connecting;
    watching_writes_ = true;
    loop_.add(fd_, *this, EPOLLIN | EPOLLOUT);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
        throw std::runtime_error{std::string{"connect: "} + std::strerror(errno)};
    }
}

void Channel::adopt(int fd) {
    fd_ = fd;
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    phase_ = Phase::open;
    loop_.add(fd_, *this, EPOLLIN);
}

void Channel::start_tls(SSL_CTX* context, TlsRole role, const std::string& server_name) {
    tls_.reset(SSL_new(context));
    SSL_set_fd(tls_.get(), fd_);
    if (role == TlsRole::client) {
        if (!server_name.empty()) SSL_set_tlsext_host_name(tls_.get(), server_name.c_str());
        SSL_set_connect_state(tls_.get());
    } else {
        SSL_set_accept_state(tls_.get());
    }
    phase_ = Phase::handshake;
    handshake();
}

void Channel::write(std::string_view bytes) {
    if (phase_ == Phase::closed) return;
    out_.append(bytes);
    if (phase_ == Phase::open) flush();
}

void Channel::consume(std::size_t count) {
    used_ += count;
    if (used_ == in_.size()) {
        in_.clear();
        used_ = 0;
    }
}

void Channel::close() { drop(true); }

void Channel::drop(bool orderly) {
    if (fd_ < 0) return;
    if (orderly && tls_ && phase_ == Phase::open) {
        SSL_shutdown(tls_.get());
        ERR_clear_error();
    }
    phase_ = Phase::closed;
    tls_.reset();
    loop_.remove(fd_);
    ::close(fd_);
    fd_ = -1;
}

void Channel::ready(std::uint32_t events) {
    if (phase_ == Phase::connecting) return connected();
    if (phase_ == Phase::handshake) return handshake();
    if ((events & EPOLLOUT) != 0 && phase_ == Phase::open) flush();
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && phase_ == Phase::open) read();
}

void Channel::connected() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(std::string{"connect: "} + std::strerror(error));
    phase_ = Phase::open;
    watch(false);
    owner_.opened();
}

void Channel::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(tls_.get());
    if (result == 1) {
        phase_ = Phase::open;
        watch(false);
        owner_.opened();
        return;
    }
    const int error = SSL_get_error(tls_.get(), result);
    if (error == SSL_ERROR_WANT_READ) return watch(false);
    if (error == SSL_ERROR_WANT_WRITE) return watch(true);
    fail(tls_error("TLS handshake"));
}

Channel::Moved Channel::read_some(char* to, std::size_t size) {
    if (!tls_) {
        const long count = recv(fd_, to, size, 0);
        if (count > 0) return {static_cast<std::size_t>(count), {}};
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        return {0, count == 0 ? "end of stream" : std::string{"recv: "} + std::strerror(errno)};
    }
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_read_ex(tls_.get(), to, size, &count) == 1) return {count, {}};
    const int error = SSL_get_error(tls_.get(), 0);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {};
    return {0, error == SSL_ERROR_ZERO_RETURN ? "end of stream" : tls_error("TLS read")};
}

void Channel::read() {
    in_.erase(0, used_);
    used_ = 0;
    std::vector<char>& scratch = loop_.scratch();
    std::size_t total = 0;
    Moved moved;
    do {
        moved = read_some(scratch.data(), scratch.size());
        in_.append(scratch.data(), moved.bytes);
        total += moved.bytes;
    } while (tls_ && moved.bytes > 0 && (total < read_turn || SSL_has_pending(tls_.get()) == 1));
    if (total > 0) owner_.received();  // what came before an end counts
    if (!moved.failure.empty()) fail(moved.failure);
}

Channel::Moved Channel::write_some(const char* from, std::size_t size) {
    if (!tls_) {
        const long count = send(fd_, from, size, MSG_NOSIGNAL);
        if (count >= 0) return {static_cast<std::size_t>(count), {}};
        if (errno == EAGAIN || errno == EINTR) return {};
        return {0, std::strerror(errno)};
    }
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_write_ex(tls_.get(), from, std::min(size, record), &count) == 1) return {count, {}};
    const int error = SSL_get_error(tls_.get(), 0);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {};
    return {0, tls_error("TLS write")};
}

void Channel::flush() {
    while (sent_ < out_.size()) {
        const Moved moved = write_some(out_.data() + sent_, out_.size() - sent_);
        if (!moved.failure.empty()) break;  // the reading side will see why
        if (moved.bytes == 0) return watch(true);
        sent_ += moved.bytes;
    }
    out_.clear();
    sent_ = 0;
    watch(false);
}

void Channel::watch(bool for_writing) {
    if (for_writing == watching_writes_) return;
    watching_writes_ = for_writing;
    watch_again();
}

void Channel::pause(bool paused) {
    if (paused == paused_) return;
    paused_ = paused;
    watch_again();
}

void Channel::watch_again() {
    if (fd_ < 0) return;
    const std::uint32_t reading = paused_ ? 0U : static_cast<std::uint32_t>(EPOLLIN);
    loop_.change(fd_, *this, reading | (watching_writes_ ? static_cast<std::uint32_t>(EPOLLOUT) : 0U));
}

void Channel::fail(const std::string& why) {
    if (phase_ == Phase::closed) return;
    drop(false);
    owner_.closed(why);
}

}  // namespace sallyport::bench
