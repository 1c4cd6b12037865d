// Chooses, asks, prints.
#include "nodes/ctl/cli.h"

#include <boost/json.hpp>
#include <ostream>

#include "nodes/ctl/check_config.h"
#include "nodes/ctl/commands.h"
#include "nodes/ctl/completion.h"
#include "nodes/ctl/download.h"
#include "nodes/ctl/node_address.h"
#include "nodes/ctl/node_client.h"
#include "nodes/ctl/print.h"
#include "nodes/ctl/rest_client.h"
#include "nodes/ctl/secret.h"
#include "nodes/ctl/words.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

int complain(const Error& error, const std::string& field, const Console& console) {
    console.err << "sallyport: " << safe(error.text);
    if (!field.empty() && error.code.starts_with("argument")) console.err << " (" << field << ")";
    console.err << '\n';
    if (error.code == "node-unreachable") return Exit::unreachable;
    const bool misuse = error.code.starts_with("argument") || error.code == "node-token" ||
                        error.code.starts_with("verb") || error.code.starts_with("request") ||
                        error.code == "node-address";
    return misuse ? Exit::usage : Exit::refused;
}

int run_verb(Chosen chosen, const Console& console) {
    const auto place = find_node(chosen.node, chosen.config, usual_sockets());
    if (!place) return complain(place.error(), {}, console);
    for (const Chosen::Secret& wanted : chosen.secrets) {
        const auto secret = read_secret(wanted.name, wanted.file, console);
        if (!secret) return complain(secret.error(), {}, console);
        chosen.arguments[wanted.name] = *secret;
    }
    const Ask ask_there = [&](const json::object& arguments, const OnEvent& on_event) {
        return place->address
                   ? ask_rest({*place->address, chosen.token_file, chosen.trust}, *chosen.verb, arguments, on_event)
                   : ask(place->socket, chosen.verb->name, arguments, console.user, on_event);
    };
    if (is_download(*chosen.verb)) {
        const auto brought = download(ask_there, std::move(chosen.arguments));
        if (!brought) return complain(brought.error(), {}, console);
        const json::value result = json::object{{"path", brought->path}, {"bytes", brought->bytes}};
        chosen.json ? print_json(result, console.out) : print_result(chosen.verb->name, result, console.out);
        return Exit::done;
    }
    const auto on_event = [&](const std::string& text) {
        json::error_code ignored;
        const json::value event = json::parse(text, ignored);
        if (chosen.json) {
            console.out << safe_json(json::serialize(event)) << std::endl;
        } else {
            print_event(event, console.out);
        }
    };
    const auto answer = ask_there(chosen.arguments, on_event);
    if (!answer) return complain(answer.error(), {}, console);
    if (!answer->ok) return complain(answer->error, answer->field, console);
    json::error_code ignored;
    const json::value result = json::parse(answer->result, ignored);
    chosen.json ? print_json(result, console.out) : print_result(chosen.verb->name, result, console.out);
    console.out.flush();
    return exit_of(chosen.verb->name, result);
}

int print_completion(const Console& console) {
    console.out << bash_completion();
    return Exit::done;
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments, const Console& console, const NodeRunners& nodes) {
    Chosen chosen;
    int status = Exit::done;
    if (!parse_commands(arguments, console, chosen, status)) return status;
    if (chosen.verb != nullptr) return run_verb(chosen, console);
    if (chosen.command == "edge") return nodes.edge(chosen.config);
    if (chosen.command == "core") return nodes.core(chosen.config);
    if (chosen.command == "presence") return nodes.presence(chosen.config);
    if (chosen.command == "check-config") return check_config(chosen.file, chosen.role, console);
    if (chosen.command == "completion") return print_completion(console);
    return run_init(std::move(chosen.init), console);
}

}  // namespace sallyport::ctl
