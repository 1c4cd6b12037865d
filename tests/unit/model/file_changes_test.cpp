// What a reload changed, and what it takes until the rest is in force.
#include "model/config/file_changes.h"

#include <gtest/gtest.h>

namespace sallyport::config {
namespace {

using enum TakesEffect;

const std::string edge_text = R"([node]
name = "edge1.b.test"
data = "/var/lib/sallyport"
[log]
level = "info"
[s2s]
listen = ["192.0.2.1:5269"]
[tls]
trust = "/etc/sp/ca.pem"
[link]
listen = ["10.0.0.1:7400"]
certificate = "/etc/sp/link.pem"
key = "/etc/sp/link.key"
trust = "/etc/sp/ca.pem"
secret = "a shared traversal secret"
[[link.accept]]
name = "core1.b.test"
[settings]
federation.enabled = true
)";

NodeFile file_of(const std::string& text, const std::string& certificate = "one", Role role = Role::edge) {
    NodeFile file;
    const auto probe = [&](const std::string& path) {
        const bool is_key = path.ends_with(".key");
        return FileFacts{true, true, true, false,
                         (is_key ? "-----BEGIN PRIVATE KEY-----\n" : "-----BEGIN CERTIFICATE-----\n") + certificate};
    };
    static_cast<void>(parse_node_file(text, "/etc/sp/edge.toml", role, file, probe));
    return file;
}

std::string changed_text(std::string text, const std::string& old, const std::string& fresh) {
    const auto at = text.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    return text.replace(at, old.size(), fresh);
}

TEST(FileChanges, AreNoneWhereTheFileIsTheSame) {
    const NodeFile file = file_of(edge_text);
    EXPECT_FALSE(file.keys.empty());
    EXPECT_TRUE(file_changes({file.keys, file.keys, file.keys}, file_of(edge_text)).empty());
}

TEST(FileChanges, NameEachKeyAndWhenItTakesEffect) {
    const NodeFile before = file_of(edge_text);
    std::string text = changed_text(edge_text, R"(level = "info")", R"(level = "debug")");
    text = changed_text(text, "192.0.2.1:5269", "192.0.2.2:5269");
    text = changed_text(text, "core1.b.test", "core2.b.test");
    text = changed_text(text, "enabled = true", "enabled = false");
    EXPECT_EQ(file_changes({before.keys, before.keys, before.keys}, file_of(text)),
              (std::vector<FileChange>{{"link.accept[0].name", at_reload},
                                       {"log.level", at_reload},
                                       {"s2s.listen", at_restart},
                                       {"settings.federation.enabled", never}}));
}

TEST(FileChanges, SeeAKeyThatIsNewAndOneThatIsGone) {
    const NodeFile before = file_of(edge_text);
    const NodeFile now = file_of(changed_text(edge_text, "[s2s]\n", "[dns]\nservers = [\"192.0.2.53\"]\n[s2s]\n"));
    const std::vector<FileChange> one{{"dns.servers", at_restart}};
    EXPECT_EQ(file_changes({before.keys, before.keys, before.keys}, now), one);
    EXPECT_EQ(file_changes({now.keys, now.keys, now.keys}, before), one);
}

TEST(FileChanges, SeeACertificateThatWasReplacedInItsFile) {
    const NodeFile before = file_of(edge_text);
    std::vector<std::string> keys;
    for (const FileChange& change : file_changes({before.keys, before.keys, before.keys}, file_of(edge_text, "two"))) {
        EXPECT_EQ(change.effect, at_reload) << change.key;
        keys.push_back(change.key);
    }
    EXPECT_EQ(keys, (std::vector<std::string>{"link.certificate", "link.key", "link.trust", "tls.trust"}));
}

TEST(FileChanges, NameWhatWaitsForARestartUntilItIsDone) {
    const NodeFile start = file_of(edge_text);
    const NodeFile now = file_of(changed_text(edge_text, "192.0.2.1:5269", "192.0.2.2:5269"));
    EXPECT_EQ(file_changes({start.keys, now.keys, start.keys}, now),
              (std::vector<FileChange>{{"s2s.listen", at_restart}}))
        << "the second reload says it again";
    EXPECT_TRUE(file_changes({now.keys, now.keys, now.keys}, now).empty());
    EXPECT_TRUE(file_changes({start.keys, now.keys, start.keys}, start).empty()) << "taken back";
}

TEST(FileChanges, OfTheLinkOfAPresenceNodeWaitForItsRouter) {
    EXPECT_EQ(effect_of("link.secret", Role::presence), at_router_restart);
    EXPECT_EQ(effect_of("node.name", Role::presence), at_router_restart);
    EXPECT_EQ(effect_of("link.secret", Role::edge), at_restart);
    EXPECT_EQ(effect_of("node.name", Role::core), at_restart);
}

TEST(FileChanges, HoldNoSecret) {
    for (const auto& [key, digest] : file_of(edge_text).keys) {
        EXPECT_EQ(digest.find("a shared traversal secret"), std::string::npos) << key;
    }
}

}  // namespace
}  // namespace sallyport::config
