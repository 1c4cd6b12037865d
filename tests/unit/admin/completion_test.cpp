// What shells are offered: commands, options, words of the rows, and values that the node knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iomanip>
#include <set>
#include <sstream>

#include "admin/api/verb_words.h"
#include "fake_node.h"
#include "nodes/ctl/candidates.h"
#include "nodes/ctl/commands.h"

namespace sallyport::test {
namespace {

namespace json = boost::json;

using Words = std::vector<std::string>;

/// Of a node that knows one peer and one setting.
Words live(const std::string& kind, const std::string& about) {
    if (kind == "peers") return {"a.test", "other.test"};
    if (kind == "settings") return {"federation.bidi", "federation.domains"};
    if (kind == "setting-values") return about == "federation.bidi" ? Words{"off", "on"} : Words{};
    return {kind};
}

ctl::Candidates candidates(const Words& typed) {
    static const ctl::CommandNode tree = ctl::command_tree();
    return ctl::candidates_for(tree, typed, live);
}
Words offered(const Words& typed) {
    Words all;
    for (const ctl::Candidate& candidate : candidates(typed).words) all.push_back(candidate.word);
    return all;
}
bool offers(const Words& typed, const std::string& word) {
    const Words all = offered(typed);
    return std::ranges::find(all, word) != all.end();
}

TEST(Completion, OffersEveryCommandOfTheGrammarButHiddenOnes) {
    for (const admin::Verb& verb : admin::verbs()) {
        const std::string name{verb.name};
        const std::size_t dot = name.find('.');
        EXPECT_EQ(offers({""}, name.substr(0, dot)), !admin::section_of(verb).empty()) << name;
        if (dot != std::string::npos) {
            EXPECT_TRUE(offers({name.substr(0, dot), ""}, name.substr(dot + 1))) << name;
        }
    }
    for (const ctl::LocalCommand& command : ctl::local_commands()) {
        EXPECT_TRUE(offers({""}, std::string{command.name})) << command.name;
    }
    EXPECT_EQ(offered({"pe"}), Words{"peers"});
    EXPECT_EQ(offered({"peers", "p"}), Words{"ping"});
    EXPECT_EQ(candidates({"peers", "p"}).words.front().help, "pings a peer over the live path (XEP-0199)");
    EXPECT_EQ(offered({"frobnicate", ""}), Words{});
}

TEST(Completion, OffersTheOptionsOfTheCommandAndThoseOfEveryCommand) {
    EXPECT_TRUE(offers({"events", "--"}, "--limit"));
    EXPECT_TRUE(offers({"events", "--"}, "--json"));
    EXPECT_FALSE(offers({"events", "--"}, "--from"));
    EXPECT_TRUE(offers({"peers", "ping", "a.test", "--"}, "--from"));
    EXPECT_TRUE(offers({"alarms", ""}, "ack"));
    EXPECT_TRUE(offers({"alarms", "-"}, "--all"));
    EXPECT_TRUE(offers({"init", "--dns"}, "--dns-server"));
    EXPECT_EQ(offered({"--col"}), Words{"--color"});
    EXPECT_EQ(offered({"check-config", "--conf"}), Words{"--config"});
}

TEST(Completion, OffersTheWordsOfAnArgument) {
    EXPECT_EQ(offered({"log", "level", "s2s", "tr"}), Words{"trace"});
    EXPECT_EQ(offered({"imp-servers", "edit", "imp1.test", "--tls-verify", ""}), (Words{"on", "off"}));
    EXPECT_EQ(offered({"imp-servers", "edit", "imp1.test", "--tls-verify=o"}),
              (Words{"--tls-verify=on", "--tls-verify=off"}));
    EXPECT_EQ(offered({"completion", ""}), (Words{"bash", "zsh", "fish"}));
    EXPECT_EQ(offered({"check-config", "edge.toml", "--role", "c"}), Words{"core"});
    EXPECT_EQ(offered({"status", "--color", ""}), (Words{"auto", "always", "never"}));
}

TEST(Completion, OffersFilesWhereAFileIsMeant) {
    EXPECT_TRUE(candidates({"--node", ""}).files);
    EXPECT_TRUE(candidates({"admins", "add", "anna", "--password-file", "p"}).files);
    EXPECT_TRUE(candidates({"check-config", ""}).files);
    EXPECT_FALSE(candidates({"status", ""}).files);
}

TEST(Completion, OffersWhatTheNodeKnows) {
    EXPECT_EQ(offered({"peers", "show", ""}), (Words{"a.test", "other.test"}));
    EXPECT_EQ(offered({"peers", "show", "a"}), Words{"a.test"});
    EXPECT_EQ(offered({"peers", "show", "a.test", ""}), Words{}) << "it has one argument";
    EXPECT_EQ(offered({"--node", "/tmp/x", "peers", "show", "o"}), Words{"other.test"});
    EXPECT_EQ(offered({"config", "set", "federation.b"}), Words{"federation.bidi"});
    EXPECT_EQ(offered({"config", "set", "federation.bidi", ""}), (Words{"off", "on"}));
    EXPECT_EQ(offered({"allow", "remove", "a.test", ""}), Words{"allow"}) << "it takes several";
    EXPECT_EQ(offered({"why", "anna@b.test", ""}), (Words{"a.test", "other.test"}));
}

TEST(Completion, KnowsOnlyVerbsAndArgumentsThatThereAre) {
    for (const admin::ArgumentValues& row : admin::argument_values()) {
        const admin::Verb* const verb = admin::find_verb(row.verb);
        ASSERT_NE(verb, nullptr) << row.verb;
        EXPECT_NE(std::ranges::find(verb->arguments, row.argument, &admin::Argument::name), verb->arguments.end())
            << row.verb << " " << row.argument;
    }
}

TEST(Examples, AreOneForEachVerbAndOfTheGrammar) {
    std::set<std::string_view> named;
    for (const admin::VerbExample& example : admin::verb_examples()) {
        EXPECT_NE(admin::find_verb(example.verb), nullptr) << example.verb;
        EXPECT_TRUE(named.insert(example.verb).second) << example.verb;
    }
    for (const admin::Verb& verb : admin::verbs()) EXPECT_TRUE(named.contains(verb.name)) << verb.name;
    std::vector<std::pair<std::string, std::string>> lines;  // what is meant, and the example
    for (const admin::VerbExample& example : admin::verb_examples()) {
        lines.emplace_back(example.verb, std::string{example.line});
    }
    for (const ctl::LocalCommand& command : ctl::local_commands()) {
        lines.emplace_back(command.name, std::string{command.example});
    }
    for (const auto& [meant, line] : lines) {
        std::istringstream in;
        std::ostringstream out, err;
        ctl::Chosen chosen;
        int status = 0;
        Words typed;
        std::istringstream text{line};
        for (std::string word; text >> std::quoted(word);) typed.push_back(word);
        EXPECT_TRUE(ctl::parse_commands(typed, {in, out, err, false, "anna"}, chosen, status)) << line << err.str();
        EXPECT_EQ(chosen.verb == nullptr ? chosen.command : std::string{chosen.verb->name}, meant) << line;
    }
}

json::value values_told(FakeNode& node, const std::string& kind, const std::string& about = {}) {
    return node.ask("complete", R"({"kind":")" + kind + R"(","about":")" + about + "\"}").as_object().at("values");
}

TEST(CompleteVerb, TellsWhatTheNodeKnows) {
    FakeNode node{
        {{"federation.allow_list", R"(["a.test","*.a.test"])"}, {"federation.domains", R"(["b.test","*.b.test"])"}}};
    node.current.destinations.emplace_back().pair = {*xmpp::Domain::parse("b.test"), *xmpp::Domain::parse("peer.test")};
    node.current.described.push_back({"edge1", "b.test", "far.test", "in", "dialback", "", "", "", "", {}});
    EXPECT_EQ(json::serialize(values_told(node, "peers")), R"(["far.test","peer.test"])");
    EXPECT_EQ(json::serialize(values_told(node, "allow")), R"(["*.a.test","a.test"])");
    EXPECT_EQ(json::serialize(values_told(node, "domains")), R"(["b.test"])");
    EXPECT_EQ(json::serialize(values_told(node, "setting-values", "federation.privacy_mode")),
              R"(["allow_list","deny_list","off"])");
    EXPECT_EQ(json::serialize(values_told(node, "setting-values", "federation.enabled")), R"(["false","true"])");
    EXPECT_EQ(json::serialize(values_told(node, "setting-values", "federation.domains")), "[]");
    EXPECT_NE(json::serialize(values_told(node, "modules")).find("\"s2s\""), std::string::npos);
    EXPECT_EQ(json::serialize(values_told(node, "users")), "[]") << "this node has none";
    EXPECT_EQ(json::serialize(values_told(node, "nonsense")), "[]") << "silent about what it does not know";
}

TEST(CompleteVerb, TellsOfAccountsToThoseOfTheAdminSocketAlone) {
    FakeNode node;
    node.add_access();
    std::optional<Result<void>> done;
    node.people->add("anna", admin::Access::administer, "a long password", [&](Result<void> result) { done = result; });
    node.real_loop().run_until([&] { return done.has_value(); });
    EXPECT_EQ(json::serialize(values_told(node, "accounts")), R"(["anna"])");
    const auto from_afar = node.ask_as({"rita", "192.0.2.1", "rest"}, "complete", R"({"kind":"accounts"})");
    EXPECT_EQ(json::serialize(from_afar), R"({"values":[]})");
}

}  // namespace
}  // namespace sallyport::test
