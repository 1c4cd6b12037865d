// The network of the simulated world: hosts with addresses, listeners, dials and streams with latency, windows, cuts
// and resets. Streams take TLS contexts of either kind: simulated ones (sim_tls.h) or real ones from io/tls, whose
// handshake then runs for real over simulated bytes.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/net/stream.h"
#include "support/sim_world.h"

namespace sallyport::test {

class SimEnd;
class SimNetwork;

/// One accepting socket.
struct SimPort {
    Endpoint at;
    const SimNetwork* host = nullptr;
    io::OnAccept on_accept;
};

/// What all hosts share: who has which address, who listens, what is cut.
class SimFabric {
public:
    explicit SimFabric(SimLoop& loop) : loop_{loop} {}

    [[nodiscard]] SimLoop& loop() { return loop_; }
    void add_host(const IpAddress& address, const SimNetwork* host) { hosts_[address] = host; }
    void remove_host(const SimNetwork* host);
    [[nodiscard]] bool has_host(const IpAddress& address) const { return hosts_.count(address) > 0; }
    void add_port(const std::shared_ptr<SimPort>& port) { ports_.push_back(port); }
    /// Listeners for `to`; several listen like SO_REUSEPORT, taken in turn.
    [[nodiscard]] std::shared_ptr<SimPort> find_port(const Endpoint& to);
    void add_end(const std::shared_ptr<SimEnd>& end) { ends_.push_back(end); }

    /// Closing ends whose handles have gone live on here.
    void keep(std::shared_ptr<SimEnd> end) { lingering_.insert(std::move(end)); }
    void let_go(const std::shared_ptr<SimEnd>& end) { lingering_.erase(end); }

    void block(const IpAddress& one, const IpAddress& other, bool blocked);
    [[nodiscard]] bool blocked(const IpAddress& one, const IpAddress& other) const;
    void set_latency(const IpAddress& one, const IpAddress& other, Duration latency);
    [[nodiscard]] Duration latency(const IpAddress& one, const IpAddress& other) const;
    void reset_streams(const IpAddress& address);
    /// Whoever talks with it gets something that is no TLS.
    void break_tls(const IpAddress& address);
    /// A process at that address reads so many bytes at once, at most.
    void set_read_size(const IpAddress& address, std::size_t bytes) { read_sizes_[address] = bytes; }
    [[nodiscard]] std::size_t read_size(const IpAddress& address, std::size_t otherwise) const {
        const auto found = read_sizes_.find(address);
        return found == read_sizes_.end() ? otherwise : found->second;
    }
    [[nodiscard]] std::uint16_t fresh_port() { return next_port_++; }

private:
    using Pair = std::pair<IpAddress, IpAddress>;
    static Pair pair(const IpAddress& one, const IpAddress& other);

    SimLoop& loop_;
    std::map<IpAddress, const SimNetwork*> hosts_;
    std::vector<std::weak_ptr<SimPort>> ports_;
    std::vector<std::weak_ptr<SimEnd>> ends_;
    std::set<std::shared_ptr<SimEnd>> lingering_;
    std::set<Pair> blocked_;
    std::map<Pair, Duration> latencies_;
    std::map<IpAddress, std::size_t> read_sizes_;
    std::uint16_t next_port_ = 40000;
    std::size_t turn_ = 0;
};

/// One host. It must outlive its streams and listeners, and the world must outlive it.
class SimNetwork final : public io::Network {
public:
    SimNetwork(SimWorld& world, const std::vector<std::string>& addresses);
    ~SimNetwork() override;
    SimNetwork(const SimNetwork&) = delete;
    SimNetwork& operator=(const SimNetwork&) = delete;

    /// "0.0.0.0" and "::" listen on every address of the host.
    using io::Network::listen;
    [[nodiscard]] Result<std::unique_ptr<io::Listener>> listen(const Endpoint& at, io::Proxies proxies,
                                                               io::OnAccept on_accept) override;
    /// Addresses that no host has time out, ports that nobody listens on refuse.
    [[nodiscard]] std::unique_ptr<io::Dial> dial(const Endpoint& to, const IpAddress* source, Duration timeout,
                                                 io::OnDialled on_dialled) override;
    [[nodiscard]] std::unique_ptr<io::Stream> join(std::unique_ptr<io::MovingStream> moving) override;
    [[nodiscard]] bool owns(const IpAddress& address) const;

private:
    SimFabric& fabric_;
    std::vector<IpAddress> addresses_;
};

}  // namespace sallyport::test
