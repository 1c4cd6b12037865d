// A row each; what they mean is in init.h.
#include "nodes/ctl/init_options.h"

#include <CLI/CLI.hpp>

namespace sallyport::ctl {

void add_init_options(CLI::App& app, InitAnswers& init) {
    app.add_option("--directory", init.directory, "folder to write the files to");
    app.add_option("--domain", init.domains, "a domain of yours, or an alias of its chat rooms; repeatable");
    app.add_option("--edge-public", init.edge_public, "public address of the edge; repeatable");
    app.add_option("--edge-link", init.edge_link, "internal address of the edge, where the core connects");
    app.add_option("--core-inside", init.core_inside, "address of the core, where the internal servers connect");
    app.add_option("--core-link-source", init.core_link_source,
                   "address from which the core connects to the edge; default: --core-inside");
    app.add_option("--inside-server", init.inside_server, "the internal XMPP server: host or host:port");
    app.add_option("--presence", init.presence,
                   "instead of an internal server: address of a presence node with the users");
    app.add_option("--presence-name", init.presence_name, "host name of the presence node");
    app.add_option("--dns-server", init.dns_servers, "DNS server of edge and core; default: the system's; repeatable");
    app.add_option("--allow-network", init.allow_networks, "private network that the edge may connect to; repeatable");
    app.add_option("--admin-port", init.admin_port,
                   "serve web pages and REST on this port of each node's internal address; default: off");
    app.add_option("--edge-name", init.edge_name, "host name of the edge");
    app.add_option("--core-name", init.core_name, "host name of the core");
    app.add_option("--certificate", init.certificate, "certificate for the domains, with its chain");
    app.add_option("--key", init.key, "its private key");
    app.add_flag("--self-signed", init.self_signed, "make a self-signed certificate instead; peers then use dialback");
    app.add_option("--allow", init.allow, "a domain to put on the allow list; repeatable");
    app.add_flag("--force", init.force, "replace existing files, keys and secrets");
    app.add_flag("--migrate", init.migrate,
                 "change existing files: a secret for each router link, certificates with roles");
}

}  // namespace sallyport::ctl
