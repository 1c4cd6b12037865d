// Grammar: `sallyport GROUP VERB ARGUMENTS`, options anywhere.
#include "nodes/ctl/commands.h"

#include <algorithm>
#include <CLI/CLI.hpp>
#include <deque>
#include <map>
#include <optional>

#include "admin/api/verb_words.h"
#include "admin/print/words.h"
#include "base/join.h"
#include "model/config/nearest_name.h"
#include "nodes/ctl/init_options.h"
#include "nodes/ctl/man_page.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

constexpr int most_texts = 1000;
constexpr std::string_view any_file = "<file>";

constexpr LocalCommand commands[] = {
    {"edge", "runs an edge in the foreground", "edge --config /etc/sallyport/edge.toml"},
    {"core", "runs a core in the foreground", "core --config /etc/sallyport/core.toml"},
    {"presence", "runs a presence node in the foreground", "presence --config /etc/sallyport/presence.toml"},
    {"check-config", "checks a node's file without starting the node", "check-config /etc/sallyport/edge.toml"},
    {"init", "writes the files of a pair or trio and prints what else to set up",
     "init --directory /etc/sallyport --domain example.org"},
    {"backup", "makes one encrypted file of a whole node, which may run", "backup /root/edge.backup"},
    {"restore", "puts the files of a backup in their places, or verifies it", "restore --check /root/edge.backup"},
    {"completion", "prints the completion script for a shell", "completion bash"},
    {"man", "prints a page for man(1)", "man sallyport-settings"},
};

/// What completes the options that no row of a verb has.
constexpr std::pair<std::string_view, std::string_view> option_values[] = {
    {"--node", any_file},
    {"--config", any_file},
    {"--token-file", any_file},
    {"--trust", any_file},
    {"--directory", any_file},
    {"--key", any_file},
    {"--color", "auto always never"},
    {"file", any_file},
    {"--passphrase-file", any_file},
    {"--root", any_file},
    {"--certificate", any_file},
    {"shell", "bash zsh fish"},
    {"page", "sallyport sallyport-settings sallyport-limits"},
    {"--role", "edge core presence"},
};

/// One argument of one verb, where CLI11 stores what it finds.
struct Slot {
    const admin::Argument* row = nullptr;
    CLI::Option* option = nullptr;
    std::string text;
    std::vector<std::string> texts;
    std::uint64_t number = 0;
    bool flag = false;
};

struct Leaf {
    const admin::Verb* verb = nullptr;
    CLI::App* app = nullptr;
    std::deque<Slot> slots;  // CLI11 keeps pointers into it
};

struct Group {
    CLI::App* app = nullptr;
    Leaf* first = nullptr;  ///< what the bare name of the group means
    std::vector<Leaf*> leaves;
};

std::string option_name(const admin::Argument& argument) {
    std::string name{argument.name};
    std::replace(name.begin(), name.end(), '_', '-');
    if (argument.form == admin::Form::secret) return "--" + name + "-file";
    return argument.positional ? name : "--" + name;
}

void add_slot(CLI::App& app, const admin::Argument& row, Leaf& leaf) {
    Slot& slot = leaf.slots.emplace_back();
    slot.row = &row;
    const std::string name = option_name(row);
    const std::string help{row.help};
    switch (row.form) {
        case admin::Form::text:
        case admin::Form::secret: slot.option = app.add_option(name, slot.text, help); break;
        case admin::Form::number: slot.option = app.add_option(name, slot.number, help); break;
        case admin::Form::flag: slot.option = app.add_flag(name, slot.flag, help); break;
        case admin::Form::texts: slot.option = app.add_option(name, slot.texts, help)->expected(1, most_texts); break;
    }
    if (row.positional && row.required && row.form != admin::Form::secret) slot.option->required();
}

