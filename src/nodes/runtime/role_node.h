// What edge, core and presence node have in common as processes: the runtime, the certificates, the answers that do not
// depend on the role, and the way from the node's file to a running node. A role says what it prepares, starts and
// ends.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/api/desk_nodes.h"
#include "admin/api/node_control.h"
#include "admin/api/shared_status.h"
#include "nodes/runtime/certificates.h"
#include "nodes/runtime/node_parts.h"
#include "nodes/runtime/provisioning.h"
#include "nodes/runtime/runtime.h"
#include "nodes/runtime/shard_parts.h"
#include "services/diagnostics/handshake_journal.h"

namespace sallyport::nodes {

class RoleNode : public admin::NodeControl {
public:
    /// Everything but threads and listeners. Errors of key material and databases.
    [[nodiscard]] virtual Result<void> prepare() = 0;
    /// Starts the threads and opens every listener. Errors: "listen-failed".
    [[nodiscard]] virtual Result<void> start() = 0;
    /// Closes all streams and links in order; then calls `on_quiet`.
    virtual void when_quiet(std::function<void()> on_quiet) = 0;
    /// Ends the threads; a role does it before anything of its own goes.
    void stop();
    [[nodiscard]] Runtime& runtime() { return *runtime_; }

    [[nodiscard]] const config::NodeFile& file() const override { return runtime_->file(); }
    [[nodiscard]] services::SettingsService& settings() override { return runtime_->settings(); }
    [[nodiscard]] services::AlarmBoard& alarms() override { return runtime_->alarms(); }
    [[nodiscard]] admin::AccessDesk* access() override { return &runtime_->access(); }
    void status(OnStatus on_status) override { status_.ask(std::move(on_status)); }
    void brief_status(OnStatus on_status) override { gather_status(admin::Depth::brief, std::move(on_status)); }
    [[nodiscard]] io::Loop& loop() override { return runtime_->control(); }
    [[nodiscard]] io::Network& network() override { return runtime_->network(); }
    [[nodiscard]] io::Resolver& resolver() override { return runtime_->resolver(); }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> client_tls() override { return tls_.client; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> direct_client_tls() override { return tls_.direct_client; }
    [[nodiscard]] std::vector<io::LogEvent> events(std::uint64_t after, std::size_t most) override {
        return runtime_->log().events(after, most);
    }
    [[nodiscard]] services::Diagnostics* diagnostics() override { return &runtime_->diagnostics(); }
    [[nodiscard]] std::vector<config::FileChange> reload_changes() override { return runtime_->reload_changes(); }
    [[nodiscard]] history::History* history() override { return &runtime_->history(); }
    [[nodiscard]] admin::DeskNodes* desk_nodes() override { return desk_nodes_.get(); }
    /// Linked nodes are told of this one from now on, until stop().
    void open_desk();
    [[nodiscard]] admin::HostFacts& host() override { return runtime_->host(); }
    [[nodiscard]] bool beside(std::function<void()> work, std::function<void()> then) override {
        return runtime_->beside(std::move(work), std::move(then));
    }

protected:
    explicit RoleNode(std::unique_ptr<Runtime> runtime) : runtime_{std::move(runtime)} {}
    virtual void gather_status(admin::Depth depth, std::function<void(admin::NodeStatus)> on_status) = 0;
    /// Tells what there is to be told of nodes to all that are linked.
    virtual void tell_nodes(const std::vector<link::NodeNews>& nodes, bool again) = 0;
    /// For LinkParts::on_node.
    [[nodiscard]] std::function<void(const link::NodeNews&)> hears_of_nodes();
    void start_threads();
    /// Of S2S, by the file as it is now, and of the router link; both or none.
    [[nodiscard]] Result<void> make_tls(const std::function<Result<std::string>(const std::string&)>& mint);
    /// Those that are in use; looked at anew when others are.
    [[nodiscard]] const std::vector<admin::OwnCertificate>& certificates();

    std::unique_ptr<Runtime> runtime_;
    S2sTls tls_;  ///< a presence node dials with it in `check tls` only
    std::shared_ptr<const io::TlsContext> link_tls_;

private:
    struct Shown {
        std::shared_ptr<const io::TlsContext> server, link;
        std::vector<admin::OwnCertificate> all;
    };
    Shown shown_;
    bool running_ = false;
    std::unique_ptr<admin::DeskNodes> desk_nodes_;
    admin::SharedStatus status_{runtime_->control(),
                                [this](auto then) { gather_status(admin::Depth::whole, std::move(then)); }};
};

/// A role whose shards speak S2S.
template <typename Shard>
class S2sNode : public RoleNode {
public:
    void ping(const xmpp::DomainPair& pair, std::function<void(Result<Duration>)> on_pinged) override {
        ping_from(*runtime_, shards_, pair, std::move(on_pinged));
    }
    void close(const xmpp::Domain& remote, std::function<void(unsigned)> on_closed) override {
        close_on_all(*runtime_, shards_, remote, std::move(on_closed));
    }
    void trace(const s2s::TraceOrder& order, std::function<void(Result<void>)> on_set) override {
        trace_on_all(*runtime_, shards_, order, std::move(on_set));
    }
    void verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) override {
        find_verdict(*runtime_, shards_, id, std::move(on_verdict));
    }
    void refusal(const s2s::AskedMessage& message,
                 std::function<void(std::optional<xmpp::StanzaError>)> on_refusal) override {
        ask_pools(*runtime_, shards_, message, std::move(on_refusal));
    }
    [[nodiscard]] const record::Archive* handshakes() override { return &handshakes_.archive(); }

protected:
    explicit S2sNode(std::unique_ptr<Runtime> runtime)
        : RoleNode{std::move(runtime)},
          ledger_{runtime_->file().limits},
          handshakes_{runtime_->file().node.data + "/handshakes.db", runtime_->file().limits, runtime_->control(),
                      Logger{runtime_->log(), LogModule::node}} {}

