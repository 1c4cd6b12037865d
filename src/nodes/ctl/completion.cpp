// Words by place: the command, its second word, then options; domains and settings are not guessed.
#include "nodes/ctl/completion.h"

#include <map>
#include <vector>

#include "admin/api/verbs.h"
#include "base/join.h"
#include "model/config/settings.h"

namespace sallyport::ctl {

namespace {

constexpr LocalCommand commands[] = {
    {"edge", "runs an edge in the foreground", "--config"},
    {"core", "runs a core in the foreground", "--config"},
    {"presence", "runs a presence node in the foreground", "--config"},
    {"check-config", "checks a node's file without starting the node", "--role"},
    {"init", "writes the files of a pair or trio and prints what else to set up",
     "--directory --domain --edge-public --edge-link --core-inside --core-link-source --inside-server --edge-name "
     "--core-name "
     "--certificate --key --self-signed --allow --force"},
    {"backup", "makes one encrypted file of a whole node, which may run", "--passphrase-file --force"},
    {"restore", "puts the files of a backup in their places, or verifies it",
     "--passphrase-file --check --root --force"},
    {"completion", "prints the completion script for a shell", ""},
};

void add_word(std::string& words, std::string_view word) { append_item(words, word, " "); }

std::string completed_name(const admin::Argument& argument) {
    std::string name = "--" + std::string{argument.name};
    if (argument.form == admin::Form::secret) name += "-file";
    for (char& letter : name) letter = letter == '_' ? '-' : letter;
    return name;
}

std::string options_of(const admin::Verb& verb) {
    std::string options;
    for (const admin::Argument& argument : verb.arguments) {
        if (!argument.positional) add_word(options, completed_name(argument));
    }
    return options;
}

std::string case_line(const std::string& pattern, const std::string& words) {
    const bool open = pattern.ends_with('*');
    const std::string quoted = "\"" + pattern.substr(0, pattern.size() - (open ? 1 : 0)) + "\"" + (open ? "*" : "");
    return "        " + quoted + ") words=\"" + words + "\" ;;\n";
}

}  // namespace

std::span<const LocalCommand> local_commands() { return commands; }

std::string bash_completion() {
    std::string first, cases;
    std::map<std::string, std::string> groups;
    std::vector<std::string> order;
    for (const admin::Verb& verb : admin::verbs()) {
        const std::string name{verb.name};
        const std::size_t dot = name.find('.');
        const std::string head = name.substr(0, dot);
        if (!groups.contains(head)) order.push_back(head);
        std::string& subs = groups[head];
        if (dot != std::string::npos) add_word(subs, name.substr(dot + 1));
    }
    // A verb by itself that others stand below: its options beside their names.
    for (auto& [head, subs] : groups) {
        const admin::Verb* whole = admin::find_verb(head);
        if (whole != nullptr && !subs.empty()) add_word(subs, options_of(*whole));
    }
    for (const std::string& head : order) {
        add_word(first, head);
        if (!groups[head].empty()) cases += case_line(head, groups[head]);
    }
    // The first pattern that fits counts: whole words come before those with a star.
    std::string settings;
    for (const config::SettingRow& row : config::setting_rows()) add_word(settings, row.name);
    for (const char* verb : {"config get", "config set", "config history"}) cases += case_line(verb, settings);
    cases += case_line("completion", "bash");
    for (const LocalCommand& command : commands) {
        add_word(first, command.name);
        if (!command.options.empty()) cases += case_line(std::string{command.name} + "*", std::string{command.options});
    }
    for (const admin::Verb& verb : admin::verbs()) {
        std::string words{verb.name};
        for (char& letter : words) letter = letter == '.' ? ' ' : letter;
        if (const std::string options = options_of(verb); !options.empty()) cases += case_line(words + "*", options);
    }
    return "# bash completion of sallyport; made by `sallyport completion bash`\n"
           "_sallyport() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} words=\"\" typed=\"\" i\n"
           "    case ${COMP_WORDS[COMP_CWORD-1]} in\n"
           "        "
           "--node|--config|--directory|--certificate|--key|--passphrase-file|--root|check-config|backup|restore)\n"
           "            COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
           "    esac\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        [[ ${COMP_WORDS[i]} == -* ]] || typed+=\"${typed:+ }${COMP_WORDS[i]}\"\n"
           "    done\n"
           "    case $typed in\n"
           "        \"\") words=\"" +
           first + "\" ;;\n" + cases +
           "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words --node --config --json --help\" -- \"$current\"))\n"
           "}\n"
           "complete -F _sallyport sallyport\n";
}

}  // namespace sallyport::ctl
