// Looks at the node every two seconds, briefly, and once a minute at all of it: what the judges find is raised or
// lowered as alarms, and so is what only shows over time or on the disk: the clock of this host, free space, a
// certificate's file that was replaced.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "admin/api/node_control.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

class Watch {
public:
    static constexpr auto interval = std::chrono::seconds{2};
    static constexpr auto whole_interval = std::chrono::seconds{60};  ///< what needs streams, files or the disk
    static constexpr auto jump_stands = std::chrono::hours{1};
    /// A host that has just started has no time from anywhere yet.
    static constexpr auto patience_with_clock = std::chrono::minutes{15};

    /// `node` must outlive it.
    explicit Watch(NodeControl& node);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// What one look says, of whole or brief status. Public for tests.
    void judge(const NodeStatus& status, WallTime now, Depth depth);
    /// Files of certificates, and the disk.
    void judge_disk(const NodeStatus& status, std::uint64_t free_bytes);
    /// What DNS says about a name below `domain`, one of ours, that nobody has asked for: no cache answers it.
    void judge_dns(const xmpp::Domain& domain, const DnsAnswer& answer);
    /// The clocks of this host at one moment.
    struct Clocks {
        WallTime wall{};
        TimePoint steady{};
        std::optional<bool> synchronised;  ///< nothing: the kernel does not tell
    };
    void judge_clocks(const Clocks& clocks);

private:
    void look();
    void looked(const NodeStatus& status, Depth depth);
    void ask_dns();
    void raise_found(const JudgedAlarm& alarm, const Findings& found, TimePoint now);
    void judge_date(WallTime wall);
    void judge_jump(const Clocks& clocks);
    void judge_synchronisation(const Clocks& clocks);

    NodeControl& node_;
    std::unique_ptr<io::Timer> timer_;
    bool looking_ = false;  ///< no answer yet: a shard hangs
    TimePoint whole_at_{};  ///< the next look at all of it
    std::unique_ptr<io::Lookup> dns_question_;
    std::uint64_t dns_questions_ = 0;
    std::map<std::pair<services::AlarmCode, std::string>, TimePoint> found_since_;
    std::optional<Clocks> last_clocks_;
    TimePoint jumped_at_ = never, unsynchronised_since_ = never;
    std::shared_ptr<Watch*> self_;  ///< null pointer inside once this is gone
};

}  // namespace sallyport::admin
