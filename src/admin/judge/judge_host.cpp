// What the host gives a node: disk, clock, DNS, the files of its certificates.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "admin/judge/certificate_time.h"
#include "admin/judge/judges.h"

namespace sallyport::admin {

using services::AlarmCode;

namespace {

constexpr std::uint64_t least_free = 64ULL << 20U;
/// An alarm that stands is lowered at twice that, and a disk that was full is full until it has a quarter of it: what
/// moves around a threshold is no news, and each line of it is written to that disk.
constexpr std::uint64_t enough_free = 2 * least_free, full_below = least_free / 4;

std::string seconds_text(Duration duration) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::abs(std::chrono::duration<double>{duration}.count()));
    return text;
}

/// Peers are found by an edge; a core finds what its file and its IM&P servers name.
services::AlarmWords dns_words(config::Role role) {
    if (role == config::Role::edge) return {};
    return {.cure =
                "check [dns] servers in the node's file, or the host's resolver, and that the firewall allows port "
                "53 to it: connections that stand go on; a node or server whose address is a name is found again "
                "only while that name is cached or in hosts_file"};
}

}  // namespace

Findings judge_disk(const Facts& facts) {
    const auto& disk = facts.status.host.disk;
    const std::string& folder = facts.file.node.data;
    if (!disk) return {};
    // Nothing can be written, however much is free.
    if (disk->read_only) return {alarm(AlarmCode::disk_read_only, folder, {})};
    const auto& standing = facts.status.alarms;
    const auto known = std::find_if(standing.begin(), standing.end(), [&](const services::Alarm& one) {
        return one.code == AlarmCode::disk_low && one.key == folder;
    });
    const bool stands = known != standing.end();
    if (disk->free_bytes >= (stands ? enough_free : least_free)) return {};
    const bool was_full = stands && !known->words.text.empty();
    const bool is_full = disk->free_bytes == 0 || (was_full && disk->free_bytes < full_below);
    services::AlarmWords words;
    if (is_full) words.text = "the disk of " + folder + " is full";
    return {steadied(
        alarm(AlarmCode::disk_low, folder,
              is_full ? std::string{} : std::to_string(disk->free_bytes >> 20U) + " MiB are free", std::move(words)),
        standing)};
}

Findings judge_history(const Facts& facts) {
    if (facts.status.history_trouble.empty()) return {};
    return {alarm(AlarmCode::history_store, facts.file.node.data + "/history.db", facts.status.history_trouble)};
}

Findings judge_own_clock(const Facts& facts) {
    const HostFacts& host = facts.status.host;
    const std::string& name = facts.file.node.name;
    Findings found;
    if (!is_sensible(facts.now)) found.push_back(alarm(AlarmCode::clock_wrong, name, "it says " + day(facts.now)));
    if (host.clock_jump) {
        found.push_back(
            alarm(AlarmCode::clock_jumped, name,
                  "by " + seconds_text(*host.clock_jump) + (*host.clock_jump < Duration{0} ? " back" : " forward")));
    }
    if (host.is_unsynchronised) {
        found.push_back(
            alarm(AlarmCode::clock_unsynchronised, name, "the kernel reports that no time service sets it"));
    }
    return found;
}

Findings judge_resolver(const Facts& facts) {
    const auto& dead = facts.status.host.dead_dns;
    if (!dead) return {};
    return {alarm(AlarmCode::dns_down, dead->domain, dead->why, dns_words(facts.file.role))};
}

/// A new file counts only after a reload.
Findings judge_certificate_files(const Facts& facts) {
    Findings found;
    for (const OwnCertificate& own : facts.status.certificates) {
        const auto there = facts.status.host.certificates.find(own.file);
        if (there == facts.status.host.certificates.end() || there->second == own.facts.sha256) continue;
        found.push_back(alarm(AlarmCode::certificate_replaced, own.used_for(), own.file));
    }
    return found;
}

}  // namespace sallyport::admin
