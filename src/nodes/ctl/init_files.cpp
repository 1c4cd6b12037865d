// Node files, the traversal authority with the link certificates that it signs, SSH keys, secrets, and a self-signed
// certificate where there is no other.
#include "base/hash.h"
#include "io/loop/random.h"
#include "io/ssh/keys.h"
#include "io/tls/pki.h"
#include "model/config/setting_values.h"
#include "nodes/ctl/init.h"

namespace sallyport::ctl {

namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::uint16_t ssh_port = 2222;
constexpr auto year = std::chrono::hours{24 * 365};

std::string fresh_secret() { return to_hex(io::random_bytes(secret_bytes)); }

/// A TOML basic string; JSON's form is one.
std::string quoted(std::string_view text) { return config::write_string(text); }

template <typename Values, typename Text>
std::string list_of(const Values& values, Text text) {
    std::string list;
    for (const auto& value : values) list += (list.empty() ? "" : ", ") + quoted(text(value));
    return "[" + list + "]";
}

struct Secrets {
    std::string link = fresh_secret();
    std::string dialback = fresh_secret();
};

std::string settings_section(const InitPlan& plan, const Secrets& secrets) {
    return "# First values of settings; later `sallyport config set` changes them, and this section counts no longer.\n"
           "[settings]\n"
           "federation.enabled = true\n"
           "federation.domains = " +
           list_of(plan.domains, [](const xmpp::Domain& domain) { return domain.text(); }) +
           "\n"
           "federation.dialback_secret = " +
           quoted(secrets.dialback) +
           "\n"
           "federation.privacy_mode = \"allow_list\"\n"
           "federation.allow_list = " +
           list_of(plan.allow, [](const std::string& name) { return name; }) + "\n";
}

std::string link_keys(const std::string& stem, const Secrets& secrets) {
    return "certificate = " + quoted(stem + ".pem") + "\nkey = " + quoted(stem + ".key") +
           "\ntrust = \"traversal-ca.pem\"\nsecret = " + quoted(secrets.link) + "\n";
}

std::string edge_toml(const InitPlan& plan, const Secrets& secrets) {
    const bool made = plan.certificate.empty();
    const auto ascii = [](const xmpp::Domain& domain) { return domain.ascii(); };
    return "# The edge: it talks with the Internet. Every key is in the manual, node-file.\n"
           "[node]\n"
           "name = " +
           quoted(plan.edge_name) +
           "\n"
           "data = " +
           quoted(plan.edge_data) +
           "  # database, admin socket; made with mode 0700\n"
           "\n[s2s]\n"
           "listen = " +
           list_of(plan.edge_public, [](const Endpoint& at) { return at.text(); }) +
           "\n"
           "\n# Shown to other servers. More of these for more certificates; the first that covers a domain counts.\n"
           "[[tls.identity]]\n"
           "domains = " +
           list_of(plan.domains, ascii) +
           "\n"
           "certificate = " +
           quoted(made ? "s2s.pem" : plan.certificate) +
           "\n"
           "key = " +
           quoted(made ? "s2s.key" : plan.key) +
           "\n"
           "\n# The router link. The core connects here; never the public address.\n"
           "[link]\n"
           "listen = [" +
           quoted(plan.edge_link.text()) + "]\n" + link_keys("edge-link", secrets) +
           "\n# Provisioning: settings flow between edge and core. The core connects here.\n"
           "[ssh]\n"
           "listen = [" +
           quoted(Endpoint{plan.edge_link.address, ssh_port}.text()) +
           "]\n"
           "host_key = \"ssh_host_ed25519\"\n"
           "authorized_keys = \"core_ed25519.pub\"\n\n" +
           settings_section(plan, secrets);
}

std::string core_toml(const InitPlan& plan, const Secrets& secrets) {
    return "# The core: it stands inside and dials the edge. Every key is in the manual, node-file.\n"
           "[node]\n"
           "name = " +
           quoted(plan.core_name) +
           "\n"
           "data = " +
           quoted(plan.core_data) +
           "  # database, admin socket, inside CA; made with mode 0700\n"
           "\n[link]\n" +
           link_keys("core-link", secrets) +
           "\n[[link.dial]]\n"
           "address = " +
           quoted(plan.edge_link.text()) +
           "\n"
           "name = " +
           quoted(plan.edge_name) +
           "  # must stand in its certificate\n"
           "role = \"edge\"\n"
           "\n[[ssh.dial]]\n"
           "address = " +
           quoted(Endpoint{plan.edge_link.address, ssh_port}.text()) +
           "\n"
           "name = " +
           quoted(plan.edge_name) +
           "\n"
           "key = \"core_ed25519\"\n"
           "host_key = \"ssh_host_ed25519.pub\"\n"
           "\n# Where the internal servers connect, for every foreign domain.\n"
           "[inside]\n"
           "listen = [" +
           quoted(plan.core_inside.text()) +
           "]\n"
           "\n[[inside.server]]\n"
           "domains = " +
           list_of(plan.domains, [](const xmpp::Domain& domain) { return domain.text(); }) +
           "\n"
           "address = " +
           quoted(plan.inside_server.text()) +
           "\n"
           "tls = \"required\"   # required, optional or none\n"
           "auth = \"dialback\"  # dialback (to that address) or certificate\n"
           "\n" +
           settings_section(plan, secrets);
}

Result<void> add_ssh_key(const std::string& stem, const std::string& comment, std::vector<InitFile>& files) {
    const auto made = io::make_ssh_key(comment);
    if (!made) return made.error();
    files.push_back({stem, made->private_key, true});
    files.push_back({stem + ".pub", made->public_key, false});
    return {};
}

Result<void> add_pair(const std::string& stem, const Result<io::PemPair>& pair, std::vector<InitFile>& files) {
    if (!pair) return pair.error();
    files.push_back({stem + ".pem", pair->certificate, false});
    files.push_back({stem + ".key", pair->key, true});
    return {};
}

Result<io::PemPair> link_certificate(const std::string& name, const io::PemPair& authority, WallTime now) {
    io::CertificateRequest request;
    request.common_name = name;
    request.dns_names = {name};
    request.not_before = now - std::chrono::hours{1};
    request.lifetime = 5 * year;
    return io::issue_certificate(request, &authority);
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

Result<std::vector<InitFile>> make_files(const InitPlan& plan, WallTime now) {
    const Secrets secrets;
    std::vector<InitFile> files{{"edge.toml", edge_toml(plan, secrets), true},
                                {"core.toml", core_toml(plan, secrets), true}};
    const auto authority =
        io::make_authority("Sallyport traversal CA of " + plan.domains.front().ascii(), now, 10 * year);
    if (auto added = add_pair("traversal-ca", authority, files); !added) return added.error();
    const std::pair<const char*, const std::string*> ends[] = {{"edge-link", &plan.edge_name},
                                                               {"core-link", &plan.core_name}};
    for (const auto& [stem, name] : ends) {
        if (auto added = add_pair(stem, link_certificate(*name, *authority, now), files); !added) return added.error();
    }
    if (auto added = add_ssh_key("ssh_host_ed25519", plan.edge_name, files); !added) return added.error();
    if (auto added = add_ssh_key("core_ed25519", plan.core_name, files); !added) return added.error();
    if (plan.certificate.empty()) {
        if (auto added = add_pair("s2s", self_signed(plan, now), files); !added) return added.error();
    }
    return files;
}

}  // namespace sallyport::ctl
