// The presence node as a process: one data shard, the link listener, components, the database with xmpps2snodes and
// notifications, settings, admin socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/api/node_control.h"
#include "admin/api/shared_status.h"
#include "nodes/presence/axl_part.h"
#include "nodes/presence/presence_shard.h"
#include "nodes/runtime/certificates.h"
#include "nodes/runtime/runtime.h"
#include "services/presence/notifications.h"
#include "services/presence/router_control.h"

namespace sallyport::nodes {

class PresenceNode final : public admin::NodeControl {
public:
    /// Everything but threads and listeners. Errors of TLS material.
    static Result<std::unique_ptr<PresenceNode>> make(std::unique_ptr<Runtime> runtime);
    ~PresenceNode() override;

    /// Starts the thread and opens every listener. Errors: "listen-failed".
    [[nodiscard]] Result<void> start();
    /// Orderly end: streams are closed, then the thread.
    void stop();
    /// All links and components are closed.
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
    [[nodiscard]] std::shared_ptr<const io::TlsContext> client_tls() override { return probe_tls_.client; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> direct_client_tls() override {
        return probe_tls_.direct_client;
    }
    [[nodiscard]] std::vector<io::LogEvent> events(std::uint64_t after, std::size_t most) override {
        return runtime_->log().events(after, most);
    }
    [[nodiscard]] services::Diagnostics* diagnostics() override { return &runtime_->diagnostics(); }
    [[nodiscard]] std::vector<std::string> reload() override;
    [[nodiscard]] Result<std::vector<io::Notification>> notifications() override { return notifications_->list(); }
    [[nodiscard]] im::Directory* users() override { return directory_.get(); }
    void verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) override;
    [[nodiscard]] Result<void> restart_router() override { return router_->restart(); }
    [[nodiscard]] axl::SqlDesk* sql() override { return &axl_->sql(); }
    [[nodiscard]] axl::UserDesk* axl_users() override { return &axl_->users(); }
    [[nodiscard]] Runtime& runtime() { return *runtime_; }

private:
    explicit PresenceNode(std::unique_ptr<Runtime> runtime);
    [[nodiscard]] Result<void> prepare();
    void gather_status(std::function<void(admin::NodeStatus)> on_status);
    [[nodiscard]] Result<void> open_store();
    [[nodiscard]] Result<void> put_aside(const std::string& path, const Error& damage);
    [[nodiscard]] Result<std::optional<UserParts>> open_users();
    void make_router();
    [[nodiscard]] std::vector<ChainStep> chain(const admin::NodeStatus& status);
    [[nodiscard]] Result<void> listen_for_links(const std::vector<Endpoint>& wanted);
    /// What the file says of name and link comes into force, and every link begins anew.
    [[nodiscard]] Result<void> restart_links();
    /// Work on the data thread.
    void on_data(std::function<void()> work);

    std::unique_ptr<Runtime> runtime_;
    S2sTls probe_tls_;  ///< only `check tls` dials with it
    std::shared_ptr<const io::TlsContext> link_tls_;
    std::string link_material_;  ///< digest of certificate, key and trust in force
    std::optional<io::PresenceStore> store_;
    std::unique_ptr<AxlPart> axl_;
    std::unique_ptr<presence::Notifications> notifications_;
    std::unique_ptr<presence::RouterControl> router_;
    std::shared_ptr<io::UserStore> users_reader_;  ///< what log-ins read, while the directory's waits for the disk
    std::unique_ptr<im::Directory> directory_;     ///< null: no users
    /// Null: no users. They end before what they answer to.
    std::unique_ptr<io::WorkThread> users_hashing_, users_writing_, users_reading_;
    std::unique_ptr<PresenceShard> shard_;
    struct LinkListener {
        Endpoint wanted;
        std::unique_ptr<io::Listener> listener;
    };
    std::vector<LinkListener> link_listeners_;
    bool running_ = false;
    admin::SharedStatus status_{runtime_->control(), [this](auto then) { gather_status(std::move(then)); }};
};

}  // namespace sallyport::nodes
