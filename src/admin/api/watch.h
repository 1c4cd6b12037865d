// Looks at the node twice a second, briefly, and once a minute at all of it: what the judges find is raised or lowered
// as alarms. It also keeps what the host gives the node (HostFacts): disk and clock at each look, the files of
// certificates every few seconds, and whether DNS answers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "admin/api/node_control.h"
#include "admin/api/watch_dns.h"
#include "admin/judge/health.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

class Watch {
public:
    static constexpr auto interval = std::chrono::milliseconds{500};
    static constexpr auto whole_interval = std::chrono::seconds{60};  ///< what needs streams
    static constexpr auto files_interval = std::chrono::seconds{2};
    /// So often within so long an alarm that stands may say something else: each time is an event.
    static constexpr unsigned most_news = 3;
    static constexpr auto news_interval = std::chrono::seconds{30};
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
    /// Reads the files of `certificates`.
    void see_files(const std::vector<OwnCertificate>& certificates);
    /// An internal server that is away is asked again so often: nobody else may write to it for hours.
    static constexpr auto inside_interval = std::chrono::seconds{3};
    static constexpr std::size_t most_tried = 8;

    /// The clocks of this host at one moment.
    struct Clocks {
        WallTime wall{};
        TimePoint steady{};
        std::optional<bool> synchronised;  ///< nothing: the kernel does not tell
    };
    void see_clocks(const Clocks& clocks);

    /// As of the last look; a node that has not answered for so long is not ready.
    static constexpr auto health_stands = std::chrono::seconds{5};
    [[nodiscard]] Health health() const;

private:
    void look();
    void looked(const NodeStatus& status, Depth depth);
    void see_disk();
    void try_inside_servers(const NodeStatus& status);
    void raise_found(const JudgedAlarm& alarm, const Findings& found, TimePoint now);

    /// What an alarm says.
    struct Said {
        std::string why;
        services::AlarmWords words{};
    };
    void settle(services::AlarmCode code, const std::map<std::string, Said>& standing, TimePoint now);
    /// How often one that stands has said something else since then.
    struct News {
        TimePoint since{};
        unsigned count = 0;
    };

    NodeControl& node_;
    DnsWatch dns_;
    std::unique_ptr<io::Timer> timer_;
    Health health_ = Health::unready;
    TimePoint looked_at_{};
    bool looking_ = false;                             ///< no answer yet: a shard hangs
    bool seeing_disk_ = false;                         ///< no answer yet: the disk hangs
    TimePoint whole_at_{}, files_at_{}, inside_at_{};  ///< the next of each
    std::map<std::pair<services::AlarmCode, std::string>, News> news_;
    std::map<std::pair<services::AlarmCode, std::string>, TimePoint> found_since_;
    std::optional<Clocks> last_clocks_;
    TimePoint jumped_at_ = never, unsynchronised_since_ = never;
    std::shared_ptr<Watch*> self_;  ///< null pointer inside once this is gone
};

}  // namespace sallyport::admin
