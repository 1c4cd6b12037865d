// Node files, the traversal authority with the link certificates that it signs, SSH keys, secrets, and a self-signed
// certificate where there is no other.
#include "base/hash.h"
#include "base/join.h"
#include "io/loop/random.h"
#include "io/ssh/keys.h"
#include "io/tls/pki.h"
#include "model/config/setting_values.h"
#include "nodes/ctl/init.h"
#include "proto/link/neighbour.h"

namespace sallyport::ctl {

namespace {

constexpr std::size_t secret_bytes = 32;
constexpr const char* axl_user = "axl-core";
constexpr auto year = std::chrono::hours{24 * 365};

std::string fresh_secret() { return to_hex(io::random_bytes(secret_bytes)); }

/// A TOML basic string; JSON's form is one.
std::string toml_text(std::string_view text) { return config::write_string(text); }

template <typename Values, typename Text>
std::string list_of(const Values& values, Text text) {
    std::string list;
    for (const auto& value : values) append_item(list, toml_text(text(value)));
    return "[" + list + "]";
}

struct Secrets {
    std::string edge_link = fresh_secret(), presence_link = fresh_secret();
    std::string dialback = fresh_secret();
    std::string axl = fresh_secret();
};

std::string settings_section(const InitPlan& plan, const Secrets& secrets) {
    return "# Values for the first start only; change settings later with `sallyport config set`.\n"
           "[settings]\n"
           "federation.enabled = true\n"
           "federation.domains = " +
           list_of(plan.domains, [](const xmpp::Domain& domain) { return domain.text(); }) +
           "\n"
           "federation.dialback_secret = " +
           toml_text(secrets.dialback) +
           "\n"
           "federation.privacy_mode = \"allow_list\"\n"
           "federation.allow_list = " +
           list_of(plan.allow, [](const std::string& name) { return name; }) + "\n";
}

std::string link_keys(const std::string& stem) {
    return "certificate = " + toml_text(stem + ".pem") + "\nkey = " + toml_text(stem + ".key") +
           "\ntrust = \"traversal-ca.pem\"\nrequire_roles = true  # accept a certificate only for the role that it "
           "names\n";
}

/// At a listener: the core, and nobody else whom the traversal authority has signed.
std::string accepted_core(const InitPlan& plan, const std::string& secret) {
    return "\n[[link.accept]]\nname = " + toml_text(plan.core_name) +
           "  # must be in its certificate\nrole = \"core\"\n" + "secret = " + toml_text(secret) +
           "  # for this link only\naddresses = [" + toml_text(plan.core_link_source.text()) +
           "]  # connections from here always have room\n";
}

std::string text_of(const xmpp::Domain& domain) { return domain.text(); }
std::string text_of_endpoint(const Endpoint& at) { return at.text(); }

/// Where the pages of another node are.
std::string desk_node(const InitPlan& plan, const std::string& name, Role role, const IpAddress& at) {
    return "[[admin.node]]\nname = " + toml_text(name) + "\nrole = " + toml_text(std::string{text(role)}) +
           "\nurl = " + toml_text("https://" + Endpoint{at, plan.admin_port}.text()) + "\n";
}

/// The pages of the others: those of the core may bring people along without a sign-in, no others.
std::string desk_nodes(const InitPlan& plan, Role role) {
    if (role != Role::core) return desk_node(plan, plan.core_name, Role::core, plan.core_inside.address);
    std::string nodes = desk_node(plan, plan.edge_name, Role::edge, plan.edge_link.address);
    if (plan.presence) nodes += desk_node(plan, plan.presence_name, Role::presence, plan.presence->address);
    return nodes;
}

std::string admin_section(const InitPlan& plan, const IpAddress& at, Role role) {
    if (plan.admin_port == 0) return "";
    return "\n# Web pages and REST; create the first account with `sallyport admins add`.\n"
           "[admin]\n"
           "listen = [" +
           toml_text(Endpoint{at, plan.admin_port}.text()) + "]\n" + desk_nodes(plan, role);
}

std::string dns_section(const InitPlan& plan, const std::string& hosts_file) {
    std::string lines;
    if (!plan.dns_servers.empty()) lines += "servers = " + list_of(plan.dns_servers, text_of_endpoint) + "\n";
    if (!hosts_file.empty()) lines += "hosts_file = " + toml_text(hosts_file) + "  # used before DNS\n";
    return lines.empty() ? "" : "\n[dns]\n" + lines;
}

std::string identity_section(const InitPlan& plan, const std::string& comment) {
    const bool made = plan.certificate.empty();
    return "\n# " + comment +
           "\n[[tls.identity]]\n"
           "domains = " +
           list_of(plan.domains, [](const xmpp::Domain& domain) { return domain.ascii(); }) +
           "\n"
           "certificate = " +
           toml_text(made ? "s2s.pem" : plan.certificate) +
           "\n"
           "key = " +
           toml_text(made ? "s2s.key" : plan.key) + "\n";
}

std::string edge_toml(const InitPlan& plan, const Secrets& secrets) {
    return "# The edge: federates with the Internet. All keys: manual, node-file.\n"
           "[node]\n"
           "name = " +
           toml_text(plan.edge_name) +
           "\n"
           "data = " +
           toml_text(plan.edge_data) + "  # database, admin socket; created with mode 0700\n" +
           admin_section(plan, plan.edge_link.address, Role::edge) +
           "\n[s2s]\n"
           "listen = " +
           list_of(plan.edge_public, text_of_endpoint) + "\n" +
           (plan.allow_networks.empty()
                ? ""
                : "allow_networks = " +
                      list_of(plan.allow_networks, [](const IpNetwork& network) { return network.text(); }) + "\n") +
           dns_section(plan, "") +
           identity_section(
               plan, "Presented to peers. Repeat for more certificates; the first that covers a domain is used.") +
           "\n# The router link. The core connects here; do not use the public address.\n"
           "[link]\n"
           "listen = [" +
           toml_text(plan.edge_link.text()) + "]\n" + link_keys("edge-link") + accepted_core(plan, secrets.edge_link) +
           "\n# Provisioning: keeps the settings of edge and core the same. The core connects here.\n"
           "[ssh]\n"
           "listen = [" +
           toml_text(Endpoint{plan.edge_link.address, ssh_port}.text()) +
           "]\n"
           "host_key = \"ssh_host_ed25519\"\n"
           "authorized_keys = \"core_ed25519.pub\"\n\n" +
           settings_section(plan, secrets);
}

std::string presence_dial(const InitPlan& plan, const Secrets& secrets) {
    return "\n[[link.dial]]\n"
           "address = " +
           toml_text(plan.presence->text()) +
           "\n"
           "name = " +
           toml_text(plan.presence_name) +
           "\n"
           "role = \"presence\"\n"
           "secret = " +
           toml_text(secrets.presence_link) + "\n";
}

std::string axl_server(const InitPlan& plan, const Secrets& secrets) {
    return "\n# The core provisions the presence node over AXL.\n"
           "[axl]\n"
           "trust = \"traversal-ca.pem\"\n"
           "\n# For the first start only; change it later with `sallyport imp-servers`.\n"
           "[[axl.server]]\n"
           "address = " +
           toml_text(plan.presence_name + ":" + std::to_string(axl_port)) + "\nuser = " + toml_text(axl_user) +
           "\npassword = " + toml_text(secrets.axl) + "\n";
}

std::string inside_sections(const InitPlan& plan) {
    return "\n# The internal servers connect here for all external domains.\n"
           "[inside]\n"
           "listen = [" +
           toml_text(plan.core_inside.text()) +
           "]\n"
           "\n[[inside.server]]\n"
           "domains = " +
           list_of(plan.domains, text_of) +
           "\n"
           "address = " +
           toml_text(plan.inside_server.text()) +
           "\n"
           "tls = \"required\"   # required, optional or none\n"
           "auth = \"dialback\"  # dialback (to that address) or certificate\n";
}

std::string core_toml(const InitPlan& plan, const Secrets& secrets) {
    return "# The core: runs inside and dials the edge. All keys: manual, node-file.\n"
           "[node]\n"
           "name = " +
           toml_text(plan.core_name) +
           "\n"
           "data = " +
           toml_text(plan.core_data) + "  # database, admin socket, inside CA; created with mode 0700\n" +
           admin_section(plan, plan.core_inside.address, Role::core) + dns_section(plan, plan.presence ? "hosts" : "") +
           "\n[link]\n" + link_keys("core-link") +
           "\n[[link.dial]]\n"
           "address = " +
           toml_text(plan.edge_link.text()) +
           "\n"
           "name = " +
           toml_text(plan.edge_name) +
           "  # must be in its certificate\n"
           "role = \"edge\"\n"
           "secret = " +
           toml_text(secrets.edge_link) + "  # for this link only\n" +
           (plan.presence ? presence_dial(plan, secrets) : "") +
           "\n[[ssh.dial]]\n"
           "address = " +
           toml_text(Endpoint{plan.edge_link.address, ssh_port}.text()) +
           "\n"
           "name = " +
           toml_text(plan.edge_name) +
           "\n"
           "key = \"core_ed25519\"\n"
           "host_key = \"ssh_host_ed25519.pub\"\n" +
           (plan.presence ? axl_server(plan, secrets) : inside_sections(plan)) + "\n" + settings_section(plan, secrets);
}

/// Routing by xmpps2snodes: the row that the core writes there carries the edge's realm.
std::string presence_toml(const InitPlan& plan, const Secrets& secrets) {
    return "# The presence node: runs inside and has the users. All keys: manual, node-file.\n"
           "[node]\n"
           "name = " +
           toml_text(plan.presence_name) + "  # with dots replaced by dashes, this is the realm of its router\n" +
           "data = " + toml_text(plan.presence_data) + "  # databases, admin socket; created with mode 0700\n" +
           admin_section(plan, plan.presence->address, Role::presence) +
           "\n# The router link. The core connects here.\n"
           "[link]\n"
           "listen = [" +
           toml_text(plan.presence->text()) + "]\n" + link_keys("presence-link") +
           accepted_core(plan, secrets.presence_link) + identity_section(plan, "Presented to clients.") +
           "\n# Clients connect here; add users with `sallyport users add`.\n"
           "[clients]\n"
           "listen = [" +
           toml_text(Endpoint{plan.presence->address, client_port}.text()) +
           "]\n"
           "domains = " +
           list_of(plan.domains, text_of) +
           "\n"
           "\n# Provisioning: the core writes the rows of xmpps2snodes here.\n"
           "[axl]\n"
           "listen = [" +
           toml_text(Endpoint{plan.presence->address, axl_port}.text()) +
           "]\n"
           "certificate = \"presence-link.pem\"\n"
           "key = \"presence-link.key\"\n"
           "\n# For the first start only; change the password later with `sallyport axl-users passwd`.\n"
           "[[axl.user]]\n"
           "name = " +
           toml_text(axl_user) + "\npassword = " + toml_text(secrets.axl) + "\n";
}

Result<void> add_ssh_key(const std::string& stem, const std::string& comment, std::vector<InitFile>& files) {
    const auto made = io::make_ssh_key(comment);
    if (!made) return made.error();
    files.push_back({stem, made->private_key, Readers::nodes});
    files.push_back({stem + ".pub", made->public_key});
    return {};
}

Result<void> add_pair(const std::string& stem, const Result<io::PemPair>& pair, std::vector<InitFile>& files,
                      Readers readers = Readers::nodes) {
    if (!pair) return pair.error();
    files.push_back({stem + ".pem", pair->certificate});
    files.push_back({stem + ".key", pair->key, readers});
    return {};
}

Result<io::PemPair> self_signed(const InitPlan& plan, WallTime now) {
    io::CertificateRequest request;
    request.common_name = plan.domains.front().ascii();
    for (const xmpp::Domain& domain : plan.domains) {
        request.dns_names.push_back(domain.ascii());
        request.srv_names.push_back("_xmpp-server." + domain.ascii());
        request.xmpp_addrs.push_back(domain.text());
    }
    request.not_before = now - std::chrono::hours{1};
    request.lifetime = year;
    return io::issue_certificate(request, nullptr);
}

}  // namespace

Result<io::PemPair> link_certificate(const std::string& name, std::string_view role, const io::PemPair& authority,
                                     WallTime now) {
    io::CertificateRequest request;
    request.common_name = name;
    request.dns_names = {name};
    request.uris = {link::role_uri(find_role(role).value())};
    request.not_before = now - std::chrono::hours{1};
    request.lifetime = 5 * year;
    return io::issue_certificate(request, &authority);
}

Result<std::vector<InitFile>> make_files(const InitPlan& plan, WallTime now) {
    const Secrets secrets;
    std::vector<InitFile> files{{"edge.toml", edge_toml(plan, secrets), Readers::nodes},
                                {"core.toml", core_toml(plan, secrets), Readers::nodes}};
    const auto authority =
        io::make_authority("Sallyport traversal CA of " + plan.domains.front().ascii(), now, 10 * year);
    // No node needs this key: with it a node that is in other hands could make any other.
    if (auto added = add_pair("traversal-ca", authority, files, Readers::owner); !added) return added.error();
    if (plan.presence) {
        files.push_back({"presence.toml", presence_toml(plan, secrets), Readers::nodes});
        files.push_back({"hosts", plan.presence->address.text() + " " + plan.presence_name + "\n"});
    }
    const std::pair<std::string, const std::string*> ends[] = {
        {"edge", &plan.edge_name}, {"core", &plan.core_name}, {"presence", &plan.presence_name}};
    for (const auto& [role, name] : ends) {
        if (name->empty()) continue;
        const auto pair = link_certificate(*name, role, *authority, now);
        if (auto added = add_pair(role + "-link", pair, files); !added) return added.error();
    }
    if (auto added = add_ssh_key("ssh_host_ed25519", plan.edge_name, files); !added) return added.error();
    if (auto added = add_ssh_key("core_ed25519", plan.core_name, files); !added) return added.error();
    if (plan.certificate.empty()) {
        if (auto added = add_pair("s2s", self_signed(plan, now), files); !added) return added.error();
    }
    return files;
}

}  // namespace sallyport::ctl
