// Looks at the node once a minute and raises or lowers the alarms that nobody else can know of: certificates of ours
// and of partners, links, disk, what the router has not loaded.
#pragma once

#include <memory>
#include <string>

#include "admin/api/node_control.h"

namespace sallyport::admin {

class Watch {
public:
    static constexpr auto interval = std::chrono::seconds{60};
    static constexpr auto first_look = std::chrono::seconds{5};

    /// `node` must outlive it.
    explicit Watch(NodeControl& node);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// What one look says. Public for tests.
    void judge(const NodeStatus& status, WallTime now, std::uint64_t free_bytes);

private:
    void look();
    void judge_links(const NodeStatus& status);

    NodeControl& node_;
    std::unique_ptr<io::Timer> timer_;
    unsigned looks_without_link_ = 0;
    std::shared_ptr<Watch*> self_;  ///< null pointer inside once this is gone
};

}  // namespace sallyport::admin
