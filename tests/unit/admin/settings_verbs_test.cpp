// Verbs that show and change settings: with author and history, and never a secret.
#include <gtest/gtest.h>

#include "fake_node.h"

namespace sallyport::test {
namespace {

TEST(ConfigVerbs, ChangeASettingWithItsAuthor) {
    FakeNode node;
    const auto answer = node.ask("config.set", R"({"name":"federation.security_mode","value":"tls_optional"})");
    EXPECT_EQ(text_at(answer, "value"), "tls_optional");
    EXPECT_EQ(text_at(answer, "changed"), "true");
    EXPECT_EQ(node.settings().snapshot()->security_mode, s2s::SecurityMode::tls_optional);
    EXPECT_EQ(node.log.last("settings.changed", "author"), "anna");
    const auto history = node.ask("config.history", R"({"name":"federation.security_mode"})");
    const auto& change = history.as_object().at("changes").as_array().at(0);
    EXPECT_EQ(text_at(change, "author"), "anna");
    EXPECT_EQ(text_at(change, "from"), "tls_required");
    EXPECT_EQ(text_at(change, "to"), "tls_optional");
}

TEST(ConfigVerbs, SayWhenNothingChanged) {
    FakeNode node;
    EXPECT_EQ(text_at(node.ask("config.set", R"({"name":"federation.enabled","value":"on"})"), "changed"), "false");
}

TEST(ConfigVerbs, RefuseAWrongValueAndChangeNothing) {
    FakeNode node;
    const auto revision = node.settings().snapshot()->revision;
    const auto answer = node.ask("config.set", R"({"name":"federation.bidi","value":"sideways"})");
    EXPECT_EQ(code_of(answer), "setting-value");
    EXPECT_EQ(node.settings().snapshot()->revision, revision);
    EXPECT_EQ(code_of(node.ask("config.set", R"({"name":"federatin.bidi","value":"on"})")), "setting-unknown");
    EXPECT_EQ(code_of(node.ask("config.get", R"({"name":"nothing"})")), "setting-unknown");
    EXPECT_EQ(code_of(node.ask("config.history", R"({"name":"nothing"})")), "setting-unknown");
}

TEST(ConfigVerbs, OfAPresenceNodeShowAndChangeOnlyWhatHasAnEffectThere) {
    FakeNode node{{}, config::Role::presence};
    std::vector<std::string> names;
    const auto all = node.ask("config.get");
    for (const auto& row : all.as_object().at("settings").as_array()) {
        names.push_back(text_at(row, "name"));
    }
    EXPECT_EQ(names,
              (std::vector<std::string>{"router.live_changes", "presence.federation_node_status", "log.modules"}));
    const auto refused = node.ask("config.set", R"({"name":"federation.enabled","value":"true"})");
    EXPECT_EQ(code_of(refused), "setting-elsewhere");
    EXPECT_EQ(text_at(refused.as_object().at("error"), "text"),
              "federation.enabled belongs to the edge; change it there: sallyport config set federation.enabled … on "
              "the edge");
    EXPECT_EQ(text_at(node.ask("config.get", R"({"name":"federation.domains"})").as_object().at("error"), "text"),
              "federation.domains belongs to the core; change it there: sallyport config set federation.domains … on "
              "the core");
    for (const auto& [verb, arguments] : {std::pair{"config.history", R"({"name":"federation.bidi"})"},
                                          {"allow.list", "{}"},
                                          {"routes.list", "{}"},
                                          {"allow.add", R"({"domain":["a.test"]})"},
                                          {"deny.remove", R"({"domain":["a.test"]})"},
                                          {"routes.add", R"({"domain":"a.test","address":["192.0.2.1"]})"},
                                          {"routes.remove", R"({"domain":"a.test"})"}}) {
        EXPECT_EQ(code_of(node.ask(verb, arguments)), "setting-elsewhere") << verb;
    }
    EXPECT_EQ(text_at(node.ask("config.set", R"({"name":"router.live_changes","value":"off"})"), "changed"), "true");
}

TEST(ConfigVerbs, OfAnEdgeRefuseWhatIsThePresenceNodes) {
    FakeNode node{{}, config::Role::edge};
    EXPECT_EQ(code_of(node.ask("config.set", R"({"name":"router.live_changes","value":"off"})")), "setting-elsewhere");
    EXPECT_EQ(code_of(node.ask("config.get", R"({"name":"presence.federation_node_status"})")), "setting-elsewhere");
    EXPECT_EQ(text_at(node.ask("config.get", R"({"name":"federation.domains"})"), "owner"), "core");
}

TEST(ConfigVerbs, NeverShowTheSecret) {
    FakeNode node;
    node.ask("config.set", R"({"name":"federation.dialback_secret","value":"correct horse battery"})");
    ASSERT_EQ(node.settings().snapshot()->dialback_secret, "correct horse battery");
    for (const char* verb : {"config.get", "config.history", "status"}) {
        EXPECT_EQ(boost::json::serialize(node.ask(verb)).find("horse"), std::string::npos) << verb;
    }
    EXPECT_EQ(text_at(node.ask("config.get", R"({"name":"federation.dialback_secret"})"), "value"), "********");
}

TEST(ListVerbs, AddAndRemoveNames) {
    FakeNode node;
    EXPECT_EQ(text_at(node.ask("allow.add", R"({"domain":["A.test","*.c.test"]})"), "value"),
              R"(["a.test","*.c.test"])");
    EXPECT_EQ(text_at(node.ask("allow.add", R"({"domain":["a.test"]})"), "changed"), "false");
    EXPECT_EQ(text_at(node.ask("allow.remove", R"({"domain":["a.test"]})"), "value"), R"(["*.c.test"])");
    EXPECT_EQ(text_at(node.ask("allow.list"), "value"), R"(["*.c.test"])");
}

TEST(ListVerbs, RefuseNamesThatAreNotThereOrMalformed) {
    FakeNode node;
    EXPECT_EQ(code_of(node.ask("deny.remove", R"({"domain":["a.test"]})")), "name-unknown");
    const auto half = node.ask("deny.add", R"({"domain":["a.test","b..test"]})");
    EXPECT_EQ(code_of(half), "argument-malformed");
    EXPECT_TRUE(node.settings().snapshot()->deny_list.empty());
}

TEST(ListVerbs, SayWhenAListDoesNotCount) {
    FakeNode node;
    EXPECT_EQ(text_at(node.ask("allow.list"), "note"), "(absent)");
    EXPECT_NE(text_at(node.ask("deny.add", R"({"domain":["a.test"]})"), "note").find("privacy_mode"),
              std::string::npos);
}

TEST(RouteVerbs, AddReplaceAndRemove) {
    FakeNode node;
    node.ask("routes.add", R"({"domain":"a.test","address":["192.0.2.1","[2001:db8::1]:5270"],"priority":3})");
    node.ask("routes.add", R"({"domain":"a.test","address":["192.0.2.1"],"priority":5,"fall_back_to_dns":true})");
    const auto routes = node.settings().snapshot()->static_routes;
    ASSERT_EQ(routes.size(), 2u);
    EXPECT_EQ(routes[0].address.text(), "[2001:db8::1]:5270");
    EXPECT_EQ(routes[1].priority, 5);
    EXPECT_TRUE(routes[1].fall_back_to_dns);
    node.ask("routes.remove", R"({"domain":"a.test","address":"192.0.2.1:5269"})");
    EXPECT_EQ(node.settings().snapshot()->static_routes.size(), 1u);
    EXPECT_EQ(code_of(node.ask("routes.remove", R"({"domain":"c.test"})")), "name-unknown");
    EXPECT_EQ(field_of(node.ask("routes.add", R"({"domain":"a.test","address":["192.0.2.1"],"priority":70000})")),
              "priority");
    EXPECT_EQ(field_of(node.ask("routes.add", R"({"domain":"a.test","address":[":5269"]})")), "address");
}

}  // namespace
}  // namespace sallyport::test
