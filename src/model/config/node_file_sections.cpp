// Every section of the node's file but [limits] and [settings], key by key (docs/manual/node-file.md).
#include <algorithm>

#include "model/config/node_file_parts.h"
#include "model/config/settings.h"

namespace sallyport::config {

namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::uint16_t s2s_port = 5269;
constexpr std::uint16_t link_port = 7400;
constexpr std::uint16_t ssh_port = 2222;
constexpr std::uint16_t axl_port = 8443;

const std::vector<std::string_view>& log_levels() {
    static const std::vector<std::string_view> words{"trace", "debug", "info", "warn", "error"};
    return words;
}

/// Port 0 (any free one) is for tests on loopback.
Result<Endpoint> listener(std::string_view text) {
    auto endpoint = Endpoint::parse(text);
    if (endpoint && endpoint->port == 0 && !is_loopback(endpoint->address)) {
        return Error{"endpoint-malformed", "'" + std::string{text} + "' has no port"};
    }
    return endpoint;
}

Result<Endpoint> dns_server(std::string_view text) {
    if (const auto address = IpAddress::parse(text)) return Endpoint{*address, dns_port};
    auto endpoint = Endpoint::parse(text);
    if (!endpoint || endpoint->port == 0) {
        return Error{"endpoint-malformed",
                     "'" + std::string{text} + "' is not an address such as 192.0.2.53 or 192.0.2.53:53"};
    }
    return endpoint;
}

void host_port(TomlTable& table, std::string_view key, std::uint16_t default_port, HostPort& out) {
    std::string written;
    table.text(key, written);
    auto parsed = HostPort::parse(written, default_port);
    if (parsed) {
        out = std::move(*parsed);
    } else {
        table.complain(key, written.empty() ? "is missing" : parsed.error().text);
    }
}

void read_node(TomlTable table, NodeFile& file) {
    table.text("name", file.node.name);
    table.file_path("data", file.node.data);
    table.count("threads", file.node.threads, 256);
    if (!file.node.name.empty() && !xmpp::Domain::parse(file.node.name)) {
        table.complain("name", "'" + file.node.name + "' is not a host name");
    }
    table.finish();
}

void read_module_levels(TomlTable table, NodeFile& file) {
    if (!table.present()) return;
    for (const auto& [key, node] : *table.table()) {
        LogModule module{};
        const auto level = table.word(key.str(), log_levels());
        if (!log_module(key.str(), module)) {
            table.complain(key.str(), "is not the name of a log module");
        } else if (level) {
            file.log.modules[std::string{sallyport::text(module)}] = static_cast<LogLevel>(*level);
        }
    }
}

constexpr std::size_t most_syslog_targets = 4;

void read_log(TomlTable table, NodeFile& file) {
    if (const auto level = table.word("level", log_levels())) file.log.level = static_cast<LogLevel>(*level);
    if (const auto format = table.word("format", {"text", "json"})) file.log.json = *format == 1;
    read_module_levels(table.section("modules"), file);
    table.list<SyslogTarget>("syslog", file.log.syslog, SyslogTarget::parse, true);
    if (file.log.syslog.size() > most_syslog_targets) table.complain("syslog", "must have at most four receivers");
    table.count("events", file.log.events, 10'000'000);
    table.count("event_days", file.log.event_days, 3660);
    if (file.log.events == 0) table.complain("events", "must be at least one event");
    if (file.log.event_days == 0) table.complain("event_days", "must be at least one day");
    table.finish();
}

void read_dns(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("servers", file.dns.servers, dns_server);
    table.file_path("trust_anchor", file.dns.trust_anchor);
    table.file_path("hosts_file", file.dns.hosts_file);
    table.finish();
}

void read_s2s(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.s2s.listen, listener);
    table.list<Endpoint>("direct_tls_listen", file.s2s.direct_tls_listen, listener);
    table.list<IpAddress>("source_address", file.s2s.source_addresses, IpAddress::parse, true);
    table.list<IpNetwork>("allow_networks", file.s2s.allow_networks, IpNetwork::parse);
    table.list<IpNetwork>("proxies", file.s2s.proxies, IpNetwork::parse);
    table.flag("share_streams", file.s2s.share_streams);
    const auto is_everybody = [](const IpNetwork& network) { return network.prefix == 0; };
    if (std::any_of(file.s2s.proxies.begin(), file.s2s.proxies.end(), is_everybody)) {
        table.complain("proxies", "must not be everybody: whoever is listed says from where a server comes");
    }
    const auto& sources = file.s2s.source_addresses;
    if (sources.size() > 2 || (sources.size() == 2 && sources[0].v6 == sources[1].v6)) {
        table.complain("source_address", "must have at most one address of each family");
    }
    table.finish();
}

