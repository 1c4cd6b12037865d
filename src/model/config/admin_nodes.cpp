// Words and addresses.
#include "model/config/admin_nodes.h"

#include <algorithm>

#include "base/endpoint.h"

namespace sallyport::config {

namespace {

constexpr std::string_view https_scheme = "https://";
constexpr std::uint16_t https_port = 443;

}  // namespace

const std::vector<std::string_view>& hand_over_words() {
    static const std::vector<std::string_view> words{"off", "read-only", "operator", "administrator"};
    return words;
}

std::string_view text(HandOver most) { return hand_over_words()[static_cast<std::size_t>(most)]; }

HandOver usual_hand_over(Role from) {
    switch (from) {
        case Role::core: return HandOver::administrate;
        case Role::edge:
        case Role::presence: return HandOver::off;
    }
    return HandOver::off;
}

Result<std::string> parse_origin(std::string_view text) {
    const auto malformed = [&](std::string_view why) {
        return Error{"origin-malformed", "'" + std::string{text} + "': " + std::string{why} +
                                             "; an address of pages is such as \"https://core1.example.org:9443\""};
    };
    if (!text.starts_with(https_scheme)) return malformed("it does not begin with https://");
    std::string_view rest = text.substr(https_scheme.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == ':' || c == '[' || c == ']';
    };
    if (!std::all_of(rest.begin(), rest.end(), is_plain)) return malformed("more than a host and a port");
    auto at = HostPort::parse(rest, https_port);
    if (!at) return malformed(at.error().text);
    // As browsers write it: lower case, an IPv6 address in its short form, no port where it is the usual one.
    std::string host = at->host;
    if (const auto address = IpAddress::parse(host)) {
        host = address->v6 ? "[" + address->text() + "]" : address->text();
    } else {
        std::transform(host.begin(), host.end(), host.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    }
    return std::string{https_scheme} + host + (at->port == https_port ? "" : ":" + std::to_string(at->port));
}

}  // namespace sallyport::config
