// `complete`: values that a shell can offer while a command is typed. Cheap, and silent about what it does not know;
// not listed in the help.
#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "admin/access/access_desk.h"
#include "admin/api/verb_parts.h"
#include "services/axl/user_desk.h"
#include "services/diagnostics/diagnostics.h"
#include "services/provision/provisioner.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t most_values = 1000;

using Values = std::set<std::string>;  ///< in their order, each once

void answer(Call& call, const Values& values) {
    json::array all;
    for (const std::string& value : values) {
        if (all.size() < most_values) all.emplace_back(value);
    }
    call.succeed(json::object{{"values", std::move(all)}});
}

/// Names of a list of rows; one that cannot be read has none.
template <typename Rows>
Values names_in(const Result<Rows>& rows) {
    Values names;
    if (!rows) return names;
    for (const auto& row : *rows) names.insert(row.name);
    return names;
}

Values texts_of(const std::vector<config::NamePattern>& patterns) {
    Values texts;
    for (const config::NamePattern& pattern : patterns) texts.insert(pattern.text());
    return texts;
}

Values files_on(const io::Shelf& shelf) {
    Values names;
    for (const io::Shelf::File& file : shelf.list()) names.insert(file.name);
    return names;
}

const config::Settings& settings_of(Call& call) { return *call.node().settings().snapshot(); }

Values settings(Call& call) {
    Values names;
    for (const config::SettingRow& row : config::setting_rows()) {
        if (call.node().settings().has_effect(row)) names.insert(std::string{row.name});
    }
    return names;
}

/// Of a switch and an enumeration, as its row names them: "off, allow_list or deny_list".
Values setting_values(Call& call) {
    const config::SettingRow* row = config::find_setting(call.text("about"));
    Values words;
    if (row == nullptr || (row->type != "bool" && row->type != "enum")) return words;
    std::string word;
    for (const char c : std::string{row->values} + " ") {
        if (c != ' ' && c != ',') {
            word += c;
        } else if (!word.empty()) {
            if (word != "or") words.insert(word);
            word.clear();
        }
    }
    return words;
}

Values modules(Call&) {
    Values names{"all"};
    for (unsigned i = 0; i < static_cast<unsigned>(LogModule::count_); ++i) {
        names.insert(std::string{text(static_cast<LogModule>(i))});
    }
    return names;
}

Values domains(Call& call) {
    Values names;
    for (const config::NamePattern& pattern : settings_of(call).domains) {
        if (!pattern.below) names.insert(pattern.text());
    }
    return names;
}

Values allow_names(Call& call) { return texts_of(settings_of(call).allow_list); }
Values deny_names(Call& call) { return texts_of(settings_of(call).deny_list); }

Values routes(Call& call) {
    Values names;
    for (const config::StaticRoute& route : settings_of(call).static_routes) names.insert(route.domain.text());
    return names;
}

Values verb_names(Call&) {
    Values names;
    for (const Verb& verb : verbs()) names.insert(std::string{verb.name});
    return names;
}

Values alarms(Call& call) {
    Values numbers;
    for (const services::Alarm& alarm : call.node().alarms().standing()) numbers.insert(std::to_string(alarm.number));
    return numbers;
}

Values captures(Call& call) {
    services::Diagnostics* const parts = call.node().diagnostics();
    return parts == nullptr ? Values{} : files_on(parts->captures.shelf());
}

Values archives(Call& call) {
    services::Diagnostics* const parts = call.node().diagnostics();
    return parts == nullptr ? Values{} : files_on(parts->diagnosis.shelf());
}

Values axl_users(Call& call) {
    axl::UserDesk* const desk = call.node().axl_users();
    return desk == nullptr ? Values{} : names_in(desk->list());
}

Values imp_servers(Call& call) {
    Values addresses;
    if (provision::Provisioner* const provisioner = call.node().provisioner()) {
        for (const auto& publisher : provisioner->list()) addresses.insert(publisher.address);
    }
    return addresses;
}

Values accounts(Call& call) {
    AccessDesk* const desk = call.node().access();
    return desk == nullptr ? Values{} : names_in(desk->accounts());
}

Values tokens(Call& call) {
    AccessDesk* const desk = call.node().access();
    return desk == nullptr ? Values{} : names_in(desk->tokens());
}

/// `is_guarded`: the list of these is for administrators alone, who are those of the admin socket.
struct Kind {
    std::string_view name;
    Values (*values)(Call&);
    bool is_guarded = false;
};
constexpr Kind kinds[] = {
    {"settings", settings},       {"setting-values", setting_values},
    {"modules", modules},         {"domains", domains},
    {"allow", allow_names},       {"deny", deny_names},
    {"routes", routes},           {"verbs", verb_names},
    {"alarms", alarms},           {"captures", captures},
    {"archives", archives},       {"axl-users", axl_users},
    {"accounts", accounts, true}, {"imp-servers", imp_servers},
    {"tokens", tokens, true},
};

void answer_with_peers(const SharedCall& call) {
    call->node().status([weak = std::weak_ptr{call}](const NodeStatus& status) {
        const auto here = weak.lock();
        if (!here) return;
        Values names;
        for (const auto& stream : status.streams) {
            for (const auto& pair : stream.pairs) names.insert(pair.domains.remote.text());
        }
        for (const auto& destination : status.destinations) names.insert(destination.pair.remote.text());
        for (const auto& peer : status.described) names.insert(peer.remote);
        names.erase("");
        answer(*here, names);
    });
}

void answer_with_users(const SharedCall& call) {
    im::Directory* const directory = call->node().users();
    if (directory == nullptr) return answer(*call, {});
    directory->list([call](const Result<std::vector<io::UserRow>>& rows) {
        Values names;
        for (const io::UserRow& row : rows ? *rows : std::vector<io::UserRow>{}) {
            names.insert(row.name.local + "@" + row.name.domain);
        }
        answer(*call, names);
    });
}

void run_complete(const SharedCall& call) {
    const std::string wanted = call->text("kind");
    if (wanted == "peers") return answer_with_peers(call);
    if (wanted == "users") return answer_with_users(call);
    const auto* const kind = std::ranges::find(kinds, wanted, &Kind::name);
    const bool is_shown = kind != std::end(kinds) && (!kind->is_guarded || call->origin() == "cli");
    answer(*call, is_shown ? kind->values(*call) : Values{});
}

constexpr Argument complete_args[] = {
    place("kind", Form::text, "what is to be completed: peers, settings, modules and others"),
    optional_place("about", "the setting whose values are asked for")};

constexpr Verb complete_rows[] = {
    {"complete", "values for the completion of the command line", complete_args, run_complete, "{values:[text]}",
     print_values, Access::read, reads},
};

}  // namespace

std::span<const Verb> complete_verbs() { return complete_rows; }

}  // namespace sallyport::admin
