// Receivers of the event log as the node's file writes them. Addresses, not names: the log must not wait for DNS.
#include "model/config/node_file.h"

namespace sallyport::config {

namespace {

constexpr std::size_t longest_local_path = 107;  // sun_path of unix(7), without its end

}  // namespace

Result<SyslogTarget> SyslogTarget::parse(std::string_view text) {
    SyslogTarget target;
    const Error malformed{"syslog-malformed",
                          "'" + std::string{text} + "' is not udp://address:port, tcp://address:port or unix:/path"};
    if (text.starts_with("unix:/")) {
        target.kind = Kind::local;
        target.path = text.substr(5);
        if (target.path.size() > longest_local_path) return malformed;
        return target;
    }
    const bool is_udp = text.starts_with("udp://");
    if (!is_udp && !text.starts_with("tcp://")) return malformed;
    target.kind = is_udp ? Kind::udp : Kind::tcp;
    const auto endpoint = Endpoint::parse(text.substr(6));
    if (!endpoint || endpoint->port == 0) return malformed;
    target.endpoint = *endpoint;
    return target;
}

std::string SyslogTarget::text() const {
    if (kind == Kind::local) return "unix:" + path;
    return (kind == Kind::udp ? "udp://" : "tcp://") + endpoint.text();
}

}  // namespace sallyport::config
