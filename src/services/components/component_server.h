// External components that attach to a core or a presence node (XEP-0114): one TCP listener, a domain and a secret
// each. A domain belongs to the connection that authenticated for it last; what an older one was given and has not
// taken goes to that one. It waits a moment for it where there is none yet, and then goes back to its senders.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
    /// To the component of the stanza's `to`; bounced when too much waits for it, and while it is not attached, unless
    /// it was a moment ago.
    void send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) override;
    void hold(bool held) override;
    /// The node is going to stop: what waits for a component that is away is returned while there is a way to do so.
    void quiesce();
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
        TimePoint back_by{};  ///< without a stream: what waits does so for the next one until then
    };

    void accept(std::unique_ptr<io::Stream> stream);
    void attached(ComponentStream& stream);
    /// It takes nothing more; gone() follows.
    void ending(ComponentStream& stream);
    void gone(ComponentStream& stream, Held held);
    /// The first of what was not taken, where the component has ended two connections at it.
    [[nodiscard]] static std::optional<Waiting> culprit_of(Held& held);
    void return_culprit(const Waiting& culprit, const Held& held, std::string_view domain);
    /// It was attached a moment ago.
    [[nodiscard]] bool may_come_back(const Desk& desk) const;
    /// Gives back what waited for a component that did not come back, and looks again when the next one is due.
    void return_unclaimed();
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
    std::unique_ptr<io::Timer> returner_;
    bool held_ = false, stopping_ = false;
};

}  // namespace sallyport::components
