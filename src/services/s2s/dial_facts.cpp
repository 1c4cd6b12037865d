// Times and answers of DNS in words.
#include "services/s2s/dial_facts.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/join.h"

namespace sallyport::s2s {

namespace {

constexpr std::size_t most_told = 8;  ///< records of one answer that the recorder is told

std::string records_text(const DnsAnswer& answer) {
    std::string all;
    const auto add = [&](const std::string& record) { append_item(all, record); };
    const std::size_t found = std::max(answer.srv.size(), answer.addresses.size());
    for (std::size_t i = 0; i < std::min(answer.srv.size(), most_told); ++i) {
        const SrvRecord& srv = answer.srv[i];
        add(std::to_string(srv.priority) + " " + std::to_string(srv.weight) + " " + std::to_string(srv.port) + " " +
            srv.target);
    }
    for (std::size_t i = 0; i < std::min(answer.addresses.size(), most_told); ++i) add(answer.addresses[i].text());
    if (found > most_told) add(std::to_string(found - most_told) + " more");
    return all;
}

}  // namespace

std::string seconds_text(Duration duration) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.6f", std::chrono::duration<double>(duration).count());
    return buffer;
}

std::string milliseconds_text(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

record::Facts facts_of(const std::string& question, const DnsAnswer& answer) {
    record::Facts facts{{"question", question},
                        {"status", text(answer.status)},
                        {"answer", records_text(answer)},
                        {"ttl", std::to_string(answer.ttl.count())},
                        {"ms", milliseconds_text(answer.took)}};
    if (answer.secure) facts.emplace_back("secure", "yes");
    if (!answer.detail.empty()) facts.emplace_back("detail", answer.detail);
    return facts;
}

bool is_trouble(DnsStatus status) {
    return status == DnsStatus::failed || status == DnsStatus::bogus || status == DnsStatus::timed_out ||
           status == DnsStatus::busy;
}

bool is_unknown(const DnsAnswer& answer) {
    return answer.status == DnsStatus::timed_out || answer.status == DnsStatus::failed ||
           answer.status == DnsStatus::busy;
}

}  // namespace sallyport::s2s