    /// What its shards take from the file and from this node.
    void fill(S2sParts& parts) {
        fill_link(runtime_->file(), runtime_->instance(), link_tls_, parts);
        parts.on_node = hears_of_nodes();
        fill_s2s(runtime_->file(), tls_, parts);
        parts.to_control = [runtime = runtime_.get()](std::function<void()> work) {
            runtime->control().post(std::move(work));
        };
        parts.on_handshake = [this](const record::Handshake& handshake) {
            handshakes_.add(handshake);
            runtime_->history().count_handshake(handshake.peer, handshake.good);
        };
    }
    /// The file was read again: each shard takes what is new of S2S, then what the role has for it, on its own thread.
    void renew_shards(const std::function<void(Shard&)>& of_role) {
        const s2s::DialSettings dial = dial_settings_of(runtime_->file());
        for (auto& shard : shards_) {
            runtime_->bus().run_on(shard->shard().index, [one = shard.get(), tls = tls_, dial, of_role] {
                renew(tls, dial, one->s2s());
                of_role(*one);
            });
        }
    }
    [[nodiscard]] Result<void> make_provisioning() {
        auto made = Provisioning::make(*runtime_);
        if (!made) return made.error();
        provisioning_ = std::move(*made);
        return {};
    }
    /// What status tells of streams, on the thread of the shard; nothing when it is to be brief.
    [[nodiscard]] admin::NodeStatus streams_of(std::size_t index, admin::Depth depth) {
        admin::NodeStatus part;
        if (depth == admin::Depth::brief) return part;
        part.counters = shards_[index]->records().counted();
        part.tables = shards_[index]->tables();
        part.streams = shards_[index]->s2s().streams();
        part.destinations = shards_[index]->s2s().pool().destinations();
        return part;
    }
    [[nodiscard]] admin::NodeStatus joined_status(std::vector<admin::NodeStatus> parts, admin::Depth depth) {
        admin::NodeStatus all = joined(std::move(parts));
        fill_common(*runtime_, depth, all);
        all.certificates = certificates();
        all.federation_enabled = runtime_->settings().snapshot()->enabled;
        if (depth == admin::Depth::brief) return all;
        all.ledger = ledger_.totals();
        ledger_.tables(all.tables, all.now);
        handshakes_.archive().tables(all.tables);
        return all;
    }

    routing::Ledger ledger_;
    services::HandshakeJournal handshakes_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::unique_ptr<Provisioning> provisioning_;  ///< null: not configured
};

/// Opens the admin socket, starts the node, tells systemd, and runs the control loop until SIGTERM or SIGINT; SIGHUP
/// reloads. The process's exit status.
[[nodiscard]] int serve(RoleNode& node);

/// Tells on standard error why the node does not start. The exit status.
[[nodiscard]] int cannot_start(const std::string& config_file, const Error& why);

/// `sallyport edge|core|presence --config FILE`: the node in the foreground. The process's exit status: 2 for a file
/// with errors, 1 when it could not start.
template <std::derived_from<RoleNode> Node>
[[nodiscard]] int run_node(const std::string& config_file) {
    auto file = load_node_file(config_file, Node::role);
    if (!file) return 2;
    auto runtime = Runtime::make(std::move(*file));
    if (!runtime) return cannot_start(config_file, runtime.error());
    Node node{std::move(*runtime)};
    if (const auto prepared = node.prepare(); !prepared) return cannot_start(config_file, prepared.error());
    return serve(node);
}

}  // namespace sallyport::nodes
