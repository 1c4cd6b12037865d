// `sallyport init`: files that the nodes accept, secrets that both sides share, nothing overwritten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "io/loop/asio_loop.h"
#include "io/ssh/keys.h"
#include "io/store/file_facts.h"
#include "io/tls/cert_facts.h"
#include "io/tls/files.h"
#include "io/tls/pki.h"
#include "model/config/node_file.h"
#include "nodes/ctl/cli.h"
#include "nodes/ctl/init.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Init : public testing::Test {
protected:
    int run(std::vector<std::string> arguments, const std::string& typed = {}) {
        std::istringstream in{typed};
        std::ostringstream output, errors;
        const int status = ctl::run_cli(arguments, {in, output, errors, !typed.empty(), "anna"}, {});
        out = output.str();
        err = errors.str();
        return status;
    }
    std::vector<std::string> flags(std::vector<std::string> more = {"--self-signed"}) {
        std::vector<std::string> all{"init",
                                     "--directory",
                                     folder,
                                     "--domain",
                                     "b.test",
                                     "--domain",
                                     "b\xc3\xbc"
                                     "cher.test",
                                     "--edge-public",
                                     "198.51.0.7",
                                     "--edge-public",
                                     "2001:db8::7",
                                     "--edge-link",
                                     "10.0.0.1",
                                     "--core-inside",
                                     "10.0.1.1",
                                     "--core-link-source",
                                     "10.0.2.2",
                                     "--inside-server",
                                     "10.0.1.5:5270"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] ctl::InitAnswers answers() const {
        ctl::InitAnswers made;
        made.directory = folder;
        made.domains = {"b.test"};
        made.edge_public = {"198.51.0.7"};
        made.edge_link = "10.0.0.1";
        made.core_inside = "10.0.1.1";
        made.inside_server = "10.0.1.5";
        made.self_signed = true;
        return made;
    }
    /// On a host with or without the group of the nodes' user.
    int run_for(std::optional<unsigned> group) {
        std::istringstream in;
        std::ostringstream output, errors;
        const int status =
            ctl::run_init(answers(), {in, output, errors, false, "anna"}, {io::AsioLoop{}.wall(), true, group});
        out = output.str();
        err = errors.str();
        return status;
    }
    config::NodeFile parse(const std::string& name, config::Role role) {
        const std::string path = folder + "/" + name;
        config::NodeFile file;
        const auto errors = config::parse_node_file(*io::read_file(path), path, role, file, io::file_facts);
        for (const auto& error : errors) ADD_FAILURE() << error.sentence();
        EXPECT_TRUE(file.warnings.empty());
        EXPECT_TRUE(file.weak_links.empty());
        return file;
    }
    [[nodiscard]] unsigned mode(const std::string& name) const {
        struct stat facts {};
        EXPECT_EQ(::stat((folder + "/" + name).c_str(), &facts), 0) << name;
        return facts.st_mode & 0777u;
    }

    TemporaryFolder temporary;
    std::string folder = temporary.path() + "/pair";
    std::string out, err;
};

