// Small grammars of the REST service, strict JSON, the description.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "admin/api/strict_json.h"
#include "admin/api/verbs.h"
#include "admin/rest/answers.h"
#include "admin/rest/http_text.h"
#include "admin/rest/openapi.h"
#include "admin/web/web_files.h"

namespace sallyport::admin {
namespace {

TEST(HttpText, FindsACookieOnceOrNotAtAll) {
    EXPECT_EQ(cookie("__Host-sallyport=abc", "__Host-sallyport"), "abc");
    EXPECT_EQ(cookie("a=1; __Host-sallyport=abc; b=2", "__Host-sallyport"), "abc");
    EXPECT_EQ(cookie("__Host-sallyport=abc; __Host-sallyport=def", "__Host-sallyport"), "");
    EXPECT_EQ(cookie("x__Host-sallyport=abc", "__Host-sallyport"), "");
    EXPECT_EQ(cookie("__Host-sallyport2=abc", "__Host-sallyport"), "");
    EXPECT_EQ(cookie("", "__Host-sallyport"), "");
}

TEST(HttpText, ReadsQueriesStrictly) {
    const auto pairs = read_query("a=1&b=x+y%20z&a=%C3%A4&&c");
    ASSERT_TRUE(pairs);
    ASSERT_EQ(pairs->size(), 4U);
    EXPECT_EQ((*pairs)[1].second, "x y z");
    EXPECT_EQ((*pairs)[2].second, "\xc3\xa4");
    EXPECT_EQ((*pairs)[3].first, "c");
    for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=%ff", "%ff=1", "a=%c0%af", "a=%ed%a0%80", "a=%u002e"}) {
        EXPECT_FALSE(read_query(bad)) << bad;
    }
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "a=1&";
    EXPECT_FALSE(read_query(many));
}

TEST(HttpText, KnowsUtf8FromBytes) {
    for (const char* good :
         {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_utf8(good)) << good;
    }
    for (const char* bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc2", "\xe0\xa0", "\xf0\x90\x80", "\xff"}) {
        EXPECT_FALSE(is_utf8(bad)) << bad;
    }
}

TEST(HttpText, TakesTheHostOutOfItsHeader) {
    EXPECT_EQ(host_of("Edge1.B.test:9443"), "edge1.b.test");
    EXPECT_EQ(host_of("edge1.b.test"), "edge1.b.test");
    EXPECT_EQ(host_of("127.0.0.1:9443"), "127.0.0.1");
    EXPECT_EQ(host_of("[::1]:9443"), "::1");
    EXPECT_EQ(host_of(""), "");
    EXPECT_EQ(host_of("a:b"), "");
}

TEST(HttpText, ReadsEntityTags) {
    EXPECT_TRUE(names_etag("\"a\", \"b\"", "\"b\""));
    EXPECT_TRUE(names_etag("W/\"b\"", "\"b\""));
    EXPECT_FALSE(names_etag("\"ab\"", "\"b\""));
    EXPECT_FALSE(names_etag("", "\"b\""));
    EXPECT_EQ(revision_in("\"17\""), 17U);
    for (const char* bad :
         {"", "17", "\"\"", "\"x\"", "\"-1\"", "\"1 \"", "W/\"1\"", "\"99999999999999999999999\"", "*"}) {
        EXPECT_FALSE(revision_in(bad)) << bad;
    }
    EXPECT_TRUE(is_media("Application/JSON; charset=utf-8", "application/json"));
    EXPECT_FALSE(is_media("application/jsonp", "application/json"));
    EXPECT_FALSE(is_media("", "application/json"));
}

TEST(StrictJson, RefusesWhatReadersDisagreeAbout) {
    EXPECT_TRUE(strict_json(R"({"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]})"));
    EXPECT_EQ(strict_json(R"({"a": 1, "a": 2})").error().code, "json-malformed");
    EXPECT_FALSE(strict_json(R"({"x": [{"b": 1, "b": 1}]})"));
    EXPECT_FALSE(strict_json(R"({"a": 1, "\u0061": 2})"));
    EXPECT_FALSE(strict_json("{\"a\": \"\xff\"}"));
    EXPECT_FALSE(strict_json("{} x"));
    EXPECT_FALSE(strict_json(""));
    EXPECT_FALSE(strict_json(R"({"a": 1e400})")) << "no double holds it: who takes it for infinite, who for an error";
    EXPECT_FALSE(strict_json("[-1e99999]"));
    EXPECT_TRUE(strict_json("1e300"));
    EXPECT_FALSE(strict_json(std::string(100000, '[')));
}

TEST(Answers, GiveErrorsTheStatusThatTheyDeserve) {
    EXPECT_EQ(status_of("argument-unknown", true), 400U);
    EXPECT_EQ(status_of("argument-malformed", true), 400U);
    EXPECT_EQ(status_of("setting-value", true), 400U);
    EXPECT_EQ(status_of("setting-unknown", true), 404U);
    EXPECT_EQ(status_of("setting-elsewhere", false), 409U);
    EXPECT_EQ(status_of("revision-stale", true), 412U);
    EXPECT_EQ(status_of("login-refused", false), 401U);
    EXPECT_EQ(status_of("login-throttled", false), 429U);
    EXPECT_EQ(status_of("account-exists", true), 409U);
    EXPECT_EQ(status_of("store-full", false), 503U);
    EXPECT_EQ(status_of("verb-role", false), 409U);
}

TEST(Verbs, EveryOneThatReadsAnswersAGetOfItsGroup) {
    EXPECT_EQ(first_verb("peers")->name, "peers.list");
    EXPECT_EQ(first_verb("config")->name, "config.get");
    EXPECT_EQ(first_verb("check"), nullptr) << "it needs a domain";
    EXPECT_EQ(first_verb("status"), nullptr) << "no group";
    EXPECT_EQ(first_verb(""), nullptr);
    for (const Verb& verb : verbs()) {
        // What it changes is the caller's own, who shows the present password.
        if (verb.effect == Effect::reads || verb.name == "account.passwd") continue;
        EXPECT_NE(verb.needs, Access::read) << verb.name << " acts and needs no right to";
    }
}

TEST(OpenApi, DescribesEveryVerb) {
    const boost::json::object document = openapi_document("1.2.3");
    const auto& paths = document.at("paths").as_object();
    for (const Verb& verb : verbs()) {
        std::string path = "/api/v1/" + std::string{verb.name};
        std::replace(path.begin() + 8, path.end(), '.', '/');
        ASSERT_TRUE(paths.contains(path)) << path;
        EXPECT_TRUE(paths.at(path).as_object().contains(verb.effect == Effect::reads ? "get" : "post")) << path;
    }
}

TEST(WebFiles, AreATableAndNothingElse) {
    ASSERT_NE(find_web_file("/"), nullptr);
    EXPECT_EQ(find_web_file("/"), find_web_file("/index.html"));
    for (const char* path :
         {"", "index.html", "/../web/index.html", "//index.html", "/index.html/", "/INDEX.HTML", "/%69ndex.html"}) {
        EXPECT_EQ(find_web_file(path), nullptr) << path;
    }
    for (const WebFile& file : web_files()) {
        EXPECT_TRUE(file.path.starts_with('/') && file.etag.size() > 10 && !file.type.empty()) << file.path;
    }
}

}  // namespace
}  // namespace sallyport::admin
