// What the answers mean, and what is proposed.
#include "nodes/ctl/init_answers.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "admin/access/account_name.h"
#include "model/config/settings.h"
#include "nodes/ctl/check_host.h"

namespace sallyport::ctl {

namespace fs = std::filesystem;

namespace {

constexpr std::uint16_t s2s_port = 5269;
constexpr std::uint16_t link_port = 7400;
constexpr std::uint16_t dns_port = 53;

/// An address, with or without a port.
Result<Endpoint> endpoint(const std::string& text, std::uint16_t port, const std::string& flag) {
    if (const auto address = IpAddress::parse(text)) return Endpoint{*address, port};
    auto parsed = Endpoint::parse(text);
    if (!parsed)
        return wrong_answer(flag + ": '" + text +
                            "' is not an address such as 192.0.2.1 or 192.0.2.1:" + std::to_string(port));
    return parsed;
}

Result<void> understand_allow(Draft& draft) {
    for (const std::string& text : draft.answers.allow) {
        const auto pattern = config::NamePattern::parse(text);
        if (!pattern) return wrong_answer("--allow: '" + text + "': " + pattern.error().text);
        draft.plan.allow.push_back(pattern->text());
    }
    return {};
}

Result<void> understand_dns_servers(Draft& draft) {
    for (const std::string& text : draft.answers.dns_servers) {
        const auto at = endpoint(text, dns_port, "--dns-server");
        if (!at) return at.error();
        draft.plan.dns_servers.push_back(*at);
    }
    return {};
}

Result<void> understand_allow_networks(Draft& draft) {
    for (const std::string& text : draft.answers.allow_networks) {
        const auto network = IpNetwork::parse(text);
        if (!network) return wrong_answer("--allow-network: " + network.error().text);
        draft.plan.allow_networks.push_back(*network);
    }
    return {};
}

Result<void> understand_core_link_source(Draft& draft) {
    const std::string& text = draft.answers.core_link_source;
    if (text.empty()) return {};
    const auto source = IpAddress::parse(text);
    if (!source) return wrong_answer("--core-link-source: '" + text + "' is not an address");
    draft.plan.core_link_source = *source;
    return {};
}

Result<void> understand_domains(Draft& draft) {
    std::vector<xmpp::Domain> domains;
    for (const std::string& text : draft.answers.domains) {
        auto domain = xmpp::Domain::parse(text);
        if (!domain || domain->is_address()) return wrong_answer("--domain: '" + text + "' is not a domain");
        domains.push_back(std::move(*domain));
    }
    draft.plan.domains = std::move(domains);
    return {};
}

Result<void> understand_directory(Draft& draft) {
    InitPlan& plan = draft.plan;
    plan.force = draft.answers.force;
    plan.directory = fs::absolute(draft.answers.directory).lexically_normal().string();
    while (plan.directory.size() > 1 && plan.directory.back() == '/') plan.directory.pop_back();
    const bool is_system = plan.directory.starts_with("/etc/");
    plan.edge_data = is_system ? "/var/lib/sallyport/edge" : "data/edge";
    plan.core_data = is_system ? "/var/lib/sallyport/core" : "data/core";
    plan.presence_data = is_system ? "/var/lib/sallyport/presence" : "data/presence";
    for (const char* name : {"edge.toml", "core.toml"}) {
        if (auto free = may_write(plan, name); !free) return free;
    }
    return {};
}

Result<std::string> host_name(const std::string& text) {
    const auto name = xmpp::Domain::parse(text);
    if (!name || name->is_address()) return wrong_answer("'" + text + "' is not a host name");
    return name->ascii();
}

Result<void> understand_edge_name(Draft& draft) {
    auto name = host_name(draft.answers.edge_name);
    if (!name) return name.error();
    draft.plan.edge_name = std::move(*name);
    return {};
}

Result<void> understand_core_name(Draft& draft) {
    auto name = host_name(draft.answers.core_name);
    if (!name) return name.error();
    if (*name == draft.plan.edge_name) return wrong_answer("edge and core must have different names");
    draft.plan.core_name = std::move(*name);
    return {};
}

Result<void> understand_presence_name(Draft& draft) {
    auto name = host_name(draft.answers.presence_name);
    if (!name) return name.error();
    if (*name == draft.plan.edge_name || *name == draft.plan.core_name)
        return wrong_answer("the presence node must have a name of its own");
    draft.plan.presence_name = std::move(*name);
    return {};
}

Result<void> understand_edge_public(Draft& draft) {
    std::vector<Endpoint> all;
    for (const std::string& text : draft.answers.edge_public) {
        const auto at = endpoint(text, s2s_port, "--edge-public");
        if (!at) return at.error();
        all.push_back(*at);
    }
    draft.plan.edge_public = std::move(all);
    return {};
}

Result<void> understand_edge_link(Draft& draft) {
    const auto link = endpoint(draft.answers.edge_link, link_port, "--edge-link");
    if (!link) return link.error();
    for (const Endpoint& at : draft.plan.edge_public) {
        if (at.address != link->address || is_loopback(at.address)) continue;
        return wrong_answer("--edge-link: " + at.address.text() +
                            " is also an address of --edge-public; use another address for the inside");
    }
    draft.plan.edge_link = *link;
    return {};
}

Result<void> understand_core_inside(Draft& draft) {
    const auto inside = endpoint(draft.answers.core_inside, s2s_port, "--core-inside");
    if (!inside) return inside.error();
    draft.plan.core_inside = *inside;
    if (draft.answers.core_link_source.empty()) draft.plan.core_link_source = inside->address;
    return {};
}

/// "-": on a presence node.
bool has_presence(const InitAnswers& answers) { return !answers.presence.empty() || answers.inside_server == "-"; }

Result<void> understand_inside_server(Draft& draft) {
    if (draft.answers.inside_server == "-") return {};
    if (!draft.answers.presence.empty()) return wrong_answer("use either --inside-server or --presence");
    const auto server = HostPort::parse(draft.answers.inside_server, s2s_port);
    if (!server) return wrong_answer("--inside-server: " + server.error().text);
    draft.plan.inside_server = *server;
    return {};
}

Result<void> understand_presence(Draft& draft) {
    const auto presence = endpoint(draft.answers.presence, link_port, "--presence");
    if (!presence) return presence.error();
    if (presence->address == draft.plan.edge_link.address)
        return wrong_answer("edge and presence node must have different addresses");
    draft.plan.presence = *presence;
    return {};
}

Result<void> understand_certificate(Draft& draft) {
    const std::string& path = draft.answers.certificate;
    if (draft.answers.self_signed) return wrong_answer("use either --certificate or --self-signed");
    if (path == "-") return {};
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return wrong_answer(path + ": no such file");
    const PairFindings found = judge_pair(path, path, draft.now);
    if (!found.certificate.empty()) return wrong_answer("--certificate: " + found.certificate);
    if (!found.warning.empty()) draft.warnings.push_back("--certificate: " + found.warning);
    draft.plan.certificate = fs::absolute(path).lexically_normal().string();
    return {};
}

Result<void> understand_key(Draft& draft) {
    const std::string& path = draft.answers.key;
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return wrong_answer(path + ": no such file");
    const PairFindings found = judge_pair(draft.answers.certificate, path, draft.now);
    if (!found.key.empty()) return wrong_answer("--key: " + found.key);
    draft.plan.key = fs::absolute(path).lexically_normal().string();
    return {};
}

/// What listens at the addresses at which the web pages would.
std::vector<std::pair<const char*, Endpoint>> inner_listeners(const InitPlan& plan) {
    const IpAddress& edge = plan.edge_link.address;
    std::vector<std::pair<const char*, Endpoint>> all{
        {"edge", plan.edge_link}, {"edge", {edge, ssh_port}}, {"core", plan.core_inside}};
    for (const Endpoint& at : plan.edge_public) all.emplace_back("edge", at);
    if (!plan.presence) return all;
    for (const std::uint16_t port : {plan.presence->port, axl_port, client_port}) {
        all.emplace_back("presence node", Endpoint{plan.presence->address, port});
    }
    return all;
}

Result<void> understand_web_port(Draft& draft) {
    const std::string& text = draft.answers.web_port;
    if (text == "-") return {};
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (problem != std::errc{} || end != text.data() + text.size() || port == 0)
        return wrong_answer("'" + text + "' is not a port such as 9443");
    InitPlan& plan = draft.plan;
    const std::pair<std::string_view, IpAddress> nodes[] = {
        {"edge", plan.edge_link.address},
        {"core", plan.core_inside.address},
        {"presence node", plan.presence ? plan.presence->address : IpAddress{}}};
    for (const auto& [node, listener] : inner_listeners(plan)) {
        const bool is_taken = std::any_of(std::begin(nodes), std::end(nodes), [&](const auto& one) {
            return one.first == node && listener == Endpoint{one.second, port};
        });
        if (is_taken) return wrong_answer(listener.text() + " is already used on the " + node);
    }
    plan.admin_port = port;
    return {};
}

Result<void> understand_administrator(Draft& draft) {
    const std::string& name = draft.answers.administrator;
    if (!admin::is_account_name(name))
        return wrong_answer("'" + name + "' is not the name of an account, which " +
                            std::string{admin::account_name_rule});
    draft.plan.administrator = name;
    return {};
}

bool may_have_server(const InitAnswers& answers) { return answers.presence.empty() || !answers.inside_server.empty(); }
bool wants_certificate(const InitAnswers& answers) { return !answers.self_signed || !answers.certificate.empty(); }
bool wants_key(const InitAnswers& answers) {
    return !answers.self_signed && !answers.certificate.empty() && answers.certificate != "-";
}
std::string usual_directory(const Draft&) { return "/etc/sallyport"; }
std::string below_domain(const char* label, const InitAnswers& answers) {
    return label + (answers.domains.empty() ? "example.org" : answers.domains.front());
}
std::string usual_edge_name(const Draft& draft) { return below_domain("edge1.", draft.answers); }
std::string usual_core_name(const Draft& draft) { return below_domain("core1.", draft.answers); }
std::string usual_presence_name(const Draft& draft) { return below_domain("imp1.", draft.answers); }
std::string usual_key(const Draft& draft) { return draft.answers.certificate; }

std::string usual_web_port(const Draft&) { return "9443"; }
std::string usual_administrator(const Draft& draft) { return draft.user; }
bool may_have_pages(const InitAnswers& answers) { return answers.admin_port == 0; }
bool has_pages(const InitAnswers& answers) {
    return answers.admin_port != 0 || (!answers.web_port.empty() && answers.web_port != "-");
}

using A = InitAnswers;

/// In this order: an answer is judged by those above it.
constexpr Question all_questions[] = {
    {"--allow", nullptr, nullptr, &A::allow, nullptr, nullptr, understand_allow},
    {"--dns-server", nullptr, nullptr, &A::dns_servers, nullptr, nullptr, understand_dns_servers},
    {"--allow-network", nullptr, nullptr, &A::allow_networks, nullptr, nullptr, understand_allow_networks},
    {"--core-link-source", nullptr, &A::core_link_source, nullptr, nullptr, nullptr, understand_core_link_source},
    {"--domain", "Domains to federate, and aliases of chat rooms, separated by spaces", nullptr, &A::domains, nullptr,
     nullptr, understand_domains},
    {"--directory", "Folder for the files", &A::directory, nullptr, usual_directory, nullptr, understand_directory},
    {"--edge-name", "Host name of the edge", &A::edge_name, nullptr, usual_edge_name, nullptr, understand_edge_name},
    {"--core-name", "Host name of the core", &A::core_name, nullptr, usual_core_name, nullptr, understand_core_name},
    {"--edge-public", "Public address of the edge", nullptr, &A::edge_public, nullptr, nullptr, understand_edge_public},
    {"--edge-link", "Internal address of the edge, where the core connects", &A::edge_link, nullptr, nullptr, nullptr,
     understand_edge_link},
    {"--core-inside", "Address of the core, where the internal servers connect", &A::core_inside, nullptr, nullptr,
     nullptr, understand_core_inside},
    {"--inside-server (or --presence)",
     "Internal XMPP server (address or address:port), or - for users on a presence node", &A::inside_server, nullptr,
     nullptr, may_have_server, understand_inside_server},
    {"--presence", "Address of the presence node", &A::presence, nullptr, nullptr, has_presence, understand_presence},
    {"--presence-name", "Host name of the presence node", &A::presence_name, nullptr, usual_presence_name, has_presence,
     understand_presence_name},
    {"--certificate (or --self-signed)",
     "File with the certificate for the domains and its chain, or - to make a self-signed one", &A::certificate,
     nullptr, nullptr, wants_certificate, understand_certificate},
    {"--key", "File with its private key", &A::key, nullptr, usual_key, wants_key, understand_key},
    {"--admin-port", "Port for web pages on the internal address of each node, or - for none", &A::web_port, nullptr,
     usual_web_port, may_have_pages, understand_web_port, true},
    {"the first administrator", "Name of the first administrator", &A::administrator, nullptr, usual_administrator,
     has_pages, understand_administrator, true},
};

}  // namespace

Error wrong_answer(std::string text) { return {"init", std::move(text)}; }

std::span<const Question> questions() { return all_questions; }

}  // namespace sallyport::ctl
