// Questions in the order in which an operator thinks: names, addresses, certificate.
#include <algorithm>
#include <filesystem>
#include <istream>
#include <ostream>

#include "base/join.h"
#include "model/config/settings.h"
#include "nodes/ctl/init.h"

namespace sallyport::ctl {

namespace fs = std::filesystem;

namespace {

constexpr std::uint16_t s2s_port = 5269;
constexpr std::uint16_t link_port = 7400;
constexpr std::uint16_t dns_port = 53;

Error wrong_answer(std::string text) { return {"init", std::move(text)}; }

/// Reads answers from a terminal, or notes what is missing elsewhere.
class Interview {
public:
    explicit Interview(const Console& console) : console_{console} {}

    void ask(std::string& answer, const std::string& flag, const std::string& question, const std::string& usual = {}) {
        if (!answer.empty()) return;
        if (!console_.interactive) {
            answer = usual;
            if (usual.empty()) append_item(missing_, flag);
            return;
        }
        console_.out << question << (usual.empty() ? "" : " [" + usual + "]") << ": " << std::flush;
        std::getline(console_.in, answer);
        if (answer.empty()) answer = usual;
        if (answer.empty()) append_item(missing_, flag);
    }

    void ask(std::vector<std::string>& answers, const std::string& flag, const std::string& question) {
        if (!answers.empty()) return;
        std::string line;
        ask(line, flag, question);
        std::replace(line.begin(), line.end(), ',', ' ');
        for (std::size_t at = line.find_first_not_of(' '); at != std::string::npos;
             at = line.find_first_not_of(' ', at)) {
            const std::size_t end = std::min(line.find(' ', at), line.size());
            answers.push_back(line.substr(at, end - at));
            at = end;
        }
    }

