// What a shard's links lead to, for the other shards of the node: they ask when they have no link themselves, which is
// rare, and want an answer at once. So it is guarded by a mutex (ARCHITECTURE.md, Threads, shards, bus, tickets), which
// its own shard takes when a link comes or goes.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/link/processes.h"

namespace sallyport::link {

/// Any thread.
class Advertised {
public:
    using Domains = std::set<std::string, std::less<>>;

    /// `domains` that far sides with an open link serve, `nodes` at their far ends.
    void replace(Domains domains, std::vector<FarNode> nodes) {
        const std::lock_guard lock{mutex_};
        domains_.swap(domains);
        nodes_.swap(nodes);
    }
    [[nodiscard]] bool serves(std::string_view domain) const {
        const std::lock_guard lock{mutex_};
        return domains_.contains(domain);
    }
    [[nodiscard]] bool links(const FarNode& node) const {
        const std::lock_guard lock{mutex_};
        return std::any_of(nodes_.begin(), nodes_.end(),
                           [&](const FarNode& one) { return one.realm == node.realm && one.node == node.node; });
    }

private:
    mutable std::mutex mutex_;  ///< guards what follows
    Domains domains_;
    std::vector<FarNode> nodes_;
};

}  // namespace sallyport::link
