// Connections of a listener that came through a proxy: each is held until its PROXY header is whole, then handed on
// with the ends that the header names. Only for .cpp files of io/net.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "io/loop/asio_loop.h"
#include "io/net/proxy_header.h"
#include "io/net/socket.h"
#include "io/net/stream.h"

namespace sallyport::io {

class ProxyDoor {
public:
    static constexpr std::size_t most_waiting = 256;    ///< connections of one listener without a whole header
    static constexpr std::chrono::seconds patience{5};  ///< for a header

    /// A connection whose header is whole, with the ends that it names, or its own; it may destroy the door.
    using OnCome = std::function<void(Socket, const Ends&)>;
    ProxyDoor(AsioLoop& loop, Proxies proxies, OnCome on_come);
    ~ProxyDoor();
    ProxyDoor(const ProxyDoor&) = delete;
    ProxyDoor& operator=(const ProxyDoor&) = delete;

    /// A connection from there has to begin with a header.
    [[nodiscard]] bool is_proxy(const IpAddress& address) const;
    /// Takes a connection of a proxy. One that does not keep to the protocol is closed, and the listener's owner told;
    /// so is the one that has waited longest when too many wait.
    void enter(Socket socket, const Ends& ends);

private:
    struct Waiting;
    void read(std::list<Waiting>::iterator at);
    void refuse(std::list<Waiting>::iterator at, const std::string& why);

    AsioLoop& loop_;
    Proxies proxies_;
    OnCome on_come_;
    std::list<Waiting> waiting_;
};

}  // namespace sallyport::io
