// What no single key can tell: keys that a role needs or must not have, listeners that clash, domains named twice, and
// the files that the file names. Threat T72: the router link is never bound to the public address.
#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "model/config/node_file_parts.h"

namespace sallyport::config {

namespace {

constexpr std::size_t link_secret_least = 16;
constexpr const char* secret_advice = "must have at least 16 characters; `openssl rand -hex 32` makes a good one";

bool is_unspecified(const IpAddress& address) {
    return std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

class Checks {
public:
    Checks(const NodeFile& file, Complaints& complaints) : file_{file}, complaints_{complaints} {}

    void run() {
        need(file_.node.name, "node.name", "the host name of this node");
        need(file_.node.data, "node.data", "the folder for database, sockets and keys");
        check_link();
        check_admin_nodes();
        if (file_.role == Role::edge) check_edge();
        if (file_.role == Role::core) check_core();
        if (file_.role == Role::presence) check_presence();
        check_listeners();
        check_domains();
    }

private:
    /// A complaint of its own would only repeat one about the key's form.
    void need(const std::string& value, const std::string& key, const std::string& what) {
        if (value.empty() && !complaints_.concern(key)) complain(key, "is missing: " + what);
    }
    void complain(const std::string& key, std::string text) { complaints_.add_at(key, std::move(text)); }
    void refuse_key(bool present, const std::string& key, const std::string& why) {
        if (present) complain(key, why);
    }

    void check_admin_nodes() {
        std::set<std::string> names{file_.node.name};
        for (std::size_t i = 0; i < file_.admin.nodes.size(); ++i) {
            const std::string& name = file_.admin.nodes[i].name;
            if (name.empty() || names.insert(name).second) continue;
            complain("admin.node[" + std::to_string(i) + "].name",
                     name + (name == file_.node.name ? " is this node" : " is named twice"));
        }
    }

    void check_link() {
        need(file_.link.certificate, "link.certificate", "this node's certificate on the router link");
        need(file_.link.key, "link.key", "the key of link.certificate");
        need(file_.link.trust, "link.trust", "the CA certificates that may sign the other node's certificate");
        check_common_secret();
        check_secrets(file_.link.dial, "link.dial");
        check_secrets(file_.link.accept, "link.accept");
        std::set<std::string> names;
        for (std::size_t i = 0; i < file_.link.accept.size(); ++i) {
            if (names.insert(file_.link.accept[i].name).second) continue;
            complain("link.accept[" + std::to_string(i) + "].name", file_.link.accept[i].name + " is named twice");
        }
    }

    /// Each link has a secret of its own, or that of [link].
    template <typename Entries>
    void check_secrets(const Entries& entries, const std::string& key) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (entries[i].secret.empty() || entries[i].secret.size() >= link_secret_least) continue;
            complain(key + "[" + std::to_string(i) + "].secret", secret_advice);
        }
    }
    void check_common_secret() {
        const auto has_own = [](const auto& entry) { return !entry.secret.empty(); };
        const auto& dial = file_.link.dial;
        const auto& accept = file_.link.accept;
        const bool needless = !(dial.empty() && accept.empty()) && std::all_of(dial.begin(), dial.end(), has_own) &&
                              std::all_of(accept.begin(), accept.end(), has_own);
        if (needless && file_.link.secret.empty()) return;
        if (file_.link.secret.size() < link_secret_least && !complaints_.concern("link.secret")) {
            complain("link.secret", secret_advice);
        }
    }

