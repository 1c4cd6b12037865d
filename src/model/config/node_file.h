// The node's own small file (TOML): what cannot change in operation. Every error names file, line and key; a file with
// an error starts nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/admin_limits.h"
#include "base/endpoint.h"
#include "base/file_facts.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/reason.h"
#include "base/result.h"
#include "base/role.h"
#include "model/config/admin_nodes.h"
#include "proto/xmpp/jid.h"

namespace sallyport::config {

using sallyport::Role;
using sallyport::text;

struct TlsIdentityFile {
    std::vector<std::string> domains;
    std::string certificate;
    std::string key;
};

struct LinkDial {
    HostPort address;
    std::string name;                   ///< must match the certificate
    Role role = Role::edge;             ///< edge or presence
    std::string secret;                 ///< of this link; empty: link.secret
    std::vector<xmpp::Domain> domains;  ///< that this presence node alone may serve, beside federation.domains
};

/// A core that may connect to the router link of this node.
struct LinkAccept {
    std::string name;                  ///< must match the certificate
    std::string secret;                ///< of this link; link.secret when the file has none here
    std::vector<IpNetwork> addresses;  ///< where it connects from; room at the listener is kept for these
    bool operator==(const LinkAccept&) const = default;
};

enum class InsideTls { required, optional, none };
enum class InsideAuth { dialback, certificate };

struct InsideServer {
    std::vector<xmpp::Domain> domains;
    HostPort address;
    InsideTls tls = InsideTls::required;
    InsideAuth auth = InsideAuth::dialback;
};

struct SshDial {
    HostPort address;
    std::string name;           ///< of the edge; that of the [[link.dial]] to the same host when absent
    std::string key, host_key;  ///< files
};

/// An IM&P server that a core tells about its edges.
struct AxlServerEntry {
    HostPort address;
    std::string user, password;
    bool tls_verify = true;
};

/// An application user of a presence node's AXL service.
struct AxlUserEntry {
    std::string name, password;
};

struct ComponentEntry {
    xmpp::Domain domain;
    std::string secret;
};

/// A receiver of the event log: "udp://192.0.2.1:514", "tcp://192.0.2.1:601" or "unix:/dev/log" (RFC 5424).
struct SyslogTarget {
    enum class Kind { udp, tcp, local };
    Kind kind = Kind::udp;
    Endpoint endpoint;  ///< of udp and tcp
    std::string path;   ///< of a local socket

