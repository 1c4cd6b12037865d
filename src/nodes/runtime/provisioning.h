// The provisioning side of a node, where [ssh] configures it: SSH, replication, and on a core the dialler.
#pragma once

#include <memory>
#include <vector>

#include "admin/api/node_control.h"
#include "io/ssh/ssh_node.h"
#include "nodes/runtime/runtime.h"
#include "services/replicate/replicator.h"
#include "services/replicate/ssh_dialler.h"

namespace sallyport::nodes {

class Provisioning {
public:
    /// Null when the node's file does not ask for it. Errors of keys: "ssh-key".
    [[nodiscard]] static Result<std::unique_ptr<Provisioning>> make(Runtime& runtime);

    /// Listens, or dials. An address that cannot be had is an alarm: federation goes on without provisioning.
    void start();
    [[nodiscard]] std::vector<ChainStep> chain() const;
    [[nodiscard]] services::Replicator& replicator() { return *replicator_; }

private:
    explicit Provisioning(Runtime& runtime);
    [[nodiscard]] Result<void> prepare_edge();
    [[nodiscard]] Result<void> prepare_core();
    void accept(std::unique_ptr<io::Stream> stream);

    Runtime& runtime_;
    Logger log_;
    std::unique_ptr<io::SshNode> ssh_;
    std::unique_ptr<services::Replicator> replicator_;
    std::unique_ptr<services::SshDialler> dialler_;
    std::vector<std::unique_ptr<io::Listener>> listeners_;
};

}  // namespace sallyport::nodes
