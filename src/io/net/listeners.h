// The listeners of one owner, and where they listen.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "io/net/stream.h"

namespace sallyport::io {

class Listeners {
public:
    /// One more. Errors: those of Network::listen.
    [[nodiscard]] Result<void> open(Network& network, const Endpoint& at, OnAccept on_accept, Proxies proxies = {}) {
        auto listener = network.listen(at, std::move(proxies), std::move(on_accept));
        if (!listener) return listener.error();
        endpoints_.push_back((*listener)->endpoint());
        open_.push_back(std::move(*listener));
        return {};
    }
    /// Nothing is accepted any more. Where it was stays known.
    void close() { open_.clear(); }
    /// Of all that were opened, with the ports that the system chose.
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

private:
    std::vector<std::unique_ptr<Listener>> open_;
    std::vector<Endpoint> endpoints_;
};

}  // namespace sallyport::io