TEST_F(Init, WritesAPairThatBothNodesAccept) {
    ASSERT_EQ(run(flags()), 0) << err;
    const auto edge = parse("edge.toml", config::Role::edge);
    const auto core = parse("core.toml", config::Role::core);
    EXPECT_EQ(edge.node.name, "edge1.b.test");
    EXPECT_EQ(edge.s2s.listen.size(), 2u);
    EXPECT_EQ(core.link.dial.at(0).address.text(), edge.link.listen.at(0).text());
    EXPECT_EQ(core.link.dial.at(0).name, edge.node.name);
    ASSERT_EQ(edge.link.accept.size(), 1u);
    EXPECT_EQ(edge.link.accept[0].name, core.node.name);
    EXPECT_GE(edge.link.accept[0].secret.size(), 64u);
    EXPECT_EQ(core.link.dial.at(0).secret, edge.link.accept[0].secret);
    EXPECT_TRUE(edge.link.accept[0].addresses.at(0).contains(*IpAddress::parse("10.0.2.2")));
    EXPECT_TRUE(edge.link.require_roles && core.link.require_roles);
    EXPECT_TRUE(edge.link.secret.empty() && core.link.secret.empty()) << "no secret opens two links";
    EXPECT_EQ(core.inside.servers.at(0).address.text(), "10.0.1.5:5270");
    EXPECT_EQ(core.inside.servers.at(0).domains.at(1).text(),
              "b\xc3\xbc"
              "cher.test");
    EXPECT_EQ(edge.settings, core.settings);
    ASSERT_EQ(core.ssh.dial.size(), 1u);
    EXPECT_EQ(core.ssh.dial[0].address.text(), edge.ssh.listen.at(0).text());
    EXPECT_EQ(core.ssh.dial[0].name, edge.node.name);
    const auto host_key = io::load_ssh_private_key(edge.ssh.host_key),
               core_key = io::load_ssh_private_key(core.ssh.dial[0].key);
    ASSERT_TRUE(host_key && core_key);
    EXPECT_TRUE(io::same_key(host_key->get(), io::load_ssh_public_key(core.ssh.dial[0].host_key)->get()));
    EXPECT_TRUE(io::same_key(core_key->get(), io::load_authorized_keys(edge.ssh.authorized_keys)->at(0).key.get()));
    EXPECT_EQ(edge.settings.at("federation.enabled"), "true");
    EXPECT_GE(edge.settings.at("federation.dialback_secret").size(), 64u);
    EXPECT_EQ(run({"check-config", folder + "/edge.toml"}), 0) << err;
    EXPECT_EQ(run({"check-config", folder + "/core.toml"}), 0) << err;
}

TEST_F(Init, KeepsKeysAndSecretsPrivate) {
    ASSERT_EQ(run_for({}), 0) << err;
    for (const char* name : {"edge.toml", "core.toml", "traversal-ca.key", "edge-link.key", "core-link.key", "s2s.key",
                             "ssh_host_ed25519", "core_ed25519"}) {
        EXPECT_EQ(mode(name), 0600u) << name;
    }
    EXPECT_EQ(mode("edge-link.pem"), 0644u);
    EXPECT_EQ(mode(""), 0700u);
    const auto edge = parse("edge.toml", config::Role::edge);
    EXPECT_THAT(out, Not(HasSubstr(edge.link.accept.at(0).secret)));
}

TEST_F(Init, GivesTheFilesToTheGroupOfTheNodes) {
    ASSERT_EQ(run_for(::getegid()), 0) << err;
    for (const char* name :
         {"edge.toml", "core.toml", "edge-link.key", "core-link.key", "s2s.key", "ssh_host_ed25519", "core_ed25519"}) {
        EXPECT_EQ(mode(name), 0640u) << name;
    }
    EXPECT_EQ(mode("traversal-ca.key"), 0600u) << "no node needs it";
    EXPECT_EQ(mode("edge-link.pem"), 0644u);
    EXPECT_EQ(mode(""), 0750u);
    EXPECT_THAT(out, HasSubstr("edge.toml  (0640 root:sallyport)\n"));
    EXPECT_THAT(out, HasSubstr("traversal-ca.key  (0600)\n"));
}

TEST_F(Init, SaysAsTheManualDoesWhatGivesTheNodesTheirRights) {
    const auto manual = io::read_file(SALLYPORT_SOURCE_DIR "/docs/manual/install.md");
    ASSERT_TRUE(manual);
    ASSERT_EQ(run_for({}), 0) << err;
    for (const char* command : ctl::give_rights) {
        EXPECT_THAT(out, HasSubstr("    " + std::string{command} + "\n"));
        EXPECT_THAT(*manual, HasSubstr("\n" + std::string{command} + "\n"));
    }
}

TEST_F(Init, SignsLinkCertificatesThatTheTraversalAuthorityProves) {
    ASSERT_EQ(run(flags()), 0) << err;
    const auto authority = *io::read_file(folder + "/traversal-ca.pem");
    for (const auto& [file, name] : {std::pair{"edge-link", "edge1.b.test"}, std::pair{"core-link", "core1.b.test"}}) {
        const auto facts = io::judge_certificate(*io::read_file(folder + "/" + file + ".pem"), authority);
        ASSERT_TRUE(facts);
        EXPECT_TRUE(facts->chain_valid) << facts->chain_error;
        EXPECT_EQ(facts->dns_names, std::vector<std::string>{name});
        EXPECT_EQ(facts->uris, std::vector<std::string>{"urn:sallyport:role:" + std::string{file}.substr(0, 4)});
    }
}

