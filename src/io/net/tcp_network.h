// TCP (and Unix domain) streams of one loop, with TLS over OpenSSL. One object a loop; it must outlive its listeners,
// dials and streams.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/loop/asio_loop.h"
#include "io/net/stream.h"

namespace sallyport::io {

struct NetworkShared;

class TcpNetwork final : public Network {
public:
    /// `on_problem` hears of trouble that belongs to no stream (no descriptors left, accept failing); may be empty.
    explicit TcpNetwork(AsioLoop& loop, std::function<void(const std::string&)> on_problem = {});
    ~TcpNetwork() override;
    TcpNetwork(const TcpNetwork&) = delete;
    TcpNetwork& operator=(const TcpNetwork&) = delete;

    using Network::listen;
    [[nodiscard]] Result<std::unique_ptr<Listener>> listen(const Endpoint& at, Proxies proxies,
                                                           OnAccept on_accept) override;
    [[nodiscard]] std::unique_ptr<Dial> dial(const Endpoint& to, const IpAddress* source, Duration timeout,
                                             OnDialled on_dialled) override;
    [[nodiscard]] std::unique_ptr<Stream> join(std::unique_ptr<MovingStream> moving) override;

    /// Accepts on a socket that listens already (socket activation). Takes the descriptor over.
    [[nodiscard]] Result<std::unique_ptr<Listener>> listen_on(int descriptor, OnAccept on_accept, Proxies proxies = {});
    /// A stream over a connected socket, e.g. one released on another loop. Takes the descriptor over.
    [[nodiscard]] std::unique_ptr<Stream> adopt(int descriptor);
    /// Gives up a stream that nobody has read from or written to yet: the socket, or -1 when it is too late (the
    /// stream is gone in either case).
    [[nodiscard]] static int release(std::unique_ptr<Stream> stream);

private:
    std::shared_ptr<NetworkShared> shared_;
};

}  // namespace sallyport::io
