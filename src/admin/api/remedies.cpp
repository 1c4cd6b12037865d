// Who says where the domain is, first; then the table of refusals.
#include "admin/api/remedies.h"

#include <algorithm>

#include "model/policy/static_route.h"
#include "services/record/verdicts.h"

namespace sallyport::admin {

namespace {

/// Steps of an attempt to reach a server, as record::refusal_rows() names them.
bool is_of_the_way(std::string_view rule) {
    constexpr std::string_view steps[] = {"dns", "tcp", "tls", "sasl", "dialback", "stream", "protocol", "dead"};
    return std::find(std::begin(steps), std::end(steps), rule) != std::end(steps);
}

const config::InsideServer* inside_server(const config::NodeFile& file, const xmpp::Domain& domain) {
    for (const config::InsideServer& server : file.inside.servers) {
        if (std::find(server.domains.begin(), server.domains.end(), domain) != server.domains.end()) return &server;
    }
    return nullptr;
}

std::string filled(std::string_view text, const std::string& domain) {
    constexpr std::string_view placeholder = "DOMAIN";
    std::string out{text};
    for (std::size_t at = 0; (at = out.find(placeholder, at)) != std::string::npos; at += domain.size())
        out.replace(at, placeholder.size(), domain);
    return out;
}

}  // namespace

Remedy remedy_of(const config::NodeFile& file, const config::Settings& settings, std::string_view rule,
                 const std::string& domain) {
    const auto parsed = xmpp::Domain::parse(domain);
    if (parsed && is_of_the_way(rule)) {
        if (const config::InsideServer* server = inside_server(file, *parsed)) {
            return {"[[inside.server]] in " + file.path,
                    "start the server of " + domain + " at " + server->address.text() +
                        ", or correct that address; `sallyport check tls " + domain + "` tries it",
                    "ours"};
        }
        const auto first = [](std::uint64_t) { return std::uint64_t{0}; };
        if ((rule == "tcp" || rule == "dns") && policy::static_route(settings, *parsed, first).has_route) {
            return {"federation.static_routes",
                    "correct the static route of " + domain +
                        " (`sallyport routes list`), or remove it so that DNS is asked",
                    "ours or the peer's"};
        }
    }
    const record::RefusalRow* const row = record::find_refusal(rule);
    if (row == nullptr) return {};
    return {filled(row->change, domain), filled(row->remedy, domain), row->part};
}

}  // namespace sallyport::admin
