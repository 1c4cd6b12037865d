// Findings of the judges become alarms. What is not found this time is lowered.
#include "admin/api/watch.h"

#include <map>

#include "base/hash.h"
#include "io/capture/capture_file.h"
#include "io/loop/kernel_clock.h"
#include "io/store/file_facts.h"

namespace sallyport::admin {

namespace {

using services::AlarmBoard;
using services::AlarmCode;

constexpr std::uint64_t least_free = 64ULL << 20;
constexpr unsigned patience_with_links = 2;  ///< looks: a restart of the other node is no alarm

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
        if (!there.empty() && there != own.facts.sha256) replaced[own.used_for()] = own.file;
    }
    settle(board, AlarmCode::certificate_replaced, replaced);
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
        (*self)->judge_clocks({node.loop().wall(), node.loop().now(), io::clock_synchronised()});
    });
}

void Watch::judge(const NodeStatus& status, WallTime now, std::uint64_t free_bytes) {
    AlarmBoard& board = node_.alarms();
    const config::Snapshot settings = node_.settings().snapshot();
    for (const JudgeRow& row : judges()) {
        if (row.alarms.empty()) continue;
        const Findings found = row.judge({status, node_.file(), *settings, now});
        for (const AlarmCode code : row.alarms) raise_found(code, found);
    }
    judge_files(board, status);
    std::map<std::string, std::string> disk;
    if (free_bytes < least_free) disk[node_.file().node.data] = std::to_string(free_bytes >> 20U) + " MiB are free";
    settle(board, AlarmCode::disk_low, disk);
}

void Watch::raise_found(AlarmCode code, const Findings& found) {
    AlarmBoard& board = node_.alarms();
    std::map<std::string, std::string> standing;
    for (const Finding& finding : found) {
        if (finding.alarm == code) standing[finding.key] = finding.detail;
    }
    if (code == AlarmCode::link_down) {
        looks_without_link_ = standing.empty() ? 0 : looks_without_link_ + 1;
        if (!standing.empty() && looks_without_link_ < patience_with_links) return;
    }
    // Its amount moves a little with each look, which is no news.
    if (code == AlarmCode::clock_skew) {
        for (auto& [key, detail] : standing) {
            if (const services::Alarm* const known = board.find(code, key)) detail = known->detail;
        }
    }
    settle(board, code, standing);
}

}  // namespace sallyport::admin
