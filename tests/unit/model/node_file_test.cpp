// The node's file: what is accepted, and that every mistake names file, line and key.
#include "model/config/node_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "model/config/masked_file.h"

namespace sallyport::config {
namespace {

using testing::HasSubstr;

const std::string certificate_pem = "-----BEGIN CERTIFICATE-----\nMIIB\n";
const std::string key_pem = "-----BEGIN PRIVATE KEY-----\nMIIB\n";

/// A disk of literals: everything in /etc/sp that the good files name.
class Disk {
public:
    Disk() {
        for (const char* name : {"b.pem", "edge.pem", "core.pem", "ca.pem"}) put(name, certificate_pem, false);
        for (const char* name : {"b.key", "edge.key", "core.key"}) put(name, key_pem, false);
        put("both.pem", certificate_pem + key_pem, false);
        for (const char* name : {"ssh_host_ed25519", "core_ed25519"}) put(name, key_pem, false);
        for (const char* name : {"ssh_host_ed25519.pub", "core.pub"}) put(name, "ssh-ed25519 AAAA x\n", true);
        put("hosts", "127.0.0.1 a.test\n", true);
    }
    void put(const std::string& name, const std::string& text, bool world_readable) {
        files_["/etc/sp/" + name] = {true, true, true, world_readable, text};
    }
    FileFacts& at(const std::string& name) { return files_["/etc/sp/" + name]; }
    FileProbe probe() const {
        return [this](const std::string& path) {
            const auto at = files_.find(path);
            return at == files_.end() ? FileFacts{} : at->second;
        };
    }

private:
    std::map<std::string, FileFacts> files_;
};

const std::string good_edge = R"([node]
name = "edge1.b.test"
data = "/var/lib/sallyport/edge"
threads = 2
[admin]
listen = ["127.0.0.1:9443"]
[log]
level = "debug"
format = "json"
[log.modules]
"developer.xcp.federation" = "trace"
[dns]
servers = ["127.0.0.9:53", "2001:db8::53", "192.0.2.53"]
hosts_file = "hosts"
[s2s]
listen = ["0.0.0.0:5269", "[::]:5269"]
direct_tls_listen = ["0.0.0.0:5270"]
source_address = ["192.0.2.9", "2001:db8::9"]
allow_networks = ["10.0.0.0/8"]
[tls]
trust = "ca.pem"
[[tls.identity]]
domains = ["b.test", "*.b.test"]
certificate = "b.pem"
key = "b.key"
[[tls.identity]]
domains = ["c.test"]
certificate = "both.pem"
[link]
listen = ["10.0.0.1:7400"]
certificate = "edge.pem"
key = "edge.key"
trust = "ca.pem"
secret = "0123456789abcdef"
hold_seconds = 5
[ssh]
listen = ["10.0.0.1:2222"]
host_key = "ssh_host_ed25519"
authorized_keys = "core.pub"
[timers]
negotiation = 12.5
idle = 900
[limits]
stanza_bytes = 300000
connections_per_address = "off"
[settings]
federation.enabled = true
federation.domains = ["b.test"]
federation.static_routes = [{domain = "a.test", address = "10.9.0.1", port = 5300, priority = 1}]
log.modules = {s2s = "debug"}
)";

const std::string good_core = R"([node]
name = "core1.b.test"
data = "data"
[link]
certificate = "core.pem"
key = "core.key"
trust = "ca.pem"
secret = "0123456789abcdef"
[[link.dial]]
address = "10.0.0.1"
name = "edge1.b.test"
role = "edge"
[[ssh.dial]]
address = "10.0.0.1:2222"
key = "core_ed25519"
host_key = "ssh_host_ed25519.pub"
[inside]
listen = ["10.0.1.1:5269"]
mint_certificates = false
[[inside.server]]
domains = ["b.test", "rooms.b.test"]
address = "10.0.1.5:5269"
tls = "optional"
auth = "certificate"
[components]
listen = ["127.0.0.1:5347"]
[[components.allowed]]
domain = "comp.b.test"
secret = "secret"
)";

std::vector<FileError> errors_of(const std::string& text, Role role, NodeFile& file, const Disk& disk = {}) {
    return parse_node_file(text, "/etc/sp/node.toml", role, file, disk.probe());
}