    [[nodiscard]] const std::string& missing() const { return missing_; }

private:
    const Console& console_;
    std::string missing_;
};

void interview(InitAnswers& answers, Interview& person) {
    person.ask(answers.domains, "--domain", "Domains to federate, and aliases of chat rooms, separated by spaces");
    const std::string domain = answers.domains.empty() ? "example.org" : answers.domains.front();
    person.ask(answers.directory, "--directory", "Folder for the files", "/etc/sallyport");
    person.ask(answers.edge_name, "--edge-name", "Host name of the edge", "edge1." + domain);
    person.ask(answers.core_name, "--core-name", "Host name of the core", "core1." + domain);
    person.ask(answers.edge_public, "--edge-public", "Public address of the edge");
    person.ask(answers.edge_link, "--edge-link", "Internal address of the edge, where the core connects");
    person.ask(answers.core_inside, "--core-inside", "Address of the core, where the internal servers connect");
    if (answers.presence.empty()) {
        person.ask(answers.inside_server, "--inside-server (or --presence)",
                   "Internal XMPP server (address or address:port), or - for users on a presence node");
    }
    if (answers.inside_server == "-") answers.inside_server.clear();
    if (answers.inside_server.empty() && person.missing().empty()) {
        person.ask(answers.presence, "--presence", "Address of the presence node");
        person.ask(answers.presence_name, "--presence-name", "Host name of the presence node", "imp1." + domain);
    }
    if (answers.self_signed) return;
    person.ask(answers.certificate, "--certificate (or --self-signed)",
               "File with the certificate for the domains and its chain, or - to make a self-signed one");
    if (answers.certificate == "-") {
        answers.certificate.clear();
        answers.self_signed = true;
        return;
    }
    person.ask(answers.key, "--key", "File with its private key", answers.certificate);
}

/// An address, with or without a port.
Result<Endpoint> endpoint(const std::string& text, std::uint16_t port, const std::string& flag) {
    if (const auto address = IpAddress::parse(text)) return Endpoint{*address, port};
    auto parsed = Endpoint::parse(text);
    if (!parsed)
        return wrong_answer(flag + ": '" + text +
                            "' is not an address such as 192.0.2.1 or 192.0.2.1:" + std::to_string(port));
    return parsed;
}

Result<void> understand_names(const InitAnswers& answers, InitPlan& plan) {
    for (const std::string& text : answers.domains) {
        auto domain = xmpp::Domain::parse(text);
        if (!domain || domain->is_address()) return wrong_answer("--domain: '" + text + "' is not a domain");
        plan.domains.push_back(std::move(*domain));
    }
    for (const std::string& text : answers.allow) {
        const auto pattern = config::NamePattern::parse(text);
        if (!pattern) return wrong_answer("--allow: '" + text + "': " + pattern.error().text);
        plan.allow.push_back(pattern->text());
    }
    const std::pair<const std::string*, std::string*> names[] = {{&answers.edge_name, &plan.edge_name},
                                                                 {&answers.core_name, &plan.core_name},
                                                                 {&answers.presence_name, &plan.presence_name}};
    for (const auto& [typed, understood] : names) {
        if (typed == &answers.presence_name && typed->empty()) continue;
        const auto name = xmpp::Domain::parse(*typed);
        if (!name || name->is_address()) return wrong_answer("'" + *typed + "' is not a host name");
        *understood = name->ascii();
    }
    if (plan.edge_name == plan.core_name) return wrong_answer("edge and core must have different names");
    if (plan.presence_name == plan.edge_name || plan.presence_name == plan.core_name)
        return wrong_answer("the presence node must have a name of its own");
    return {};
}

/// Where the users are: on an internal server, or on a presence node.
Result<void> understand_users(const InitAnswers& answers, InitPlan& plan) {
    if (answers.presence.empty()) {
        const auto server = HostPort::parse(answers.inside_server, s2s_port);
        if (!server) return wrong_answer("--inside-server: " + server.error().text);
        plan.inside_server = *server;
        return {};
    }
    if (!answers.inside_server.empty()) return wrong_answer("use either --inside-server or --presence");
    const auto presence = endpoint(answers.presence, link_port, "--presence");
    if (!presence) return presence.error();
    if (presence->address == plan.edge_link.address)
        return wrong_answer("edge and presence node must have different addresses");
    plan.presence = *presence;
    return {};
}

Result<void> understand_network(const InitAnswers& answers, InitPlan& plan) {
    plan.admin_port = answers.admin_port;
    for (const std::string& text : answers.dns_servers) {
        const auto at = endpoint(text, dns_port, "--dns-server");
        if (!at) return at.error();
        plan.dns_servers.push_back(*at);
    }
    for (const std::string& text : answers.allow_networks) {
        const auto network = IpNetwork::parse(text);
        if (!network) return wrong_answer("--allow-network: " + network.error().text);
        plan.allow_networks.push_back(*network);
    }
    return {};
}

Result<void> understand_addresses(const InitAnswers& answers, InitPlan& plan) {
    for (const std::string& text : answers.edge_public) {
        const auto at = endpoint(text, s2s_port, "--edge-public");
        if (!at) return at.error();
        plan.edge_public.push_back(*at);
    }
    const auto link = endpoint(answers.edge_link, link_port, "--edge-link");
    if (!link) return link.error();
    const auto inside = endpoint(answers.core_inside, s2s_port, "--core-inside");
    if (!inside) return inside.error();
    plan.edge_link = *link;
    plan.core_inside = *inside;
    if (auto understood = understand_users(answers, plan); !understood) return understood;
    plan.core_link_source = inside->address;
    if (answers.core_link_source.empty()) return {};
    const auto source = IpAddress::parse(answers.core_link_source);
    if (!source) return wrong_answer("--core-link-source: '" + answers.core_link_source + "' is not an address");
    plan.core_link_source = *source;
    return {};
}

Result<void> understand_files(const InitAnswers& answers, InitPlan& plan) {
    plan.force = answers.force;
    plan.directory = fs::absolute(answers.directory).lexically_normal().string();
    while (plan.directory.size() > 1 && plan.directory.back() == '/') plan.directory.pop_back();
    const bool is_system = plan.directory.starts_with("/etc/");
    plan.edge_data = is_system ? "/var/lib/sallyport/edge" : "data/edge";
    plan.core_data = is_system ? "/var/lib/sallyport/core" : "data/core";
    plan.presence_data = is_system ? "/var/lib/sallyport/presence" : "data/presence";
    if (answers.self_signed) {
        if (!answers.certificate.empty()) return wrong_answer("use either --certificate or --self-signed");
        return {};
    }
    std::error_code ignored;
    const std::string key = answers.key.empty() ? answers.certificate : answers.key;
    for (const std::string& path : {answers.certificate, key}) {
        if (!fs::is_regular_file(path, ignored)) return wrong_answer(path + ": no such file");
    }
    plan.certificate = fs::absolute(answers.certificate).lexically_normal().string();
    plan.key = fs::absolute(key).lexically_normal().string();
    return {};
}

}  // namespace

Result<InitPlan> plan_init(InitAnswers answers, const Console& console) {
    Interview person{console};
    interview(answers, person);
    if (!person.missing().empty()) return wrong_answer("missing: " + person.missing());
    InitPlan plan;
    if (auto names = understand_names(answers, plan); !names) return names.error();
    if (auto addresses = understand_addresses(answers, plan); !addresses) return addresses.error();
    if (auto network = understand_network(answers, plan); !network) return network.error();
    if (auto files = understand_files(answers, plan); !files) return files.error();
    return plan;
}

}  // namespace sallyport::ctl
