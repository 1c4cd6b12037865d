// Looks at the node once a minute: what the judges find is raised or lowered as alarms, and so is what only shows over
// time or on the disk: the clock of this host, free space, a certificate's file that was replaced.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "admin/api/node_control.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

class Watch {
public:
    static constexpr auto interval = std::chrono::seconds{60};
    static constexpr auto first_look = std::chrono::seconds{5};
    static constexpr auto jump_stands = std::chrono::hours{1};
    /// A host that has just started has no time from anywhere yet.
    static constexpr auto patience_with_clock = std::chrono::minutes{15};

    /// `node` must outlive it.
    explicit Watch(NodeControl& node);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// What one look says. Public for tests.
    void judge(const NodeStatus& status, WallTime now, std::uint64_t free_bytes);
    /// The clocks of this host at one moment.
    struct Clocks {
        WallTime wall{};
        TimePoint steady{};
        std::optional<bool> synchronised;  ///< nothing: the kernel does not tell
    };
    void judge_clocks(const Clocks& clocks);

private:
    void look();
    void raise_found(services::AlarmCode code, const Findings& found);
    void judge_date(WallTime wall);
    void judge_jump(const Clocks& clocks);
    void judge_synchronisation(const Clocks& clocks);

    NodeControl& node_;
    std::unique_ptr<io::Timer> timer_;
    unsigned looks_without_link_ = 0;
    std::optional<Clocks> last_clocks_;
    TimePoint jumped_at_ = never, unsynchronised_since_ = never;
    std::shared_ptr<Watch*> self_;  ///< null pointer inside once this is gone
};

}  // namespace sallyport::admin