TEST_F(Init, OverwritesNothingUnlessForced) {
    ASSERT_EQ(run(flags()), 0) << err;
    const auto before = *io::read_file(folder + "/edge.toml");
    EXPECT_EQ(run(flags()), 1);
    EXPECT_THAT(err, HasSubstr("--force"));
    EXPECT_EQ(*io::read_file(folder + "/edge.toml"), before);
    EXPECT_EQ(run(flags({"--self-signed", "--force"})), 0) << err;
    EXPECT_NE(*io::read_file(folder + "/edge.toml"), before) << "new secrets";
}

TEST_F(Init, PrintsWhatHasToBeSetUpAroundThePair) {
    ASSERT_EQ(run(flags()), 0) << err;
    EXPECT_THAT(out, HasSubstr("_xmpp-server._tcp.b.test. 3600 IN SRV 10 10 5269 edge1.b.test."));
    EXPECT_THAT(out, HasSubstr("_xmpp-server._tcp.xn--bcher-kva.test. 3600 IN SRV"));
    EXPECT_THAT(out, HasSubstr("edge1.b.test. 3600 IN A 198.51.0.7"));
    EXPECT_THAT(out, HasSubstr("edge1.b.test. 3600 IN AAAA 2001:db8::7"));
    EXPECT_THAT(out, HasSubstr("ip saddr 10.0.2.2 ip daddr 10.0.0.1 tcp dport { 7400, 2222 } accept"));
    EXPECT_THAT(out, Not(HasSubstr("saddr 10.0.0.1")));
    EXPECT_THAT(out, HasSubstr("s2s_connect_overrides"));
    EXPECT_THAT(out, HasSubstr("dnsutil.dnsOverride = {*,10.0.1.1:5269}"));
    EXPECT_THAT(out, HasSubstr("ejabberd"));
    EXPECT_THAT(out, HasSubstr("sallyport allow add"));
}

TEST_F(Init, UsesACertificateThatIsThere) {
    const TestPki pki;
    const auto identity = pki.identity("b.test");
    ASSERT_EQ(
        run(flags({"--certificate", identity.certificate_file, "--key", identity.key_file, "--allow", "*.a.test"})), 0)
        << err;
    const auto edge = parse("edge.toml", config::Role::edge);
    EXPECT_EQ(edge.tls.identities.at(0).certificate, identity.certificate_file);
    EXPECT_EQ(edge.settings.at("federation.allow_list"), R"(["*.a.test"])");
    EXPECT_FALSE(std::filesystem::exists(folder + "/s2s.pem"));
    EXPECT_EQ(run(flags({"--certificate", "/nonexistent.pem", "--force"})), 2);
}

TEST_F(Init, AsksOnATerminalForWhatIsMissing) {
    const std::string typed =
        "b.test rooms.b.test\n" + folder + "\n\ncore9.b.test\n198.51.0.7\n10.0.0.1\n10.0.1.1\n10.0.1.5\n-\n";
    ASSERT_EQ(run({"init"}, typed), 0) << err;
    EXPECT_EQ(parse("edge.toml", config::Role::edge).node.name, "edge1.b.test");
    const auto core = parse("core.toml", config::Role::core);
    EXPECT_EQ(core.node.name, "core9.b.test");
    EXPECT_EQ(core.inside.servers.at(0).domains.size(), 2u);
}

TEST_F(Init, NamesWhatIsMissingOrWrongAndWritesNothing) {
    EXPECT_EQ(run({"init", "--directory", folder, "--domain", "b.test"}), 2);
    EXPECT_THAT(err, HasSubstr("--edge-public"));
    EXPECT_THAT(err, HasSubstr("--inside-server"));
    EXPECT_EQ(run(flags({"--self-signed", "--edge-name", "core1.b.test"})), 2);
    auto wrong = flags();
    wrong[4] = "b..test";
    EXPECT_EQ(run(wrong), 2);
    wrong = flags();
    wrong[8] = "edge.example";
    EXPECT_EQ(run(wrong), 2);
    EXPECT_THAT(err, HasSubstr("is not an address"));
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Init, RefusesWhatTheNodesWouldRefuse) {
    auto same = flags();
    same[8] = same[12] = "10.10.0.10";
    EXPECT_EQ(run(same), 2);
    EXPECT_THAT(err, HasSubstr("--edge-link: 10.10.0.10 is also an address of --edge-public"));
    EXPECT_EQ(run(flags({"--self-signed", "--admin-port", "2222"})), 2);
    EXPECT_THAT(err, HasSubstr("edge.toml"));
    EXPECT_THAT(err, HasSubstr("ssh.listen: 10.0.0.1:2222 is already used by admin.listen"));
    EXPECT_FALSE(std::filesystem::exists(folder)) << "nothing is written";
}

