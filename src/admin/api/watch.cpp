// Findings of the judges become alarms. What is not found this time is lowered.
#include "admin/api/watch.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "io/capture/capture_file.h"
#include "io/loop/kernel_clock.h"
#include "io/store/file_facts.h"

namespace sallyport::admin {

namespace {

using services::AlarmBoard;
using services::AlarmCode;

constexpr std::uint64_t least_free = 64ULL << 20;

/// By key, what stands; others of the code are lowered.
struct Said {
    std::string why;
    services::AlarmWords words{};
};
void settle(AlarmBoard& board, AlarmCode code, const std::map<std::string, Said>& found) {
    std::vector<std::string> keys;
    for (const auto& [key, said] : found) {
        keys.push_back(key);
        board.raise_once(code, key, said.why, said.words);
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
    std::map<std::string, Said> replaced;
    for (const OwnCertificate& own : status.certificates) {
        const std::string there = fingerprint_of(io::file_facts(own.file).beginning);
        if (!there.empty() && there != own.facts.sha256) replaced[own.used_for()] = {own.file};
    }
    settle(board, AlarmCode::certificate_replaced, replaced);
}

}  // namespace

Watch::Watch(NodeControl& node)
    : node_{node}, timer_{node.loop().timer([this] { look(); })}, self_{std::make_shared<Watch*>(this)} {
    timer_->arm(node_.loop().now() + interval);
}

Watch::~Watch() { *self_ = nullptr; }

void Watch::look() {
    const TimePoint now = node_.loop().now();
    timer_->arm(now + interval);
    if (std::exchange(looking_, true)) return;
    const Depth depth = now >= whole_at_ ? Depth::whole : Depth::brief;
    if (depth == Depth::whole) whole_at_ = now + whole_interval;
    const auto on_status = [weak = std::weak_ptr{self_}, depth](const NodeStatus& status) {
        const auto self = weak.lock();
        if (self && *self != nullptr) (*self)->looked(status, depth);
    };
    depth == Depth::whole ? node_.status(on_status) : node_.brief_status(on_status);
}

void Watch::looked(const NodeStatus& status, Depth depth) {
    looking_ = false;
    judge(status, node_.loop().wall(), depth);
    if (depth == Depth::whole) {
        judge_disk(status, io::free_space(node_.file().node.data));
        ask_dns();
    }
    judge_clocks({node_.loop().wall(), node_.loop().now(), io::clock_synchronised()});
}

void Watch::judge(const NodeStatus& status, WallTime now, Depth depth) {
    const config::Snapshot settings = node_.settings().snapshot();
    for (const JudgeRow& row : judges()) {
        if (row.alarms.empty() || (depth == Depth::brief && row.needs == Depth::whole)) continue;
        const Findings found = row.judge({status, node_.file(), *settings, now});
        for (const JudgedAlarm& alarm : row.alarms) raise_found(alarm, found, status.now);
    }
}

void Watch::judge_disk(const NodeStatus& status, std::uint64_t free_bytes) {
    AlarmBoard& board = node_.alarms();
    judge_files(board, status);
    std::map<std::string, Said> disk;
    if (free_bytes < least_free) disk[node_.file().node.data] = {std::to_string(free_bytes >> 20U) + " MiB are free"};
    settle(board, AlarmCode::disk_low, disk);
}

/// An edge finds its peers by DNS. Caches hide for a while that nobody answers, so the name is another each time.
void Watch::ask_dns() {
    const config::Snapshot settings = node_.settings().snapshot();
    const auto own = std::find_if(settings->domains.begin(), settings->domains.end(),
                                  [](const config::NamePattern& pattern) { return !pattern.below; });
    if (node_.file().role != config::Role::edge || !settings->enabled || own == settings->domains.end()) {
        dns_question_.reset();
        return node_.alarms().lower_others(AlarmCode::dns_down, {});
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(node_.loop().wall().time_since_epoch());
    const std::string name = "sallyport-" + std::to_string(seconds.count()) + "-" + std::to_string(++dns_questions_) +
                             "." + own->domain.ascii();
    dns_question_ = node_.resolver().addresses(
        name, false, {}, [this, domain = own->domain](const DnsAnswer& answer) { judge_dns(domain, answer); });
}

void Watch::judge_dns(const xmpp::Domain& domain, const DnsAnswer& answer) {
    AlarmBoard& board = node_.alarms();
    const bool is_dead = answer.status == DnsStatus::failed || answer.status == DnsStatus::timed_out;
    if (!is_dead) return board.lower_others(AlarmCode::dns_down, {});
    std::string why{text(answer.status)};
    if (!answer.detail.empty()) why += ": " + answer.detail;
    board.raise_once(AlarmCode::dns_down, domain.text(), why);
    board.lower_others(AlarmCode::dns_down, {domain.text()});
}

void Watch::raise_found(const JudgedAlarm& alarm, const Findings& found, TimePoint now) {
    AlarmBoard& board = node_.alarms();
    std::map<std::string, Said> standing;
    for (const Finding& finding : found) {
        if (finding.alarm == alarm.code) standing[finding.key] = {finding.detail, finding.words};
    }
    std::erase_if(found_since_, [&](const auto& entry) {
        return entry.first.first == alarm.code && !standing.contains(entry.first.second);
    });
    if (alarm.patience > Duration{0}) {
        std::erase_if(standing, [&](const auto& entry) {
            return now - found_since_.try_emplace({alarm.code, entry.first}, now).first->second < alarm.patience;
        });
    }
    // Its amount moves a little with each look, which is no news.
    if (alarm.code == AlarmCode::clock_skew) {
        for (auto& [key, said] : standing) {
            if (const services::Alarm* const known = board.find(alarm.code, key)) said.why = known->detail;
        }
    }
    settle(board, alarm.code, standing);
}

}  // namespace sallyport::admin
