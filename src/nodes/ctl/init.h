// `sallyport init`: the files of an edge and a core that belong together, with a presence node as the third where the
// organisation has no XMPP server of its own, and what has to be set up around them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "io/tls/pki.h"
#include "nodes/ctl/console.h"
#include "proto/xmpp/jid.h"

namespace sallyport::ctl {

/// As typed; empty: not said.
struct InitAnswers {
    std::string directory, edge_link, core_inside, core_link_source, inside_server, edge_name, core_name, certificate,
        key, presence, presence_name;
    std::string web_port, administrator;  ///< only asked; web_port "-": no web pages
    std::vector<std::string> domains, edge_public, allow, dns_servers, allow_networks;
    std::uint16_t admin_port = 0;
    bool self_signed = false, force = false, migrate = false;
};

/// As understood.
struct InitPlan {
    std::string directory;
    std::vector<xmpp::Domain> domains;
    std::vector<std::string> allow;
    std::vector<Endpoint> edge_public;
    Endpoint edge_link, core_inside;
    IpAddress core_link_source;
    HostPort inside_server;            ///< not with a presence node
    std::optional<Endpoint> presence;  ///< router link of the presence node; AXL and clients have the same address
    std::vector<Endpoint> dns_servers;
    std::vector<IpNetwork> allow_networks;
    std::uint16_t admin_port = 0;  ///< 0: no web pages
    std::string administrator;     ///< the first one; empty: not said
    std::string edge_name, core_name, presence_name;
    std::string edge_data, core_data, presence_data;
    std::string certificate, key;  ///< absolute; empty: made here, self-signed
    bool force = false;
};

/// Listeners at internal addresses that nobody is asked for.
inline constexpr std::uint16_t ssh_port = 2222, axl_port = 8443, client_port = 5222;

/// The host on which the files are made.
struct InitHost {
    WallTime wall{};                     ///< its clock, by which certificates are made
    std::optional<bool> synchronised;    ///< nothing: the kernel does not tell
    std::optional<unsigned> group = {};  ///< of the nodes' user, if files can be given to it
};

/// Who may read a file.
enum class Readers {
    everybody,
    nodes,  ///< its owner, and the group of the nodes' user
    owner,
};

/// One file to be written, relative to the directory.
struct InitFile {
    std::string name, text;
    Readers readers = Readers::everybody;
};

/// The user that runs the nodes, and its group (packaging/systemd/sallyport.sysusers).
inline constexpr const char* nodes_group = "sallyport";
/// What lets that user read files that somebody has copied; install.md says the same.
inline constexpr const char* give_rights[] = {"chown -R root:sallyport /etc/sallyport",
                                              "chmod -R u=rwX,g=rX,o= /etc/sallyport"};

// init_plan.cpp
/// Asks on a terminal for what is missing or wrong; elsewhere that is an error. Errors: "init", "init-exists".
[[nodiscard]] Result<InitPlan> plan_init(InitAnswers answers, const Console& console, WallTime now);
// init_files.cpp
/// Makes keys, certificates, secrets and the node files. Errors: "pki", "ssh-key", "init".
[[nodiscard]] Result<std::vector<InitFile>> make_files(const InitPlan& plan, WallTime now);
/// A certificate of the router link, signed by the traversal authority: name and role of its node.
[[nodiscard]] Result<io::PemPair> link_certificate(const std::string& name, std::string_view role,
                                                   const io::PemPair& authority, WallTime now);
/// Replaces or makes a file for its readers; `group` is that of InitHost. Errors: "file-write".
[[nodiscard]] Result<void> write_init_file(const std::string& path, const InitFile& file,
                                           const std::optional<unsigned>& group);
/// As the list of files has it: " (0640 root:sallyport)".
[[nodiscard]] std::string rights_text(const InitFile& file, const std::optional<unsigned>& group);
// init_migrate.cpp
/// Gives the files in `directory` what those of an older release lack. The exit status.
[[nodiscard]] int run_migrate(const std::string& directory, const Console& console, const InitHost& host);
// init_advice.cpp
/// DNS records, firewall rules, lines for the internal server or the first users, and the next commands.
[[nodiscard]] std::string advice(const InitPlan& plan);

/// Nothing is replaced that nobody wants replaced. Errors: "init-exists".
[[nodiscard]] Result<void> may_write(const InitPlan& plan, const std::string& name);

/// All of it; the exit status.
[[nodiscard]] int run_init(InitAnswers answers, const Console& console, const InitHost& host);

}  // namespace sallyport::ctl
