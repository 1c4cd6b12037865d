// The table of pages, and what each is made of.
#include "nodes/ctl/man_page.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>
#include <vector>

#include "admin/api/verb_words.h"
#include "base/admin_limits.h"
#include "base/limits.h"
#include "base/role.h"
#include "model/config/settings.h"
#include "nodes/ctl/command_tree.h"
#include "nodes/ctl/commands.h"

namespace sallyport::ctl {

namespace {

using Pieces = Roff::Pieces;
constexpr Roff::Font bold = Roff::Font::bold, italic = Roff::Font::italic;

constexpr std::string_view files_of_values = "<file>";

std::string in_capitals(std::string_view name) {
    std::string words;
    for (const char c : name) words += c == '_' ? '-' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return words;
}

/// What stands for the value in the synopsis: the words it can be, or the last word of its name, as in --dns-server.
std::string placeholder(const OptionNode& option) {
    if (option.values == files_of_values) return "FILE";
    if (!option.values.empty() && !option.values.starts_with('<')) {
        std::string words = option.values;
        std::ranges::replace(words, ' ', '|');
        return words;
    }
    if (option.by_place) return in_capitals(option.name);
    return in_capitals(option.name.substr(option.name.find_last_of('-') + 1));
}

Pieces option_words(const OptionNode& option) {
    if (option.by_place) return {{placeholder(option), italic}, {option.repeats ? " ..." : ""}};
    if (!option.takes_value) return {{option.name, bold}};
    return {{option.name, bold}, {" "}, {placeholder(option), italic}};
}

bool is_help(const OptionNode& option) { return option.name == "--help"; }

void append_options(const CommandNode& command, Pieces& term) {
    for (const OptionNode& option : command.options) {
        if (is_help(option)) continue;
        const bool may_lack = !option.required;
        term.push_back({may_lack ? " [" : " "});
        for (Roff::Piece& piece : option_words(option)) term.push_back(std::move(piece));
        if (may_lack) term.push_back({"]"});
    }
}

/// Behind `sallyport`; empty: none. `path` is the command as it is typed.
std::string_view example_of_command(std::string path) {
    for (const LocalCommand& command : local_commands()) {
        if (command.name == path) return command.example;
    }
    std::ranges::replace(path, ' ', '.');
    return admin::example_of(path);
}

void write_command(const CommandNode& command, const std::string& before, Roff& out) {
    const std::string path = before + command.name;
    const std::string_view example = example_of_command(path);
    // What is a group alone has nothing of its own to tell but what it is about.
    const bool is_group = !command.below.empty() && example.empty();
    Pieces term{{path, bold}};
    if (is_group) {
        term.insert(term.end(), {{" "}, {"COMMAND", italic}});
    } else {
        append_options(command, term);
    }
    out.item(term, command.help);
    if (!is_group) {
        out.begin_inner();
        for (const OptionNode& option : command.options) {
            if (!is_help(option)) out.item(option_words(option), option.help);
        }
        if (!example.empty()) out.paragraph("Example: `sallyport " + std::string{example} + "`");
        out.end_inner();
    }
    for (const CommandNode& below : command.below) write_command(below, path + " ", out);
}

/// In the order of `sallyport --help`, each heading once.
void write_commands(const CommandNode& tree, Roff& out) {
    std::vector<std::string_view> headings;
    for (const CommandNode& command : tree.below) {
        if (!command.hidden && std::ranges::find(headings, command.section) == headings.end()) {
            headings.push_back(command.section);
        }
    }
    for (const std::string_view heading : headings) {
        out.subheading(heading);
        for (const CommandNode& command : tree.below) {
            if (!command.hidden && command.section == heading) write_command(command, {}, out);
        }
    }
}

void write_program(Roff& out) {
    const CommandNode tree = command_tree();
    out.heading("SYNOPSIS");
    out.paragraph("`sallyport` COMMAND ... [OPTIONS]");
    out.heading("DESCRIPTION");
    out.paragraph(
        "Sallyport joins the XMPP servers of an organisation to the federation. The program is the nodes, edge, core "
        "and "
        "presence node, and the commands that administer them. Commands for a running node go through its admin "
        "socket: whoever can open it is an administrator.");
    out.paragraph("`sallyport init` writes the files of a new installation.");
    out.heading("OPTIONS");
    out.paragraph("They can be anywhere in the line.");
    for (const OptionNode& option : tree.options) out.item(option_words(option), option.help);
    out.heading("COMMANDS");
    out.paragraph("The name of a group alone means its first command, if that needs no argument.");
    write_commands(tree, out);
    out.heading("EXIT STATUS");
    out.item({{"0", bold}}, "success; the answer is yes");
    out.item({{"1", bold}}, "the node refuses, or the answer is no; of a check: a warning");
    out.item({{"2", bold}}, "the command line or a file is wrong; of a check: something fails");
    out.item({{"3", bold}}, "no node answers");
    out.heading("ENVIRONMENT");
    out.item({{"SALLYPORT_TOKEN", bold}}, "the token for an admin address");
    out.item({{"NO_COLOR", bold}}, "if not empty: no colours");
    out.item({{"COLUMNS", bold}}, "width of a terminal that does not tell its own");
    out.heading("FILES");
    for (const RoleRow& role : role_rows) {
        out.item({{"/etc/sallyport/" + std::string{role.name} + ".toml", italic}},
                 "the file of a node; see `sallyport.toml`(5)");
    }
    out.item({{"/var/lib/sallyport", italic}}, "databases and admin sockets of the nodes");
    out.heading("SEE ALSO");
    out.paragraph("`sallyport.toml`(5), `sallyport-settings`(5), `sallyport-limits`(5)");
}

void write_settings(Roff& out) {
    out.heading("DESCRIPTION");
    out.paragraph(
        "A setting is changed while a node runs, with `sallyport config set`, over REST or on the web pages. The table "
        "[settings] in the file of the node has first values, in force while its database has none.");
    out.paragraph("Where nodes exchange their settings, the owner is the node on which a setting is changed.");
    out.heading("SETTINGS");
    for (const config::SettingRow& row : config::setting_rows()) {
        out.item({{std::string{row.name}, bold}}, row.help);
        out.begin_inner();
        out.paragraph("Type: " + std::string{row.type} + ". Values: " + std::string{row.values} + ". Default: " +
                      (row.secret ? "made at the first start" : "`" + std::string{row.default_value} + "`") +
                      ". Owner: " + std::string{config::name_of(row.owner)} + ".");
        out.end_inner();
    }
    out.heading("SEE ALSO");
    out.paragraph("`sallyport`(1), `sallyport.toml`(5), `sallyport-limits`(5)");
}

std::string limit_words(std::string_view unit, std::uint64_t usual, std::uint64_t least) {
    return "Default: " + std::to_string(usual) + " " + std::string{unit} + "; least: " + std::to_string(least) + ".";
}

void write_limit(std::string_view key, std::string_view help, const std::string& words, Roff& out) {
    out.item({{std::string{key}, bold}}, help);
    out.begin_inner();
    out.paragraph(words);
    out.end_inner();
}

void write_limits(Roff& out) {
    out.heading("DESCRIPTION");
    out.paragraph(
        "Limits are keys of the table [limits] in the file of a node: whole numbers in the unit given here, or "
        "`\"off\"`. Zero is refused.");
    out.paragraph("`profile = \"open\"` lifts those that are marked as rates, unless the file has a value for one.");
    out.heading("LIMITS");
    Limits usual;
    for (const LimitRow& row : limit_rows()) {
        std::string words = limit_words(row.unit, row.member(usual), row.least);
        if (row.rate) words += " A rate.";
        if (row.of_a_peer) words += " `federation.peers` can set it for one peer.";
        write_limit(row.key, row.help, words, out);
    }
    out.heading("LIMITS OF THE ADMIN ADDRESS");
    const AdminLimits of_admin;
    for (const AdminLimitRow& row : admin_limit_rows()) {
        write_limit(row.key, row.help, limit_words(row.unit, of_admin.*row.member, row.least), out);
    }
    out.heading("SEE ALSO");
    out.paragraph("`sallyport`(1), `sallyport.toml`(5), `sallyport-settings`(5)");
}

constexpr ManPage pages[] = {
    {"sallyport", 1, "XMPP federation through an edge in the DMZ and a core inside", write_program},
    {"sallyport-settings", 5, "what is changed while a node of sallyport runs", write_settings},
    {"sallyport-limits", 5, "limits of a node of sallyport", write_limits},
};

std::string date_words(WallTime day) {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(day)};
    char words[32];
    std::snprintf(words, sizeof words, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return words;
}

}  // namespace

std::span<const ManPage> man_pages() { return pages; }

void add_man_options(CLI::App& app, std::string& page) {
    std::set<std::string> names;
    for (const ManPage& one : pages) names.insert(std::string{one.name});
    app.add_option("page", page, "which one; default: sallyport")->check(CLI::IsMember(names));
}

std::string man_text(const ManPage& page, WallTime day) {
    Roff out;
    out.title(page.name, page.section, date_words(day), "Sallyport " SALLYPORT_VERSION);
    out.name(page.name, page.summary);
    page.write(out);
    return std::move(out).text();
}

WallTime man_day(const char* source_date_epoch, WallTime now) {
    const std::string_view digits = source_date_epoch == nullptr ? "" : source_date_epoch;
    std::uint32_t seconds = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (digits.empty() || problem != std::errc{} || end != digits.data() + digits.size()) return now;
    return WallTime{std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds{seconds})};
}

}  // namespace sallyport::ctl