    void check_edge() {
        if (file_.link.listen.empty() && !complaints_.concern("link.listen")) {
            complain("link.listen", "is missing: the address to which the core connects, such as 10.0.0.1:7400");
        }
        if (file_.s2s.listen.empty() && file_.s2s.direct_tls_listen.empty() && !complaints_.concern("s2s.listen")) {
            complain("s2s.listen", "is missing: the addresses to which peers connect, such as 0.0.0.0:5269");
        }
        refuse_key(!file_.link.dial.empty(), "link.dial",
                   "belongs to the core's file: an edge never connects to the inside");
        refuse_key(complaints_.was_read("inside"), "inside", "belongs to the core's file");
        refuse_key(complaints_.was_read("clients"), "clients", "belongs to the presence node's file");
        refuse_key(complaints_.was_read("axl"), "axl", "belongs to the files of core and presence node");
        refuse_key(complaints_.was_read("components"), "components",
                   "belongs to the core's or the presence node's file");
        for (const Endpoint& link : file_.link.listen) check_inner_listener(link, "link.listen");
        refuse_key(!file_.ssh.dial.empty(), "ssh.dial",
                   "belongs to the core's file: an edge never connects to the inside");
        for (const Endpoint& ssh : file_.ssh.listen) check_inner_listener(ssh, "ssh.listen");
        if (file_.ssh.listen.empty()) return;
        need(file_.ssh.host_key, "ssh.host_key", "this edge's private host key");
        need(file_.ssh.authorized_keys, "ssh.authorized_keys", "the file with the core's public key");
    }

    void check_inner_listener(const Endpoint& link, const std::string& key) {
        if (is_unspecified(link.address)) {
            complain(key, link.text() + " means all addresses, including the public one; use the internal address");
            return;
        }
        if (is_loopback(link.address)) return;
        for (const auto* listeners : {&file_.s2s.listen, &file_.s2s.direct_tls_listen}) {
            for (const Endpoint& s2s : *listeners) {
                if (s2s.address != link.address) continue;
                complain(key, link.address.text() + " is also an address of s2s; use another address for the inside");
                return;
            }
        }
    }

    void check_core() {
        refuse_key(!file_.axl.listen.empty(), "axl.listen",
                   "belongs to the presence node's file: the core is the AXL client");
        refuse_key(!file_.axl.users.empty(), "axl.user",
                   "belongs to the presence node's file; here use [[axl.server]]");
        if (file_.link.dial.empty() && !complaints_.concern("link.dial")) {
            complain("link.dial", "is missing: a core needs at least one [[link.dial]]");
        }
        refuse_key(!file_.ssh.listen.empty(), "ssh.listen",
                   "belongs to the edge's file: the core connects to the edge");
        std::set<std::string> names;
        for (std::size_t i = 0; i < file_.ssh.dial.size(); ++i) {
            if (names.insert(file_.ssh.dial[i].name).second) continue;
            complain("ssh.dial[" + std::to_string(i) + "].name", file_.ssh.dial[i].name + " is named twice");
        }
        refuse_key(complaints_.was_read("clients"), "clients", "belongs to the presence node's file");
        refuse_key(!file_.link.listen.empty(), "link.listen",
                   "belongs to the edge's file: the core connects to the edge");
        refuse_key(!file_.link.accept.empty(), "link.accept", "belongs to the files of the nodes that the core dials");
        if (!file_.inside.servers.empty() && file_.inside.listen.empty() && !complaints_.concern("inside.listen")) {
            complain("inside.listen", "is missing: the address to which the servers of [[inside.server]] connect");
        }
        check_components();
    }

    void check_presence() {
        if (file_.link.listen.empty() && !complaints_.concern("link.listen")) {
            complain("link.listen", "is missing: the address to which the core connects, such as 10.0.1.7:7400");
        }
        refuse_key(!file_.link.dial.empty(), "link.dial",
                   "belongs to the core's file: the core connects to the presence node");
        refuse_key(complaints_.was_read("s2s"), "s2s", "belongs to the edge's file: the edge federates for this node");
        refuse_key(!file_.axl.servers.empty(), "axl.server", "belongs to the core's file; here use [[axl.user]]");
        refuse_key(complaints_.was_read("inside"), "inside", "belongs to the core's file");
        refuse_key(file_.node.threads > 1, "node.threads", "a presence node has one data thread; remove this key");
        for (const Endpoint& link : file_.link.listen) check_inner_listener(link, "link.listen");
        check_components();
        check_clients();
    }

    void check_clients() {
        if (file_.clients.domains.empty() && !file_.clients.listen.empty() && !complaints_.concern("clients.domains")) {
            complain("clients.domains", "is missing: the domains whose users connect to clients.listen");
        }
        if (!file_.clients.domains.empty() && file_.tls.identities.empty() && !complaints_.concern("tls.identity")) {
            complain("tls.identity", "is missing: clients need a certificate that covers the domains in [clients]");
        }
    }

