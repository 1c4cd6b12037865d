// The table of settings: every kind of value, good and bad, and changes as a whole.
#include "model/config/settings.h"

#include <gtest/gtest.h>

#include <set>

namespace sallyport::config {
namespace {

Result<Settings> changed(const std::string& name, const std::string& json, const Settings& before = {}) {
    std::vector<Changed> changes;
    return apply(before, {{name, json}}, changes);
}

TEST(SettingRows, DescribeThemselvesAndTheirDefaults) {
    std::set<std::string_view> names;
    for (const SettingRow& row : setting_rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_EQ(row.load(Settings{}), row.default_value) << row.name;
        EXPECT_FALSE(row.help.empty()) << row.name;
        EXPECT_TRUE(std::set<std::string_view>({"bool", "enum", "string", "list", "table"}).contains(row.type))
            << row.name;
        EXPECT_EQ(find_setting(row.name), &row);
    }
    EXPECT_EQ(names.size(), 15U);
    EXPECT_EQ(find_setting("federation.enable"), nullptr);
}

struct GoodCase {
    const char* name;
    const char* json;
    const char* loaded;  ///< null: as written
};

class GoodValues : public testing::TestWithParam<GoodCase> {};

TEST_P(GoodValues, AreKeptInCanonicalForm) {
    const auto& [name, json, loaded] = GetParam();
    const auto settings = changed(name, json);
    ASSERT_TRUE(settings) << settings.error().text;
    EXPECT_EQ(find_setting(name)->load(*settings), loaded == nullptr ? json : loaded);
    const auto again = changed(name, find_setting(name)->load(*settings));
    ASSERT_TRUE(again) << "what is written can be read";
    EXPECT_EQ(find_setting(name)->load(*again), find_setting(name)->load(*settings));
}

INSTANTIATE_TEST_SUITE_P(
    Settings, GoodValues,
    testing::Values(
        GoodCase{"federation.enabled", "true", nullptr}, GoodCase{"federation.security_mode", "\"no_tls\"", nullptr},
        GoodCase{"federation.require_client_certificates", "true", nullptr},
        GoodCase{"federation.dialback_secret", "\"0123456789abcdef\"", nullptr},
        GoodCase{"federation.privacy_mode", "\"deny_list\"", nullptr},
        GoodCase{"federation.allow_list", "[\"a.test\",\"*.b.test\"]", nullptr},
        GoodCase{"federation.allow_list", "[ \"A.Test.\" ]", "[\"a.test\"]"},
        GoodCase{"federation.deny_list", "[\"xn--bcher-kva.example\"]", "[\"bücher.example\"]"},
        GoodCase{"federation.allow_list", "[\"b.test\",\"*.b.test\"]", nullptr},
        GoodCase{"federation.use_static_routes", "true", nullptr}, GoodCase{"federation.domains", "[]", nullptr},
        GoodCase{"federation.bidi", "\"on\"", nullptr},
        GoodCase{
            "federation.static_routes", R"([{"domain":"A.test","address":"192.0.2.1"}])",
            R"([{"domain":"a.test","address":"192.0.2.1","port":5269,"priority":0,"weight":0,"fall_back_to_dns":false}])"},
        GoodCase{
            "federation.static_routes",
            R"([{"domain":"a.test","address":"h.test:5300","priority":10,"weight":20,"fall_back_to_dns":true}])",
            R"([{"domain":"a.test","address":"h.test","port":5300,"priority":10,"weight":20,"fall_back_to_dns":true}])"},
        GoodCase{
            "federation.static_routes", R"([{"domain":"a.test","address":"[2001:db8::1]","port":65535}])",
            R"([{"domain":"a.test","address":"2001:db8::1","port":65535,"priority":0,"weight":0,"fall_back_to_dns":false}])"},
        GoodCase{"federation.peers",
                 R"([{"domain":"*.p.test","security_mode":"tls_optional","authentication":"dialback","bidi":"on",)"
                 R"("limits":{"queue_stanzas":50,"stanza_bytes":"off"},"note":"slow"}])",
                 nullptr},
        GoodCase{"federation.peers", R"([{"domain":"p.test"}])", nullptr},
        GoodCase{"log.modules", R"({"s2s":"debug","dns":"trace"})", R"({"network.dns":"trace","s2s":"debug"})"}));

struct BadCase {
    const char* name;
    const char* json;
    const char* code;
    const char* says;
};

class BadValues : public testing::TestWithParam<BadCase> {};

TEST_P(BadValues, AreRefusedWithTheSettingTheFieldAndTheReason) {
    const auto& [name, json, code, says] = GetParam();
    const auto settings = changed(name, json);
    ASSERT_FALSE(settings) << name << " = " << json;
    EXPECT_EQ(settings.error().code, code) << settings.error().text;
    EXPECT_NE(settings.error().text.find(says), std::string::npos) << settings.error().text;
    EXPECT_TRUE(settings.error().text.starts_with(name)) << settings.error().text;
}

INSTANTIATE_TEST_SUITE_P(
    Settings, BadValues,
    testing::Values(
        BadCase{"federation.enable", "true", "setting-unknown", "did you mean 'federation.enabled'?"},
        BadCase{"federation.enabled", "1", "setting-type", "true or false"},
        BadCase{"federation.enabled", "tru", "setting-type", "not JSON"},
        BadCase{"federation.enabled", "true false", "setting-type", "not JSON"},
        BadCase{"federation.security_mode", "\"tls\"", "setting-value", "tls_required, tls_optional or no_tls"},
        BadCase{"federation.security_mode", "true", "setting-type", "tls_required"},
        BadCase{"federation.dialback_secret", "\"fifteen letters\"", "setting-value", "16 characters"},
        BadCase{"federation.dialback_secret", "1234567890123456", "setting-type", "string"},
        BadCase{"federation.dialback_secret", "\"0123456789abcde\\n\"", "setting-value", "control"},
        BadCase{"federation.privacy_mode", "\"allow\"", "setting-value", "off, allow_list or deny_list"},
        BadCase{"federation.allow_list", "\"a.test\"", "setting-type", "must be a list"},
        BadCase{"federation.allow_list", "[\"a.test\", 7]", "setting-type", "entry 2"},
        BadCase{"federation.allow_list", "[\"a.test\", \"A.TEST.\"]", "setting-value", "a.test is in the list twice"},
        BadCase{"federation.allow_list", "[\"bücher.example\", \"xn--bcher-kva.example\"]", "setting-value", "twice"},
        BadCase{"federation.allow_list", "[\"a.*.test\"]", "setting-value", "entry 1"},
        BadCase{"federation.allow_list", "[\"*\"]", "setting-value", "entry 1"},
        BadCase{"federation.allow_list", "[\"*.192.0.2.1\"]", "setting-value", "entry 1"},
        BadCase{"federation.allow_list", "[\"\"]", "setting-value", "entry 1"},
        BadCase{"federation.domains", "[\"a b\"]", "setting-value", "'a b'"},
        BadCase{"federation.bidi", "\"yes\"", "setting-value", "off or on"},
        BadCase{"federation.static_routes", "{}", "setting-type", "must be a list"},
        BadCase{"federation.static_routes", "[7]", "setting-type", "[0]: must be an object"},
        BadCase{"federation.static_routes", R"([{"address":"h.test"}])", "setting-value", "[0].domain: is missing"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test"}])", "setting-value", "[0].address: is missing"},
        BadCase{"federation.static_routes", R"([{"domain":"*.a.test","address":"h.test"}])", "setting-value",
                "[0].domain"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h test"}])", "setting-value",
                "[0].address"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","port":0}])", "setting-value",
                "[0].port"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","port":65536}])", "setting-value",
                "port"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","port":-1}])", "setting-value",
                "port"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","port":1.5}])", "setting-type",
                "port"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test:1","port":2}])", "setting-value",
                "differs"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","weight":70000}])",
                "setting-value", "[0].weight"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","prio":1}])", "setting-value",
                "[0].prio: unknown field"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","wieght":1}])", "setting-value",
                "did you mean 'weight'?"},
        BadCase{"federation.static_routes", R"([{"domain":"a.test","address":"h.test","fall_back_to_dns":1}])",
                "setting-type", "fall_back_to_dns"},
        BadCase{"federation.static_routes",
                R"([{"domain":"a.test","address":"h.test"},{"domain":"A.TEST","address":"h.test:5269"}])",
                "setting-value", "[1]: a.test by h.test:5269 is in the list twice"},
        BadCase{"federation.peers", R"([{"domain":"p.test","authentication":"sasl"}])", "setting-value",
                "any, certificate or dialback"},
        BadCase{"federation.peers", R"([{"domain":"p.test","limits":{"queue_stanza":5}}])", "setting-value",
                "did you mean 'queue_stanzas'?"},
        BadCase{"federation.peers", R"([{"domain":"p.test","limits":{"stanza_bytes":9999}}])", "setting-value",
                "limits.stanza_bytes: must be \"off\" or a number of at least 10000"},
        BadCase{"federation.peers", R"([{"domain":"p.test","limits":{"stanza_bytes":0}}])", "setting-value", "off"},
        BadCase{"federation.peers", R"([{"domain":"p.test","limits":{"stanza_bytes":true}}])", "setting-value", "off"},
        BadCase{"federation.peers", R"([{"domain":"p.test"},{"domain":"P.test"}])", "setting-value", "twice"},
        BadCase{"federation.peers", R"([{"domain":"p.test","authentication":"certificate","security_mode":"no_tls"}])",
                "setting-value", "requires TLS"},
        BadCase{"federation.peers", R"([{"domain":"p.test","bidi":true}])", "setting-type", "[0].bidi"},
        BadCase{"log.modules", R"({"s3s":"debug"})", "setting-value", "s3s"},
        BadCase{"log.modules", R"({"s2s":"loud"})", "setting-value", "loud"},
        BadCase{"log.modules", R"({"s2s":"debug","developer.xcp.federation":"info"})", "setting-value",
                "named twice"}));

TEST(Apply, TakesAllChangesOrNone) {
    const Settings before;
    std::vector<Changed> changes;
    const auto refused = apply(before, {{"federation.enabled", "true"}, {"federation.bidi", "\"maybe\""}}, changes);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(changes.empty());

    const auto accepted = apply(before, {{"federation.enabled", "true"}, {"federation.bidi", "\"on\""}}, changes);
    ASSERT_TRUE(accepted);
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].name, "federation.enabled");
    EXPECT_EQ(changes[0].from, "false");
    EXPECT_EQ(changes[0].to, "true");
    EXPECT_EQ(accepted->revision, before.revision) << "the revision is given by whoever stores the change";
}

