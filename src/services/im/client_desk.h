// Who is online, for an administrator: asked on the control thread and answered there, later. The node implements it,
// for the users' service is on the thread of a shard.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/im/online.h"

namespace sallyport::im {

class ClientDesk {
public:
    virtual ~ClientDesk() = default;
    using OnPage = std::function<void(OnlinePage)>;
    using OnEnded = std::function<void(Result<void>)>;
    using OnRefused = std::function<void(std::vector<RefusedLogin>)>;

    /// A page that is as full as it can be: the service is asked again, turn by turn, until it is.
    virtual void page(OnlineQuery query, OnPage on_page) = 0;
    /// Ends the session of `jid`, which has a resource; with a number only if it is that one. Errors:
    /// "client-malformed", and those of Service::end_client.
    virtual void end(std::string_view jid, std::uint64_t number, OnEnded on_ended) = 0;
    virtual void refused(std::size_t most, OnRefused on_refused) = 0;
};

}  // namespace sallyport::im