void read_tls(TomlTable table, NodeFile& file) {
    table.file_path("trust", file.tls.trust);
    for (TomlTable& entry : table.tables("identity")) {
        TlsIdentityFile identity;
        identity.domains = entry.texts("domains");
        if (identity.domains.empty()) entry.complain("domains", "must have at least one name");
        for (const std::string& name : identity.domains) {
            if (const auto pattern = NamePattern::parse(name); !pattern) {
                entry.complain("domains", "'" + name + "': " + pattern.error().text);
            }
        }
        entry.file_path("certificate", identity.certificate);
        entry.file_path("key", identity.key);
        if (identity.certificate.empty()) entry.complain("certificate", "is missing");
        // One file may hold chain and key.
        if (identity.key.empty()) identity.key = identity.certificate;
        entry.finish();
        file.tls.identities.push_back(std::move(identity));
    }
    table.finish();
}

void read_link_accept(TomlTable& entry, NodeFile& file) {
    LinkAccept accept;
    entry.text("name", accept.name);
    if (accept.name.empty()) entry.complain("name", "is missing; it is the name in the core's certificate");
    // The only role that dials; the key is there for who reads the file.
    static_cast<void>(entry.word("role", {text(Role::core)}));
    entry.text("secret", accept.secret);
    entry.list<IpNetwork>("addresses", accept.addresses, IpNetwork::parse, true);
    entry.finish();
    file.link.accept.push_back(std::move(accept));
}

void read_link(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.link.listen, listener);
    table.file_path("certificate", file.link.certificate);
    table.file_path("key", file.link.key);
    table.file_path("trust", file.link.trust);
    table.text("secret", file.link.secret);
    table.seconds("hold_seconds", file.link.hold_seconds, true);
    table.flag("require_roles", file.link.require_roles);
    for (TomlTable& entry : table.tables("accept")) read_link_accept(entry, file);
    for (TomlTable& entry : table.tables("dial")) {
        LinkDial dial;
        host_port(entry, "address", link_port, dial.address);
        entry.text("name", dial.name);
        if (dial.name.empty()) entry.complain("name", "is missing; it is the name in the other node's certificate");
        const Role roles[] = {Role::edge, Role::presence};
        if (entry.take("role") == nullptr) entry.complain("role", "is missing");
        const auto role = entry.word("role", {text(roles[0]), text(roles[1])});
        if (role) dial.role = roles[*role];
        entry.text("secret", dial.secret);
        entry.list<xmpp::Domain>("domains", dial.domains, xmpp::Domain::parse);
        if (!dial.domains.empty() && role && dial.role == Role::edge)
            entry.complain("domains", "belongs to a presence node's dial");
        entry.finish();
        file.link.dial.push_back(std::move(dial));
    }
    table.finish();
}

bool is_whole(const LinkDial& link) { return !link.name.empty() && !link.address.host.empty(); }

std::string name_of_edge_at(const NodeFile& file, const std::string& host) {
    for (const LinkDial& link : file.link.dial) {
        if (link.role != Role::presence && link.address.host == host) return link.name;
    }
    return {};
}

