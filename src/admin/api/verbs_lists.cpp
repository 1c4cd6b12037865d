// `allow` and `deny`: the two lists of the privacy mode.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/setting_change.h"
#include "admin/api/verb_parts.h"
#include "model/config/setting_values.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

using Patterns = std::vector<config::NamePattern>;

struct List {
    const char* setting;
    Patterns config::Settings::*member;
    config::PrivacyMode mode;  ///< in which it counts
    std::string_view mode_name;
};
constexpr List allow{"federation.allow_list", &config::Settings::allow_list, config::PrivacyMode::allow_list,
                     "allow_list"};
constexpr List deny{"federation.deny_list", &config::Settings::deny_list, config::PrivacyMode::deny_list, "deny_list"};

std::string note_on(const List& list, const config::Settings& settings) {
    if (settings.privacy_mode == list.mode) return {};
    const std::string now{config::privacy_mode_words()[static_cast<std::size_t>(settings.privacy_mode)]};
    return "this list is not in use while federation.privacy_mode is " + now +
           "; put it in use with `sallyport config set "
           "federation.privacy_mode " +
           std::string{list.mode_name} + "`";
}

/// The names given, or the call has ended.
std::optional<Patterns> given(Call& call) {
    Patterns patterns;
    for (const std::string& text : call.texts("domain")) {
        auto pattern = config::NamePattern::parse(text);
        if (!pattern) {
            call.fail({"argument-malformed", "'" + text + "' is not a valid name: " + pattern.error().text}, "domain");
            return std::nullopt;
        }
        patterns.push_back(std::move(*pattern));
    }
    return patterns;
}

void show(const SharedCall& call, const List& list) {
    if (!is_shown(*call, list.setting)) return;
    const config::Snapshot settings = call->node().settings().snapshot();
    json::array names;
    for (const config::NamePattern& pattern : (*settings).*list.member) names.emplace_back(pattern.text());
    json::object result{{"name", list.setting}, {"value", std::move(names)}, {"revision", settings->revision}};
    if (const std::string note = note_on(list, *settings); !note.empty()) result["note"] = note;
    call->succeed(result);
}

void add(const SharedCall& call, const List& list) {
    if (!is_shown(*call, list.setting)) return;
    const auto patterns = given(*call);
    if (!patterns) return;
    const config::Snapshot settings = call->node().settings().snapshot();
    Patterns next = (*settings).*list.member;
    for (const config::NamePattern& pattern : *patterns) {
        if (std::find(next.begin(), next.end(), pattern) == next.end()) next.push_back(pattern);
    }
    change_setting(*call, list.setting, config::write_patterns(next), note_on(list, *settings));
}

void remove(const SharedCall& call, const List& list) {
    if (!is_shown(*call, list.setting)) return;
    const auto patterns = given(*call);
    if (!patterns) return;
    const config::Snapshot settings = call->node().settings().snapshot();
    Patterns next = (*settings).*list.member;
    for (const config::NamePattern& pattern : *patterns) {
        if (std::erase(next, pattern) > 0) continue;
        return call->fail({"name-unknown", pattern.text() + " is not on " + list.setting}, "domain");
    }
    change_setting(*call, list.setting, config::write_patterns(next), note_on(list, *settings));
}

void run_allow_list(const SharedCall& call) { show(call, allow); }
void run_allow_add(const SharedCall& call) { add(call, allow); }
void run_allow_remove(const SharedCall& call) { remove(call, allow); }
void run_deny_list(const SharedCall& call) { show(call, deny); }
void run_deny_add(const SharedCall& call) { add(call, deny); }
void run_deny_remove(const SharedCall& call) { remove(call, deny); }

constexpr Argument names_args[] = {
    place("domain", Form::texts, "domain names; *.example.org matches every name below example.org")};

constexpr Verb lists_rows[] = {
    {"allow.list", "the allow list", {}, run_allow_list, "NamedList", print_list, Access::read, reads},
    {"allow.add", "adds names to the allow list", names_args, run_allow_add, "ChangedSetting", print_changed,
     Access::administer},
    {"allow.remove", "removes names from the allow list", names_args, run_allow_remove, "ChangedSetting", print_changed,
     Access::administer},
    {"deny.list", "the deny list", {}, run_deny_list, "NamedList", print_list, Access::read, reads},
    {"deny.add", "adds names to the deny list", names_args, run_deny_add, "ChangedSetting", print_changed,
     Access::administer},
    {"deny.remove", "removes names from the deny list", names_args, run_deny_remove, "ChangedSetting", print_changed,
     Access::administer},
};

}  // namespace

std::span<const Verb> lists_verbs() { return lists_rows; }

}  // namespace sallyport::admin
