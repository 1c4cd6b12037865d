// One function a kind of trouble.
#include "admin/api/problems.h"

#include <algorithm>

#include "admin/api/remedies.h"
#include "proto/s2s/certificate.h"

namespace sallyport::admin {

namespace {

using Problems = std::vector<NodeProblem>;

constexpr auto expiry_warning = std::chrono::hours{24 * 14};

bool is_edge(const config::NodeFile& file) { return file.role == config::Role::edge; }
bool is_core(const config::NodeFile& file) { return file.role == config::Role::core; }
bool is_presence(const config::NodeFile& file) { return file.role == config::Role::presence; }

void judge_settings(const NodeStatus& status, const config::NodeFile& file, const config::Settings& settings,
                    Problems& out) {
    if (!status.settings_trouble.empty()) {
        out.push_back({true, "settings cannot be changed: " + status.settings_trouble,
                       "mend the database in the data folder; traffic goes on with the last good settings"});
    }
    if (status.admin_open && !status.has_accounts) {
        out.push_back({false, "nobody can log in to the admin address: there is no account",
                       "on this host: sallyport admins add NAME --role administrator"});
    }
    if (is_presence(file)) return;
    if (!status.federation_enabled) {
        out.push_back({true, "federation is off", "sallyport config set federation.enabled true"});
    }
    if (settings.domains.empty()) {
        out.push_back({true, "no domain of ours federates", "sallyport config set federation.domains example.org"});
    }
    const bool routed = settings.use_static_routes && !settings.static_routes.empty();
    if (settings.privacy_mode == config::PrivacyMode::allow_list && settings.allow_list.empty() && !routed) {
        out.push_back({false, "the allow list is empty, so no other domain may talk with us",
                       "sallyport allow add example.net, or sallyport config set federation.privacy_mode off"});
    }
}

/// What the functions here see for themselves, at this moment and not at the latest look of the watch.
bool is_judged_afresh(services::AlarmCode code) {
    using enum services::AlarmCode;
    return code == certificate_expiring || code == certificate_expiring_soon || code == certificate_expired ||
           code == link_down || code == router_restart || code == settings_store;
}

/// The file is good enough to start with, but a node in other hands could pass for another.
void judge_file(const config::NodeFile& file, Problems& out) {
    for (const std::string& weakness : file.weak_links) {
        const std::size_t at = weakness.rfind("; ");
        out.push_back(
            {false, weakness.substr(0, at), at == std::string::npos ? std::string{} : weakness.substr(at + 2)});
    }
}

void judge_alarms(const NodeStatus& status, Problems& out) {
    for (const services::Alarm& alarm : status.alarms) {
        if (is_judged_afresh(alarm.code)) continue;
        const services::AlarmRow& row = alarm.row();
        out.push_back({row.severity == services::AlarmSeverity::error,
                       alarm.text() + (alarm.detail.empty() ? "" : ": " + alarm.detail), alarm.cure()});
    }
}

void judge_links(const NodeStatus& status, const config::NodeFile& file, Problems& out) {
    const auto linked = [&](std::string_view role) {
        return std::any_of(status.links.begin(), status.links.end(), [&](const link::SessionStatus& link) {
            return link.state == "open" && link.far_role == role;
        });
    };
    if (!is_core(file) && !linked("core")) {
        out.push_back(
            {true, "no core is linked",
             "start the core and look at its `sallyport status`; it dials this " + std::string{text(file.role)}});
    }
    if (is_core(file) && !linked("edge")) {
        out.push_back({true, "no edge is linked", "see the dials below, and [[link.dial]] in " + file.path});
    }
    for (const link::Hub::DialStatus& dial : status.dials) {
        if (dial.why.empty() || dial.state == "open") continue;
        out.push_back({!linked(dial.role), "the link to " + dial.name + " at " + dial.address + " is down: " + dial.why,
                       "check that address, certificates and [link] secret on both sides agree"});
    }
    for (const link::PartnerStatus& partner : status.slow_partners) {
        out.push_back(
            {false,
             std::to_string(partner.stanzas) + " stanzas (" + std::to_string(partner.bytes >> 10U) +
                 " KiB) are under way to " + partner.domain + " and hardly move" +
                 (partner.refused == 0 ? ""
                                       : "; " + std::to_string(partner.refused) + " were refused, its budget is spent"),
             "sallyport peers show " + partner.domain + " there where its stream is; others do not wait"});
    }
    if (status.held_for_link > 0) {
        out.push_back({false, std::to_string(status.held_for_link) + " stanzas wait for a link", "see the link above"});
    }
}

void judge_router(const NodeStatus& status, Problems& out) {
    if (!status.router) return;
    const RouterStatus& router = *status.router;
    if (!router.obstacle.empty()) {
        const std::size_t at = router.obstacle.rfind("; ");
        out.push_back({true, "other domains cannot be reached: " + router.obstacle.substr(0, at),
                       at == std::string::npos ? std::string{} : router.obstacle.substr(at + 2)});
    }
    if (!router.table_trouble.empty()) {
        out.push_back({true, "the table xmpps2snodes cannot be read: " + router.table_trouble,
                       "mend presence.db in the data folder; the router goes on with what it has loaded"});
    }
    if (!router.pending.empty()) {
        std::string all;
        for (const std::string& what : router.pending) all += (all.empty() ? "" : ", ") + what;
        out.push_back({false, "changed and not yet in force: " + all, "sallyport restart router"});
    }
}

std::string in_days(WallTime when, WallTime now) {
    const auto days = std::chrono::duration_cast<std::chrono::hours>(when - now).count() / 24;
    return days == 1 ? "in 1 day" : "in " + std::to_string(days) + " days";
}

void judge_certificates(const NodeStatus& status, WallTime now, Problems& out) {
    for (const OwnCertificate& own : status.certificates) {
        const std::string what = "the certificate for " + own.used_for + " (" + own.file + ")";
        const std::string remedy = "put a new one in its place, then sallyport reload";
        if (own.facts.not_after <= now) {
            out.push_back({true, what + " has expired", remedy});
        } else if (own.facts.not_after - now < expiry_warning) {
            out.push_back({false, what + " expires " + in_days(own.facts.not_after, now), remedy});
        }
        if (own.facts.not_before > now) {
            out.push_back({true, what + " is not valid yet", "check the clock of this machine, or the certificate"});
        }
    }
}

/// Domains of ours that no certificate of the edge names.
void judge_coverage(const NodeStatus& status, const config::NodeFile& file, const config::Settings& settings,
                    Problems& out) {
    if (!is_edge(file)) return;
    for (const config::NamePattern& pattern : settings.domains) {
        if (pattern.below) continue;
        const bool covered = std::any_of(status.certificates.begin(), status.certificates.end(), [&](const auto& own) {
            return own.used_for.starts_with("s2s") && s2s::names(own.facts, pattern.domain);
        });
        if (covered || settings.security_mode == s2s::SecurityMode::no_tls) continue;
        out.push_back(
            {false, "no certificate names " + pattern.domain.text(),
             "add a [[tls.identity]] for it in " + file.path + "; strict peers refuse the domain until then"});
    }
}

void judge_inside(const NodeStatus& status, const config::NodeFile& file, const config::Settings& settings,
                  Problems& out) {
    if (!is_core(file)) return;
    for (const config::NamePattern& pattern : settings.domains) {
        const auto serves = [&](const config::InsideServer& server) {
            return std::any_of(server.domains.begin(), server.domains.end(),
                               [&](const xmpp::Domain& domain) { return pattern.matches(domain); });
        };
        const auto attached = [&](const config::ComponentEntry& entry) { return pattern.matches(entry.domain); };
        const auto& servers = file.inside.servers;
        const auto& components = file.components.allowed;
        if (std::any_of(servers.begin(), servers.end(), serves)) continue;
        if (std::any_of(components.begin(), components.end(), attached)) continue;
        const bool far_away =
            std::any_of(status.links.begin(), status.links.end(), [&](const link::SessionStatus& link) {
                return std::any_of(link.bound.begin(), link.bound.end(), [&](const std::string& name) {
                    const auto domain = xmpp::Domain::parse(name);
                    return domain && pattern.matches(*domain);
                });
            });
        if (far_away) continue;
        out.push_back({false, pattern.text() + " federates, but no inside server or presence node has it",
                       "name it in the domains of an [[inside.server]] in " + file.path +
                           ", or look at the presence node's `sallyport status`"});
    }
}

void judge_destinations(const NodeStatus& status, const config::NodeFile& file, const config::Settings& settings,
                        Problems& out) {
    constexpr std::size_t most_named = 5;
    std::size_t failing = 0;
    for (const s2s::DestinationStatus& to : status.destinations) {
        if (to.failures == 0 || to.state == "ready") continue;
        if (++failing > most_named) continue;
        const std::string& remote = to.pair.remote.text();
        const Remedy remedy = remedy_of(file, settings, to.last_step, remote);
        out.push_back({false, remote + " cannot be reached: " + to.last_error,
                       remedy.remedy.empty() ? "sallyport peers show " + remote : remedy.remedy});
    }
    if (failing > most_named) {
        out.push_back(
            {false, std::to_string(failing - most_named) + " more domains cannot be reached", "sallyport peers list"});
    }
}

/// Streams that are open and of no use: what was sent is neither acknowledged nor taken.
void judge_stalled(const NodeStatus& status, Problems& out) {
    constexpr std::size_t most_named = 5;
    std::size_t stalled = 0;
    for (const s2s::DestinationStatus& to : status.destinations) {
        if (to.stalled == Duration{0} || ++stalled > most_named) continue;
        const std::string& remote = to.pair.remote.text();
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(to.stalled).count();
        out.push_back({false,
                       remote + " has made no progress for " + std::to_string(seconds) +
                           " s: " + std::to_string(to.unacknowledged) + " stanzas are not acknowledged, " +
                           std::to_string(to.queued) + " wait",
                       "sallyport peers show " + remote + "; the stream is given up by itself"});
    }
    if (stalled > most_named) {
        out.push_back(
            {false, std::to_string(stalled - most_named) + " more domains make no progress", "sallyport peers list"});
    }
}

}  // namespace

std::vector<NodeProblem> problems(const NodeStatus& status, const config::NodeFile& file,
                                  const config::Settings& settings, WallTime now) {
    Problems found;
    judge_alarms(status, found);
    judge_settings(status, file, settings, found);
    judge_links(status, file, found);
    judge_router(status, found);
    judge_certificates(status, now, found);
    judge_coverage(status, file, settings, found);
    judge_inside(status, file, settings, found);
    judge_destinations(status, file, settings, found);
    judge_file(file, found);
    judge_stalled(status, found);
    std::stable_partition(found.begin(), found.end(), [](const NodeProblem& problem) { return problem.is_error; });
    return found;
}

}  // namespace sallyport::admin
