// External components that attach to a core or a presence node (XEP-0114): one TCP listener, a domain and a secret
// each.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "proto/link/component.h"
#include "services/routing/local_service.h"
#include "services/routing/shard.h"

namespace sallyport::components {

struct ServerContext {
    routing::Shard& shard;
    std::map<xmpp::Domain, std::string> secrets{};  ///< domain -> secret
    Limits limits{};
    routing::Router* router = nullptr;
    std::function<void(const xmpp::Stanza&, const xmpp::StanzaError&, const routing::Ticket&)> bounce{};
};

struct Status {
    std::string domain, remote_address;
    std::uint64_t stanzas_in = 0, stanzas_out = 0;
};

class ComponentStream;

class ComponentServer final : public routing::LocalService {
public:
    explicit ComponentServer(ServerContext context);
    ~ComponentServer() override;

    /// Errors: "listen-failed".
    [[nodiscard]] Result<void> listen(const Endpoint& at);
    /// The domain belongs to a component, attached or not.
    [[nodiscard]] bool owns(std::string_view domain) const override;
    [[nodiscard]] std::vector<xmpp::Domain> domains() const override;
    /// To the component of the stanza's `to`; bounced while it is not attached.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;
    void hold(bool held) override;
    void shut() override;
    [[nodiscard]] std::size_t connections() const { return streams_.size(); }
    [[nodiscard]] std::vector<Status> status() const;
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

private:
    friend class ComponentStream;
    void gone(ComponentStream& stream);

    ServerContext context_;
    Logger log_;
    std::vector<std::unique_ptr<io::Listener>> listeners_;
    std::vector<Endpoint> endpoints_;
    std::vector<std::unique_ptr<ComponentStream>> streams_, dead_;
    bool held_ = false;
};

}  // namespace sallyport::components
