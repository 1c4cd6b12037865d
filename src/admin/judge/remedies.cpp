// Who says where the domain is, first; then the table of refusals.
#include "admin/judge/remedies.h"

#include <algorithm>

#include "model/policy/static_route.h"

namespace sallyport::admin {

namespace {

std::string filled(std::string_view text, const std::string& domain) {
    constexpr std::string_view placeholder = "DOMAIN";
    std::string out{text};
    for (std::size_t at = 0; (at = out.find(placeholder, at)) != std::string::npos; at += domain.size())
        out.replace(at, placeholder.size(), domain);
    return out;
}

}  // namespace

const config::InsideServer* inside_server(const config::NodeFile& file, const xmpp::Domain& domain) {
    for (const config::InsideServer& server : file.inside.servers) {
        if (std::find(server.domains.begin(), server.domains.end(), domain) != server.domains.end()) return &server;
    }
    return nullptr;
}

Remedy remedy_of(const config::NodeFile& file, const config::Settings& settings, Rule rule,
                 const std::string& own_remedy, const std::string& domain) {
    const RuleRow& row = row_of(rule);
    const auto parsed = xmpp::Domain::parse(domain);
    if (parsed && row.kind == RuleKind::way) {
        if (const config::InsideServer* server = inside_server(file, *parsed)) {
            return {"[[inside.server]] in " + file.path,
                    "start the server of " + domain + " at " + server->address.text() +
                        ", or correct that address; test with `sallyport check tls " + domain + "`",
                    Part::ours};
        }
        const auto first = [](std::uint64_t) { return std::uint64_t{0}; };
        if ((rule == Rule::tcp || rule == Rule::dns) && policy::static_route(settings, *parsed, first).has_route) {
            return {"federation.static_routes",
                    "correct the static route of " + domain + " (`sallyport routes list`), or remove it to use DNS",
                    Part::ours_or_the_peers};
        }
    }
    return {filled(row.change, domain), own_remedy.empty() ? filled(row.remedy, domain) : own_remedy, row.part};
}

Remedy remedy_of(const config::NodeFile& file, const config::Settings& settings, const xmpp::Failure& failure,
                 const std::string& domain) {
    return remedy_of(file, settings, failure.cause(), failure.remedy, domain);
}

}  // namespace sallyport::admin
