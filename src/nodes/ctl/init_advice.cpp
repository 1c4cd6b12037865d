// What the files cannot do by themselves, ready to be copied.
#include <algorithm>

#include "nodes/ctl/init.h"

namespace sallyport::ctl {

namespace {

std::string family(const IpAddress& address) { return address.v6 ? "ip6" : "ip"; }

std::string heading(const std::string& text) { return "\n" + text + "\n"; }

std::string presence_files(bool made) {
    return std::string{"  to the presence node:  presence.toml traversal-ca.pem presence-link.pem presence-link.key"} +
           (made ? " s2s.pem s2s.key" : ", and the certificate") + "\n";
}

std::string rights_part(const InitPlan& plan) {
    std::string part =
        "  Nodes run as user sallyport. On each host, as root, when its files are in /etc/sallyport and the CA's key\n"
        "  is in the safe:\n";
    for (const char* command : give_rights) part += std::string{"    "} + command + "\n";
    if (!plan.key.empty()) {
        part += std::string{"    chgrp "} + nodes_group + " " + plan.key + "\n    chmod 640 " + plan.key + "\n";
    }
    return part;
}

std::string files_part(const InitPlan& plan) {
    const bool made = plan.certificate.empty();
    return heading("Files") + "  to the edge:  edge.toml traversal-ca.pem edge-link.pem edge-link.key" +
           "\n                ssh_host_ed25519 core_ed25519.pub" + (made ? " s2s.pem s2s.key" : "") + "\n" +
           (made ? "" : "                " + plan.certificate + "\n                " + plan.key + "\n") +
           "  to the core:  core.toml traversal-ca.pem core-link.pem core-link.key\n"
           "                core_ed25519 ssh_host_ed25519.pub" +
           (plan.presence ? " hosts" : "") + "\n" + (plan.presence ? presence_files(made) : "") +
           "  to a safe:    traversal-ca.key (needed only to add nodes or renew their certificates)\n" +
           rights_part(plan);
}

/// RFC 6120 3.2.1; clients outside need a way in that is not the edge.
std::string client_records(const InitPlan& plan) {
    std::string part = "  for clients, in the DNS that they use:\n";
    for (const xmpp::Domain& domain : plan.domains) {
        part += "  _xmpp-client._tcp." + domain.ascii() + ". 3600 IN SRV 10 10 5222 " + plan.presence_name + ".\n";
    }
    return part + "  " + plan.presence_name + ". 3600 IN " + (plan.presence->address.v6 ? "AAAA " : "A ") +
           plan.presence->address.text() + "\n  for other servers, in the public DNS:\n";
}

std::string dns_part(const InitPlan& plan) {
    std::string part = heading("DNS records to publish");
    for (const xmpp::Domain& domain : plan.domains) {
        part += "  _xmpp-server._tcp." + domain.ascii() + ". 3600 IN SRV 10 10 " +
                std::to_string(plan.edge_public.front().port) + " " + plan.edge_name + ".\n";
    }
    if (plan.presence) part += client_records(plan);
    bool hidden = false;
    for (const Endpoint& at : plan.edge_public) {
        part += "  " + plan.edge_name + ". 3600 IN " + (at.address.v6 ? "AAAA " : "A ") + at.address.text() + "\n";
        hidden |= is_reserved(at.address);
    }
    if (hidden) part += "  (behind NAT: publish the public address instead of the private one)\n";
    return part;
}

std::string presence_rules(const InitPlan& plan) {
    const std::string to = family(plan.presence->address) + " daddr " + plan.presence->address.text();
    return "      # core -> presence node: router link and AXL; users\n      " + family(plan.core_link_source) +
           " saddr " + plan.core_link_source.text() + " " + to + " tcp dport { " + std::to_string(plan.presence->port) +
           ", 8443 } accept\n      iifname != $internet " + to + " tcp dport 5222 accept\n";
}

std::string users_part(const InitPlan& plan) {
    return heading("Users, on the presence node") + "  sallyport users add anna@" + plan.domains.front().text() +
           " --config " + plan.directory + "/presence.toml\n" + "  Clients log in with that address; the server is " +
           plan.presence->address.text() + ", port 5222.\n";
}

std::string firewall_part(const InitPlan& plan) {
    std::string part =
        heading("Firewall between Internet, DMZ and inside (nftables; the edge opens no connection to the inside)") +
        "  define internet = \"eth0\"  # the interface to the Internet\n"
        "  table inet sallyport {\n    chain forward {\n"
        "      type filter hook forward priority filter; policy drop;\n"
        "      ct state established,related accept\n"
        "      # Internet -> edge\n";
    for (const Endpoint& at : plan.edge_public) {
        part += "      iifname $internet " + family(at.address) + " daddr " + at.address.text() + " tcp dport " +
                std::to_string(at.port) + " accept\n";
    }
    part += "      # edge -> peers, on 5269 or the port of their SRV records, and DNS\n";
    for (const Endpoint& at : plan.edge_public) {
        const std::string from = "      oifname $internet " + family(at.address) + " saddr " + at.address.text();
        part +=
            from + " tcp dport { 443, 1024-65535 } accept\n" + from + " meta l4proto { tcp, udp } th dport 53 accept\n";
    }
    const Endpoint& link = plan.edge_link;
    return part + "      # core -> edge: router link and provisioning\n      " + family(link.address) + " saddr " +
           plan.core_link_source.text() + " " + family(link.address) + " daddr " + link.address.text() +
           " tcp dport { " + std::to_string(link.port) + ", 2222 } accept\n" +
           (plan.presence ? presence_rules(plan) : "") + "    }\n  }\n";
}

std::string server_part(const InitPlan& plan) {
    const std::string host = plan.core_inside.address.text();
    const std::string at = "\"" + host + "\", " + std::to_string(plan.core_inside.port);
    const std::string type = plan.core_inside.address.v6 ? "AAAA " : "A ";
    return heading("The internal server: send all external domains to the core at " + plan.core_inside.text()) +
           "  By DNS, for any server: give it a resolver that always answers with the core (unbound):\n"
           "    local-zone: \".\" redirect\n"
           "    local-data: \". 5 " +
           type + host +
           "\"\n"
           "  Prosody, by DNS:\n"
           "    unbound = { resolvconf = false; hoststxt = false; forward = { \"ADDRESS OF THAT RESOLVER\" } }\n"
           "  Prosody, by static route (community module s2soutinjection):\n"
           "    s2s_connect_overrides = { [\"partner.example\"] = { " +
           at +
           " } }\n"
           "  ejabberd, by DNS: in the file named by ERL_INETRC in ejabberdctl.cfg:\n"
           "    {lookup,[dns]}.  {nameserver,{ADDRESS,OF,THAT,RESOLVER}}.\n"
           "    and in ejabberd.yml: s2s_use_starttls: optional, and mod_s2s_dialback: {}\n"
           "  Openfire, by static route, a system property:\n"
           "    dnsutil.dnsOverride = {*," +
           plan.core_inside.text() +
           "}\n"
           "  A server that requires certificates of external domains can trust " +
           plan.core_data +
           "/inside-ca.pem\n"
           "  of the core.\n";
}

std::string next_part(const InitPlan& plan) {
    const std::string edge = plan.directory + "/edge.toml";
    const std::string core = plan.directory + "/core.toml";
    const std::string presence = plan.directory + "/presence.toml";
    std::string part =
        heading("Next") + "  sallyport check-config " + edge + "\n  sallyport check-config " + core + "\n" +
        (plan.presence ? "  sallyport check-config " + presence + "\n" : "") + "  sallyport edge --config " + edge +
        "      # on the edge, or: systemctl enable --now sallyport-edge\n" + "  sallyport core --config " + core +
        "      # on the core, or: systemctl enable --now sallyport-core\n" +
        (plan.presence ? "  sallyport presence --config " + presence +
                             "  # on the presence node, or: systemctl enable --now sallyport-presence\n"
                       : "") +
        "  sallyport status --config " + edge + "\n" +
        (plan.presence ? "  sallyport run sql 'select * from xmpps2snodes' --config " + presence +
                             "  # shows the row of the edge that the core wrote\n"
                       : "");
    if (plan.allow.empty()) {
        part += "  sallyport allow add partner.example --config " + edge + "  # until then no domain can federate\n";
    }
    return part + "  sallyport check dns " + plan.domains.front().text() + " --config " + edge + "\n";
}

/// An account is made by its node, which asks for the password.
std::string pages_part(const InitPlan& plan) {
    if (plan.admin_port == 0) return "";
    std::string part =
        heading("Web pages: the first administrator, on each node when it runs; it asks for the password");
    const std::string name = plan.administrator.empty() ? "NAME" : plan.administrator;
    std::vector<std::pair<std::string, IpAddress>> nodes{{"edge", plan.edge_link.address},
                                                         {"core", plan.core_inside.address}};
    if (plan.presence) nodes.emplace_back("presence", plan.presence->address);
    for (const auto& [node, address] : nodes) {
        part += "  sallyport admins add " + name + " --role administrator --config " + plan.directory + "/" + node +
                ".toml\n    then sign in at https://" + Endpoint{address, plan.admin_port}.text() + "/\n";
    }
    return part;
}

}  // namespace

std::string advice(const InitPlan& plan) {
    return files_part(plan) + dns_part(plan) + firewall_part(plan) +
           (plan.presence ? users_part(plan) : server_part(plan)) + next_part(plan) + pages_part(plan);
}

}  // namespace sallyport::ctl
