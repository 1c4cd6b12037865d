// A service of this node to which domains belong: attached components, embedded users. The node's router hands it what
// is for its domains, and gets from it what its domains say.
#pragma once

#include <string_view>
#include <vector>

#include "proto/xmpp/jid.h"
#include "proto/xmpp/stanza.h"
#include "services/routing/ticket.h"

namespace sallyport::routing {

class LocalService {
public:
    virtual ~LocalService() = default;
    [[nodiscard]] virtual bool owns(std::string_view domain) const = 0;
    [[nodiscard]] virtual std::vector<xmpp::Domain> domains() const = 0;
    /// Takes a stanza for a domain of its own: delivers it or answers it with an error, then settles the ticket.
    virtual void send(const xmpp::Stanza& stanza, const Ticket& ticket) = 0;
    /// Back-pressure: what its domains say has nowhere to go for the moment, so it reads no more of it.
    virtual void hold(bool held) = 0;
    virtual void shut() = 0;
};

}  // namespace sallyport::routing
