// The Stream handle, listening and dialling.
#include "io/net/tcp_network.h"

#include <netinet/in.h>

#include <cerrno>

#include "io/net/connection.h"
#include "io/net/proxy_door.h"

namespace sallyport::io {

namespace {

constexpr int backlog = 4096;
constexpr int accepts_per_wake_up = 64;
constexpr auto accept_pause = std::chrono::milliseconds{100};

class TcpStream final : public Stream {
public:
    explicit TcpStream(std::shared_ptr<Connection> connection) : connection_{std::move(connection)} {}
    ~TcpStream() override { connection_->detach(); }
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;

    void set_owner(StreamOwner* owner) override { connection_->set_owner(owner); }
    void write(std::string_view bytes) override { connection_->write(bytes); }
    void push() override { connection_->push(); }
    [[nodiscard]] std::size_t pending() const override { return connection_->pending(); }
    [[nodiscard]] std::size_t in_flight() const override { return connection_->in_flight(); }
    void follow() override { connection_->follow(); }
    [[nodiscard]] std::uint64_t written() const override { return connection_->written(); }
    [[nodiscard]] std::uint64_t taken() const override { return connection_->taken(); }
    [[nodiscard]] std::uint64_t received() const override { return connection_->received(); }
    void pause(bool paused) override { connection_->pause(paused); }
    void start_tls(std::shared_ptr<const TlsContext> context, TlsRole role, const std::string& name) override {
        connection_->start_tls(std::move(context), role, name);
    }
    void close(Duration linger) override { connection_->close(linger); }
    void abort() override { connection_->abort(); }
    [[nodiscard]] Endpoint local() const override { return connection_->local(); }
    [[nodiscard]] Endpoint remote() const override { return connection_->remote(); }
    [[nodiscard]] std::string channel_binding(std::string_view type) const override {
        return connection_->channel_binding(type);
    }
    [[nodiscard]] std::unique_ptr<MovingStream> leave() override { return connection_->leave(); }
    [[nodiscard]] int release() { return connection_->release(); }

private:
    std::shared_ptr<Connection> connection_;
};

std::unique_ptr<Stream> make_stream(const std::shared_ptr<NetworkShared>& shared, Socket socket, const Ends& ends) {
    return std::make_unique<TcpStream>(std::make_shared<Connection>(shared, std::move(socket), ends));
}

/// With the ends that the socket has.
std::unique_ptr<Stream> make_stream(const std::shared_ptr<NetworkShared>& shared, Socket socket) {
    const Ends ends{local_endpoint(socket.get()), remote_endpoint(socket.get())};
    return make_stream(shared, std::move(socket), ends);
}

class TcpListener final : public Listener {
public:
    TcpListener(std::shared_ptr<NetworkShared> shared, Socket socket, Proxies proxies, OnAccept on_accept)
        : core_{std::make_shared<Core>(std::move(shared), std::move(socket), std::move(on_accept))} {
        core_->start(std::move(proxies));
    }
    ~TcpListener() override { core_->stop(); }
    TcpListener(const TcpListener&) = delete;
    TcpListener& operator=(const TcpListener&) = delete;

    [[nodiscard]] Endpoint endpoint() const override { return local_endpoint(core_->socket.get()); }

private:
    /// Outlives the handle while accept callbacks run, for they may destroy the listener.
    struct Core : std::enable_shared_from_this<Core> {
        Core(std::shared_ptr<NetworkShared> shared_, Socket socket_, OnAccept on_accept_)
            : shared{std::move(shared_)}, socket{std::move(socket_)}, on_accept{std::move(on_accept_)} {}

        void start(Proxies proxies) {
            if (!proxies.networks.empty()) {
                const auto come = [self = weak_from_this()](Socket accepted, const Ends& ends) {
                    if (const auto here = self.lock()) here->take(std::move(accepted), ends);
                };
                door = std::make_unique<ProxyDoor>(shared->loop, std::move(proxies), come);
            }
            readiness = shared->loop.readiness(socket.get(), {[self = weak_from_this()] {
                                                                  if (const auto here = self.lock())
                                                                      here->accept_some();
                                                              },
                                                              {}});
            resume = shared->loop.timer([this] { readiness->want_read(); });
            readiness->want_read();
        }
        void stop() {
            door.reset();
            readiness.reset();
            resume.reset();
            socket.close();
        }
        void accept_some() {
            for (int i = 0; i < accepts_per_wake_up && socket.valid(); ++i) {
                // From here, since a connection that was reset meanwhile no longer has an address.
                SocketAddress from;
                Socket accepted{::accept4(socket.get(), from.raw(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
                if (accepted.valid()) {
                    set_stream_options(accepted.get());
                    const Ends ends{local_endpoint(accepted.get()), endpoint_of(from)};
                    if (door && door->is_proxy(ends.remote.address)) {
                        door->enter(std::move(accepted), ends);
                    } else {
                        take(std::move(accepted), ends);
                    }
                } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                    break;
                } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                    return pause(errno);
                }  // anything else concerns a connection that broke before we took it
            }
            if (readiness) readiness->want_read();
        }
        void take(Socket accepted, const Ends& ends) const {
            on_accept(make_stream(shared, std::move(accepted), ends));
        }
        void pause(int problem) {
            if (shared->on_problem) shared->on_problem("accepting pauses: " + error_words(problem));
            resume->arm(shared->loop.now() + accept_pause);
        }

        std::shared_ptr<NetworkShared> shared;
        Socket socket;
        OnAccept on_accept;
        std::unique_ptr<ProxyDoor> door;  ///< none: nobody connects on behalf of others
        std::unique_ptr<Readiness> readiness;
        std::unique_ptr<Timer> resume;
    };

