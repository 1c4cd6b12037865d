// `words`: what stands in the node's tables, under the names that answers carry. Whoever shows answers in another
// language has to have words for each of them; web/lang is held to this list.
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "admin/diag/check_rows.h"
#include "admin/judge/finding_rows.h"
#include "base/refusal_rules.h"
#include "model/config/settings.h"
#include "model/policy/verdict.h"
#include "services/diagnostics/log_levels.h"
#include "services/provision/publisher.h"
#include "services/s2s/context.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

json::array said_alarms() {
    json::array rows;
    for (const services::AlarmRow& row : services::alarm_rows()) {
        rows.push_back(json::object{{"code", view(row.name)}, {"text", view(row.text)}, {"remedy", view(row.cure)}});
    }
    return rows;
}

json::array said_findings() {
    json::array rows;
    for (const FindingRow& row : finding_rows()) {
        rows.push_back(json::object{{"code", view(row.code)}, {"text", view(row.text)}, {"remedy", view(row.remedy)}});
    }
    for (const diag::CheckRow& row : diag::check_rows()) {
        rows.push_back(json::object{{"code", view(row.code)}, {"text", view(row.text)}, {"remedy", view(row.remedy)}});
    }
    return rows;
}

json::array said_rules() {
    json::array rows;
    for (const RuleRow& row : rule_rows()) {
        rows.push_back(json::object{{"code", view(row.name)}, {"text", view(row.help)}, {"remedy", view(row.remedy)}});
    }
    return rows;
}

json::array said_steps() {
    json::array rows;
    for (const StepRow& row : step_rows()) {
        rows.push_back(json::object{{"code", view(row.name)}, {"text", view(row.text)}, {"remedy", ""}});
    }
    return rows;
}

/// The words of enumerators.
template <typename... Values>
void say_words(json::array& to, Values... values) {
    (to.emplace_back(view(text(values))), ...);
}

json::object said_words() {
    using services::LogLevels;
    json::array state, severity, role, access, scope, direction, stage, level, origin, part;
    say_words(state, StepState::in_force, StepState::pending, StepState::failed, StepState::off);
    say_words(state, link::LinkState::open, link::LinkState::broken);
    say_words(state, link::DialState::waiting, link::DialState::connecting);
    say_words(state, s2s::PairPhase::idle, s2s::PairPhase::ready);
    say_words(state, provision::PublisherState::trying, provision::PublisherState::active);
    say_words(state, diag::Grade::good, diag::Grade::note, diag::Grade::warning, diag::Grade::bad);
    say_words(severity, services::AlarmSeverity::warning, services::AlarmSeverity::error);
    say_words(role, Role::edge, Role::core, Role::presence);
    for (const Access one : {Access::read, Access::operate, Access::administer})
        access.emplace_back(view(role_text(one)));
    say_words(scope, Access::read, Access::operate, Access::administer);
    for (const auto one : {s2s::Direction::inbound, s2s::Direction::outbound})
        direction.emplace_back(view(policy::text(one)));
    say_words(stage, Stage::dns, Stage::tcp, Stage::stream, Stage::tls, Stage::sasl, Stage::dialback, Stage::policy);
    say_words(level, LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error);
    say_words(origin, LogLevels::Origin::standard, LogLevels::Origin::file, LogLevels::Origin::setting,
              LogLevels::Origin::run_time);
    say_words(part, Part::ours, Part::the_peers, Part::the_senders, Part::ours_or_the_peers);
    return {{"state", std::move(state)},         {"severity", std::move(severity)},
            {"role", std::move(role)},           {"access", std::move(access)},
            {"scope", std::move(scope)},         {"stage", std::move(stage)},
            {"direction", std::move(direction)}, {"level", std::move(level)},
            {"origin", std::move(origin)},       {"part", std::move(part)}};
}

json::array said_settings() {
    json::array names;
    for (const config::SettingRow& row : config::setting_rows()) names.emplace_back(view(row.name));
    return names;
}

void run_words(const SharedCall& call) {
    call->succeed(json::object{{"alarms", said_alarms()},
                               {"findings", said_findings()},
                               {"rules", said_rules()},
                               {"steps", said_steps()},
                               {"settings", said_settings()},
                               {"words", said_words()}});
}

constexpr Verb words_rows[] = {
    {"words",
     "the words of alarms, findings, rules and states under their names",
     {},
     run_words,
     "{alarms:[Words] findings:[Words] rules:[Words] steps:[Words] settings:[text] words:map}",
     print_words,
     Access::read,
     reads},
};

}  // namespace

std::span<const Verb> words_verbs() { return words_rows; }

}  // namespace sallyport::admin
