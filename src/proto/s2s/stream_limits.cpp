// XEP-0478 3.1: max-bytes and idle-seconds.
#include "proto/s2s/stream_limits.h"

#include <charconv>

#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {

namespace ns = xmpp::ns;

std::string write_limits(std::uint64_t max_bytes, std::uint64_t idle_seconds) {
    std::string out{"<limits xmlns='"};
    out.append(ns::stream_limits).append("'><max-bytes>").append(std::to_string(max_bytes)).append("</max-bytes>");
    if (idle_seconds != 0) {
        out.append("<idle-seconds>").append(std::to_string(idle_seconds)).append("</idle-seconds>");
    }
    return out.append("</limits>");
}

PeerLimits read_limits(const xml::Element& limits) {
    const auto number = [&](std::string_view name) {
        const xml::Element* found = limits.child(ns::stream_limits, name);
        std::uint64_t value = 0;
        const std::string digits = found == nullptr ? std::string{} : found->text();
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc{} && end == digits.data() + digits.size() ? value : std::uint64_t{0};
    };
    return {number("max-bytes"), number("idle-seconds")};
}

}  // namespace sallyport::s2s
