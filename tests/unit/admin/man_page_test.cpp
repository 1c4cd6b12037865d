// Pages for man(1): nothing of the tables is missing, and both readers of such pages find nothing to complain about.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "admin/api/verb_words.h"
#include "admin/api/verbs.h"
#include "base/admin_limits.h"
#include "base/limits.h"
#include "model/config/settings.h"
#include "nodes/ctl/cli.h"
#include "nodes/ctl/commands.h"
#include "nodes/ctl/man_page.h"

namespace sallyport::test {
namespace {

constexpr WallTime some_day{std::chrono::seconds{1'796'083'200}};  // 2026-12-01

std::string page_named(std::string_view name) {
    const auto pages = ctl::man_pages();
    const auto at = std::ranges::find(pages, name, &ctl::ManPage::name);
    return at == pages.end() ? std::string{} : ctl::man_text(*at, some_day);
}

/// The page as somebody reads it, in lines without end.
std::string as_read(std::string_view name) {
    std::string text = page_named(name);
    const std::pair<std::string_view, std::string_view> marks[] = {
        {"\\fB", ""}, {"\\fI", ""}, {"\\fR", ""}, {"\\(aq", "'"}, {"\\(dq", "\""}, {"\\(ti", "~"}, {"\\-", "-"}};
    for (const auto& [mark, plain] : marks) {
        for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += plain.size())
            text.replace(at, mark.size(), plain);
    }
    return text;
}

/// What is below the line of a command or key, up to the end of what is indented below it.
std::string part_of(const std::string& page, const std::string& name) {
    const std::size_t begin = std::min(page.find("\n.TP\n" + name + "\n"), page.find("\n.TP\n" + name + " "));
    if (begin == std::string::npos) return {};
    const std::size_t end = page.find(".RE\n", begin);
    return page.substr(begin, end - begin);
}

TEST(ManPages, HaveEveryVerbWithItsArgumentsAndItsExample) {
    const std::string page = as_read("sallyport");
    for (const admin::Verb& verb : admin::verbs()) {
        if (admin::section_of(verb).empty()) continue;
        std::string words{verb.name};
        std::ranges::replace(words, '.', ' ');
        const std::string part = part_of(page, words);
        ASSERT_FALSE(part.empty()) << words;
        EXPECT_NE(part.find("Example: sallyport " + std::string{admin::example_of(verb.name)}), std::string::npos)
            << part;
        for (const admin::Argument& argument : verb.arguments) {
            std::string name{argument.name};
            std::ranges::replace(name, '_', '-');
            const bool by_place = argument.positional && argument.form != admin::Form::secret;
            EXPECT_TRUE(by_place || part.find("--" + name) != std::string::npos) << words << " " << name;
        }
    }
    for (const ctl::LocalCommand& command : ctl::local_commands()) {
        EXPECT_FALSE(part_of(page, std::string{command.name}).empty()) << command.name;
    }
    EXPECT_EQ(page.find("\n.TP\ncomplete "), std::string::npos) << "what the help hides";
    for (const char* option : {"--node FILE", "--config FILE", "--json", "--version"})
        EXPECT_NE(page.find(std::string{"\n.TP\n"} + option + "\n"), std::string::npos) << option;
}

TEST(ManPages, TellHowToWriteACommand) {
    const std::string page = as_read("sallyport");
    EXPECT_NE(page.find("\n.TP\npeers COMMAND\n"), std::string::npos);
    EXPECT_NE(page.find("\n.TP\npeers ping DOMAIN ["), std::string::npos) << part_of(page, "peers ping");
    EXPECT_NE(page.find("\n.TP\ncompletion bash|zsh|fish\n"), std::string::npos);
    EXPECT_NE(page.find("[--dns-server SERVER"), std::string::npos);
}

TEST(ManPages, HaveEverySetting) {
    const std::string page = as_read("sallyport-settings");
    for (const config::SettingRow& row : config::setting_rows()) {
        const std::string part = part_of(page, std::string{row.name});
        EXPECT_NE(part.find(row.help), std::string::npos) << row.name;
        EXPECT_NE(part.find("Values: " + std::string{row.values}), std::string::npos) << row.name;
    }
}

TEST(ManPages, HaveEveryLimit) {
    const std::string page = as_read("sallyport-limits");
    const auto has = [&](std::string_view key, std::string_view unit, std::uint64_t usual) {
        const std::string part = part_of(page, std::string{key});
        EXPECT_NE(part.find("Default: " + std::to_string(usual) + " " + std::string{unit}), std::string::npos) << key;
    };
    Limits limits;
    for (const LimitRow& row : limit_rows()) has(row.key, row.unit, row.member(limits));
    const AdminLimits of_admin;
    for (const AdminLimitRow& row : admin_limit_rows()) has(row.key, row.unit, of_admin.*row.member);
}

/// Whether `command`, which reads `page` as its standard input, says nothing at all.
void expect_silent(const std::string& command, const std::string& page) {
    const std::string file = (std::filesystem::path{testing::TempDir()} / "sallyport-page").string();
    std::ofstream{file} << page;
    const std::string said = file + ".said";
    const int status = std::system((command + " <" + file + " >" + said + " 2>&1").c_str());
    std::stringstream text;
    text << std::ifstream{said}.rdbuf();
    EXPECT_EQ(status, 0) << command;
    EXPECT_EQ(text.str(), "") << command;
    std::filesystem::remove(file);
    std::filesystem::remove(said);
}

TEST(ManPages, AreCleanForBothReaders) {
    for (const ctl::ManPage& page : ctl::man_pages()) {
        const std::string text = ctl::man_text(page, some_day);
        expect_silent("groff -ww -man -Tutf8 -z", text);
        expect_silent("mandoc -T lint -W warning", text);
    }
}

TEST(ManPages, EscapeWhatMeansSomethingToRoff) {
    ctl::Roff out;
    out.title("x-y", 5, "2026-12-01", "X");
    out.name("x-y", "about -");
    out.paragraph(".so `a\\b` don't \"é\"");
    out.item({{"--all", ctl::Roff::Font::bold}}, "'x");
    EXPECT_EQ(std::move(out).text(),
              ".TH \"X\\-Y\" 5 \"2026-12-01\" \"X\"\n.SH NAME\nx-y \\- about \\-\n.PP\n"
              "\\&.so \\fBa\\eb\\fR don\\(aqt \\(dq\\[u00E9]\\(dq\n.TP\n\\fB\\-\\-all\\fR\n\\(aqx\n");
}

TEST(ManPages, AreOfTheDayThatABuildSays) {
    const WallTime now{std::chrono::seconds{1'000'000'000}};
    EXPECT_EQ(ctl::man_day("1796083200", now), some_day);
    EXPECT_EQ(ctl::man_day(nullptr, now), now);
    EXPECT_EQ(ctl::man_day("", now), now);
    EXPECT_EQ(ctl::man_day("12 monkeys", now), now);
    EXPECT_NE(page_named("sallyport").find("\"2026-12-01\""), std::string::npos);
}

}  // namespace
}  // namespace sallyport::test