TEST_F(Init, RefusesACertificateThatNoNodeCanUse) {
    const TestPki pki;
    auto request = TestPki::request("b.test");
    request.not_before -= std::chrono::hours{24 * 20};
    const auto expired = pki.write("expired", pki.issue(request));
    const auto good = pki.identity("b.test");
    EXPECT_EQ(run(flags({"--certificate", expired.certificate_file, "--key", expired.key_file})), 2);
    EXPECT_THAT(err, HasSubstr("--certificate: " + expired.certificate_file + " expired on 20"));
    EXPECT_EQ(run(flags({"--certificate", good.certificate_file, "--key", expired.key_file})), 2);
    EXPECT_THAT(err, HasSubstr("--key: " + expired.key_file + ": is not the key of"));
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Init, AsksAgainAfterAnAnswerThatCannotBeRight) {
    const std::string typed = "b..test\nb.test\n" + folder +
                              "\nedge/1\n\nedge1.b.test\n\nedge.example\n\n198.51.0.7\n198.51.0.7\n10.0.0.1\n"
                              "10.0.1.1 \n:x\n10.0.1.5\n/nonexistent.pem\n-\n";
    ASSERT_EQ(run({"init"}, typed), 0) << err;
    EXPECT_THAT(err, HasSubstr("'b..test' is not a domain"));
    EXPECT_THAT(err, HasSubstr("'edge/1' is not a host name"));
    EXPECT_THAT(err, HasSubstr("edge and core must have different names"));
    EXPECT_THAT(err, HasSubstr("'edge.example' is not an address"));
    EXPECT_THAT(err, HasSubstr("198.51.0.7 is also an address of --edge-public"));
    EXPECT_THAT(err, HasSubstr("/nonexistent.pem: no such file"));
    const auto edge = parse("edge.toml", config::Role::edge);
    EXPECT_EQ(edge.node.name, "edge1.b.test");
    EXPECT_EQ(edge.s2s.listen.at(0).text(), "198.51.0.7:5269");
    const auto core = parse("core.toml", config::Role::core);
    EXPECT_EQ(core.node.name, "core1.b.test");
    EXPECT_EQ(core.inside.servers.at(0).address.text(), "10.0.1.5:5269");
    EXPECT_THAT(out, HasSubstr("Folder for the files [/etc/sallyport]: Host name of the edge")) << "asked once";
}

TEST_F(Init, AsksForTheWebPagesAndTheirFirstAdministrator) {
    const std::string asked = "b.test\n" + folder + "\n\n\n198.51.0.7\n10.0.0.1\n10.0.1.1\n10.0.1.5\n-\n";
    ASSERT_EQ(run({"init"}, asked + "many\n2222\n\nan na\nanna.b\n"), 0) << err;
    EXPECT_THAT(err, HasSubstr("'many' is not a port"));
    EXPECT_THAT(err, HasSubstr("10.0.0.1:2222 is already used on the edge"));
    EXPECT_THAT(err, HasSubstr("'an na' is not the name of an account"));
    EXPECT_EQ(parse("edge.toml", config::Role::edge).admin.listen.at(0).text(), "10.0.0.1:9443");
    const auto edges = parse("edge.toml", config::Role::edge).admin.nodes;
    const auto cores = parse("core.toml", config::Role::core).admin.nodes;
    ASSERT_EQ(edges.size(), 1U);
    EXPECT_EQ(edges[0].origin, "https://10.0.1.1:9443");
    EXPECT_EQ(edges[0].accept, config::HandOver::administrate);
    ASSERT_EQ(cores.size(), 1U);
    EXPECT_EQ(cores[0].origin, "https://10.0.0.1:9443");
    EXPECT_EQ(cores[0].accept, config::HandOver::off) << "no edge opens a core";
    for (const char* node : {"edge", "core"}) {
        EXPECT_THAT(out, HasSubstr("  sallyport admins add anna.b --role administrator --config " + folder + "/" +
                                   node + ".toml\n"));
    }
    EXPECT_THAT(out, HasSubstr("https://10.0.0.1:9443/"));
    EXPECT_THAT(out, HasSubstr("https://10.0.1.1:9443/"));

    ASSERT_EQ(run({"init", "--force"}, asked + "-\n"), 0) << err;
    EXPECT_TRUE(parse("edge.toml", config::Role::edge).admin.listen.empty());
    EXPECT_THAT(out, Not(HasSubstr("first administrator")));
    ASSERT_EQ(run({"init", "--force"}, asked), 0) << "a script that knows no such question: " << err;
    EXPECT_TRUE(parse("edge.toml", config::Role::edge).admin.listen.empty());
}

