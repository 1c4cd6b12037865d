// One function a kind of alarm. What is not found this time is lowered.
#include "admin/api/watch.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "io/capture/capture_file.h"
#include "io/loop/kernel_clock.h"
#include "io/store/file_facts.h"

namespace sallyport::admin {

namespace {

using services::AlarmBoard;
using services::AlarmCode;

constexpr auto early = std::chrono::hours{24 * 30};
constexpr auto soon = std::chrono::hours{24 * 7};
constexpr auto partner_early = std::chrono::hours{24 * 14};
constexpr std::uint64_t least_free = 64ULL << 20;
constexpr auto culprits_told = std::chrono::hours{1};
constexpr unsigned patience_with_links = 2;  ///< looks: a restart of the other node is no alarm

std::string days_left(WallTime when, WallTime now) {
    const auto days = std::chrono::duration_cast<std::chrono::hours>(when - now).count() / 24;
    return std::to_string(days) + (days == 1 ? " day left" : " days left");
}

/// Key and reason of what stands; others of the code are lowered.
void settle(AlarmBoard& board, AlarmCode code, const std::map<std::string, std::string>& found) {
    std::vector<std::string> keys;
    for (const auto& [key, why] : found) {
        keys.push_back(key);
        board.raise_once(code, key, why);
    }
    board.lower_others(code, keys);
}

/// SHA-256 of the first certificate in PEM text, in hex; empty when there is none.
std::string fingerprint_of(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----", end = "-----END CERTIFICATE-----";
    const std::size_t from = pem.find(begin), to = pem.find(end);
    if (from == std::string_view::npos || to == std::string_view::npos || to < from) return {};
    std::string text{pem.substr(from + begin.size(), to - from - begin.size())}, der;
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    return base64_decode(text, der) ? to_hex(sha256(der)) : std::string{};
}

/// A new file counts only after a reload.
void judge_files(AlarmBoard& board, const NodeStatus& status) {
    std::map<std::string, std::string> replaced;
    for (const OwnCertificate& own : status.certificates) {
        const std::string there = fingerprint_of(io::file_facts(own.file).beginning);
        if (!there.empty() && there != own.facts.sha256) replaced[own.used_for] = own.file;
    }
    settle(board, AlarmCode::certificate_replaced, replaced);
}

void judge_own(AlarmBoard& board, const NodeStatus& status, WallTime now) {
    std::map<std::string, std::string> late, close, over;
    for (const OwnCertificate& own : status.certificates) {
        const WallTime end = own.facts.not_after;
        if (end <= now) {
            over[own.used_for] = own.file;
        } else if (end - now < soon) {
            close[own.used_for] = own.file + ", " + days_left(end, now);
        } else if (end - now < early) {
            late[own.used_for] = own.file + ", " + days_left(end, now);
        }
    }
    settle(board, AlarmCode::certificate_expiring, late);
    settle(board, AlarmCode::certificate_expiring_soon, close);
    settle(board, AlarmCode::certificate_expired, over);
}

/// Of those that have a stream with us.
void judge_partners(AlarmBoard& board, const NodeStatus& status, WallTime now) {
    std::map<std::string, std::string> late, over;
    for (const s2s::StreamStatus& stream : status.streams) {
        const WallTime end = stream.certificate_not_after;
        if (end == WallTime{} || stream.remote.empty()) continue;
        if (end <= now) {
            over[stream.remote] = stream.certificate_subject;
        } else if (end - now < partner_early) {
            late[stream.remote] = stream.certificate_subject + ", " + days_left(end, now);
        }
    }
    settle(board, AlarmCode::peer_certificate_expiring, late);
    settle(board, AlarmCode::peer_certificate_expired, over);
}

void judge_router(AlarmBoard& board, const NodeStatus& status) {
    std::map<std::string, std::string> waiting;
    if (status.router) {
        for (const std::string& what : status.router->pending) waiting[what] = "changed since the router began";
    }
    settle(board, AlarmCode::router_restart, waiting);
}

}  // namespace

Watch::Watch(NodeControl& node)
    : node_{node}, timer_{node.loop().timer([this] { look(); })}, self_{std::make_shared<Watch*>(this)} {
    timer_->arm(node_.loop().now() + first_look);
}

Watch::~Watch() { *self_ = nullptr; }

void Watch::look() {
    timer_->arm(node_.loop().now() + interval);
    node_.status([weak = std::weak_ptr{self_}](const NodeStatus& status) {
        const auto self = weak.lock();
        if (!self || *self == nullptr) return;
        NodeControl& node = (*self)->node_;
        (*self)->judge(status, node.loop().wall(), io::free_space(node.file().node.data));
        (*self)->judge_clocks(status, {node.loop().wall(), node.loop().now(), io::clock_synchronised()});
    });
}

void Watch::judge(const NodeStatus& status, WallTime now, std::uint64_t free_bytes) {
    AlarmBoard& board = node_.alarms();
    judge_own(board, status, now);
    judge_files(board, status);
    judge_partners(board, status, now);
    judge_router(board, status);
    judge_links(status);
    std::map<std::string, std::string> disk;
    if (free_bytes < least_free) disk[node_.file().node.data] = std::to_string(free_bytes >> 20U) + " MiB are free";
    settle(board, AlarmCode::disk_low, disk);
    std::map<std::string, std::string> culprits;
    for (const link::Culprit& culprit : status.link_culprits) {
        if (status.now - culprit.since > culprits_told) continue;
        culprits[culprit.far_realm] = "from " + culprit.from + " to " + culprit.to + ": " + culprit.why;
    }
    settle(board, AlarmCode::link_stanza, culprits);
}

void Watch::judge_links(const NodeStatus& status) {
    const bool dials = node_.file().role == config::Role::core;
    std::map<std::string, std::string> down;
    const auto linked = [&](const std::string& realm, std::string_view role) {
        return std::any_of(status.links.begin(), status.links.end(), [&](const link::SessionStatus& link) {
            return link.state == "open" && (realm.empty() ? link.far_role == role : link.far_realm == realm);
        });
    };
    if (!dials) {
        if (!linked({}, "core")) down["a core"] = "none is connected; it dials this node";
    } else {
        for (const auto& dial : node_.file().link.dial) {
            std::string realm = dial.name;
            std::replace(realm.begin(), realm.end(), '.', '-');
            if (linked(realm, {})) continue;
            std::string why = "not connected";
            for (const auto& at : status.dials) {
                if (at.name == dial.name && !at.why.empty()) why = at.why;
            }
            down[dial.name] = why;
        }
    }
    looks_without_link_ = down.empty() ? 0 : looks_without_link_ + 1;
    if (down.empty() || looks_without_link_ >= patience_with_links) settle(node_.alarms(), AlarmCode::link_down, down);
}

}  // namespace sallyport::admin
