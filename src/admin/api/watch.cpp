// Findings of the judges become alarms. What is not found this time is lowered.
#include "admin/api/watch.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "io/loop/kernel_clock.h"
#include "io/store/file_facts.h"
#include "services/provision/provisioner.h"

namespace sallyport::admin {

namespace {

using services::AlarmBoard;
using services::AlarmCode;

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

bool is_name(const HostPort& address) { return !address.host.empty() && !IpAddress::parse(address.host); }

/// An edge finds its peers by DNS; a core what its file and its IM&P servers name by a host name.
bool needs_dns(NodeControl& node) {
    const config::NodeFile& file = node.file();
    if (file.role == config::Role::edge) return node.settings().snapshot()->enabled;
    if (file.role != config::Role::core) return false;
    const auto names = [](const auto& entry) { return is_name(entry.address); };
    if (std::any_of(file.link.dial.begin(), file.link.dial.end(), names) ||
        std::any_of(file.ssh.dial.begin(), file.ssh.dial.end(), names) ||
        std::any_of(file.inside.servers.begin(), file.inside.servers.end(), names)) {
        return true;
    }
    if (node.provisioner() == nullptr) return false;
    const auto publishers = node.provisioner()->list();
    return std::any_of(publishers.begin(), publishers.end(), [](const provision::PublisherStatus& publisher) {
        const auto address = HostPort::parse(publisher.address, provision::Provisioner::axl_port);
        return address && is_name(*address);
    });
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
    see_clocks({node_.loop().wall(), now, io::clock_synchronised()});
    HostFacts& host = node_.host();
    host.disk.reset();
    if (const auto disk = io::disk_facts(node_.file().node.data)) host.disk = {disk->free_bytes, disk->read_only};
    if (now >= dns_at_) {
        dns_at_ = now + dns_interval;
        ask_dns();
    }
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
    if (const TimePoint now = node_.loop().now(); now >= files_at_) {
        files_at_ = now + files_interval;
        see_files(status.certificates);
    }
    judge(status, node_.loop().wall(), depth);
    try_inside_servers(status);
}

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

/// Caches hide for a while that nobody answers, so the name is another each time.
void Watch::ask_dns() {
    const config::Snapshot settings = node_.settings().snapshot();
    const auto own = std::find_if(settings->domains.begin(), settings->domains.end(),
                                  [](const config::NamePattern& pattern) { return !pattern.below; });
    if (own == settings->domains.end() || !needs_dns(node_)) {
        dns_question_.reset();
        node_.host().dead_dns.reset();
        return;
    }
    if (dns_question_) {
        const auto waited = std::chrono::duration_cast<std::chrono::seconds>(dns_interval).count();
        node_.host().dead_dns = {dns_domain_->text(), "no answer in " + std::to_string(waited) + " s"};
    }
    dns_domain_ = own->domain;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(node_.loop().wall().time_since_epoch());
    const std::string name = "sallyport-" + std::to_string(seconds.count()) + "-" + std::to_string(++dns_questions_) +
                             "." + own->domain.ascii();
    dns_question_ = node_.resolver().addresses(name, false, {}, [this, domain = own->domain](const DnsAnswer& answer) {
        // On the stack of its own callback.
        node_.loop().defer([gone = std::shared_ptr<io::Lookup>{std::move(dns_question_)}] {});
        see_dns(domain, answer);
    });
}

void Watch::see_dns(const xmpp::Domain& domain, const DnsAnswer& answer) {
    node_.host().dead_dns.reset();
    if (answer.status != DnsStatus::failed && answer.status != DnsStatus::timed_out) return;
    std::string why{text(answer.status)};
    if (!answer.detail.empty()) why += ": " + answer.detail;
    node_.host().dead_dns = {domain.text(), std::move(why)};
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
    std::erase_if(found_since_, [&](const auto& entry) {
        return entry.first.first == alarm.code && !standing.contains(entry.first.second);
    });
    if (alarm.patience > Duration{0}) {
        std::erase_if(standing, [&](const auto& entry) {
            return now - found_since_.try_emplace({alarm.code, entry.first}, now).first->second < alarm.patience;
        });
    }
    settle(node_.alarms(), alarm.code, standing);
}

}  // namespace sallyport::admin