TEST_F(Init, EndsWithItsQuestionsWhenNobodyAnswersAnyMore) {
    EXPECT_EQ(run({"init"}, "b.test\n" + folder + "\n\n\nedge.example\n"), 2);
    EXPECT_THAT(err, HasSubstr("missing: --edge-public"));
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(Init, MakesNothingByAClockThatCannotBeRight) {
    std::istringstream in;
    std::ostringstream output, errors;
    const ctl::Console console{in, output, errors, false, "anna"};
    const WallTime right = io::AsioLoop{}.wall();
    for (const WallTime wrong : {WallTime{}, right + std::chrono::hours{24 * 365 * 80}}) {
        EXPECT_EQ(ctl::run_init(answers(), console, {wrong, {}}), 1);
        EXPECT_THAT(errors.str(), HasSubstr("set the clock first"));
        EXPECT_FALSE(std::filesystem::exists(folder));
    }
    EXPECT_THAT(errors.str(), HasSubstr("says 1970-01-01"));
    EXPECT_EQ(ctl::run_init(answers(), console, {right, false}), 0) << errors.str();
    EXPECT_THAT(errors.str(), HasSubstr("no time service keeps the clock of this host right"));
}

TEST_F(Init, WritesATrioThatAllThreeNodesAccept) {
    const std::vector<std::string> trio{
        "init",         "--directory", folder,          "--domain", "b.test",          "--edge-public", "198.51.0.7",
        "--edge-link",  "10.0.0.1",    "--core-inside", "10.0.1.1", "--presence",      "10.0.1.7",      "--self-signed",
        "--dns-server", "10.0.1.53",   "--allow",       "*.a.test", "--allow-network", "198.51.0.0/24", "--admin-port",
        "9443"};
    ASSERT_EQ(run(trio), 0) << err;
    const std::string printed = out;
    const auto edge = parse("edge.toml", config::Role::edge);
    const auto core = parse("core.toml", config::Role::core);
    const auto presence = parse("presence.toml", config::Role::presence);
    for (const char* name : {"edge.toml", "core.toml", "presence.toml"})
        EXPECT_EQ(run({"check-config", folder + "/" + name}), 0) << err;

    ASSERT_EQ(core.link.dial.size(), 2u);
    EXPECT_EQ(core.link.dial[1].role, Role::presence);
    EXPECT_EQ(core.link.dial[1].name, presence.node.name);
    EXPECT_EQ(core.link.dial[1].address.text(), presence.link.listen.at(0).text());
    ASSERT_EQ(presence.link.accept.size(), 1u);
    EXPECT_EQ(presence.link.accept[0].name, core.node.name);
    EXPECT_EQ(core.link.dial[1].secret, presence.link.accept[0].secret);
    EXPECT_NE(core.link.dial[0].secret, core.link.dial[1].secret) << "each link has a secret of its own";
    EXPECT_TRUE(core.inside.servers.empty());
    EXPECT_EQ(presence.realm(), "imp1-b-test");
    EXPECT_EQ(presence.clients.domains.at(0).text(), "b.test");
    EXPECT_EQ(presence.clients.listen.at(0).text(), "10.0.1.7:5222");
    EXPECT_EQ(edge.admin.listen.at(0).text(), "10.0.0.1:9443") << "never the public address";
    EXPECT_EQ(core.admin.listen.at(0).text(), "10.0.1.1:9443");
    EXPECT_EQ(presence.admin.listen.at(0).text(), "10.0.1.7:9443");
    EXPECT_EQ(edge.dns.servers.at(0).text(), "10.0.1.53:53");
    EXPECT_EQ(edge.s2s.allow_networks.at(0).text(), "198.51.0.0/24");

    // The core's user is one of the presence node, and the name that it dials leads there and stands in the
    // certificate.
    ASSERT_EQ(core.axl.servers.size(), 1u);
    EXPECT_EQ(core.axl.servers[0].user, presence.axl.users.at(0).name);
    EXPECT_EQ(core.axl.servers[0].password, presence.axl.users.at(0).password);
    EXPECT_GE(core.axl.servers[0].password.size(), 64u);
    EXPECT_EQ(core.axl.servers[0].address.text(), "imp1.b.test:8443");
    EXPECT_EQ(*io::read_file(core.dns.hosts_file), "10.0.1.7 imp1.b.test\n");
    const auto facts = io::judge_certificate(*io::read_file(presence.axl.certificate), *io::read_file(core.axl.trust));
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->chain_valid) << facts->chain_error;
    EXPECT_EQ(facts->dns_names, std::vector<std::string>{"imp1.b.test"});
    EXPECT_EQ(mode("presence.toml") & 07u, 0u);
    EXPECT_EQ(mode("presence-link.key") & 07u, 0u);

    EXPECT_THAT(printed, HasSubstr("_xmpp-client._tcp.b.test. 3600 IN SRV 10 10 5222 imp1.b.test."));
    EXPECT_THAT(printed, HasSubstr("ip saddr 10.0.1.1 ip daddr 10.0.1.7 tcp dport { 7400, 8443 } accept"));
    EXPECT_THAT(printed, HasSubstr("sallyport users add anna@b.test"));
    EXPECT_THAT(printed, HasSubstr("sallyport presence --config"));
    EXPECT_THAT(printed, Not(HasSubstr("s2s_connect_overrides")));
    EXPECT_THAT(printed, Not(HasSubstr(core.axl.servers[0].password)));
}