TEST(Apply, LeavesUnchangedValuesOut) {
    std::vector<Changed> changes;
    ASSERT_TRUE(apply({}, {{"federation.enabled", "false"}, {"federation.allow_list", " [ ] "}}, changes));
    EXPECT_TRUE(changes.empty());
}

TEST(Apply, RefusesASettingNamedTwice) {
    std::vector<Changed> changes;
    EXPECT_EQ(apply({}, {{"federation.enabled", "true"}, {"federation.enabled", "false"}}, changes).error().code,
              "setting-value");
}

TEST(Apply, KeepsThePreviousDialbackSecretAndShowsNeither) {
    Settings before;
    before.dialback_secret = "the-first-secret-of-all";
    std::vector<Changed> changes;
    const auto after = apply(before, {{"federation.dialback_secret", "\"another-secret-of-ours\""}}, changes);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->dialback_secret, "another-secret-of-ours");
    EXPECT_EQ(after->previous_dialback_secret, "the-first-secret-of-all");
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].from, "\"********\"");
    EXPECT_EQ(changes[0].to, "\"********\"");
    const auto same = apply(*after, {{"federation.dialback_secret", "\"another-secret-of-ours\""}}, changes);
    EXPECT_EQ(same->previous_dialback_secret, "the-first-secret-of-all") << "no change, no new overlap";
}

