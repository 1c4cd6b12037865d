// External components that attach to a core or a presence node (XEP-0114): one TCP listener, a domain and a secret
// each. A domain belongs to the connection that authenticated for it last; what an older one was given and has not
// taken goes to that one, or back to its senders.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/doorway.h"
#include "base/limits.h"
#include "base/tables.h"
#include "io/net/listeners.h"
#include "proto/link/component.h"
#include "services/components/delivery.h"
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
    /// To the component of the stanza's `to`; bounced while it is not attached, and when too much waits for it.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;
    void hold(bool held) override;
    void shut() override;
    /// Nothing is on its way to a component.
    [[nodiscard]] bool idle() const;
    /// How full is what outlives a connection.
    void tables(TableFills& all) const;
    [[nodiscard]] std::size_t connections() const { return streams_.size(); }
    [[nodiscard]] std::vector<Status> status() const;
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return listeners_.endpoints(); }

private:
    friend class ComponentStream;
    /// What one domain has.
    struct Desk {
        ComponentStream* stream = nullptr;  ///< that authenticated last; null: none is attached
        Queue queue;
    };

    void accept(std::unique_ptr<io::Stream> stream);
    void attached(ComponentStream& stream);
    /// It takes nothing more; gone() follows.
    void ending(ComponentStream& stream);
    void gone(ComponentStream& stream, std::deque<Waiting> in_doubt, std::deque<Waiting> untaken);
    void flush(std::string_view domain);
    [[nodiscard]] Desk* desk(std::string_view domain);
    /// An older connection may still deliver what it was given: nothing overtakes that.
    [[nodiscard]] bool waits_for_another(const ComponentStream& stream) const;
    void give_back(const Waiting& waiting, const xmpp::StanzaError& error);

    ServerContext context_;
    Logger log_;
    Doorway doorway_;
    Duration patience_;  ///< of a stanza that waits
    std::map<std::string, Desk, std::less<>> desks_;
    io::Listeners listeners_;
    std::vector<std::unique_ptr<ComponentStream>> streams_, dead_;
    bool held_ = false, stopping_ = false;
};

}  // namespace sallyport::components
