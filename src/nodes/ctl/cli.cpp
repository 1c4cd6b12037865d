// Chooses, asks, prints.
#include "nodes/ctl/cli.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <ostream>

#include "admin/api/error_codes.h"
#include "admin/print/json_text.h"
#include "admin/print/print.h"
#include "admin/print/words.h"
#include "io/loop/asio_loop.h"
#include "io/loop/kernel_clock.h"
#include "io/store/sharing.h"
#include "nodes/ctl/backup.h"
#include "nodes/ctl/check_config.h"
#include "nodes/ctl/commands.h"
#include "nodes/ctl/completion.h"
#include "nodes/ctl/download.h"
#include "nodes/ctl/man_page.h"
#include "nodes/ctl/node_address.h"
#include "nodes/ctl/node_client.h"
#include "nodes/ctl/progress.h"
#include "nodes/ctl/rest_client.h"
#include "nodes/ctl/secret.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

/// What goes wrong before a node is asked.
struct LocalError {
    std::string_view code;
    Exit exit;
};
constexpr LocalError local_errors[] = {
    {"node-unreachable", Exit::unreachable},
    {"node-address", Exit::usage},
    {"node-token", Exit::usage},
};

int complain(const Error& error, const std::string& field, const Console& console) {
    console.err << "sallyport: " << admin::safe(error.text);
    if (!field.empty() && error.code.starts_with("argument")) console.err << " (" << field << ")";
    console.err << '\n';
    const auto* const local = std::ranges::find(local_errors, error.code, &LocalError::code);
    if (local != std::end(local_errors)) return local->exit;
    const admin::ErrorCode* const row = admin::find_error_code(error.code);
    return row != nullptr && row->misuse ? Exit::usage : Exit::refused;
}

int exit_of(admin::Answers answers, const json::value& result) {
    const std::string verdict = admin::text_of(result, "verdict");
    switch (answers) {
        case admin::Answers::plainly:
        case admin::Answers::pieces: return Exit::done;
        case admin::Answers::grade: return verdict == "bad" ? 2 : verdict == "warning" ? 1 : 0;
        case admin::Answers::yes_or_no: break;
    }
    const bool blocked = admin::member(result, "passes") != nullptr && !admin::flag_of(result, "passes");
    return blocked || verdict == "bad" ? Exit::refused : Exit::done;
}

/// As it is typed.
std::string words_of(const admin::Verb& verb) {
    std::string words{verb.name};
    std::ranges::replace(words, '.', ' ');
    return words;
}

int run_verb(Chosen chosen, const Console& console) {
    const auto place = find_node(chosen.node, chosen.config, usual_sockets());
    if (!place) return complain(place.error(), {}, console);
    for (const Chosen::Secret& wanted : chosen.secrets) {
        const auto secret =
            read_secret(wanted.name, wanted.file, console, wanted.name == "current" ? Typed::once : Typed::twice);
        if (!secret) return complain(secret.error(), {}, console);
        chosen.arguments[wanted.name] = *secret;
    }
    // What only reads is quick, or follows what happens.
    const bool may_last = chosen.verb->effect == admin::Effect::acts;
    Progress progress{console.err, console.shows_progress && may_last, words_of(*chosen.verb)};
    const Ask ask_there = [&](const json::object& arguments, const OnEvent& on_event) {
        const Waiting waiting{on_event, [&](Duration waited) { progress.waited(waited); }};
        return place->address
                   ? ask_rest({*place->address, chosen.token_file, chosen.trust}, *chosen.verb, arguments, waiting)
                   : ask(place->socket, chosen.verb->name, arguments, console.user, waiting);
    };
    if (chosen.verb->answers == admin::Answers::pieces) {
        const auto brought = download(ask_there, std::move(chosen.arguments),
                                      [&](std::uint64_t bytes, std::uint64_t size) { progress.brought(bytes, size); });
        progress.end();
        if (!brought) return complain(brought.error(), {}, console);
        const json::value result = json::object{{"path", brought->path}, {"bytes", brought->bytes}};
        chosen.json ? admin::print_json(result, console.out) : chosen.verb->print(result, console.out);
        return Exit::done;
    }
    const auto on_event = [&](const std::string& text) {
        progress.end();
        json::error_code ignored;
        const json::value event = json::parse(text, ignored);
        if (chosen.json) {
            console.out << admin::safe_json(admin::json_text(event)) << std::endl;
        } else {
            chosen.verb->print_meanwhile(event, console.out);
        }
    };
    const auto answer = ask_there(chosen.arguments, on_event);
    progress.end();
    if (!answer) return complain(answer.error(), {}, console);
    if (!answer->ok) return complain(answer->error, answer->field, console);
    json::error_code ignored;
    const json::value result = json::parse(answer->result, ignored);
    chosen.json ? admin::print_json(result, console.out) : chosen.verb->print(result, console.out);
    console.out.flush();
    return exit_of(chosen.verb->answers, result);
}

int print_completion(const std::string& shell, const Console& console) {
    for (const CompletionScript& script : completion_scripts()) {
        if (script.shell == shell) console.out << script.text;
    }
    return Exit::done;
}

/// That of the program when none is named.
int print_man_page(const std::string& name, const Console& console) {
    const WallTime day = man_day(std::getenv("SOURCE_DATE_EPOCH"), io::AsioLoop{}.wall());
    for (const ManPage& page : man_pages()) {
        if (page.name == name || (name.empty() && page.section == 1)) console.out << man_text(page, day);
    }
    return Exit::done;
}

/// As wished, or as fits where the output goes.
admin::Page page_with_colours(admin::Page page, const std::string& wish) {
    if (wish != "auto") page.colours = wish == "always";
    return page;
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments, const Console& console, const NodeRunners& nodes) {
    admin::set_page(console.out, console.page);
    if (!arguments.empty() && arguments.front() == complete_word) {
        return print_candidates({arguments.begin() + 1, arguments.end()}, console);
    }
    Chosen chosen;
    int status = Exit::done;
    if (!parse_commands(arguments, console, chosen, status)) return status;
    admin::set_page(console.out, page_with_colours(console.page, chosen.colour));
    if (chosen.verb != nullptr) return run_verb(chosen, console);
    if (chosen.command == "edge") return nodes.edge(chosen.config);
    if (chosen.command == "core") return nodes.core(chosen.config);
    if (chosen.command == "presence") return nodes.presence(chosen.config);
    if (chosen.command == "check-config") return check_config(chosen.file, chosen.role, console, io::AsioLoop{}.wall());
    if (chosen.command == "completion") return print_completion(chosen.shell, console);
    if (chosen.command == "man") return print_man_page(chosen.page, console);
    if (chosen.command == "backup") {
        chosen.backup.node_file = chosen.config.empty() ? chosen.node : chosen.config;
        chosen.backup.json = chosen.json;
        return run_backup(chosen.backup, usual_node_files(), console, io::AsioLoop{}.wall());
    }
    if (chosen.command == "restore") {
        if (!chosen.config.empty() || !chosen.node.empty()) {
            return complain_of_backup(
                {"backup-usage", "a backup is restored to where it was made; --root takes another root"}, console);
        }
        chosen.restore.json = chosen.json;
        return run_restore(chosen.restore, {io::group_to_share_with(nodes_group), io::user_to_give_to(nodes_group)},
                           console);
    }
    return run_init(std::move(chosen.init), console,
                    {io::AsioLoop{}.wall(), io::clock_synchronised(), io::group_to_share_with(nodes_group)});
}

}  // namespace sallyport::ctl
