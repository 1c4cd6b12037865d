// People who go from the pages of one node to those of another without signing in again: the node that has logged them
// in signs who they are, the other one looks whether it may believe that, once (docs/decisions/0028-hand-over.md,
// threat T92). Control thread only.
//
// Who signs: the key of the node's certificate of the router link, which says its name and role. A node that is in
// other hands has its own key and no other: it can say whatever it likes, in its own name. So the direction is what
// counts: each node's file names those whom it believes, and how far.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "admin/access/access_desk.h"
#include "admin/access/handover_claim.h"
#include "model/config/node_file.h"

namespace sallyport::admin {

class HandoverDesk {
public:
    static constexpr auto lifetime = std::chrono::seconds{30};
    static constexpr auto clock_tolerance = std::chrono::seconds{5};
    static constexpr auto issue_every = std::chrono::seconds{1};  ///< for one session
    static constexpr auto audit_every = std::chrono::minutes{1};  ///< refusals of one issuer for one reason
    static constexpr std::size_t most_reasons = 32;               ///< codes of errors: there are fewer
    /// For so long a used one is remembered: it has expired then, by whichever of two clocks that differ.
    static constexpr auto remembered = lifetime + 2 * clock_tolerance;
    static constexpr std::size_t longest_token = 24576;
    static constexpr std::string_view context = "sallyport hand-over of an administrator";

    /// All must outlive it.
    HandoverDesk(const config::NodeFile& file, AccessDesk& desk, const Clock& clock, Sessions::RandomBytes random,
                 Logger log);

    /// For the pages of `node`: what a browser has to post, and to which origin.
    struct Issued {
        std::string origin, token;
    };
    /// Errors: "handover-off", "handover-node" (the file does not name it), "session-none" (a token of a script),
    /// "handover-brought" (the session was opened by a hand-over itself), "handover-often" (the session had one within
    /// issue_every), "handover-key" (the link's key cannot be used).
    [[nodiscard]] Result<Issued> issue(const Principal& who, const std::string& node, const IpAddress& from);

    struct Arrival {
        std::optional<AccessDesk::TakenIn> taken;
        Error error;              ///< why not
        bool known_site = false;  ///< the browser comes from the pages of a node that the file names
        std::string user;         ///< who it would be; only with known_site
        Duration retry_after{};
    };
    /// `origin`: as the browser said it. Errors: "login-throttled", "handover-malformed", "handover-issuer",
    /// "handover-origin", "handover-off", "handover-direction", "handover-audience", "handover-expired",
    /// "handover-clock", "handover-signature", "handover-replayed", "handover-busy", "handover-account",
    /// "handover-code".
    [[nodiscard]] Arrival accept(std::string_view token, std::string_view origin, const IpAddress& from);

    [[nodiscard]] const config::AdminNode* find(std::string_view name) const;
    [[nodiscard]] bool is_on() const { return file_.admin.handover; }
    /// Used ones that are remembered.
    [[nodiscard]] std::size_t used() const { return used_.size(); }
    void tables(TableFills& all) const;

private:
    [[nodiscard]] Result<void> judge(const config::AdminNode& issuer, const HandoverToken& token,
                                     const HandoverClaim& claim) const;
    [[nodiscard]] Result<void> judge_time(const HandoverClaim& claim) const;
    [[nodiscard]] Result<void> judge_signature(const config::AdminNode& issuer, const HandoverToken& token) const;
    /// Only for what is signed: strangers fill no table. One issuer fills a quarter of it at most.
    [[nodiscard]] Result<void> use_up(const HandoverClaim& claim);
    void forget_used(TimePoint now);
    [[nodiscard]] std::size_t most_issued() const { return desk_.sessions().most(file_.admin.nodes.size()); }
    /// False: the session had one just now.
    [[nodiscard]] bool may_issue(std::uint64_t session);
    /// What was taken, and of refusals the first of each issuer and reason within audit_every: whoever is believed
    /// cannot roll the audit over.
    void audit(const HandoverClaim& claim, const IpAddress& from, const std::string& outcome);

    const config::NodeFile& file_;
    AccessDesk& desk_;
    const Clock& clock_;
    Sessions::RandomBytes random_;
    Logger log_;
    struct Used {
        std::string issuer;
        WallTime issued{};
        TimePoint until{};  ///< it may be forgotten then
    };
    WallTime started_;
    TimePoint began_;                                     ///< the same by a clock that nobody sets
    std::map<std::string, Used, std::less<>> used_;       ///< by nonce
    std::map<std::string, WallTime, std::less<>> spent_;  ///< issuer, one of the file -> the latest `issued` forgotten
    std::map<std::uint64_t, TimePoint> issued_;           ///< session -> when; within issue_every
    std::map<std::pair<std::string, std::string>, TimePoint> audited_;  ///< issuer, reason -> when; within audit_every
};

}  // namespace sallyport::admin
