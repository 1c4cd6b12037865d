// Small grammars of the REST service, strict JSON, the description.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "admin/api/answer_form.h"
#include "admin/api/error_codes.h"
#include "admin/api/strict_json.h"
#include "admin/api/verbs.h"
#include "admin/rest/answers.h"
#include "admin/rest/http_text.h"
#include "admin/rest/openapi.h"
#include "admin/web/web_files.h"

namespace sallyport::admin {
namespace {

TEST(Answers, HaveNumbersAsPlainDecimals) {
    const auto answer = result_answer(boost::json::object{{"milliseconds", 6.408}, {"skew", -0.001}, {"all", 5.0}});
    EXPECT_EQ(answer.body, "{\"result\":{\"milliseconds\":6.408,\"skew\":-0.001,\"all\":5}}\n");
}

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

TEST(ErrorCodes, HaveTheStatusThatTheyDeserve) {
    EXPECT_EQ(http_status("argument-unknown"), 400U);
    EXPECT_EQ(http_status("argument-malformed"), 400U);
    EXPECT_EQ(http_status("setting-value"), 400U);
    EXPECT_EQ(http_status("setting-unknown"), 404U);
    EXPECT_EQ(http_status("setting-elsewhere"), 409U);
    EXPECT_EQ(http_status("revision-stale"), 412U);
    EXPECT_EQ(http_status("login-refused"), 401U);
    EXPECT_EQ(http_status("login-throttled"), 429U);
    EXPECT_EQ(http_status("account-exists"), 409U);
    EXPECT_EQ(http_status("store-full"), 503U);
    EXPECT_EQ(http_status("verb-role"), 409U);
    EXPECT_EQ(http_status("of-a-later-release"), 409U);
}

TEST(ErrorCodes, StandOnceAndBlameArgumentsOfVerbs) {
    std::set<std::string_view> seen, arguments;
    for (const Verb& verb : verbs()) {
        for (const Argument& argument : verb.arguments) arguments.insert(argument.name);
    }
    for (const ErrorCode& row : error_codes()) {
        EXPECT_TRUE(seen.insert(row.code).second) << row.code << " is there twice";
        EXPECT_TRUE(row.argument.empty() || arguments.contains(row.argument)) << row.code;
    }
}

TEST(ErrorCodes, HaveAStatusThatTheManualExplains) {
    std::ifstream file{std::string{SALLYPORT_SOURCE_DIR} + "/docs/manual/rest.md"};
    std::set<std::string> explained;
    for (std::string line; std::getline(file, line);) {
        std::istringstream cells{line.starts_with("| ") ? line.substr(2, line.find(" |", 2) - 2) : ""};
        for (std::string status; std::getline(cells, status, ',');)
            explained.insert(status.substr(status.find_first_not_of(' ')));
    }
    for (const ErrorCode& row : error_codes()) EXPECT_TRUE(explained.contains(std::to_string(row.status))) << row.code;
}

TEST(Verbs, EveryOneThatReadsAnswersAGetOfItsGroup) {
    EXPECT_EQ(first_verb("peers")->name, "peers.list");
    EXPECT_EQ(first_verb("config")->name, "config.get");
    EXPECT_EQ(first_verb("check"), nullptr) << "it needs a domain";
    EXPECT_EQ(first_verb("status"), nullptr) << "no group";
    EXPECT_EQ(first_verb(""), nullptr);
    for (const Verb& verb : verbs()) {
        // What these change is the caller's own; for a new password the present one is shown.
        if (verb.effect == Effect::reads || verb.name.starts_with("account.")) continue;
        EXPECT_NE(verb.needs, Access::read) << verb.name << " acts and needs no right to";
    }
}

TEST(Verbs, EveryGroupHasHelp) {
    for (const Verb& verb : verbs()) {
        const std::size_t dot = verb.name.find('.');
        const std::string_view group = verb.name.substr(0, dot);
        if (dot == std::string_view::npos || find_verb(group) != nullptr) continue;
        EXPECT_FALSE(help_of_group(group).empty()) << group;
    }
}

TEST(Verbs, StandInTheManual) {
    std::ifstream file{std::string{SALLYPORT_SOURCE_DIR} + "/docs/manual/cli.md"};
    const std::string manual{std::istreambuf_iterator<char>{file}, {}};
    for (const Verb& verb : verbs()) {
        std::string command = "`" + std::string{verb.name};
        std::replace(command.begin(), command.end(), '.', ' ');
        EXPECT_NE(manual.find(command), std::string::npos) << verb.name;
    }
}

TEST(OpenApi, DescribesEveryVerb) {
    const boost::json::object document = openapi_document("1.2.3");
    const auto& paths = document.at("paths").as_object();
    for (const Verb& verb : verbs()) {
        std::string path = "/api/v1/" + std::string{verb.name};
        std::replace(path.begin() + 8, path.end(), '.', '/');
        ASSERT_TRUE(paths.contains(path)) << path;
        const auto& item = paths.at(path).as_object();
        const char* const method = verb.effect == Effect::reads ? "get" : "post";
        ASSERT_TRUE(item.contains(method)) << path;
        const auto& schema = item.at(method).at_pointer("/responses/200/content/application~1json/schema");
        EXPECT_FALSE(schema.at_pointer("/properties/result").as_object().empty())
            << path << " says nothing of its answer";
    }
}

/// As it is written in a row.
std::string written(const AnswerForm& form) {
    const std::string end = form.nullable ? "?" : "";
    std::string text;
    switch (form.kind) {
        case AnswerForm::Kind::object:
            for (const AnswerForm::Field& field : form.fields) {
                text += (text.empty() ? "" : " ") + std::string{field.name} + (field.always ? ":" : "?:") +
                        written(field.form);
            }
            return "{" + text + "}" + end;
        case AnswerForm::Kind::list: return "[" + written(form.parts.at(0)) + "]" + end;
        case AnswerForm::Kind::either:
            for (const AnswerForm& choice : form.parts) text += (text.empty() ? "" : "|") + written(choice);
            return text;
        case AnswerForm::Kind::named:
            EXPECT_TRUE(std::ranges::count(named_forms(), form.name, &NamedForm::name) == 1)
                << form.name << " is no form";
            [[fallthrough]];
        default: return std::string{form.name} + end;
    }
}

TEST(AnswerForms, AreReadAsTheyAreWritten) {
    for (const Verb& verb : verbs()) EXPECT_EQ(written(read_form(verb.answer)), verb.answer) << verb.name;
    for (const NamedForm& row : named_forms()) EXPECT_EQ(written(read_form(row.form)), row.form) << row.name;
}

TEST(AnswerForms, TellWhereAnAnswerDeviates) {
    const auto of = [](std::string_view form, std::string_view answer) {
        return deviations(read_form(form), boost::json::parse({answer.data(), answer.size()}));
    };
    using Found = std::vector<std::string>;
    EXPECT_EQ(of("{a:text b:[{c:count?}] d?:flag}", R"({"a": "x", "b": [{"c": null}, {"c": 1}]})"), Found{});
    EXPECT_EQ(of("{a:text}", R"({"a": null})"), Found{"a: not a text"});
    EXPECT_EQ(of("{a:text}", R"({"b": 1})"), (Found{"a: absent", "b: not described"}));
    EXPECT_EQ(of("{b:[{c:count}]}", R"({"b": [{"c": 1}, {"c": -1}]})"), Found{"b[1].c: not a count"});
    EXPECT_EQ(of("{a:text}|{b:flag}", R"({"b": true})"), Found{});
    EXPECT_EQ(of("{a:text}|{b:flag}", R"({"b": 1})"), Found{"b: not true or false"});
    EXPECT_EQ(of("Done", R"({"name": "x", "done": "added", "at": 1})"), Found{"at: not described"});
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
