// The presence node as a process: one data shard, the link listener, components, the database with xmpps2snodes and
// notifications, settings, admin socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/lasting_steps.h"
#include "nodes/presence/axl_part.h"
#include "nodes/presence/presence_shard.h"
#include "nodes/presence/shard_clients.h"
#include "nodes/runtime/role_node.h"
#include "services/presence/notifications.h"
#include "services/presence/router_control.h"

namespace sallyport::nodes {

class PresenceNode final : public RoleNode {
public:
    static constexpr config::Role role = config::Role::presence;
    explicit PresenceNode(std::unique_ptr<Runtime> runtime) : RoleNode{std::move(runtime)} {}
    ~PresenceNode() override { stop(); }

    [[nodiscard]] Result<void> prepare() override;
    [[nodiscard]] Result<void> start() override;
    void when_quiet(std::function<void()> on_quiet) override;
    [[nodiscard]] std::vector<std::string> reload() override;
    void ping(const xmpp::DomainPair& pair, std::function<void(Result<Duration>)> on_pinged) override;
    void close(const xmpp::Domain& remote, std::function<void(unsigned)> on_closed) override;
    [[nodiscard]] Result<std::vector<io::Notification>> notifications() override { return notifications_->list(); }
    [[nodiscard]] im::Directory* users() override { return directory_.get(); }
    [[nodiscard]] im::ClientDesk* clients() override { return clients_.get(); }
    void verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) override;
    [[nodiscard]] Result<void> restart_router() override { return router_->restart(); }
    [[nodiscard]] axl::SqlDesk* sql() override { return &axl_->sql(); }
    [[nodiscard]] axl::UserDesk* axl_users() override { return &axl_->users(); }

private:
    void gather_status(admin::Depth depth, std::function<void(admin::NodeStatus)> on_status) override;
    void tell_nodes(const std::vector<link::NodeNews>& nodes, bool again) override;
    [[nodiscard]] Result<void> open_store();
    /// What the file says and the store has to hold.
    [[nodiscard]] Result<void> fill_store();
    void try_users(const Recovery::OnTried& on_tried);
    [[nodiscard]] Result<void> put_aside(const std::string& path, const Error& damage);
    [[nodiscard]] Result<std::optional<UserParts>> open_users();
    void make_router();
    [[nodiscard]] std::vector<ChainStep> chain(const admin::NodeStatus& status);
    [[nodiscard]] Result<void> listen_for_links(const std::vector<Endpoint>& wanted);
    /// What the file says of name and link comes into force, and every link begins anew.
    [[nodiscard]] Result<void> restart_links();
    /// Work on the data thread.
    void on_data(std::function<void()> work);

    std::string link_material_;  ///< digest of certificate, key and trust in force
    std::optional<io::PresenceStore> store_;
    std::unique_ptr<AxlPart> axl_;
    std::unique_ptr<presence::Notifications> notifications_;
    std::unique_ptr<presence::RouterControl> router_;
    LastingSteps steps_;
    std::shared_ptr<io::UserStore> users_reader_;  ///< what log-ins read, while the directory's waits for the disk
    std::unique_ptr<im::Directory> directory_;     ///< null: no users
    /// Null: no users. They end before what they answer to.
    std::unique_ptr<io::WorkThread> users_hashing_, users_writing_, users_reading_;
    std::unique_ptr<Recovery> store_recovery_, users_recovery_;
    std::unique_ptr<PresenceShard> shard_;
    std::unique_ptr<ShardClients> clients_;  ///< null: no users
    struct LinkListener {
        Endpoint wanted;
        std::unique_ptr<io::Listener> listener;
    };
    std::vector<LinkListener> link_listeners_;
};

}  // namespace sallyport::nodes
