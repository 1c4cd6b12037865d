// DNS answers as values (RFC 1035, RFC 2782, RFC 6698).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/endpoint.h"

namespace sallyport {

struct SrvRecord {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string target;  ///< without trailing dot; "." when the service is declared absent
    auto operator<=>(const SrvRecord&) const = default;
};

/// How a look-up ended.
enum class DnsStatus {
    ok,       ///< at least one record
    no_data,  ///< the name exists, the type does not
    no_name,  ///< NXDOMAIN
    failed,   ///< SERVFAIL, refused, or malformed
    bogus,    ///< DNSSEC validation failed
    timed_out,
    busy,  ///< not asked: too many questions wait for their answers
};

[[nodiscard]] constexpr const char* text(DnsStatus status) {
    switch (status) {
        case DnsStatus::ok: return "ok";
        case DnsStatus::no_data: return "no-data";
        case DnsStatus::no_name: return "no-such-name";
        case DnsStatus::failed: return "failed";
        case DnsStatus::bogus: return "bogus";
        case DnsStatus::timed_out: return "timed-out";
        case DnsStatus::busy: return "busy";
    }
    return "?";
}

/// One answer. `records` of the asked kind are filled; the other vectors stay empty.
struct DnsAnswer {
    DnsStatus status = DnsStatus::failed;
    bool secure = false;  ///< validated with DNSSEC
    std::chrono::seconds ttl{0};
    std::chrono::microseconds took{0};
    std::vector<SrvRecord> srv;
    std::vector<IpAddress> addresses;
    std::string detail;  ///< for people, e.g. why it is bogus
};

}  // namespace sallyport
