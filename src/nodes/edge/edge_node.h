// The edge as a process: shards, listeners, settings, admin socket.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "admin/api/node_control.h"
#include "admin/api/shared_status.h"
#include "nodes/edge/edge_shard.h"
#include "nodes/runtime/certificates.h"
#include "nodes/runtime/provisioning.h"
#include "nodes/runtime/runtime.h"
#include "services/diagnostics/handshake_journal.h"

namespace sallyport::nodes {

class EdgeNode final : public admin::NodeControl {
public:
    /// Everything but threads and listeners. Errors of TLS material.
    static Result<std::unique_ptr<EdgeNode>> make(std::unique_ptr<Runtime> runtime);
    ~EdgeNode() override;

    /// Starts the threads and opens every listener. Errors: "listen-failed".
    [[nodiscard]] Result<void> start();
    /// Orderly end: streams are closed, then threads.
    void stop();
    /// All streams and links are closed.
    void when_quiet(std::function<void()> on_quiet);

    [[nodiscard]] const config::NodeFile& file() const override { return runtime_->file(); }
    [[nodiscard]] services::SettingsService& settings() override { return runtime_->settings(); }
    [[nodiscard]] services::AlarmBoard& alarms() override { return runtime_->alarms(); }
    [[nodiscard]] admin::AccessDesk* access() override { return &runtime_->access(); }
    void status(OnStatus on_status) override { status_.ask(std::move(on_status)); }
    void ping(const xmpp::DomainPair& pair, std::function<void(Result<Duration>)> on_pinged) override;
    void close(const xmpp::Domain& remote, std::function<void(unsigned)> on_closed) override;
    [[nodiscard]] io::Loop& loop() override { return runtime_->control(); }
    [[nodiscard]] io::Network& network() override { return runtime_->network(); }
    [[nodiscard]] io::Resolver& resolver() override { return runtime_->resolver(); }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> client_tls() override { return tls_.client; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> direct_client_tls() override { return tls_.direct_client; }
    [[nodiscard]] std::vector<io::LogEvent> events(std::uint64_t after, std::size_t most) override {
        return runtime_->log().events(after, most);
    }
    [[nodiscard]] services::Diagnostics* diagnostics() override { return &runtime_->diagnostics(); }
    [[nodiscard]] std::vector<std::string> reload() override;
    [[nodiscard]] const record::Archive* handshakes() override { return &handshakes_.archive(); }
    void verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) override;
    [[nodiscard]] Runtime& runtime() { return *runtime_; }

private:
    explicit EdgeNode(std::unique_ptr<Runtime> runtime);
    [[nodiscard]] Result<void> prepare();
    void gather_status(std::function<void(admin::NodeStatus)> on_status);
    void place_link(std::unique_ptr<io::Stream> stream);

    std::unique_ptr<Runtime> runtime_;
    routing::Ledger ledger_;
    services::HandshakeJournal handshakes_;
    S2sTls tls_;
    std::shared_ptr<const io::TlsContext> link_tls_;
    std::vector<std::unique_ptr<EdgeShard>> shards_;
    std::vector<std::unique_ptr<std::atomic<int>>> links_;  ///< connections placed on each shard
    std::vector<std::unique_ptr<io::Listener>> link_listeners_;
    std::vector<Endpoint> link_endpoints_;
    std::unique_ptr<Provisioning> provisioning_;  ///< null: not configured
    bool running_ = false;
    admin::SharedStatus status_{runtime_->control(), [this](auto then) { gather_status(std::move(then)); }};
};

}  // namespace sallyport::nodes
