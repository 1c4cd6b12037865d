#include "s2s/listener.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "s2s/channel.h"

namespace sallyport::bench {

Listener::Listener(Loop& loop, const std::string& address, std::function<void(int)> accepted)
    : loop_{loop}, accepted_{std::move(accepted)}, fd_{socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    const sockaddr_in local = parse_address(address);
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 || listen(fd_, 4096) != 0) {
        throw std::runtime_error{"cannot listen on " + address};
    }
    loop_.add(fd_, *this, EPOLLIN);
}

Listener::~Listener() {
    loop_.remove(fd_);
    close(fd_);
}

void Listener::ready(std::uint32_t) {
    for (int fd = 0; fd >= 0;) {
        fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) accepted_(fd);
    }
}

}  // namespace sallyport::bench