/// The files of a trio as an older release wrote them: one secret, certificates without a role.
class Migrate : public Init {
protected:
    void SetUp() override {
        std::filesystem::create_directory(folder);
        put("edge.toml", node("edge1") +
                             "[s2s]\nlisten = [\"198.51.0.7:5269\"]\n[link]\nlisten = [\"10.0.0.1:7400\"]\n" +
                             link("edge-link"));
        put("presence.toml", node("imp1") + "[link]\nlisten = [\"10.0.1.7:7400\"]\n" + link("presence-link"));
        put("core.toml", node("core1") + "[link]\n" + link("core-link") +
                             "\n[[link.dial]]\naddress = \"10.0.0.1:7400\"\nname = \"edge1.b.test\"  # a word\n"
                             "role = \"edge\"\n\n[[link.dial]]\naddress = \"10.0.1.7:7400\"\n"
                             "name = \"imp1.b.test\"\nrole = \"presence\"\n\n[timers]\nidle = 700\n");
        const auto authority = io::make_authority("Traversal", io::AsioLoop{}.wall(), std::chrono::hours{24});
        ASSERT_TRUE(authority);
        put("traversal-ca.pem", authority->certificate);
        put("traversal-ca.key", authority->key);
        for (const char* stem : {"edge-link", "core-link", "presence-link"}) {
            put(stem + std::string{".pem"}, authority->certificate);
            put(stem + std::string{".key"}, authority->key);
        }
    }
    void put(const std::string& name, const std::string& text) {
        ASSERT_TRUE(io::write_file(folder + "/" + name, text, true));
    }
    static std::string node(const std::string& host) {
        return "# keep this remark\n[node]\nname = \"" + host + ".b.test\"\ndata = \"data/" + host + "\"\n\n";
    }
    static std::string link(const std::string& stem) {
        return "certificate = \"" + stem + ".pem\"\nkey = \"" + stem +
               ".key\"\ntrust = \"traversal-ca.pem\"\nsecret = \"one secret for everybody\"\n";
    }
    std::string text(const std::string& name) { return *io::read_file(folder + "/" + name); }
};

TEST_F(Migrate, WarnsOfFilesThatAreStillGood) {
    for (const char* name : {"edge.toml", "core.toml", "presence.toml"}) {
        EXPECT_EQ(run({"check-config", folder + "/" + name}), 0) << "they work as before: " << err;
        EXPECT_THAT(err, HasSubstr("init --migrate")) << name;
        EXPECT_THAT(err, HasSubstr("link.require_roles")) << name;
    }
    EXPECT_EQ(run({"check-config", folder + "/core.toml"}), 0);
    EXPECT_THAT(err, HasSubstr("link.secret: is used for several links"));
}