    /// Errors: "syslog-malformed".
    static Result<SyslogTarget> parse(std::string_view text);
    /// As it is parsed.
    [[nodiscard]] std::string text() const;
};

/// The file as values; relative paths are made absolute against the file's folder.
struct NodeFile {
    std::string path;
    Role role = Role::edge;
    struct {
        std::string name;
        std::string data;
        unsigned threads = 0;
    } node;
    struct {
        std::vector<Endpoint> listen;
        std::vector<Endpoint> health;    ///< where balancers ask how the node is, without a sign-in
        std::string certificate, key;    ///< empty: one of its own making in the data folder
        std::vector<std::string> names;  ///< further host names under which it may be asked for
        bool handover = true;            ///< people may go to and come from the pages of `nodes` without a sign-in
        std::vector<AdminNode> nodes;    ///< whose pages belong to the same desk
        AdminLimits limits;              ///< keys of [limits]
    } admin;
    struct {
        LogLevel level = LogLevel::info;
        bool json = false;
        std::map<std::string, LogLevel> modules;
        std::vector<SyslogTarget> syslog;  ///< who is sent the event log
        unsigned events = 100'000;         ///< rows of the event log on disk
        unsigned event_days = 90;          ///< and their age
    } log;
    struct {
        std::vector<Endpoint> servers;
        std::string trust_anchor;
        std::string hosts_file;
    } dns;
    struct {
        std::vector<Endpoint> listen;
        std::vector<Endpoint> direct_tls_listen;
        std::vector<IpAddress> source_addresses;  ///< at most one of each family
        std::vector<IpNetwork> allow_networks;
        std::vector<IpNetwork> proxies;  ///< edge: whose connections begin with a PROXY header
        bool share_streams = false;      ///< edge: domain pairs to one remote domain on one stream
    } s2s;
    struct {
        std::string trust;
        std::vector<TlsIdentityFile> identities;
    } tls;
    struct {
        std::vector<Endpoint> listen;
        std::string certificate, key, trust, secret;
        bool require_roles = false;  ///< certificates have to say the role of their node
        std::vector<LinkDial> dial;
        std::vector<LinkAccept> accept;  ///< edge, presence; empty: whoever link.trust has signed
        double hold_seconds = 30;        ///< how long stanzas wait for a link that is down; 0: returned at once
    } link;
    struct {
        std::vector<Endpoint> listen;
        std::string host_key, authorized_keys;  ///< files
        std::vector<SshDial> dial;
    } ssh;  ///< provisioning; settings replicate when the role's part of it is there
    struct {
        std::vector<Endpoint> listen;
        std::vector<InsideServer> servers;
        bool mint_certificates = true;
    } inside;
    struct {
        std::vector<Endpoint> listen;
        std::vector<ComponentEntry> allowed;
    } components;
    struct {
        std::vector<Endpoint> listen;         ///< presence: the AXL service
        std::string certificate, key;         ///< presence; empty: the first identity of [tls]
        std::string trust;                    ///< core: who signs the IM&P servers' certificates; empty: tls.trust
        std::vector<AxlServerEntry> servers;  ///< core: first values, taken while it knows no server
        std::vector<AxlUserEntry> users;      ///< presence: first values, taken while there is no such user
    } axl;
    struct {
        std::vector<Endpoint> listen;
        std::vector<xmpp::Domain> domains;  ///< whose users this node serves
        bool channel_binding = true;
    } clients;
    struct {
        double negotiation = 30, dialback = 30, idle = 600, ping = 60, dead_peer = 20, connect = 10, dns = 10,
               stanza = 60, closing = 5, target = 10;
    } timers;  ///< seconds
    Limits limits;
    bool open_profile = false;
    /// Each key of the file and a digest of its value, and of the file that it names: to tell what a reload changed.
    std::map<std::string, std::string> keys;
    std::map<std::string, unsigned> lines;  ///< where each key stands: for what is found wrong outside of the model
    /// `[settings]`: dotted key -> JSON text; first values for the settings database.
    std::map<std::string, std::string> settings;
    /// Not wrong enough to refuse a start: sentences for the operator, e.g. a key that every user can read.
    std::vector<std::string> warnings;
    /// Likewise: what lets a node that is in other hands pass for another one on the router link.
    std::vector<Reason> weak_links;
    /// Both, a line each.
    [[nodiscard]] std::vector<std::string> all_warnings() const {
        std::vector<std::string> all = warnings;
        for (const Reason& weakness : weak_links) all.push_back(weakness.text());
        return all;
    }

    /// Settings flow between edge and core; otherwise each node goes by its own.
    [[nodiscard]] bool replicates() const { return role == Role::edge ? !ssh.listen.empty() : !ssh.dial.empty(); }
    /// "edge1.b.test" -> "edge1-b-test".
    [[nodiscard]] std::string realm() const;
};

struct SettingRow;
/// Whether the setting has any effect on a node of this role.
[[nodiscard]] bool has_effect(const SettingRow& row, Role role);

/// An address at which the node of a file listens, and the key that says so.
struct ListenerEntry {
    std::string_view key;  ///< such as "link.listen"
    Endpoint at;
};
[[nodiscard]] std::vector<ListenerEntry> listeners(const NodeFile& file);

/// One complaint: where and what. line 0: the file as a whole.
struct FileError {
    std::string file;
    unsigned line = 0;
    std::string key;
    std::string text;
    /// "edge.toml:12: s2s.listen: '…' is not an address and port"
    [[nodiscard]] std::string sentence() const;
};
/// In the order of their lines; those of the file as a whole come first.
void sort_by_line(std::vector<FileError>& errors);

/// Parses and validates `toml` for `role`; all errors at once, empty when `out` is good. `path` is for messages and for
/// relative paths. Unknown keys, wrong types, missing required keys, unreadable certificate files are errors. `probe`
/// looks at the files that it names.
[[nodiscard]] std::vector<FileError> parse_node_file(std::string_view toml, const std::string& path, Role role,
                                                     NodeFile& out, const FileProbe& probe);

}  // namespace sallyport::config
