// The judges of a node: each looks at one kind of thing and says what is good or wrong with it; nobody else decides.
// `status`, `check …`, alarms and pages show their findings. Pure. A new judge is a function here and a row in
// judges.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/judge/finding.h"
#include "admin/judge/node_status.h"
#include "model/config/node_file.h"
#include "model/config/settings.h"
#include "services/provision/publisher.h"

namespace sallyport::admin {

/// What a judge may look at. It is gone after the call.
struct Facts {
    const NodeStatus& status;
    const config::NodeFile& file;
    const config::Settings& settings;
    WallTime now{};
};

// One file a judge; what is good is among the findings of those that checks show.
[[nodiscard]] Findings judge_settings(const Facts& facts);
[[nodiscard]] Findings judge_certificates(const Facts& facts);  ///< of this node, by their time
[[nodiscard]] Finding judge_certificate(const OwnCertificate& own, WallTime now);
[[nodiscard]] Findings judge_partners(const Facts& facts);   ///< certificates of those with a stream
[[nodiscard]] Findings judge_coverage(const Facts& facts);   ///< domains of ours, by the certificates of an edge
[[nodiscard]] Findings judge_authority(const Facts& facts);  ///< that of the servers inside
[[nodiscard]] Findings judge_links(const Facts& facts);
[[nodiscard]] Findings judge_clocks(const Facts& facts);     ///< of linked nodes, by ours
[[nodiscard]] Findings judge_own_clock(const Facts& facts);  ///< of this host, by itself and by a time service
[[nodiscard]] Findings judge_disk(const Facts& facts);       ///< of the data folder
[[nodiscard]] Findings judge_history(const Facts& facts);    ///< whether it is stored
[[nodiscard]] Findings judge_resolver(const Facts& facts);   ///< whether DNS answers
/// Whether the files of certificates hold those in use.
[[nodiscard]] Findings judge_certificate_files(const Facts& facts);
[[nodiscard]] Findings judge_router(const Facts& facts);  ///< of a presence node
[[nodiscard]] Findings judge_chain(const Facts& facts);   ///< steps of provisioning of this node
[[nodiscard]] Findings judge_inside(const Facts& facts);  ///< whether every domain of ours has a server
/// Whether the internal servers of a core can be reached, by what was sent to them.
[[nodiscard]] Findings judge_inside_servers(const Facts& facts);
/// What a core knows of its pairs with one internal server. Pointers into the status.
struct InsidePairs {
    bool is_up = false;                              ///< one of them works now
    const s2s::DestinationStatus* failed = nullptr;  ///< the one that failed last and is not up again
    const s2s::DestinationStatus* worked = nullptr;  ///< the one that worked last
    std::optional<TimePoint> worked_at = std::nullopt;
};
/// By domain of the server.
[[nodiscard]] std::map<std::string, InsidePairs> inside_pairs(const NodeStatus& status, const config::NodeFile& file);
[[nodiscard]] Findings judge_held(const Facts& facts);    ///< stanzas that wait for a link
[[nodiscard]] Findings judge_queues(const Facts& facts);  ///< what waits for other domains
/// What a core knows of its IM&P servers after it has just asked them.
[[nodiscard]] Findings judge_publishers(const std::vector<provision::PublisherStatus>& publishers);

/// What a judge looks at.
enum class Subject : std::uint8_t {
    alarms,  ///< those that no judge decides about
    links,
    chain,
    router,
    certificates,
    partners,
    authority,
    coverage,
    inside,
    inside_servers,
    clocks,
    own_clock,
    disk,
    history,
    resolver,
    certificate_files,
    held,
    queues,
    settings,
};

struct JudgedAlarm {
    services::AlarmCode code{};
    Duration patience{0};  ///< it is raised when it has been found for so long
};
struct JudgeRow {
    Subject subject = Subject::alarms;
    Findings (*judge)(const Facts& facts);
    std::vector<JudgedAlarm> alarms;  ///< only this judge raises and lowers them
    Depth needs = Depth::whole;       ///< so much of the status
};
/// Those that can say something at any time, in the order of `status`.
[[nodiscard]] std::span<const JudgeRow> judges();
/// Whether one of them decides about the alarm.
[[nodiscard]] bool is_judged(services::AlarmCode code);
}  // namespace sallyport::admin