void read_ssh(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.ssh.listen, listener);
    table.file_path("host_key", file.ssh.host_key);
    table.file_path("authorized_keys", file.ssh.authorized_keys);
    for (TomlTable& entry : table.tables("dial")) {
        SshDial dial;
        host_port(entry, "address", ssh_port, dial.address);
        entry.text("name", dial.name);
        entry.file_path("key", dial.key);
        entry.file_path("host_key", dial.host_key);
        if (dial.name.empty()) dial.name = name_of_edge_at(file, dial.address.host);
        // A [[link.dial]] that is wrong itself has a complaint of its own.
        const bool is_known =
            !file.link.dial.empty() && std::all_of(file.link.dial.begin(), file.link.dial.end(),
                                                   [](const LinkDial& link) { return is_whole(link); });
        if (dial.name.empty() && is_known) {
            entry.complain("name", "is missing, and no [[link.dial]] has the same host");
        }
        if (dial.key.empty()) entry.complain("key", "is missing: this core's private key");
        if (dial.host_key.empty()) entry.complain("host_key", "is missing: the edge's public host key");
        entry.finish();
        file.ssh.dial.push_back(std::move(dial));
    }
    table.finish();
}

void read_inside(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.inside.listen, listener);
    table.flag("mint_certificates", file.inside.mint_certificates);
    for (TomlTable& entry : table.tables("server")) {
        InsideServer server;
        entry.list<xmpp::Domain>("domains", server.domains, xmpp::Domain::parse);
        if (server.domains.empty()) entry.complain("domains", "must have at least one domain");
        host_port(entry, "address", s2s_port, server.address);
        if (const auto tls = entry.word("tls", {"required", "optional", "none"}))
            server.tls = static_cast<InsideTls>(*tls);
        if (const auto auth = entry.word("auth", {"dialback", "certificate"}))
            server.auth = static_cast<InsideAuth>(*auth);
        if (server.auth == InsideAuth::certificate && server.tls == InsideTls::none) {
            entry.complain("auth", "a certificate requires TLS, but tls is \"none\"");
        }
        entry.finish();
        file.inside.servers.push_back(std::move(server));
    }
    table.finish();
}

void read_components(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.components.listen, listener);
    for (TomlTable& entry : table.tables("allowed")) {
        ComponentEntry component;
        std::string domain;
        entry.text("domain", domain);
        auto parsed = xmpp::Domain::parse(domain);
        if (parsed) component.domain = std::move(*parsed);
        if (!parsed) entry.complain("domain", domain.empty() ? "is missing" : parsed.error().text);
        entry.text("secret", component.secret);
        if (component.secret.empty()) entry.complain("secret", "is missing");
        entry.finish();
        file.components.allowed.push_back(std::move(component));
    }
    table.finish();
}

void read_axl(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.axl.listen, listener);
    table.file_path("certificate", file.axl.certificate);
    table.file_path("key", file.axl.key);
    table.file_path("trust", file.axl.trust);
    // One file may hold chain and key.
    if (file.axl.key.empty()) file.axl.key = file.axl.certificate;
    for (TomlTable& entry : table.tables("server")) {
        AxlServerEntry server;
        host_port(entry, "address", axl_port, server.address);
        entry.text("user", server.user);
        if (server.user.empty()) entry.complain("user", "is missing");
        entry.text("password", server.password);
        if (server.password.empty()) entry.complain("password", "is missing");
        entry.flag("tls_verify", server.tls_verify);
        if (server.tls_verify && IpAddress::parse(server.address.host)) {
            entry.complain("address",
                           "certificates contain names, not addresses: use a host name, or tls_verify = false");
        }
        entry.finish();
        file.axl.servers.push_back(std::move(server));
    }
    for (TomlTable& entry : table.tables("user")) {
        AxlUserEntry user;
        entry.text("name", user.name);
        if (user.name.empty()) entry.complain("name", "is missing");
        entry.text("password", user.password);
        if (user.password.size() < 8) entry.complain("password", "must have at least 8 characters");
        entry.finish();
        file.axl.users.push_back(std::move(user));
    }
    table.finish();
}

