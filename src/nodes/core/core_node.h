// The core as a process: shards, inside listeners, dialled links, settings, admin socket.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/lasting_steps.h"
#include "io/tls/inside_ca.h"
#include "nodes/core/core_shard.h"
#include "nodes/runtime/role_node.h"
#include "services/provision/provisioner.h"

namespace sallyport::nodes {

class CoreNode final : public S2sNode<CoreShard> {
public:
    static constexpr config::Role role = config::Role::core;
    explicit CoreNode(std::unique_ptr<Runtime> runtime) : S2sNode{std::move(runtime)} {}
    ~CoreNode() override;

    [[nodiscard]] Result<void> prepare() override;
    [[nodiscard]] Result<void> start() override;
    void when_quiet(std::function<void()> on_quiet) override;
    [[nodiscard]] std::vector<std::string> reload() override;
    [[nodiscard]] provision::Provisioner* provisioner() override { return provisioner_.get(); }

private:
    void gather_status(admin::Depth depth, std::function<void(admin::NodeStatus)> on_status) override;
    void tell_nodes(const std::vector<link::NodeNews>& nodes, bool again) override;
    [[nodiscard]] Result<void> make_all_tls();
    /// Errors: those of TLS material.
    [[nodiscard]] Result<void> make_provisioner();
    /// Errors: those of its database and key.
    [[nodiscard]] Result<void> open_provisioner();
    [[nodiscard]] Result<void> recover_provisioner();
    void feed_provisioner();
    void take_first_servers();
    /// What this core knows of the presence side: AXL, and what the routers have loaded.
    [[nodiscard]] std::vector<ChainStep> own_steps();
    void watch_routers();
    /// From a shard: what routers have loaded may have changed.
    void routers_changed();
    /// The edges as this core's own settings and file know them.
    [[nodiscard]] std::vector<provision::EdgeState> own_edges(const config::Settings& settings) const;
    [[nodiscard]] static Limits inside_limits(Limits limits);

    std::unique_ptr<io::InsideCa> authority_;
    std::unique_ptr<provision::Provisioner> provisioner_;  ///< null: its database cannot be used
    std::unique_ptr<Recovery> provision_recovery_;
    std::map<std::string, std::vector<std::string>> routers_;  ///< realm -> what its router has loaded; joined ones
    std::set<std::string> router_sessions_;                    ///< of those links
    std::unique_ptr<io::Timer> router_watch_;
    TimePoint routers_watched_at_{};
    std::atomic<bool> routers_changed_ = false;  ///< and the control thread has not looked yet
    LastingSteps router_steps_;
};

}  // namespace sallyport::nodes
