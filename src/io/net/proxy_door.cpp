// The sockets that wait for their header. Who is no listed proxy never comes here, so what is held is the proxies' own.
#include "io/net/proxy_door.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace sallyport::io {

struct ProxyDoor::Waiting {
    Socket socket;
    Ends ends;  ///< the proxy's own
    ProxyHeader header;
    // After the socket: they go first.
    std::unique_ptr<Readiness> readiness;
    std::unique_ptr<Timer> timer;
};

ProxyDoor::ProxyDoor(AsioLoop& loop, Proxies proxies, OnCome on_come)
    : loop_{loop}, proxies_{std::move(proxies)}, on_come_{std::move(on_come)} {}

ProxyDoor::~ProxyDoor() = default;

bool ProxyDoor::is_proxy(const IpAddress& address) const {
    return std::any_of(proxies_.networks.begin(), proxies_.networks.end(),
                       [&](const IpNetwork& network) { return network.contains(address); });
}

void ProxyDoor::enter(Socket socket, const Ends& ends) {
    const auto at = waiting_.insert(waiting_.end(), {std::move(socket), ends, {}, {}, {}});
    at->readiness = loop_.readiness(at->socket.get(), {[this, at] { read(at); }, {}});
    at->timer = loop_.timer([this, at] { refuse(at, "no PROXY header within its time"); });
    at->timer->arm(loop_.now() + patience);
    at->readiness->want_read();
    // A balancer may send its header with the client's first bytes only: clients who say nothing must not keep out
    // those who do.
    if (waiting_.size() > most_waiting) refuse(waiting_.begin(), "too many connections wait for their header");
}

void ProxyDoor::read(std::list<Waiting>::iterator at) {
    std::array<char, ProxyHeader::longest_body> buffer;
    while (at->header.wanted() > 0) {
        const ssize_t count = ::recv(at->socket.get(), buffer.data(), std::min(buffer.size(), at->header.wanted()), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return at->readiness->want_read();
        if (count < 0) return refuse(at, error_words(errno));
        // A balancer that only looks whether the port is open says nothing.
        if (count == 0) return static_cast<void>(waiting_.erase(at));
        const auto taken = at->header.read({buffer.data(), static_cast<std::size_t>(count)});
        if (!taken) return refuse(at, taken.error().text);
    }
    Waiting whole = std::move(*at);
    waiting_.erase(at);
    whole.readiness.reset();
    whole.timer.reset();
    const OnCome on_come = on_come_;
    on_come(std::move(whole.socket), whole.header.ends().value_or(whole.ends));
}

void ProxyDoor::refuse(std::list<Waiting>::iterator at, const std::string& why) {
    const Endpoint proxy = at->ends.remote;
    waiting_.erase(at);
    if (proxies_.on_refused) proxies_.on_refused(proxy, why);
}

}  // namespace sallyport::io