std::vector<std::string> sentences(const std::string& text, Role role, const Disk& disk = {}) {
    NodeFile file;
    std::vector<std::string> all;
    for (const FileError& error : errors_of(text, role, file, disk)) all.push_back(error.sentence());
    return all;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(NodeFile, ReadsEveryKeyOfAnEdge) {
    NodeFile file;
    EXPECT_THAT(sentences(good_edge, Role::edge), testing::IsEmpty());
    ASSERT_TRUE(errors_of(good_edge, Role::edge, file).empty());
    EXPECT_EQ(file.node.name, "edge1.b.test");
    EXPECT_EQ(file.realm(), "edge1-b-test");
    EXPECT_EQ(file.node.threads, 2U);
    EXPECT_EQ(file.admin.listen.front().text(), "127.0.0.1:9443");
    EXPECT_EQ(file.log.level, LogLevel::debug);
    EXPECT_TRUE(file.log.json);
    EXPECT_EQ(file.log.modules.at("s2s"), LogLevel::trace);
    ASSERT_EQ(file.dns.servers.size(), 3U);
    EXPECT_EQ(file.dns.servers[1].text(), "[2001:db8::53]:53");
    EXPECT_EQ(file.dns.servers[2].text(), "192.0.2.53:53");
    EXPECT_EQ(file.dns.hosts_file, "/etc/sp/hosts");
    EXPECT_EQ(file.s2s.listen.size(), 2U);
    EXPECT_EQ(file.s2s.source_addresses.size(), 2U);
    EXPECT_EQ(file.s2s.allow_networks.front().text(), "10.0.0.0/8");
    EXPECT_EQ(file.tls.trust, "/etc/sp/ca.pem");
    ASSERT_EQ(file.tls.identities.size(), 2U);
    EXPECT_EQ(file.tls.identities[0].key, "/etc/sp/b.key");
    EXPECT_EQ(file.tls.identities[1].key, "/etc/sp/both.pem") << "one file may hold chain and key";
    EXPECT_EQ(file.link.listen.front().text(), "10.0.0.1:7400");
    EXPECT_EQ(file.link.hold_seconds, 5.0);
    EXPECT_EQ(file.timers.negotiation, 12.5);
    EXPECT_EQ(file.timers.idle, 900.0);
    EXPECT_EQ(file.timers.dialback, 30.0);
    EXPECT_EQ(file.limits.after_auth.element_bytes, 300000U);
    EXPECT_EQ(file.limits.connections_per_address, unlimited);
    EXPECT_EQ(file.limits.queue_stanzas, Limits{}.queue_stanzas);
    EXPECT_EQ(file.settings.at("federation.enabled"), "true");
    EXPECT_EQ(file.settings.at("federation.domains"), "[\"b.test\"]");
    EXPECT_THAT(file.settings.at("federation.static_routes"), HasSubstr("\"port\":5300"));
    EXPECT_EQ(file.settings.at("log.modules"), "{\"s2s\":\"debug\"}");
}

TEST(SyslogTarget, IsAnAddressOrALocalSocket) {
    for (const char* text : {"udp://192.0.2.1:514", "tcp://[2001:db8::1]:601", "unix:/dev/log"}) {
        const auto target = SyslogTarget::parse(text);
        ASSERT_TRUE(target) << text;
        EXPECT_EQ(target->text(), text);
    }
    for (const char* text :
         {"", "192.0.2.1:514", "udp://logs.test:514", "tcp://192.0.2.1", "udp://192.0.2.1:0", "unix:log"})
        EXPECT_FALSE(SyslogTarget::parse(text)) << text;
    EXPECT_FALSE(SyslogTarget::parse("unix:/" + std::string(107, 'x')));
}

TEST(MaskedFile, HoldsNeitherSecretsNorComments) {
    const std::string masked = without_secrets(
        "# a secret of mine\n[link]\nsecret = \"hush-1\"\nlisten = [\"10.0.0.1:7400\"]\n[[components.allowed]]\n"
        "domain = \"c.test\"\nsecret = \"hush-2\"\n[settings]\nfederation.dialback_secret = \"hush-3\"\n"
        "\"federation.dialback_secret\" = \"hush-4\"\n[x]\nPassword = [\"hush-5\"]\ny = [{secret = \"hush-6\"}]\n");
    for (const char* secret : {"mine", "hush"}) EXPECT_THAT(masked, testing::Not(HasSubstr(secret)));
    EXPECT_THAT(masked, HasSubstr("10.0.0.1:7400"));
    EXPECT_THAT(masked, HasSubstr("c.test"));
    EXPECT_EQ(without_secrets("secret = \"broken"), "");
}

TEST(NodeFile, ReadsEveryKeyOfACore) {
    NodeFile file;
    EXPECT_THAT(sentences(good_core, Role::core), testing::IsEmpty());
    ASSERT_TRUE(errors_of(good_core, Role::core, file).empty());
    EXPECT_EQ(file.node.data, "/etc/sp/data") << "relative to the file";
    ASSERT_EQ(file.link.dial.size(), 1U);
    EXPECT_EQ(file.link.dial[0].address.text(), "10.0.0.1:7400") << "7400 unless the file says otherwise";
    EXPECT_EQ(file.link.dial[0].role, config::Role::edge);
    ASSERT_EQ(file.ssh.dial.size(), 1U);
    EXPECT_EQ(file.ssh.dial[0].name, "edge1.b.test") << "of the link to the same host";
    EXPECT_EQ(file.ssh.dial[0].key, "/etc/sp/core_ed25519");
    EXPECT_TRUE(file.replicates());
    ASSERT_EQ(file.inside.servers.size(), 1U);
    EXPECT_EQ(file.inside.servers[0].domains.size(), 2U);
    EXPECT_EQ(file.inside.servers[0].tls, InsideTls::optional);
    EXPECT_EQ(file.inside.servers[0].auth, InsideAuth::certificate);
    EXPECT_FALSE(file.inside.mint_certificates);
    EXPECT_EQ(file.components.allowed.at(0).domain.text(), "comp.b.test");
}

TEST(NodeFile, TakesOneSourceAddressOrAListOrNone) {
    NodeFile file;
    const std::string list = "source_address = [\"192.0.2.9\", \"2001:db8::9\"]";
    EXPECT_TRUE(errors_of(replaced(good_edge, list, "source_address = \"192.0.2.9\""), Role::edge, file).empty());
    EXPECT_EQ(file.s2s.source_addresses.size(), 1U);
    EXPECT_TRUE(errors_of(replaced(good_edge, list, "source_address = \"\""), Role::edge, file).empty());
    EXPECT_TRUE(file.s2s.source_addresses.empty());
}

struct MistakeCase {
    std::string from, to, sentence;
};

void expect_mistakes(const std::string& good, Role role, const std::vector<MistakeCase>& cases) {
    for (const MistakeCase& one : cases) {
        const auto all = sentences(replaced(good, one.from, one.to), role);
        EXPECT_THAT(all, testing::ElementsAre(HasSubstr(one.sentence))) << one.to;
    }
}

TEST(NodeFile, NamesFileLineAndKeyOfEveryMistakeInAnEdgesFile) {
    expect_mistakes(
        good_edge, Role::edge,
        {
            {"threads = 2", "thraeds = 2", "/etc/sp/node.toml:4: node.thraeds: unknown key; did you mean 'threads'?"},
            {"threads = 2", "threads = -1", ":4: node.threads: must be a whole number from 0 to 256"},
            {"threads = 2", "threads = \"2\"", ":4: node.threads: must be a whole number"},
            {"name = \"edge1.b.test\"", "name = \"edge 1\"", ":2: node.name: 'edge 1' is not a host name"},
            {"name = \"edge1.b.test\"", "", "node.name: is missing"},
            {"name = \"edge1.b.test\"", "name = 7", ":2: node.name: "},
            {"[admin]", "[admn]", ":5: admn: unknown key; did you mean 'admin'?"},
            {"[\"127.0.0.1:9443\"]", "[\"localhost:9443\"]", ":6: admin.listen: 'localhost:9443' is not an address"},
            {"[\"127.0.0.1:9443\"]", "\"127.0.0.1:9443\"", ":6: admin.listen: must be a list"},
            {"[\"127.0.0.1:9443\"]", "[9443]", ":6: admin.listen: must be a list of strings"},
            {"[\"127.0.0.1:9443\"]", "[\"192.0.2.1:0\"]", ":6: admin.listen: '192.0.2.1:0' has no port"},
            {"level = \"debug\"", "level = \"loud\"", ":8: log.level: 'loud' is not trace, debug, info, warn or error"},
            {"format = \"json\"", "format = 1", ":9: log.format: must be a string"},
            {"\"developer.xcp.federation\" =", "nobody =", ":11: log.modules.nobody: is not the name of a log module"},
            {"\"127.0.0.9:53\"", "\"dns.test\"", ":13: dns.servers: 'dns.test' is not an address"},
            {"hosts_file = \"hosts\"", "hosts_file = \"host\"", ":14: dns.hosts_file: /etc/sp/host does not exist"},
            {"\"2001:db8::9\"", "\"192.0.2.10\"",
             ":18: s2s.source_address: must have at most one address of each family"},
            {"\"10.0.0.0/8\"", "\"10.0.0.0/33\"", ":19: s2s.allow_networks: '10.0.0.0/33' is not a network"},
            {"trust = \"ca.pem\"", "trust = \"b.key\"", ":21: tls.trust: /etc/sp/b.key contains no certificate"},
            {"\"*.b.test\"", "\"*b.test\"", "tls.identity[0].domains: '*b.test'"},
            {"certificate = \"b.pem\"", "certificate = \"x.pem\"",
             ":24: tls.identity[0].certificate: /etc/sp/x.pem does not exist"},
            {"key = \"b.key\"", "key = \"b.pem\"", ":25: tls.identity[0].key: /etc/sp/b.pem contains no private key"},
            {"certificate = \"both.pem\"", "certificate = \"b.pem\"",
             ":28: tls.identity[1].certificate: /etc/sp/b.pem contains no private key"},
            {"secret = \"0123456789abcdef\"", "secret = \"short\"",
             ":34: link.secret: must have at least 16 characters"},
            {"secret = \"0123456789abcdef\"", "", "link.secret: must have at least 16 characters"},
            {"key = \"edge.key\"", "", "link.key: is missing"},
            {"hold_seconds = 5", "hold_seconds = -1", ":35: link.hold_seconds: must be a number of seconds, 0 or more"},
            {"authorized_keys = \"core.pub\"", "authorized_keys = \"core.pub\"\nauthorised_keys = \"x\"",
             ":40: ssh.authorised_keys: unknown key; did you mean 'authorized_keys'?"},
            {"authorized_keys = \"core.pub\"", "", "ssh.authorized_keys: is missing"},
            {"host_key = \"ssh_host_ed25519\"", "", "ssh.host_key: is missing"},
            {"host_key = \"ssh_host_ed25519\"", "host_key = \"core.pub\"",
             ":38: ssh.host_key: /etc/sp/core.pub contains no"},
            {"[\"10.0.0.1:2222\"]", "[\"0.0.0.0:2222\"]", ":37: ssh.listen: 0.0.0.0:2222 means all addresses"},
            {"[\"10.0.0.1:2222\"]", "[\"10.0.0.1:7400\"]", ":37: ssh.listen: 10.0.0.1:7400 is already used by link"},
            {"negotiation = 12.5", "negotiation = 0", ":41: timers.negotiation: must be a number of seconds, above 0"},
            {"negotiation = 12.5", "negotiation = inf", ":41: timers.negotiation"},
            {"idle = 900", "idel = 900", ":42: timers.idel: unknown key; did you mean 'idle'?"},
            {"stanza_bytes = 300000", "stanza_bytes = 0",
             ":44: limits.stanza_bytes: 0 does not switch a limit off; use \"off\""},
            {"stanza_bytes = 300000", "stanza_bytes = 9999", ":44: limits.stanza_bytes: must be at least 10000 bytes"},
            {"stanza_bytes = 300000", "stanza_bytes = -5", ":44: limits.stanza_bytes"},
            {"stanza_bytes = 300000", "stanza_bytes = \"no\"",
             ":44: limits.stanza_bytes: must be a whole number or \"off\""},
            {"stanza_bytes = 300000", "queue_bytes = 70000", ":44: limits.queue_bytes: is smaller than stanza_bytes"},
            {"stanza_bytes = 300000", "stanza_byte = 1",
             ":44: limits.stanza_byte: unknown key; did you mean 'stanza_bytes'?"},
            {"federation.enabled = true", "federation.enabled = 1",
             ":47: settings.federation.enabled: must be true or false"},
            {"federation.enabled = true", "federation.enable = true",
             ":47: settings.federation.enable: no such setting; did you mean 'federation.enabled'?"},
            {"federation.domains = [\"b.test\"]", "federation.domains = [\"b.test\", \"B.TEST\"]",
             ":48: settings.federation.domains: entry 2: b.test is in the list twice"},
            {"port = 5300", "port = 0", ":49: settings.federation.static_routes: [0].port"},
            {"s2s = \"debug\"}", "s2s = 1979-05-27}", ":50: settings.log.modules"},
        });
}

TEST(NodeFile, NamesFileLineAndKeyOfEveryMistakeInACoresFile) {
    expect_mistakes(
        good_core, Role::core,
        {
            {"address = \"10.0.0.1\"", "address = \"10.0.0.1:x\"", ":10: link.dial[0].address"},
            {"address = \"10.0.0.1\"", "", "link.dial[0].address: is missing"},
            {"name = \"edge1.b.test\"", "", "link.dial[0].name: is missing"},
            {"role = \"edge\"", "role = \"core\"", ":12: link.dial[0].role: 'core' is not edge or presence"},
            {"role = \"edge\"", "", "link.dial[0].role: is missing"},
            {"role = \"edge\"",
             "role = \"edge\"\n[[link.dial]]\naddress = \"10.0.0.8\"\nname = \"p1.b.test\"\nrole = \"presence\"\n"
             "domains = [\"im.b.test\"]\n[[link.dial]]\naddress = \"10.0.0.9\"\nname = \"p2.b.test\"\n"
             "role = \"presence\"\ndomains = [\"im.b.test\"]",
             ":22: link.dial[2].domains: im.b.test is named twice"},
            {"[[link.dial]]", "[link.dial]", ":9: link.dial: must be a list of tables: [[link.dial]]"},
            {"key = \"core_ed25519\"", "key = \"core_ed25519\"\nkee = \"x\"",
             ":16: ssh.dial[0].kee: unknown key; did you mean 'key'?"},
            {"key = \"core_ed25519\"", "", "ssh.dial[0].key: is missing"},
            {"host_key = \"ssh_host_ed25519.pub\"", "host_key = \"none.pub\"",
             ":16: ssh.dial[0].host_key: /etc/sp/none.pub does not exist"},
            {"address = \"10.0.0.1:2222\"", "address = \"10.0.0.2\"", "ssh.dial[0].name: is missing"},
            {"[inside]",
             "[[ssh.dial]]\naddress = \"10.0.0.1:2223\"\nkey = \"core_ed25519\"\nhost_key = "
             "\"ssh_host_ed25519.pub\"\n[inside]",
             "ssh.dial[1].name: edge1.b.test is named twice"},
            {"listen = [\"10.0.1.1:5269\"]\n", "", "inside.listen: is missing"},
            {"\"rooms.b.test\"", "\"b.test\"", ":21: inside.server[0].domains: b.test is named twice"},
            {"domains = [\"b.test\", \"rooms.b.test\"]", "domains = []",
             ":21: inside.server[0].domains: must have at least one"},
            {"tls = \"optional\"", "tls = \"never\"",
             ":23: inside.server[0].tls: 'never' is not required, optional or none"},
            {"tls = \"optional\"", "tls = \"none\"", ":24: inside.server[0].auth: a certificate requires TLS"},
            {"domain = \"comp.b.test\"", "domain = \"rooms.b.test\"",
             ":28: components.allowed[0].domain: rooms.b.test is named twice"},
            {"secret = \"secret\"", "secret = \"\"", ":29: components.allowed[0].secret: is missing"},
            {"[\"127.0.0.1:5347\"]", "[\"10.0.1.1:5269\"]",
             ":26: components.listen: 10.0.1.1:5269 is already used by inside.listen"},
        });
}

TEST(NodeFile, ReportsEverythingAtOnceInTheOrderOfTheLines) {
    const auto all =
        sentences("[node]\nnmae = \"x\"\nthreads = 1000\n[limits]\nstanza_bytes = 1\nnonsense = 2\n", Role::edge);
    EXPECT_THAT(all, testing::IsSupersetOf({HasSubstr(":2: node.nmae"), HasSubstr(":3: node.threads"),
                                            HasSubstr(":5: limits.stanza_bytes"), HasSubstr(":6: limits.nonsense"),
                                            HasSubstr("link.listen: is missing"), HasSubstr("link.secret")}));
    EXPECT_TRUE(std::is_sorted(all.end() - 4, all.end()));
}

TEST(NodeFile, PointsAtBrokenSyntax) {
    const auto all = sentences("[node]\nname = \"x\ndata = 1\n", Role::edge);
    EXPECT_THAT(all, testing::ElementsAre(HasSubstr("/etc/sp/node.toml:2: ")));
    EXPECT_THAT(sentences("[node]\nname = \"a\"\nname = \"b\"\n", Role::edge), testing::ElementsAre(HasSubstr(":3: ")));
    EXPECT_THAT(sentences(std::string("\xff\xfe\0n", 4), Role::edge), testing::SizeIs(1));
    EXPECT_THAT(sentences(std::string(9 << 20, '#'), Role::edge), testing::ElementsAre(HasSubstr("larger than 8 MiB")));
}

TEST(NodeFile, RefusesTheLinkOnThePublicAddress) {
    const std::string listen = "listen = [\"10.0.0.1:7400\"]";
    for (const char* everywhere : {"0.0.0.0:7400", "[::]:7400"}) {
        EXPECT_THAT(
            sentences(replaced(good_edge, listen, "listen = [\"" + std::string{everywhere} + "\"]"), Role::edge),
            testing::ElementsAre(HasSubstr("link.listen: " + std::string{everywhere} + " means all addresses")));
    }
    const std::string named = replaced(good_edge, "\"0.0.0.0:5269\", \"[::]:5269\"", "\"10.0.0.1:5269\"");
    EXPECT_THAT(sentences(named, Role::edge),
                testing::ElementsAre(HasSubstr("link.listen: 10.0.0.1 is also an address of s2s"),
                                     HasSubstr("ssh.listen: 10.0.0.1 is also an address of s2s")));
    const std::string loopback = replaced(replaced(good_edge, "\"0.0.0.0:5269\", \"[::]:5269\"", "\"127.0.0.1:5269\""),
                                          listen, "listen = [\"127.0.0.1:7400\"]");
    EXPECT_THAT(sentences(loopback, Role::edge), testing::IsEmpty()) << "on loopback nobody else is there";
}

TEST(NodeFile, ComparesWildcardsWithTheAddressesOfOtherListeners) {
    const std::string s2s = "listen = [\"0.0.0.0:5269\", \"[::]:5269\"]";
    EXPECT_THAT(sentences(replaced(good_edge, s2s, "listen = [\"0.0.0.0:7400\"]"), Role::edge),
                testing::ElementsAre(HasSubstr("link.listen: 10.0.0.1:7400 is already used by s2s.listen: 0.0.0.0:7400 "
                                               "there means all addresses")));
    EXPECT_THAT(sentences(replaced(good_edge, "[\"127.0.0.1:9443\"]", "[\"192.0.2.4:5270\"]"), Role::edge),
                testing::ElementsAre(HasSubstr("s2s.direct_tls_listen: 0.0.0.0:5270 means all addresses, and "
                                               "192.0.2.4:5270 is already used by admin.listen")));
    EXPECT_THAT(sentences(replaced(good_core, "[\"10.0.1.1:5269\"]", "[\"[::]:5347\"]"), Role::core),
                testing::IsEmpty())
        << ":: takes no IPv4";
    EXPECT_THAT(
        sentences(replaced(good_core, "[\"127.0.0.1:5347\"]", "[\"[2001:db8::1]:5269\", \"[::]:5269\"]"), Role::core),
        testing::IsEmpty())
        << "of one key it does not matter";
}

TEST(NodeFile, RefusesKeysOfAnotherRole) {
    EXPECT_THAT(sentences(good_edge + "[[link.dial]]\naddress = \"10.0.0.2\"\nname = \"c.test\"\nrole = \"edge\"\n",
                          Role::edge),
                testing::SizeIs(1))
        << "TOML itself refuses a table that is opened twice";
    const std::string dials = replaced(
        good_edge, "[ssh]", "[[link.dial]]\naddress = \"10.0.0.2\"\nname = \"c.test\"\nrole = \"edge\"\n[ssh]");
    EXPECT_THAT(sentences(dials, Role::edge), testing::ElementsAre(HasSubstr("link.dial: belongs to the core's file")));
    EXPECT_THAT(sentences(good_core + "[ssh]\nlisten = [\"10.0.1.1:2222\"]\n", Role::core),
                testing::ElementsAre(HasSubstr("ssh.listen: belongs to the edge's file")));
    EXPECT_THAT(sentences(good_edge + "[inside]\nlisten = []\n", Role::edge),
                testing::ElementsAre(HasSubstr("inside: belongs to the core's file")));
    EXPECT_THAT(sentences(replaced(good_core, "[link]\n", "[link]\nlisten = [\"10.0.0.1:7400\"]\n"), Role::core),
                testing::ElementsAre(HasSubstr(":5: link.listen: belongs to the edge's file")));
    EXPECT_THAT(sentences("[node]\nname = \"c.test\"\ndata = \"d\"\n", Role::core),
                testing::Contains(HasSubstr("link.dial: is missing")));
}

const std::string accept_core =
    "[[link.accept]]\nname = \"core1.b.test\"\nrole = \"core\"\nsecret = \"fedcba9876543210\"\naddresses = "
    "[\"10.0.1.1\", "
    "\"10.0.2.0/24\"]\n";
const std::string common_secret = "secret = \"0123456789abcdef\"";

TEST(NodeFile, NamesTheCoresThatMayConnect) {
    NodeFile file;
    const std::string named = replaced(good_edge, common_secret, "require_roles = true") + accept_core;
    EXPECT_THAT(sentences(named, Role::edge), testing::IsEmpty()) << "no common secret is needed";
    ASSERT_TRUE(errors_of(named, Role::edge, file).empty());
    ASSERT_EQ(file.link.accept.size(), 1U);
    EXPECT_EQ(file.link.accept[0].name, "core1.b.test");
    EXPECT_EQ(file.link.accept[0].secret, "fedcba9876543210");
    EXPECT_EQ(file.link.accept[0].addresses.size(), 2U);
    EXPECT_TRUE(file.link.require_roles);
    EXPECT_THAT(file.weak_links, testing::IsEmpty());
    expect_mistakes(
        named, Role::edge,
        {{"name = \"core1.b.test\"", "", "link.accept[0].name: is missing"},
         {"\"fedcba9876543210\"", "\"short\"", "link.accept[0].secret: must have at least 16 characters"},
         {"secret = \"fedcba9876543210\"", "", "link.secret: must have at least 16 characters"},
         {"role = \"core\"", "role = \"edge\"", "link.accept[0].role: 'edge' is not core"},
         {"\"10.0.2.0/24\"", "\"10.0.2.0/99\"", "link.accept[0].addresses: '10.0.2.0/99'"},
         {"[[link.accept]]", accept_core + "[[link.accept]]", "link.accept[1].name: core1.b.test is named twice"}});
    EXPECT_THAT(sentences(good_core + accept_core, Role::core),
                testing::Contains(HasSubstr("link.accept: belongs to")));
}

TEST(NodeFile, GivesDomainsToAPresenceNodeOnly) {
    const std::string dial =
        "[[link.dial]]\naddress = \"10.0.1.9\"\nname = \"imp1.b.test\"\nrole = \"presence\"\n"
        "domains = [\"chat.b.test\", \"Imp.b.test\"]\n";
    NodeFile file;
    ASSERT_THAT(sentences(good_core + dial, Role::core), testing::IsEmpty());
    ASSERT_TRUE(errors_of(good_core + dial, Role::core, file).empty());
    ASSERT_EQ(file.link.dial.size(), 2U);
    EXPECT_TRUE(file.link.dial[0].domains.empty());
    EXPECT_EQ(file.link.dial[1].domains,
              (std::vector{*xmpp::Domain::parse("chat.b.test"), *xmpp::Domain::parse("imp.b.test")}));
    expect_mistakes(
        good_core + dial, Role::core,
        {{"role = \"presence\"", "role = \"edge\"", "link.dial[1].domains: belongs to a presence node's dial"},
         {"\"chat.b.test\"", "\"chat..test\"", "link.dial[1].domains: the domain is not a host name"},
         {"domains = [\"chat.b.test\", \"Imp.b.test\"]", "domains = \"chat.b.test\"", "link.dial[1].domains"}});
}

TEST(NodeFile, NamesTheOtherNodesOfADeskAndHowFarTheyAreBelieved) {
    const std::string desk =
        "[[admin.node]]\nname = \"core1.b.test\"\nrole = \"core\"\nurl = \"https://Core1.b.test:9443/\"\n"
        "[[admin.node]]\nname = \"edge2.b.test\"\nrole = \"edge\"\nurl = \"https://[2001:DB8:0::1]\"\n";
    NodeFile file;
    ASSERT_THAT(sentences(good_edge + desk, Role::edge), testing::IsEmpty());
    ASSERT_TRUE(errors_of(good_edge + desk, Role::edge, file).empty());
    EXPECT_TRUE(file.admin.handover);
    ASSERT_EQ(file.admin.nodes.size(), 2U);
    EXPECT_EQ(file.admin.nodes[0].origin, "https://core1.b.test:9443") << "as a browser writes it";
    EXPECT_EQ(file.admin.nodes[0].accept, HandOver::administrate);
    EXPECT_EQ(file.admin.nodes[1].origin, "https://[2001:db8::1]");
    EXPECT_EQ(file.admin.nodes[1].accept, HandOver::off) << "an edge is believed when the operator says so";
    expect_mistakes(
        good_edge + desk + "accept = \"operator\"\n", Role::edge,
        {{"\"operator\"", "\"administrator\"", "admin.node[1].accept: strangers reach an edge"},
         {"\"operator\"", "\"root\"", "admin.node[1].accept: 'root'"},
         {"https://Core1", "http://core1", "admin.node[0].url: 'http://core1.b.test:9443/'"},
         {":9443/", ":9443/x", "admin.node[0].url"},
         {"https://Core1", "https://u@core1", "admin.node[0].url"},
         {"name = \"edge2.b.test\"", "name = \"core1.b.test\"", "admin.node[1].name: core1.b.test is named twice"},
         {"name = \"edge2.b.test\"", "name = \"edge1.b.test\"", "admin.node[1].name: edge1.b.test is this node"},
         {"role = \"core\"", "role = \"gate\"", "admin.node[0].role"}});
    std::string many;
    for (unsigned i = 0; i <= AdminNode::most; ++i) {
        many +=
            "[[admin.node]]\nname = \"n" + std::to_string(i) + ".test\"\nrole = \"edge\"\nurl = \"https://n.test\"\n";
    }
    EXPECT_THAT(sentences(good_edge + many, Role::edge), testing::Contains(HasSubstr("at most 16 nodes")));
    ASSERT_TRUE(errors_of(replaced(good_edge, "[admin]\n", "[admin]\nhandover = false\n"), Role::edge, file).empty());
    EXPECT_FALSE(file.admin.handover);
}

TEST(NodeFile, WarnsWhereANodeCouldPassForAnother) {
    const auto why = [](const char* text) {
        return testing::AllOf(testing::Field(&Reason::why, HasSubstr(text)),
                              testing::Field(&Reason::remedy, HasSubstr("sallyport init")));
    };
    NodeFile file;
    ASSERT_TRUE(errors_of(good_edge, Role::edge, file).empty()) << "files of before are good";
    EXPECT_THAT(file.weak_links, testing::ElementsAre(why("link.accept: names no core"), why("link.require_roles")));
    ASSERT_TRUE(errors_of(good_core, Role::core, file).empty());
    EXPECT_THAT(file.weak_links, testing::Contains(why("link.require_roles")));
    const std::string dial = "[[link.dial]]\naddress = \"10.0.1.9\"\nname = \"imp1.b.test\"\nrole = \"presence\"\n";
    ASSERT_TRUE(errors_of(good_core + dial + dial + dial, Role::core, file).empty());
    EXPECT_THAT(file.weak_links, testing::Contains(why("link.secret: is used for several links")));
}

TEST(NodeFile, LooksAtTheFilesItNames) {
    Disk disk;
    disk.at("edge.key").world_readable = true;
    NodeFile file;
    EXPECT_TRUE(errors_of(good_edge, Role::edge, file, disk).empty());
    EXPECT_THAT(file.warnings,
                testing::ElementsAre(HasSubstr(
                    "link.key: /etc/sp/edge.key is readable by every user of this host; fix it with `chmod 640")));
    disk.at("edge.key").readable = false;
    EXPECT_THAT(sentences(good_edge, Role::edge, disk),
                testing::ElementsAre(HasSubstr("link.key: /etc/sp/edge.key cannot be read")));
    disk.at("edge.key").is_regular = false;
    EXPECT_THAT(sentences(good_edge, Role::edge, disk),
                testing::ElementsAre(HasSubstr("link.key: /etc/sp/edge.key is not a file")));
}

TEST(NodeFile, LiftsRatesButNotSizesWithTheOpenProfile) {
    NodeFile file;
    const std::string open =
        replaced(good_edge, "[limits]\n", "[limits]\nprofile = \"open\"\nnew_connections_per_10s = 5\n");
    ASSERT_TRUE(errors_of(open, Role::edge, file).empty());
    EXPECT_TRUE(file.open_profile);
    EXPECT_EQ(file.limits.new_connections_per_10s, 5U) << "a key in the file wins over the profile";
    EXPECT_EQ(file.limits.outbound_streams, unlimited);
    EXPECT_EQ(file.limits.after_auth.element_bytes, 300000U);
    EXPECT_EQ(file.limits.queue_stanzas, Limits{}.queue_stanzas);
    EXPECT_THAT(sentences(replaced(good_edge, "[limits]\n", "[limits]\nprofile = \"wide\"\n"), Role::edge),
                testing::ElementsAre(HasSubstr("limits.profile: 'wide' is not default or open")));
}

TEST(NodeFile, UsesTheSystemsTrustOnlyWhenItIsThere) {
    NodeFile file;
    const std::string without = replaced(good_edge, "trust = \"ca.pem\"\n", "");
    ASSERT_TRUE(errors_of(without, Role::edge, file).empty());
    EXPECT_EQ(file.tls.trust, "");
    const Disk disk;
    const FileProbe with_system = [&](const std::string& path) {
        if (path != "/etc/ssl/certs/ca-certificates.crt") return disk.probe()(path);
        return FileFacts{true, true, true, true, certificate_pem};
    };
    ASSERT_TRUE(parse_node_file(without, "/etc/sp/node.toml", Role::edge, file, with_system).empty());
    EXPECT_EQ(file.tls.trust, "/etc/ssl/certs/ca-certificates.crt");
}

}  // namespace
}  // namespace sallyport::config