    void check_components() {
        if (!file_.components.allowed.empty() && file_.components.listen.empty() &&
            !complaints_.concern("components.listen")) {
            complain("components.listen", "is missing: the address to which components connect");
        }
    }

    void check_listeners() {
        const std::vector<ListenerEntry> all = listeners(file_);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto end = all.begin() + static_cast<std::ptrdiff_t>(i);
            const auto other =
                std::find_if(all.begin(), end, [&](const ListenerEntry& one) { return clash(one, all[i]); });
            if (other != end) complain(std::string{all[i].key}, clash_text(*other, all[i].at));
        }
    }
    /// The kernel lets a wildcard stand beside an address of its family; who is connected would depend on the address.
    /// Of one key that does not matter. IPv6 listeners take no IPv4 (IPV6_V6ONLY).
    static bool clash(const ListenerEntry& one, const ListenerEntry& other) {
        if (one.at.port == 0 || one.at.port != other.at.port) return false;
        if (one.at == other.at) return true;
        return one.key != other.key && one.at.address.v6 == other.at.address.v6 &&
               (is_unspecified(one.at.address) || is_unspecified(other.at.address));
    }
    static std::string clash_text(const ListenerEntry& first, const Endpoint& second) {
        if (first.at != second && is_unspecified(first.at.address)) {
            return second.text() + " is already used by " + std::string{first.key} + ": " + first.at.text() +
                   " there means all addresses";
        }
        return second.text() + (first.at == second ? "" : " means all addresses, and " + first.at.text()) +
               " is already used by " + std::string{first.key};
    }

    void check_domains() {
        std::set<xmpp::Domain> seen;
        std::map<xmpp::Domain, std::string> given;  // to the node with that name, which may have several addresses
        for (std::size_t i = 0; i < file_.link.dial.size(); ++i) {
            for (const xmpp::Domain& domain : file_.link.dial[i].domains) {
                seen.insert(domain);
                if (given.emplace(domain, file_.link.dial[i].name).first->second == file_.link.dial[i].name) continue;
                complain("link.dial[" + std::to_string(i) + "].domains", domain.text() + " is named twice");
            }
        }
        for (const xmpp::Domain& domain : file_.clients.domains) {
            if (!seen.insert(domain).second) complain("clients.domains", domain.text() + " is named twice");
        }
        for (std::size_t i = 0; i < file_.inside.servers.size(); ++i) {
            for (const xmpp::Domain& domain : file_.inside.servers[i].domains) {
                if (seen.insert(domain).second) continue;
                complain("inside.server[" + std::to_string(i) + "].domains", domain.text() + " is named twice");
            }
        }
        for (std::size_t i = 0; i < file_.components.allowed.size(); ++i) {
            const xmpp::Domain& domain = file_.components.allowed[i].domain;
            if (domain.empty() || seen.insert(domain).second) continue;
            complain("components.allowed[" + std::to_string(i) + "].domain", domain.text() + " is named twice");
        }
    }

    const NodeFile& file_;
    Complaints& complaints_;
};

/// What lets one node that is in other hands pass for another (docs/manual/router-link.md, "One node is one node").
void warn_of_link(NodeFile& file) {
    constexpr const char* remedy = "`sallyport init --migrate` fixes it, or see the manual, router-link";
    const auto shares = [](const auto& entry) { return entry.secret.empty(); };
    const auto& link = file.link;
    if (file.role != Role::core && link.accept.empty()) {
        file.weak_links.push_back(
            {"link.accept: names no core, so every node with a certificate signed by link.trust is accepted as one",
             remedy});
    }
    if (link.dial.size() > 1 && std::count_if(link.dial.begin(), link.dial.end(), shares) > 1) {
        file.weak_links.push_back(
            {"link.secret: is used for several links, so whoever takes over one node knows the secret of the others",
             remedy});
    }
    if (!link.require_roles) {
        file.weak_links.push_back(
            {"link.require_roles: is off, so a certificate without a role is accepted for any role", remedy});
    }
}

enum class Content { certificate, key, any };

class NamedFiles {
public:
    NamedFiles(const FileProbe& probe, Complaints& complaints, NodeFile& file)
        : probe_{probe}, complaints_{complaints}, file_{file} {}