TEST(Apply, BoundsTheLengthOfLists) {
    std::string list = "[";
    for (int i = 0; i < 20'001; ++i) list += (i == 0 ? "\"d" : ",\"d") + std::to_string(i) + ".test\"";
    EXPECT_EQ(changed("federation.allow_list", list + "]").error().code, "setting-value");
    EXPECT_EQ(changed("federation.allow_list", "\"" + std::string(5 << 20, 'a') + "\"").error().code, "setting-value");
    EXPECT_FALSE(changed("federation.allow_list", std::string(100'000, '[')))
        << "deep nesting is refused, not followed";
}

TEST(JsonOfCli, TakesWordsAsPeopleWriteThem) {
    const auto json = [](const char* name, const char* text) { return json_of_cli(*find_setting(name), text); };
    EXPECT_EQ(json("federation.enabled", "on"), "true");
    EXPECT_EQ(json("federation.enabled", "0"), "false");
    EXPECT_EQ(json("federation.enabled", "perhaps"), "perhaps") << "left for the table to refuse";
    EXPECT_EQ(json("federation.security_mode", "no_tls"), "\"no_tls\"");
    EXPECT_EQ(json("federation.security_mode", "\"no_tls\""), "\"no_tls\"");
    EXPECT_EQ(json("federation.dialback_secret", "1234567890123456"), "\"1234567890123456\"");
    EXPECT_EQ(json("federation.dialback_secret", "a\"b"), "\"a\\\"b\"");
    EXPECT_EQ(json("federation.domains", "a.test, b.test c.test"), "[\"a.test\",\"b.test\",\"c.test\"]");
    EXPECT_EQ(json("federation.domains", "[\"a.test\"]"), "[\"a.test\"]");
    EXPECT_EQ(json("federation.domains", ""), "[]");
    EXPECT_EQ(json("federation.peers", "[]"), "[]");
}

TEST(NamePattern, MatchesExactlyOrBelow) {
    const auto matches = [](const char* pattern, const char* name) {
        return NamePattern::parse(pattern)->matches(*xmpp::Domain::parse(name));
    };
    EXPECT_TRUE(matches("partner.example", "PARTNER.example."));
    EXPECT_FALSE(matches("partner.example", "sub.partner.example"));
    EXPECT_TRUE(matches("*.partner.example", "sub.partner.example"));
    EXPECT_TRUE(matches("*.partner.example", "a.b.partner.example"));
    EXPECT_FALSE(matches("*.partner.example", "partner.example"));
    EXPECT_FALSE(matches("*.partner.example", "notpartner.example"));
    EXPECT_TRUE(matches("bücher.example", "xn--bcher-kva.example"));
    EXPECT_FALSE(matches("strasse.example", "straße.example"));
    EXPECT_EQ(NamePattern::parse("*.Partner.Example")->text(), "*.partner.example");
}

}  // namespace
}  // namespace sallyport::config