json::object arguments_of(const Leaf& leaf) {
    json::object arguments;
    for (const Slot& slot : leaf.slots) {
        if (slot.option->count() == 0 || slot.row->form == admin::Form::secret) continue;
        json::value value;
        switch (slot.row->form) {
            case admin::Form::secret: break;
            case admin::Form::text: value = slot.text; break;
            case admin::Form::number: value = slot.number; break;
            case admin::Form::flag: value = slot.flag; break;
            case admin::Form::texts: value = json::array(slot.texts.begin(), slot.texts.end()); break;
        }
        arguments[json::string_view{slot.row->name.data(), slot.row->name.size()}] = std::move(value);
    }
    return arguments;
}

bool runs_a_node(std::string_view command) { return command == "edge" || command == "core" || command == "presence"; }

bool needs_arguments(const admin::Verb& verb) {
    return std::any_of(verb.arguments.begin(), verb.arguments.end(),
                       [](const auto& argument) { return argument.required; });
}

/// The whole grammar; lives as long as it is parsed.
class Grammar {
public:
    explicit Grammar(Chosen& chosen) : chosen_{chosen} {
        app_.set_version_flag("--version", SALLYPORT_VERSION);
        app_.add_option("--node", chosen_.node,
                        "which node: its admin socket, data folder, node file or admin address HOST:PORT; default: the "
                        "only node of this host");
        app_.add_option("--config", chosen_.config, "select the node by its file");
        app_.add_option("--token-file", chosen_.token_file,
                        "file with the token for an admin address; default: the token in SALLYPORT_TOKEN");
        app_.add_option("--trust", chosen_.trust, "certificate of an admin address to trust, or the CA that signed it");
        app_.add_flag("--json", chosen_.json, "print the answer as JSON");
        app_.add_option("--color", chosen_.colour,
                        "colours: auto, always or never; default: auto, at a terminal unless NO_COLOR is set")
            ->check(CLI::IsMember({"auto", "always", "never"}));
        app_.require_subcommand(1);
        app_.fallthrough();
        everywhere_ = options_everywhere();
        app_.footer(
            "Examples:\n    sallyport status\n    sallyport why anna@example.org bob@partner.example\n"
            "    sallyport config set federation.enabled true\n"
            "`sallyport COMMAND --help` tells more of each.");
        for (const admin::Verb& verb : admin::verbs()) add_verb(verb);
        for (const LocalCommand& command : local_commands()) add_local(command);
    }

    int parse(std::vector<std::string> arguments, const Console& console) {
        std::reverse(arguments.begin(), arguments.end());
        try {  // CLI11 reports mistakes and --help as exceptions; they end here
            app_.parse(arguments);
            choose();
        } catch (const CLI::ParseError& problem) {
            const auto complaint = problem.get_exit_code() == 0 ? std::nullopt : complaint_about_words();
            if (complaint) {
                console.err << "sallyport: " << admin::safe(*complaint) << '\n';
                return Exit::usage;
            }
            return app_.exit(problem, console.out, console.err) == 0 ? Exit::done : Exit::usage;
        }
        return -1;
    }

