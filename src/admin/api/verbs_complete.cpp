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

void answer_values(Call& call, const Values& values) {
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

const config::Settings& settings_in(Call& call) { return *call.node().settings().snapshot(); }

Values setting_names(Call& call) {
    Values names;
    for (const config::SettingRow& row : config::setting_rows()) {
        if (call.node().settings().has_effect(row)) names.insert(std::string{row.name});
    }
    return names;
}

/// Of a switch and an enumeration, as its row names them: "off, allow_list or deny_list".
Values setting_words(Call& call) {
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

Values module_names(Call&) {
    Values names{"all"};
    for (unsigned i = 0; i < static_cast<unsigned>(LogModule::count_); ++i) {
        names.insert(std::string{text(static_cast<LogModule>(i))});
    }
    return names;
}

Values domain_names(Call& call) {
    Values names;
    for (const config::NamePattern& pattern : settings_in(call).domains) {
        if (!pattern.below) names.insert(pattern.text());
    }
    return names;
}

Values allow_names(Call& call) { return texts_of(settings_in(call).allow_list); }
Values deny_names(Call& call) { return texts_of(settings_in(call).deny_list); }

Values route_names(Call& call) {
    Values names;
    for (const config::StaticRoute& route : settings_in(call).static_routes) names.insert(route.domain.text());
    return names;
}

Values verb_names(Call&) {
    Values names;
    for (const Verb& verb : verbs()) names.insert(std::string{verb.name});
    return names;
}

Values alarm_numbers(Call& call) {
    Values numbers;
    for (const services::Alarm& alarm : call.node().alarms().standing()) numbers.insert(std::to_string(alarm.number));
    return numbers;
}

Values capture_names(Call& call) {
    services::Diagnostics* const parts = call.node().diagnostics();
    return parts == nullptr ? Values{} : files_on(parts->captures.shelf());
}

Values archive_names(Call& call) {
    services::Diagnostics* const parts = call.node().diagnostics();
    return parts == nullptr ? Values{} : files_on(parts->diagnosis.shelf());
}

Values axl_user_names(Call& call) {
    axl::UserDesk* const desk = call.node().axl_users();
    return desk == nullptr ? Values{} : names_in(desk->list());
}

Values imp_server_names(Call& call) {
    Values addresses;
    if (provision::Provisioner* const provisioner = call.node().provisioner()) {
        for (const auto& publisher : provisioner->list()) addresses.insert(publisher.address);
    }
    return addresses;
}

Values account_names(Call& call) {
    AccessDesk* const desk = call.node().access();
    return desk == nullptr ? Values{} : names_in(desk->accounts());
}

Values token_names(Call& call) {
    AccessDesk* const desk = call.node().access();
    return desk == nullptr ? Values{} : names_in(desk->tokens());
}

/// `is_guarded`: the list of these is for administrators alone, who are those of the admin socket.
struct ValueKind {
    std::string_view name;
    Values (*values)(Call&);
    bool is_guarded = false;
};
constexpr ValueKind value_kinds[] = {
    {"settings", setting_names},
    {"setting-values", setting_words},
    {"modules", module_names},
    {"domains", domain_names},
    {"allow", allow_names},
    {"deny", deny_names},
    {"routes", route_names},
    {"verbs", verb_names},
    {"alarms", alarm_numbers},
    {"captures", capture_names},
    {"archives", archive_names},
    {"axl-users", axl_user_names},
    {"imp-servers", imp_server_names},
    {"accounts", account_names, true},
    {"tokens", token_names, true},
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
        answer_values(*here, names);
    });
}

void answer_with_users(const SharedCall& call) {
    im::Directory* const directory = call->node().users();
    if (directory == nullptr) return answer_values(*call, {});
    directory->list([call](const Result<std::vector<io::UserRow>>& rows) {
        Values names;
        for (const io::UserRow& row : rows ? *rows : std::vector<io::UserRow>{}) {
            names.insert(row.name.local + "@" + row.name.domain);
        }
        answer_values(*call, names);
    });
}

void answer_with_clients(const SharedCall& call) {
    im::ClientDesk* const desk = call->node().clients();
    if (desk == nullptr) return answer_values(*call, {});
    im::OnlineQuery query;
    query.most = most_values;
    desk->page(std::move(query), [call](const im::OnlinePage& page) {
        Values names;
        for (const im::OnlineClient& client : page.clients) names.insert(client.user + "/" + client.resource);
        answer_values(*call, names);
    });
}

void run_complete(const SharedCall& call) {
    const std::string wanted = call->text("kind");
    if (wanted == "peers") return answer_with_peers(call);
    if (wanted == "users") return answer_with_users(call);
    if (wanted == "clients") return answer_with_clients(call);
    const auto* const kind = std::ranges::find(value_kinds, wanted, &ValueKind::name);
    const bool is_shown = kind != std::end(value_kinds) && (!kind->is_guarded || call->origin() == "cli");
    answer_values(*call, is_shown ? kind->values(*call) : Values{});
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
