// The core's side of the provisioning connections: each edge of the file is kept dialled, with growing, jittered
// delays. A host key other than the pinned one is an alarm, and nothing of ours is shown to such a host.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"
#include "io/dns/resolver.h"
#include "io/net/stream.h"
#include "io/ssh/ssh_node.h"
#include "services/alarms/alarm_board.h"
#include "services/replicate/replicator.h"

namespace sallyport::services {

struct SshTarget {
    HostPort address;
    std::string name;  ///< of the edge
    io::SshKey key, host_key;
};

class SshDialler {
public:
    struct Parts {
        io::Loop& loop;
        io::Network& network;
        io::Resolver& resolver;
        io::SshNode& ssh;
        AlarmBoard& alarms;
        Replicator& replicator;
        std::function<std::uint64_t(std::uint64_t)> random_below;
        std::uint64_t login_seconds;
        Logger log;
    };

    SshDialler(Parts parts, std::vector<SshTarget> targets);
    ~SshDialler();
    SshDialler(const SshDialler&) = delete;
    SshDialler& operator=(const SshDialler&) = delete;

    void start();

private:
    struct Dialling;

    void resolve(Dialling& dialling);
    void connect(Dialling& dialling, const IpAddress& address);
    void handshake(Dialling& dialling, std::unique_ptr<io::Stream> stream);
    void opened(Dialling& dialling, std::unique_ptr<io::ByteChannel> channel, const io::SshFar& far);
    void failed(Dialling& dialling, const Error& error);
    void down(const std::string& name, const std::string& why);
    void retry_later(Dialling& dialling);

    Parts parts_;
    std::vector<std::unique_ptr<Dialling>> diallings_;
};

}  // namespace sallyport::services