void read_clients(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.clients.listen, listener);
    table.list<xmpp::Domain>("domains", file.clients.domains, xmpp::Domain::parse);
    table.flag("channel_binding", file.clients.channel_binding);
    table.finish();
}

void read_timers(TomlTable table, NodeFile& file) {
    auto& timers = file.timers;
    table.seconds("negotiation", timers.negotiation);
    table.seconds("target", timers.target);
    table.seconds("dialback", timers.dialback);
    table.seconds("idle", timers.idle);
    table.seconds("ping", timers.ping);
    table.seconds("dead_peer", timers.dead_peer);
    table.seconds("connect", timers.connect);
    table.seconds("dns", timers.dns);
    table.seconds("stanza", timers.stanza);
    table.seconds("closing", timers.closing);
    table.finish();
}

void read_admin_node(TomlTable& entry, NodeFile& file) {
    AdminNode node;
    entry.text("name", node.name);
    if (node.name.empty()) entry.complain("name", "is missing; it is the name in the other node's certificate");
    const bool is_plain = std::ranges::all_of(node.name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    });
    if (!is_plain) entry.complain("name", "'" + node.name + "' is not a host name");
    constexpr Role roles[] = {Role::edge, Role::core, Role::presence};
    if (entry.take("role") == nullptr) entry.complain("role", "is missing");
    if (const auto role = entry.word("role", {text(roles[0]), text(roles[1]), text(roles[2])})) {
        node.role = roles[*role];
        node.accept = usual_hand_over(node.role);
    }
    std::string url;
    entry.text("url", url);
    auto origin = parse_origin(url);
    if (!origin) entry.complain("url", url.empty() ? "is missing" : origin.error().text);
    if (origin) node.origin = std::move(*origin);
    if (const auto most = entry.word("accept", hand_over_words())) node.accept = static_cast<HandOver>(*most);
    if (node.role == Role::edge && node.accept == HandOver::administrate) {
        entry.complain("accept", "strangers reach an edge; at most \"operator\" is accepted from one");
    }
    entry.finish();
    file.admin.nodes.push_back(std::move(node));
}

void read_admin(TomlTable table, NodeFile& file) {
    table.list<Endpoint>("listen", file.admin.listen, listener);
    table.list<Endpoint>("health", file.admin.health, listener);
    table.file_path("certificate", file.admin.certificate);
    table.file_path("key", file.admin.key);
    table.list<std::string>("names", file.admin.names, [](std::string_view text) -> Result<std::string> {
        auto name = HostPort::parse(text, 443);
        if (!name) return name.error();
        return std::move(name->host);
    });
    table.flag("handover", file.admin.handover);
    for (TomlTable& entry : table.tables("node")) read_admin_node(entry, file);
    if (file.admin.nodes.size() > AdminNode::most) {
        table.complain("node", "at most " + std::to_string(AdminNode::most) + " nodes share a desk");
    }
    if (file.admin.certificate.empty() && !file.admin.key.empty()) table.complain("certificate", "is missing");
    // One file may hold chain and key.
    if (file.admin.key.empty()) file.admin.key = file.admin.certificate;
    table.finish();
}

}  // namespace

void read_sections(TomlTable& root, NodeFile& file) {
    read_node(root.section("node"), file);
    read_admin(root.section("admin"), file);
    read_log(root.section("log"), file);
    read_dns(root.section("dns"), file);
    read_s2s(root.section("s2s"), file);
    read_tls(root.section("tls"), file);
    read_link(root.section("link"), file);
    read_ssh(root.section("ssh"), file);
    read_inside(root.section("inside"), file);
    read_components(root.section("components"), file);
    read_axl(root.section("axl"), file);
    read_clients(root.section("clients"), file);
    read_timers(root.section("timers"), file);
}

}  // namespace sallyport::config
