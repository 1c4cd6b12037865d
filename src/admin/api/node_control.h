// What the admin floor may know of a node and ask of it: values and commands, never a connection. Implemented by the
// nodes; called on the control thread, answers come on the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "admin/judge/node_status.h"
#include "io/dns/resolver.h"
#include "io/log/node_log.h"
#include "io/net/stream.h"
#include "io/store/presence_store.h"
#include "model/config/file_changes.h"
#include "model/config/node_file.h"
#include "services/alarms/alarm_board.h"
#include "services/im/client_desk.h"
#include "services/im/directory.h"
#include "services/record/archive.h"
#include "services/record/verdicts.h"
#include "services/s2s/pool_word.h"
#include "services/s2s/stanza_trace.h"
#include "services/settings/settings_service.h"

namespace sallyport::axl {
class SqlDesk;
class UserDesk;
}  // namespace sallyport::axl
namespace sallyport::provision {
class Provisioner;
}
namespace sallyport::services {
struct Diagnostics;
}
namespace sallyport::history {
class History;
}

namespace sallyport::admin {

class AccessDesk;
class DeskNodes;

class NodeControl {
public:
    virtual ~NodeControl() = default;
    [[nodiscard]] virtual const config::NodeFile& file() const = 0;
    [[nodiscard]] virtual services::SettingsService& settings() = 0;
    [[nodiscard]] virtual services::AlarmBoard& alarms() = 0;
    /// Database and AXL users of a presence node; null on others.
    [[nodiscard]] virtual axl::SqlDesk* sql() { return nullptr; }
    [[nodiscard]] virtual axl::UserDesk* axl_users() { return nullptr; }
    /// Of a core; null on others.
    [[nodiscard]] virtual provision::Provisioner* provisioner() { return nullptr; }
    /// Accounts, tokens, sessions and audit; null where there are none (tests).
    [[nodiscard]] virtual AccessDesk* access() { return nullptr; }
    using OnStatus = std::function<void(const NodeStatus&)>;
    /// Everything, gathered after the call; who asks often shares it with others (SharedStatus).
    virtual void status(OnStatus on_status) = 0;
    /// The same, but brief (Depth): for who asks every few seconds. Not shared.
    virtual void brief_status(OnStatus on_status) = 0;
    /// XEP-0199 through the whole live path from a domain of ours.
    virtual void ping(const xmpp::DomainPair& pair, std::function<void(Result<Duration>)> on_pinged) = 0;
    /// Closes streams with `remote`; how many.
    virtual void close(const xmpp::Domain& remote, std::function<void(unsigned)> on_closed) = 0;
    /// Shows the stanzas of a pair in the log for a while. Errors: "verb-role" where no streams of peers are.
    virtual void trace(const s2s::TraceOrder&, std::function<void(Result<void>)> on_set) {
        on_set(Error{"verb-role", "only an edge or a core has streams of peers"});
    }
    /// For live probes.
    [[nodiscard]] virtual io::Loop& loop() = 0;
    [[nodiscard]] virtual io::Network& network() = 0;
    [[nodiscard]] virtual io::Resolver& resolver() = 0;
    [[nodiscard]] virtual std::shared_ptr<const io::TlsContext> client_tls() = 0;
    /// For Direct TLS (XEP-0368).
    [[nodiscard]] virtual std::shared_ptr<const io::TlsContext> direct_client_tls() = 0;
    /// Entries of the event log after number `after`, oldest first, at most the `most` latest.
    [[nodiscard]] virtual std::vector<io::LogEvent> events(std::uint64_t after, std::size_t most) = 0;
    /// Log levels, the event log on disk, captures, diagnostic logs; null where there are none.
    [[nodiscard]] virtual services::Diagnostics* diagnostics() { return nullptr; }
    /// What the node's figures were over time; null where there is none (tests).
    [[nodiscard]] virtual history::History* history() { return nullptr; }
    /// What the watch saw of the host; a status has a copy of it. Nobody else writes to it.
    [[nodiscard]] virtual HostFacts& host() = 0;
    /// Runs `work` where disks are waited for, and then `then` on the control thread. False: too much is under way
    /// there, and neither runs. Here at once (tests).
    [[nodiscard]] virtual bool beside(std::function<void()> work, std::function<void()> then) {
        work();
        then();
        return true;
    }
    /// The accounts of users, where the node has any; null elsewhere.
    [[nodiscard]] virtual im::Directory* users() { return nullptr; }
    /// Who of them is online; null where there are none.
    [[nodiscard]] virtual im::ClientDesk* clients() { return nullptr; }
    /// This node and those it works with; null where there are none (tests), and before the node has started.
    [[nodiscard]] virtual DeskNodes* desk_nodes() { return nullptr; }
    /// Certificates and the node's file are read again (as SIGHUP does). The errors, one sentence each.
    [[nodiscard]] virtual std::vector<std::string> reload() = 0;
    /// What the latest such reading changed, and what waits for a restart.
    [[nodiscard]] virtual std::vector<config::FileChange> reload_changes() { return {}; }
    /// The recorded handshakes; null where there are none to record.
    [[nodiscard]] virtual const record::Archive* handshakes() { return nullptr; }
    /// What was refused under this id; nothing when it was never given, or is forgotten.
    virtual void verdict(const std::string&, std::function<void(std::optional<record::Verdict>)> on_verdict) {
        on_verdict(std::nullopt);
    }
    /// What the pool that would take the message answers to it at once; nothing: it would be taken. Nothing is sent,
    /// and the rules are not asked. Where no streams of peers are, there is nothing to refuse it.
    virtual void refusal(const s2s::AskedMessage&, std::function<void(std::optional<xmpp::StanzaError>)> on_refusal) {
        on_refusal(std::nullopt);
    }
    /// What the administrator should know, newest first. Errors: "verb-role" on other nodes, those of the store.
    [[nodiscard]] virtual Result<std::vector<io::Notification>> notifications() { return presence_only(); }
    /// Begins the router anew, with the table and the file as they are now; nothing else is interrupted. Errors: as
    /// above.
    [[nodiscard]] virtual Result<void> restart_router() { return presence_only(); }

protected:
    [[nodiscard]] static Error presence_only() { return {"verb-role", "only a presence node can do this"}; }
};

}  // namespace sallyport::admin
