// `diag`: a diagnostic log from start to the archive.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/diag_archive.h"
#include "admin/api/file_answer.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "base/join.h"
#include "base/log_lines.h"
#include "services/diagnostics/diagnostics.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

using services::Diagnosis;
using services::DiagnosisState;

Diagnosis* diag_desk_of(Call& call) {
    if (services::Diagnostics* parts = call.node().diagnostics()) return &parts->diagnosis;
    call.fail({"verb-role", "this node has no diagnostic logs"});
    return nullptr;
}

json::object describe(const DiagnosisState& state) {
    json::object levels;
    for (const auto& [module, level] : state.levels) levels[module] = text(level);
    return {{"name", state.name},
            {"state", state.end.empty() ? "running" : state.end},
            {"author", state.author},
            {"started", json_time(state.started)},
            {"until", json_time(state.until)},
            {"ended", json_time(state.ended)},
            {"levels", std::move(levels)},
            {"capture", state.capture.empty() ? json::value{} : json::value(state.capture)},
            {"markers", state.markers},
            {"restarts", state.restarts},
            {"bytes", state.bytes},
            {"lines_lost", state.lost}};
}

/// "s2s=debug,dns=warn", "all=debug"; of all, and without a level, as far as a module goes.
Result<services::LogLevels::Levels> levels_of(std::string_view text) {
    services::LogLevels::Levels levels;
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        const std::size_t equals = entry.find('=');
        constexpr LogLevel unknown{0xff};
        const std::string_view name = entry.substr(0, equals);
        const LogLevel level =
            equals == std::string_view::npos ? LogLevel::debug : log_level(entry.substr(equals + 1), unknown);
        LogModule module{};
        if (level == unknown || (name != "all" && !log_module(name, module))) {
            return Error{"argument-malformed", "'" + std::string{entry} + "' is not MODULE=LEVEL"};
        }
        if (name != "all") {
            if (equals != std::string_view::npos && level < finest_level(module)) {
                return Error{"argument-malformed", std::string{name} +
                                                       " has no lines of this level; its most detailed is " +
                                                       std::string{sallyport::text(finest_level(module))}};
            }
            levels[std::string{sallyport::text(module)}] = std::max(level, finest_level(module));
            continue;
        }
        for (unsigned i = 0; i < static_cast<unsigned>(LogModule::count_); ++i) {
            const auto one = static_cast<LogModule>(i);
            levels[std::string{sallyport::text(one)}] = std::max(level, finest_level(one));
        }
    }
    return levels;
}

void answer(Call& call, const Result<DiagnosisState>& state, std::string_view field = {}) {
    state ? call.succeed(describe(*state)) : call.fail(state.error(), field);
}

void run_diag_list(const SharedCall& call) {
    const Diagnosis* desk = diag_desk_of(*call);
    if (desk == nullptr) return;
    json::array files;
    for (const io::Shelf::File& file : desk->shelf().list()) {
        files.push_back(json::object{{"name", file.name}, {"bytes", file.bytes}, {"time", json_time(file.time)}});
    }
    json::object result{{"latest", nullptr}, {"files", std::move(files)}};
    if (const auto state = desk->state()) result["latest"] = describe(*state);
    call->succeed(result);
}

void run_diag_start(const SharedCall& call) {
    Diagnosis* desk = diag_desk_of(*call);
    if (desk == nullptr) return;
    const auto levels = levels_of(call->text("levels"));
    if (!levels) return call->fail(levels.error(), "levels");
    services::DiagnosisOrder order;
    order.name = call->text("name");
    order.levels = *levels;
    order.with_secrets = call->flag("with_secrets");
    order.capture = call->flag("capture") || order.with_secrets;
    order.seconds = call->number("seconds", 0);
    const auto started = desk->start(order, call->author());
    answer(*call, started);
}

void run_diag_marker(const SharedCall& call) {
    Diagnosis* desk = diag_desk_of(*call);
    if (desk == nullptr) return;
    const std::string text = joined(call->texts("text"), " ");
    answer(*call, desk->marker(text, call->author()));
}

void run_diag_stop(const SharedCall& call) {
    if (Diagnosis* desk = diag_desk_of(*call)) answer(*call, desk->stop());
}

void run_diag_collect(const SharedCall& call) {
    Diagnosis* desk = diag_desk_of(*call);
    if (desk == nullptr) return;
    gather_texts(call->node(), [call, desk](services::ArchiveTexts texts) {
        desk->collect(std::move(texts), [call, desk](const Result<std::string>& name) {
            if (!name) return call->fail(name.error());
            json::object result{{"name", *name}, {"path", desk->shelf().path_of(*name)}};
            for (const io::Shelf::File& file : desk->shelf().list()) {
                if (file.name == *name) result["bytes"] = file.bytes;
            }
            call->succeed(result);
        });
    });
}

void run_diag_get(const SharedCall& call) {
    if (const Diagnosis* desk = diag_desk_of(*call)) answer_with_piece(*call, desk->shelf());
}

void run_diag_remove(const SharedCall& call) {
    const Diagnosis* desk = diag_desk_of(*call);
    if (desk == nullptr) return;
    const std::string name = call->text("name");
    if (const auto removed = desk->shelf().remove(name); !removed) return call->fail(removed.error(), "name");
    call->succeed(json::object{{"name", name}, {"done", "removed"}});
}

constexpr Argument diag_args[] = {
    optional_place("name", "name of the archive; default: made from the current time"),
    option("levels", Form::text, "log levels meanwhile, such as s2s=debug,dns=debug; all=debug sets every module"),
    option("capture", Form::flag, "also capture packets of the node's ports"),
    option("with_secrets", Form::flag, "the capture includes the secrets of new TLS sessions"),
    option("seconds", Form::number, "stop after this many seconds; default: 1800")};
constexpr Argument marker_args[] = {place("text", Form::texts, "what you are about to try")};

constexpr Verb diag_rows[] = {
    {"diag.list",
     "the diagnostic log in progress, and archives",
     {},
     run_diag_list,
     "{latest:Diagnosis? files:[{name:text bytes:count time:time}]}",
     print_diagnoses,
     Access::read,
     reads},
    {"diag.start", "starts a diagnostic log; it stops by itself", diag_args, run_diag_start, "Diagnosis",
     print_diagnosis_state},
    {"diag.marker", "writes a marker into the diagnostic log", marker_args, run_diag_marker, "Diagnosis",
     print_diagnosis_state, Access::operate},
    {"diag.stop", "stops the diagnostic log", {}, run_diag_stop, "Diagnosis", print_diagnosis_state, Access::operate},
    {"diag.collect",
     "packs logs, settings without secrets, status and the capture into one archive",
     {},
     run_diag_collect,
     "{name:text path:text bytes?:count}",
     print_collected},
    {"diag.get", "downloads an archive", piece_args, run_diag_get, "FilePiece", print_brought, Access::administer, acts,
     Answers::pieces},
    {"diag.remove", "deletes an archive", file_args, run_diag_remove, "Done", print_removed},
};

}  // namespace

std::span<const Verb> diag_verbs() { return diag_rows; }

}  // namespace sallyport::admin
