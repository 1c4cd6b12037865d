// The manual has a row for everything that the tables of settings and limits and the reader of the file know.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/limits.h"
#include "base/refusal_rules.h"
#include "model/config/node_file.h"
#include "model/config/settings.h"

namespace sallyport {
namespace {

std::string page(const std::string& name) {
    std::ifstream file{std::string{SALLYPORT_SOURCE_DIR} + "/docs/manual/" + name};
    EXPECT_TRUE(file.good()) << name;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The row of a table that begins with `name`; empty when there is none.
std::string row_of(const std::string& text, std::string_view name) {
    const std::string start = "\n| `" + std::string{name} + "` |";
    const std::size_t at = text.find(start);
    return at == std::string::npos ? std::string{} : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

/// A heading that names it, alone or with others.
bool has_section(const std::string& text, std::string_view name) {
    for (std::size_t at = text.find("\n### "); at != std::string::npos; at = text.find("\n### ", at + 1)) {
        std::istringstream heading{text.substr(at + 5, text.find('\n', at + 1) - at - 5)};
        for (std::string word; heading >> word;) {
            if (word == name || word == std::string{name} + ",") return true;
        }
    }
    return false;
}

TEST(Manual, DescribesEverySetting) {
    const std::string text = page("settings.md");
    for (const config::SettingRow& row : config::setting_rows()) {
        const std::string found = row_of(text, row.name);
        ASSERT_FALSE(found.empty()) << row.name;
        EXPECT_NE(found.find("| " + std::string{row.type} + " |"), std::string::npos) << found;
        EXPECT_TRUE(found.ends_with("| " + std::string{config::text(row.owner)} + " |")) << found;
        EXPECT_TRUE(has_section(text, row.name)) << row.name;
    }
}

TEST(Manual, DescribesEveryLimitWithItsDefaultAndItsLeast) {
    const std::string text = page("limits.md");
    Limits limits;
    for (const LimitRow& row : limit_rows()) {
        const std::string wanted = "| `" + std::string{row.key} + "` | " + std::string{row.help} + " | " +
                                   std::string{row.unit} + " | " + std::to_string(row.member(limits)) + " | " +
                                   std::to_string(row.least) + " | " + (row.rate ? "yes |" : " |") +
                                   (row.of_a_peer ? " yes |" : "  |");
        EXPECT_EQ(row_of(text, row.key), wanted);
    }
}

TEST(Manual, NamesEveryRuleThatRefuses) {
    const std::string text = page("why.md") + page("privacy-lists.md");
    for (const RuleRow& row : rule_rows()) {
        const std::string name = "`" + std::string{row.name} + "`";
        EXPECT_NE(text.find(name), std::string::npos) << name;
    }
}

TEST(Manual, DescribesEveryLimitOfTheAdminAddress) {
    const std::string text = page("limits.md");
    const AdminLimits limits;
    for (const AdminLimitRow& row : admin_limit_rows()) {
        const std::string wanted = "| `" + std::string{row.key} + "` | " + std::string{row.help} + " | " +
                                   std::string{row.unit} + " | " + std::to_string(limits.*row.member) + " | " +
                                   std::to_string(row.least) + " |";
        EXPECT_EQ(row_of(text, row.key), wanted);
    }
}

TEST(Manual, DescribesEveryKeyOfTheNodesFile) {
    const std::string text = page("node-file.md");
    for (const char* key : {"name",
                            "names",
                            "data",
                            "threads",
                            "listen",
                            "level",
                            "format",
                            "servers",
                            "trust_anchor",
                            "hosts_file",
                            "direct_tls_listen",
                            "source_address",
                            "allow_networks",
                            "proxies",
                            "share_streams",
                            "trust",
                            "domains",
                            "certificate",
                            "key",
                            "secret",
                            "hold_seconds",
                            "address",
                            "role",
                            "host_key",
                            "authorized_keys",
                            "mint_certificates",
                            "tls",
                            "auth",
                            "negotiation",
                            "dialback",
                            "idle",
                            "ping",
                            "dead_peer",
                            "connect",
                            "dns",
                            "stanza",
                            "closing"}) {
        EXPECT_FALSE(row_of(text, key).empty()) << key;
    }
}

/// The example below `heading`.
std::string example(const std::string& text, const std::string& heading) {
    const std::string fence = "```toml\n";
    const std::size_t start = text.find(fence, text.find("\n## " + heading + "\n")) + fence.size();
    return text.substr(start, text.find("```", start) - start);
}

TEST(Manual, ShowsExamplesThatPassTheCheck) {
    const std::string text = page("node-file.md");
    const FileProbe all_there = [](const std::string&) {
        return FileFacts{true, true, true, false, "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"};
    };
    for (const auto& [heading, role] : {std::pair{"An edge", config::Role::edge},
                                        {"A core", config::Role::core},
                                        {"A presence node", config::Role::presence}}) {
        config::NodeFile file;
        const auto errors =
            config::parse_node_file(example(text, heading), "/etc/sallyport/x.toml", role, file, all_there);
        EXPECT_TRUE(errors.empty()) << heading << ": " << errors.front().sentence();
        EXPECT_FALSE(file.node.name.empty()) << heading;
    }
}

}  // namespace
}  // namespace sallyport