    void check(const std::string& key, const std::string& path, Content content) {
        if (path.empty()) return;
        const FileFacts facts = probe_(path);
        if (!facts.exists) return complain(key, path + " does not exist");
        if (!facts.is_regular) return complain(key, path + " is not a file");
        if (!facts.readable) return complain(key, path + " cannot be read; let the user of this node read it");
        file_.keys[key] += sha256(facts.beginning);
        if (content == Content::certificate && facts.beginning.find("-----BEGIN CERTIFICATE") == std::string::npos) {
            return complain(key, path + " contains no certificate in PEM format");
        }
        if (content != Content::key) return;
        if (facts.beginning.find("PRIVATE KEY-----") == std::string::npos) {
            complain(key, path + " contains no private key in PEM format");
        } else if (facts.world_readable) {
            file_.warnings.push_back(key + ": " + path +
                                     " is readable by every user of this host; fix it with `chmod 640 " + path + "`");
        }
    }

private:
    void complain(const std::string& key, std::string text) { complaints_.add_at(key, std::move(text)); }

    const FileProbe& probe_;
    Complaints& complaints_;
    NodeFile& file_;
};

}  // namespace

std::vector<ListenerEntry> listeners(const NodeFile& file) {
    const std::pair<std::string_view, const std::vector<Endpoint>*> lists[] = {
        {"admin.listen", &file.admin.listen},   {"admin.health", &file.admin.health},
        {"s2s.listen", &file.s2s.listen},       {"s2s.direct_tls_listen", &file.s2s.direct_tls_listen},
        {"link.listen", &file.link.listen},     {"ssh.listen", &file.ssh.listen},
        {"inside.listen", &file.inside.listen}, {"components.listen", &file.components.listen},
        {"axl.listen", &file.axl.listen},       {"clients.listen", &file.clients.listen},
    };
    std::vector<ListenerEntry> all;
    for (const auto& [key, endpoints] : lists) {
        for (const Endpoint& at : *endpoints) all.push_back({key, at});
    }
    return all;
}

void check_whole(NodeFile& file, Complaints& complaints) {
    Checks{file, complaints}.run();
    warn_of_link(file);
}

void check_named_files(NodeFile& file, const FileProbe& probe, Complaints& complaints) {
    NamedFiles files{probe, complaints, file};
    files.check("dns.trust_anchor", file.dns.trust_anchor, Content::any);
    files.check("dns.hosts_file", file.dns.hosts_file, Content::any);
    files.check("tls.trust", file.tls.trust, Content::certificate);
    for (std::size_t i = 0; i < file.tls.identities.size(); ++i) {
        const std::string place = "tls.identity[" + std::to_string(i) + "].";
        files.check(place + "certificate", file.tls.identities[i].certificate, Content::certificate);
        const bool has_own_key = complaints.was_read(place + "key");
        files.check(place + (has_own_key ? "key" : "certificate"), file.tls.identities[i].key, Content::key);
    }
    files.check("admin.certificate", file.admin.certificate, Content::certificate);
    files.check(complaints.was_read("admin.key") ? "admin.key" : "admin.certificate", file.admin.key, Content::key);
    files.check("axl.certificate", file.axl.certificate, Content::certificate);
    files.check(complaints.was_read("axl.key") ? "axl.key" : "axl.certificate", file.axl.key, Content::key);
    files.check("axl.trust", file.axl.trust, Content::certificate);
    files.check("link.certificate", file.link.certificate, Content::certificate);
    files.check("link.key", file.link.key, Content::key);
    files.check("ssh.host_key", file.ssh.host_key, Content::key);
    files.check("ssh.authorized_keys", file.ssh.authorized_keys, Content::any);
    for (std::size_t i = 0; i < file.ssh.dial.size(); ++i) {
        const std::string place = "ssh.dial[" + std::to_string(i) + "].";
        files.check(place + "key", file.ssh.dial[i].key, Content::key);
        files.check(place + "host_key", file.ssh.dial[i].host_key, Content::any);
    }
    files.check("link.trust", file.link.trust, Content::certificate);
}

}  // namespace sallyport::config