    std::shared_ptr<Core> core_;
};

Error dial_error(int number, const Endpoint& to) {
    const std::string words = to.text() + ": " + error_words(number);
    switch (number) {
        case ECONNREFUSED: return {"connect-refused", words};
        case ETIMEDOUT: return {"connect-timed-out", words};
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case EHOSTDOWN: return {"connect-unreachable", words};
        default: return {"connect-failed", words};
    }
}

class TcpDial final : public Dial, public std::enable_shared_from_this<TcpDial> {
public:
    TcpDial(std::shared_ptr<NetworkShared> shared, const Endpoint& to, OnDialled on_dialled)
        : shared_{std::move(shared)}, to_{to}, on_dialled_{std::move(on_dialled)} {}

    void start(const IpAddress* source, Duration timeout) {
        const int problem = connect(source);
        if (problem != 0) {
            shared_->loop.post([self = weak_from_this(), problem] {
                if (const auto here = self.lock()) here->end(problem);
            });
            return;
        }
        readiness_ = shared_->loop.readiness(socket_.get(), {{}, [self = weak_from_this()] {
                                                                 if (const auto here = self.lock()) here->connected();
                                                             }});
        readiness_->want_write();
        timer_ = shared_->loop.timer([self = weak_from_this()] {
            if (const auto here = self.lock()) here->end(ETIMEDOUT);
        });
        timer_->arm(shared_->loop.now() + timeout);
    }

private:
    int connect(const IpAddress* source) {
        socket_ = Socket{::socket(to_.address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        if (!socket_.valid()) return errno;
        set_stream_options(socket_.get());
        if (source != nullptr) {
            // The port is chosen at connect, so that many streams to many peers can share one (ip(7)).
            set_option(socket_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
            const SocketAddress from = socket_address({*source, 0});
            if (::bind(socket_.get(), from.raw(), from.size) != 0) return errno;
        }
        const SocketAddress address = socket_address(to_);
        if (::connect(socket_.get(), address.raw(), address.size) != 0 && errno != EINPROGRESS) return errno;
        return 0;
    }

    void connected() {
        int problem = 0;
        socklen_t size = sizeof problem;
        getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
        end(problem);
    }

    void end(int problem) {
        const auto self = shared_from_this();
        readiness_.reset();
        timer_.reset();
        const OnDialled on_dialled = std::exchange(on_dialled_, {});
        if (!on_dialled) return;
        if (problem != 0) {
            socket_.close();
            on_dialled(dial_error(problem, to_));
        } else {
            on_dialled(make_stream(shared_, std::move(socket_)));
        }
    }

    std::shared_ptr<NetworkShared> shared_;
    Endpoint to_;
    OnDialled on_dialled_;
    Socket socket_;
    std::unique_ptr<Readiness> readiness_;
    std::unique_ptr<Timer> timer_;
};

/// Owns a dial; the callback of the dial may destroy this.
class DialHandle final : public Dial {
public:
    explicit DialHandle(std::shared_ptr<TcpDial> dial) : dial_{std::move(dial)} {}

private:
    std::shared_ptr<TcpDial> dial_;
};

Error listen_error(const Endpoint& at) { return {"listen-failed", at.text() + ": " + error_words(errno)}; }

}  // namespace

TcpNetwork::TcpNetwork(AsioLoop& loop, std::function<void(const std::string&)> on_problem)
    : shared_{std::make_shared<NetworkShared>(loop, std::move(on_problem))} {}

TcpNetwork::~TcpNetwork() {
    const auto lingering = std::exchange(shared_->lingering, {});
    for (const auto& connection : lingering) connection->abort();
}

Result<std::unique_ptr<Listener>> TcpNetwork::listen(const Endpoint& at, Proxies proxies, OnAccept on_accept) {
    Socket socket{::socket(at.address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket.valid()) return listen_error(at);
    set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (at.address.v6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    const SocketAddress address = socket_address(at);
    if (::bind(socket.get(), address.raw(), address.size) != 0) return listen_error(at);
    if (::listen(socket.get(), backlog) != 0) return listen_error(at);
    return listen_on(socket.release(), std::move(on_accept), std::move(proxies));
}

Result<std::unique_ptr<Listener>> TcpNetwork::listen_on(int descriptor, OnAccept on_accept, Proxies proxies) {
    return std::unique_ptr<Listener>{
        std::make_unique<TcpListener>(shared_, Socket{descriptor}, std::move(proxies), std::move(on_accept))};
}

std::unique_ptr<Dial> TcpNetwork::dial(const Endpoint& to, const IpAddress* source, Duration timeout,
                                       OnDialled on_dialled) {
    auto dial = std::make_shared<TcpDial>(shared_, to, std::move(on_dialled));
    dial->start(source, timeout);
    return std::make_unique<DialHandle>(std::move(dial));
}

std::unique_ptr<Stream> TcpNetwork::adopt(int descriptor) { return make_stream(shared_, Socket{descriptor}); }

std::unique_ptr<Stream> TcpNetwork::join(std::unique_ptr<MovingStream> moving) {
    auto& real = static_cast<MovingConnection&>(*moving);
    return std::make_unique<TcpStream>(std::make_shared<Connection>(shared_, real));
}

int TcpNetwork::release(std::unique_ptr<Stream> stream) {
    auto* real = dynamic_cast<TcpStream*>(stream.get());
    return real == nullptr ? -1 : real->release();
}

}  // namespace sallyport::io
