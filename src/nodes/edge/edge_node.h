// The edge as a process: shards, listeners, settings, admin socket.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "io/net/listeners.h"
#include "nodes/edge/edge_shard.h"
#include "nodes/runtime/role_node.h"

namespace sallyport::nodes {

class EdgeNode final : public S2sNode<EdgeShard> {
public:
    static constexpr config::Role role = config::Role::edge;
    explicit EdgeNode(std::unique_ptr<Runtime> runtime) : S2sNode{std::move(runtime)} {}
    ~EdgeNode() override { stop(); }

    [[nodiscard]] Result<void> prepare() override;
    [[nodiscard]] Result<void> start() override;
    void when_quiet(std::function<void()> on_quiet) override;
    [[nodiscard]] std::vector<std::string> reload() override;

private:
    void gather_status(admin::Depth depth, std::function<void(admin::NodeStatus)> on_status) override;
    void tell_nodes(const std::vector<link::NodeNews>& nodes, bool again) override;
    void place_link(std::unique_ptr<io::Stream> stream);

    std::vector<std::unique_ptr<std::atomic<int>>> links_;  ///< connections placed on each shard
    io::Listeners link_listeners_;
};

}  // namespace sallyport::nodes
