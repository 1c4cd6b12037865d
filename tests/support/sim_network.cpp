// Hosts, listeners, dials.
#include "support/sim_network.h"

#include <algorithm>

#include "support/sim_stream.h"

namespace sallyport::test {

namespace {

class SimListener final : public io::Listener {
public:
    explicit SimListener(std::shared_ptr<SimPort> port) : port_{std::move(port)} {}
    [[nodiscard]] Endpoint endpoint() const override { return port_->at; }

private:
    std::shared_ptr<SimPort> port_;
};

class SimDial final : public io::Dial {
public:
    explicit SimDial(std::shared_ptr<io::OnDialled> callback) : callback_{std::move(callback)} {}
    ~SimDial() override { *callback_ = nullptr; }
    SimDial(const SimDial&) = delete;
    SimDial& operator=(const SimDial&) = delete;

private:
    std::shared_ptr<io::OnDialled> callback_;
};

bool is_any(const IpAddress& address) {
    return std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

void answer(io::OnDialled& callback, Result<std::unique_ptr<io::Stream>> result) {
    if (!callback) return;
    const io::OnDialled once = std::exchange(callback, nullptr);
    once(std::move(result));
}

}  // namespace

void SimFabric::remove_host(const SimNetwork* host) {
    std::erase_if(hosts_, [host](const auto& entry) { return entry.second == host; });
}

std::shared_ptr<SimPort> SimFabric::find_port(const Endpoint& to) {
    std::vector<std::shared_ptr<SimPort>> found;
    for (const auto& weak : ports_) {
        const auto port = weak.lock();
        if (!port || port->at.port != to.port) continue;
        const bool any =
            is_any(port->at.address) && port->at.address.v6 == to.address.v6 && port->host->owns(to.address);
        if (any || port->at.address == to.address) found.push_back(port);
    }
    return found.empty() ? nullptr : found[turn_++ % found.size()];
}

SimFabric::Pair SimFabric::pair(const IpAddress& one, const IpAddress& other) {
    return {std::min(one, other), std::max(one, other)};
}

void SimFabric::block(const IpAddress& one, const IpAddress& other, bool blocked) {
    if (blocked) {
        blocked_.insert(pair(one, other));
    } else {
        blocked_.erase(pair(one, other));
    }
}

bool SimFabric::blocked(const IpAddress& one, const IpAddress& other) const {
    return blocked_.count(pair(one, other)) > 0;
}

void SimFabric::set_latency(const IpAddress& one, const IpAddress& other, Duration latency) {
    latencies_[pair(one, other)] = latency;
}

Duration SimFabric::latency(const IpAddress& one, const IpAddress& other) const {
    const auto found = latencies_.find(pair(one, other));
    return found == latencies_.end() ? std::chrono::milliseconds{1} : found->second;
}

void SimFabric::reset_streams(const IpAddress& address) {
    const auto ends = ends_;
    for (const auto& weak : ends) {
        const auto end = weak.lock();
        if (end && (end->local().address == address || end->remote().address == address)) end->break_off("reset");
    }
}

void SimFabric::break_tls(const IpAddress& address) {
    const auto ends = ends_;
    for (const auto& weak : ends) {
        const auto end = weak.lock();
        if (end && end->local().address == address) end->write_beside_tls("no TLS");
    }
}

SimNetwork::SimNetwork(SimWorld& world, const std::vector<std::string>& addresses) : fabric_{world.fabric()} {
    for (const std::string& text : addresses) {
        addresses_.push_back(*IpAddress::parse(text));
        fabric_.add_host(addresses_.back(), this);
    }
}

SimNetwork::~SimNetwork() { fabric_.remove_host(this); }

std::unique_ptr<io::Stream> SimNetwork::join(std::unique_ptr<io::MovingStream> moving) {
    return std::move(static_cast<SimMoving&>(*moving).stream);
}

bool SimNetwork::owns(const IpAddress& address) const {
    return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
}

Result<std::unique_ptr<io::Listener>> SimNetwork::listen(const Endpoint& at, io::Proxies, io::OnAccept on_accept) {
    if (!is_any(at.address) && !owns(at.address))
        return Error{"listen-failed", at.text() + ": not an address of this host"};
    auto port = std::make_shared<SimPort>();
    port->at = at;
    if (at.port == 0) port->at.port = fabric_.fresh_port();
    port->host = this;
    port->on_accept = std::move(on_accept);
    fabric_.add_port(port);
    return std::unique_ptr<io::Listener>{std::make_unique<SimListener>(std::move(port))};
}

std::unique_ptr<io::Dial> SimNetwork::dial(const Endpoint& to, const IpAddress* source, Duration timeout,
                                           io::OnDialled on_dialled) {
    auto callback = std::make_shared<io::OnDialled>(std::move(on_dialled));
    Endpoint from{source == nullptr ? addresses_.front() : *source, fabric_.fresh_port()};
    if (source == nullptr) {
        for (const IpAddress& mine : addresses_) {
            if (mine.v6 == to.address.v6) {
                from.address = mine;
                break;
            }
        }
    }
    SimLoop& loop = fabric_.loop();
    const Duration there_and_back = 2 * fabric_.latency(from.address, to.address);
    const bool reachable = fabric_.has_host(to.address) && !fabric_.blocked(from.address, to.address);
    if (!reachable || there_and_back > timeout) {
        loop.at(loop.now() + timeout, [callback, to] {
            answer(*callback, Error{"connect-timed-out", to.text() + ": Connection timed out"});
        });
        return std::make_unique<SimDial>(callback);
    }
    loop.at(loop.now() + there_and_back, [callback, to, from, &fabric = fabric_] {
        if (!*callback) return;
        const auto port = fabric.find_port(to);
        if (!port) return answer(*callback, Error{"connect-refused", to.text() + ": Connection refused"});
        auto [client, server] = SimEnd::connect(fabric, from, to);
        port->on_accept(std::move(server));
        answer(*callback, std::move(client));
    });
    return std::make_unique<SimDial>(callback);
}

}  // namespace sallyport::test
