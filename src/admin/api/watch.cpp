// Findings of the judges become alarms. What is not found this time is lowered.
#include "admin/api/watch.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "io/loop/kernel_clock.h"
#include "io/store/file_facts.h"

namespace sallyport::admin {

namespace {

using services::AlarmCode;

/// SHA-256 of the first certificate in PEM text, in hex; empty when there is none.
std::string fingerprint_of(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----", end = "-----END CERTIFICATE-----";
    const std::size_t from = pem.find(begin), to = pem.find(end);
    if (from == std::string_view::npos || to == std::string_view::npos || to < from) return {};
    std::string text{pem.substr(from + begin.size(), to - from - begin.size())}, der;
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    return base64_decode(text, der) ? to_hex(sha256(der)) : std::string{};
}

}  // namespace

Watch::Watch(NodeControl& node)
    : node_{node}, dns_{node}, timer_{node.loop().timer([this] { look(); })}, self_{std::make_shared<Watch*>(this)} {
    timer_->arm(node_.loop().now() + interval);
}

Watch::~Watch() { *self_ = nullptr; }

void Watch::look() {
    const TimePoint now = node_.loop().now();
    timer_->arm(now + interval);
    if (std::exchange(looking_, true)) return;
    see_clocks({node_.loop().wall(), now, io::clock_synchronised()});
    see_disk();
    dns_.look(now);
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
    looked_at_ = node_.loop().now();
    health_ = judge_health(status, node_.file());
    if (const TimePoint now = node_.loop().now(); now >= files_at_) {
        files_at_ = now + files_interval;
        see_files(status.certificates);
    }
    judge(status, node_.loop().wall(), depth);
    try_inside_servers(status);
}

Health Watch::health() const { return node_.loop().now() - looked_at_ < health_stands ? health_ : Health::unready; }

/// A ping over the way on which it failed, and over the one that worked last.
void Watch::try_inside_servers(const NodeStatus& status) {
    const TimePoint now = node_.loop().now();
    if (node_.file().role != config::Role::core || now < inside_at_) return;
    std::size_t tried = 0;
    for (const auto& [domain, pairs] : inside_pairs(status, node_.file())) {
        if (pairs.failed == nullptr || pairs.is_up) continue;
        if (++tried > most_tried) break;
        inside_at_ = now + inside_interval;
        const auto ping = [&](const s2s::DestinationStatus& to) {
            node_.ping(to.pair, [](const Result<Duration>&) {});
        };
        ping(*pairs.failed);
        // The server may refuse the one and serve the other.
        if (pairs.worked != nullptr && pairs.worked->pair.text() != pairs.failed->pair.text()) ping(*pairs.worked);
    }
}

void Watch::judge(const NodeStatus& status, WallTime now, Depth depth) {
    const config::Snapshot settings = node_.settings().snapshot();
    for (const JudgeRow& row : judges()) {
        if (row.alarms.empty() || (depth == Depth::brief && row.needs == Depth::whole)) continue;
        const Findings found = row.judge({status, node_.file(), *settings, now});
        for (const JudgedAlarm& alarm : row.alarms) raise_found(alarm, found, status.now);
    }
}

void Watch::see_files(const std::vector<OwnCertificate>& certificates) {
    std::map<std::string, std::string> there;
    for (const OwnCertificate& own : certificates) {
        const std::string print = fingerprint_of(io::file_facts(own.file).beginning);
        if (!print.empty()) there[own.file] = print;
    }
    node_.host().certificates = std::move(there);
}

/// A disk that hangs is waited for elsewhere; until it says something else, what it said last holds.
void Watch::see_disk() {
    if (seeing_disk_) return;
    const auto facts = std::make_shared<std::optional<io::DiskFacts>>();
    auto work = [facts, folder = node_.file().node.data] { *facts = io::disk_facts(folder); };
    auto then = [facts, weak = std::weak_ptr{self_}] {
        const auto self = weak.lock();
        if (!self || *self == nullptr) return;
        (*self)->seeing_disk_ = false;
        if (*facts) (*self)->node_.host().disk = {(*facts)->free_bytes, (*facts)->read_only};
    };
    seeing_disk_ = true;
    if (!node_.beside(std::move(work), std::move(then))) seeing_disk_ = false;
}

void Watch::see_clocks(const Clocks& clocks) {
    HostFacts& host = node_.host();
    if (last_clocks_) {
        const Duration jump = (clocks.wall - last_clocks_->wall) - (clocks.steady - last_clocks_->steady);
        if (std::chrono::abs(jump) > std::chrono::seconds{node_.file().limits.clock_jump_seconds}) {
            jumped_at_ = clocks.steady;
            host.clock_jump = jump;
        }
    }
    last_clocks_ = clocks;
    if (jumped_at_ != never && clocks.steady - jumped_at_ >= jump_stands) {
        jumped_at_ = never;
        host.clock_jump.reset();
    }
    if (clocks.synchronised.value_or(true))
        unsynchronised_since_ = never;
    else if (unsynchronised_since_ == never)
        unsynchronised_since_ = clocks.steady;
    host.is_unsynchronised =
        unsynchronised_since_ != never && clocks.steady - unsynchronised_since_ >= patience_with_clock;
}

void Watch::raise_found(const JudgedAlarm& alarm, const Findings& found, TimePoint now) {
    std::map<std::string, Said> standing;
    for (const Finding& finding : found) {
        if (finding.alarm == alarm.code) standing[finding.key] = {finding.detail, finding.words};
    }
    std::erase_if(news_, [&](const auto& entry) {
        return entry.first.first == alarm.code && !standing.contains(entry.first.second);
    });
    std::erase_if(found_since_, [&](const auto& entry) {
        return entry.first.first == alarm.code && !standing.contains(entry.first.second);
    });
    if (alarm.patience > Duration{0}) {
        std::erase_if(standing, [&](const auto& entry) {
            return now - found_since_.try_emplace({alarm.code, entry.first}, now).first->second < alarm.patience;
        });
    }
    settle(alarm.code, standing, now);
}

/// By key, what stands; others of the code are lowered.
void Watch::settle(AlarmCode code, const std::map<std::string, Said>& standing, TimePoint now) {
    services::AlarmBoard& board = node_.alarms();
    std::vector<std::string> keys;
    for (const auto& [key, said] : standing) {
        keys.push_back(key);
        const services::Alarm* const known = board.find(code, key);
        if (known != nullptr && known->detail == said.why && known->words == said.words) continue;
        News& news = news_[{code, key}];
        if (now - news.since >= news_interval) news = {now, 0};
        if (known != nullptr && ++news.count > most_news) continue;
        board.raise_once(code, key, said.why, said.words);
    }
    board.lower_others(code, keys);
}

}  // namespace sallyport::admin