    [[nodiscard]] CommandNode tree() const { return node_of(app_); }

private:
    [[nodiscard]] CommandNode node_of(const CLI::App& app) const {
        CommandNode node{app.get_name(), app.get_description(), app.get_group().empty(), app.get_group(), {}, {}};
        for (const CLI::Option* option : app.get_options()) node.options.push_back(node_of(*option));
        for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
            node.below.push_back(node_of(*one));
        }
        return node;
    }

    [[nodiscard]] OptionNode node_of(const CLI::Option& option) const {
        OptionNode node;
        node.by_place = option.get_positional();
        node.name = node.by_place ? option.get_name(true) : "--" + option.get_lnames().front();
        node.help = option.get_description();
        node.required = option.get_required();
        node.takes_value = option.get_items_expected_max() > 0;
        node.repeats = option.get_items_expected_max() > 1;
        for (const Leaf& leaf : leaves_) {
            for (const Slot& slot : leaf.slots) {
                if (slot.option != &option) continue;
                const bool is_secret = slot.row->form == admin::Form::secret;
                node.values = is_secret ? any_file : admin::values_of(leaf.verb->name, slot.row->name);
                return node;
            }
        }
        for (const auto& [name, words] : option_values) {
            if (name == node.name) node.values = words;
        }
        return node;
    }

    void add_verb(const admin::Verb& verb) {
        const std::string name{verb.name};
        const std::string help{verb.help};
        const std::size_t dot = name.find('.');
        const std::string section{admin::section_of(verb)};
        Leaf& leaf = leaves_.emplace_back();
        leaf.verb = &verb;
        if (dot == std::string::npos) {
            leaf.app = app_.add_subcommand(name, help)->group(section);  // an empty one hides it
        } else {
            Group& group = groups_[name.substr(0, dot)];
            if (Leaf* whole = leaf_of(name.substr(0, dot)); whole != nullptr) {
                // `alarms` is a verb by itself, and `alarms ack` one below it.
                group.app = whole->app;
                group.app->require_subcommand(0, 1);
                group.first = whole;
            } else if (group.app == nullptr) {
                const std::string group_name = name.substr(0, dot);
                group.app = app_.add_subcommand(group_name, std::string{admin::help_of_group(group_name)});
                group.app->require_subcommand(0, 1);
                group.app->fallthrough();
                group.app->group(section);
                group.app->footer(footer(admin::example_of(verb.name)));
                if (!needs_arguments(verb)) group.first = &leaf;
            }
            group.leaves.push_back(&leaf);
            leaf.app = group.app->add_subcommand(name.substr(dot + 1), help);
        }
        leaf.app->fallthrough();
        leaf.app->footer(footer(admin::example_of(verb.name)));
        for (const admin::Argument& argument : verb.arguments) add_slot(*leaf.app, argument, leaf);
    }

    [[nodiscard]] std::string footer(std::string_view example) const {
        return "Example: sallyport " + std::string{example} + "\n\n" + everywhere_;
    }

    /// For the help of each verb: what can be anywhere in the line.
    [[nodiscard]] std::string options_everywhere() const {
        const CLI::Formatter formatter;
        std::string text = "Options of every command:\n";
        for (const CLI::Option* option : app_.get_options()) {
            if (option == app_.get_help_ptr() || option == app_.get_version_ptr()) continue;
            text += formatter.make_option(option, false);
        }
        return text;
    }

    /// The verb that is named so as a whole; null when there is none.
    Leaf* leaf_of(const std::string& name) {
        const auto at =
            std::find_if(leaves_.begin(), leaves_.end(), [&](const Leaf& leaf) { return leaf.verb->name == name; });
        return at == leaves_.end() ? nullptr : &*at;
    }

    void add_local(const LocalCommand& command) {
        const std::string name{command.name};
        CLI::App* app = app_.add_subcommand(name, std::string{command.help});
        app->fallthrough();
        app->group("Without a node");
        app->footer(footer(command.example));
        locals_.push_back(app);
        if (runs_a_node(name)) {
            app->add_option("--config", chosen_.config, "the node's file");
        } else if (name == "check-config") {
            app->add_option("file", chosen_.file, "the node's file")->required();
            app->add_option("--role", chosen_.role, "edge, core or presence; default: derived from the file")
                ->check(CLI::IsMember({"edge", "core", "presence"}));
        } else if (name == "completion") {
            app->add_option("shell", chosen_.shell, "bash, zsh or fish")
                ->required()
                ->check(CLI::IsMember({"bash", "zsh", "fish"}));
        } else if (name == "man") {
            add_man_options(*app, chosen_.page);
        } else if (name == "backup") {
            app->add_option("file", chosen_.backup.file, "the file to make")->required();
            add_passphrase(*app, chosen_.backup.passphrase_file);
            app->add_flag("--force", chosen_.backup.force, "replace an existing file");
        } else if (name == "restore") {
            app->add_option("file", chosen_.restore.file, "the backup")->required();
            add_passphrase(*app, chosen_.restore.passphrase_file);
            app->add_flag("--check", chosen_.restore.check, "only verify the backup; nothing is written");
            app->add_option("--root", chosen_.restore.root, "folder to take for the root of the file system");
            app->add_flag("--force", chosen_.restore.force, "replace an existing node; the old files are kept");
        } else {
            add_init_options(*app, chosen_.init);
        }
    }

    static void add_passphrase(CLI::App& app, std::string& file) {
        app.add_option("--passphrase-file", file, "file whose first line is the passphrase; default: it is asked for");
    }

    void choose() {
        for (const CLI::App* app : locals_) {
            if (app->parsed()) chosen_.command = app->get_name();
        }
        // Required here and not by CLI11, because it may come before the command, where every other verb takes it too.
        if (runs_a_node(chosen_.command) && chosen_.config.empty()) throw CLI::RequiredError("--config");
        for (const Leaf& leaf : leaves_) {
            if (leaf.app->parsed()) take(leaf);
        }
        if (chosen_.verb != nullptr) return;
        for (const auto& [name, group] : groups_) {
            if (!group.app->parsed()) continue;
            if (group.first == nullptr)
                throw CLI::ParseError(group.app->get_name() + " needs one of: " + verbs_of(group), Exit::usage);
            take(*group.first);
        }
    }

    void take(const Leaf& leaf) {
        chosen_.verb = leaf.verb;
        chosen_.arguments = arguments_of(leaf);
        for (const Slot& slot : leaf.slots) {
            if (slot.row->form != admin::Form::secret) continue;
            chosen_.secrets.push_back({std::string{slot.row->name}, slot.text});
        }
    }

    /// About the first word that nobody expects, with the nearest name that somebody would. Nothing: CLI11 says it
    /// well.
    [[nodiscard]] std::optional<std::string> complaint_about_words() const {
        const std::vector<std::string> words = app_.remaining(true);
        const std::vector<CLI::App*> chosen = app_.get_subcommands();
        if (words.empty()) {
            if (chosen.empty()) return "a command is missing; `sallyport --help` lists them";
            return std::nullopt;
        }
        const std::string& word = words.front();
        if (word.starts_with('-')) return "no such option: '" + word + "'" + config::hint(word, views(options_here()));
        if (chosen.empty()) {
            const std::string hint = config::hint(word, views(names_below(app_)));
            return "no such command: '" + word + "'" + (hint.empty() ? "; `sallyport --help` lists them" : hint);
        }
        const auto group = groups_.find(chosen.front()->get_name());
        if (group == groups_.end() || !chosen.front()->get_subcommands().empty()) return std::nullopt;
        const std::string hint = config::hint(word, views(names_below(*chosen.front())));
        return "no such command: '" + group->first + " " + word + "'" +
               (hint.empty() ? "; it has " + verbs_of(group->second) : hint);
    }

    static std::vector<std::string> names_below(const CLI::App& app) {
        std::vector<std::string> names;
        for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
            names.push_back(one->get_name());
        }
        return names;
    }

    /// The options that the words so far could have.
    [[nodiscard]] std::vector<std::string> options_here() const {
        std::vector<std::string> names;
        const CLI::App* app = &app_;
        for (;;) {
            for (const CLI::Option* option : app->get_options()) {
                for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
            }
            const std::vector<CLI::App*> below = app->get_subcommands();
            if (below.empty()) return names;
            app = below.front();
        }
    }

    /// Of a list that lives until the end of the statement.
    static std::vector<std::string_view> views(const std::vector<std::string>& texts) {
        return {texts.begin(), texts.end()};
    }

    static std::string verbs_of(const Group& group) {
        std::string all;
        for (const Leaf* leaf : group.leaves) append_item(all, leaf->app->get_name());
        return all;
    }

    Chosen& chosen_;
    CLI::App app_{"Sallyport: XMPP federation through an edge in the DMZ and a core inside", "sallyport"};
    std::deque<Leaf> leaves_;
    std::map<std::string, Group> groups_;
    std::vector<CLI::App*> locals_;
    std::string everywhere_;  ///< options_everywhere()
};

}  // namespace

std::span<const LocalCommand> local_commands() { return commands; }

CommandNode command_tree() {
    Chosen nothing;
    return Grammar{nothing}.tree();
}

bool parse_commands(const std::vector<std::string>& arguments, const Console& console, Chosen& chosen, int& status) {
    Grammar grammar{chosen};
    status = grammar.parse(arguments, console);
    return status < 0;
}

}  // namespace sallyport::ctl