TEST_F(Migrate, GivesEachLinkItsOwnSecretAndEachNodeItsRole) {
    ASSERT_EQ(run({"init", "--migrate", "--directory", folder}), 0) << err;
    const auto edge = parse("edge.toml", config::Role::edge);
    const auto core = parse("core.toml", config::Role::core);
    const auto presence = parse("presence.toml", config::Role::presence);
    ASSERT_EQ(edge.link.accept.size(), 1u);
    ASSERT_EQ(presence.link.accept.size(), 1u);
    ASSERT_EQ(core.link.dial.size(), 2u);
    EXPECT_EQ(edge.link.accept[0].name, "core1.b.test");
    EXPECT_EQ(presence.link.accept[0].name, "core1.b.test");
    EXPECT_EQ(core.link.dial[0].secret, edge.link.accept[0].secret);
    EXPECT_EQ(core.link.dial[1].secret, presence.link.accept[0].secret);
    EXPECT_NE(core.link.dial[0].secret, core.link.dial[1].secret);
    EXPECT_EQ(core.timers.idle, 700);
    for (const char* name : {"edge.toml", "core.toml", "presence.toml"}) {
        EXPECT_THAT(text(name), HasSubstr("# keep this remark"));
        EXPECT_THAT(text(name), Not(HasSubstr("one secret for everybody")));
        EXPECT_THAT(text(name + std::string{".before"}), HasSubstr("one secret for everybody"));
        EXPECT_EQ(mode(name) & 07u, 0u);
    }
    for (const auto& [stem, host, role] :
         {std::tuple{"edge-link", "edge1.b.test", "edge"}, std::tuple{"core-link", "core1.b.test", "core"},
          std::tuple{"presence-link", "imp1.b.test", "presence"}}) {
        const auto facts = io::judge_certificate(text(stem + std::string{".pem"}), text("traversal-ca.pem"));
        ASSERT_TRUE(facts);
        EXPECT_TRUE(facts->chain_valid) << facts->chain_error;
        EXPECT_EQ(facts->dns_names, std::vector<std::string>{host});
        EXPECT_EQ(facts->uris, std::vector<std::string>{"urn:sallyport:role:" + std::string{role}});
    }
    EXPECT_EQ(run({"init", "--migrate", "--directory", folder}), 1) << "once";
    EXPECT_THAT(err, HasSubstr("nothing to migrate"));
}

TEST_F(Migrate, ChangesNothingUnlessItCanChangeAll) {
    const std::string core = text("core.toml");
    std::filesystem::remove(folder + "/presence.toml");
    EXPECT_EQ(run({"init", "--migrate", "--directory", folder}), 1);
    EXPECT_THAT(err, HasSubstr("dials imp1.b.test, whose file is not in"));
    put("presence.toml",
        "link = { listen = [\"10.0.1.7:7400\"], certificate = \"presence-link.pem\", "
        "key = \"presence-link.key\", trust = \"traversal-ca.pem\", "
        "secret = \"one secret for everybody\" }\n" +
            node("imp1"));
    EXPECT_EQ(run({"init", "--migrate", "--directory", folder}), 1);
    EXPECT_THAT(err, HasSubstr("presence.toml is written in a form that --migrate cannot change"));
    EXPECT_EQ(text("core.toml"), core);
    std::filesystem::remove(folder + "/traversal-ca.key");
    EXPECT_EQ(run({"init", "--migrate", "--directory", folder}), 1);
    EXPECT_THAT(err, HasSubstr("traversal-ca.key"));
}

TEST_F(Init, HasUsersOnAServerOrOnAPresenceNode) {
    EXPECT_EQ(run(flags({"--self-signed", "--presence", "10.0.1.7"})), 2);
    EXPECT_THAT(err, HasSubstr("use either --inside-server or --presence"));
    const std::string typed =
        "b.test\n" + folder + "\n\n\n198.51.0.7\n10.0.0.1\n10.0.1.1\n-\n10.0.1.7\nchat.b.test\n-\n";
    ASSERT_EQ(run({"init"}, typed), 0) << err;
    EXPECT_EQ(parse("presence.toml", config::Role::presence).node.name, "chat.b.test");
}

}  // namespace
}  // namespace sallyport::test
