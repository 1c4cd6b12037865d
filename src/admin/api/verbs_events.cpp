// `events`, `log levels` and `log level`: what happened, and how much of it is said.
#include <algorithm>
#include <boost/json.hpp>

#include "admin/api/event_filter.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"
#include "base/log_lines.h"
#include "io/log/log_text.h"
#include "services/diagnostics/diagnostics.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_events = 50;
constexpr std::uint64_t most_events = 10'000;
constexpr auto follow_interval = std::chrono::milliseconds{250};

/// The filter that the arguments describe, or the call has ended.
std::optional<EventFilter> filter_of(Call& call) {
    EventFilter filter;
    if (call.has("module")) {
        auto modules = modules_named(call.text("module"));
        if (!modules) {
            call.fail(modules.error(), "module");
            return std::nullopt;
        }
        filter.modules = std::move(*modules);
    }
    if (call.has("level")) {
        filter.least_level = log_level(call.text("level"), LogLevel::off);
        if (filter.least_level == LogLevel::off) {
            call.fail({"argument-malformed", "there is no level '" + call.text("level") + "'"}, "level");
            return std::nullopt;
        }
    }
    filter.code = call.text("code");
    filter.peer = call.text("peer");
    if (const auto domain = xmpp::Domain::parse(filter.peer)) filter.peer = domain->text();
    for (const auto& [name, time] : {std::pair{"since", &filter.since}, std::pair{"until", &filter.until}}) {
        if (!call.has(name)) continue;
        const auto parsed = time_of(call.text(name), call.node().loop().wall());
        if (!parsed) {
            call.fail(parsed.error(), name);
            return std::nullopt;
        }
        *time = *parsed;
    }
    return filter;
}

/// The newest `limit` of the event log before the number `before` (0: of all): from disk where the node keeps it there.
void find(const SharedCall& call, const EventFilter& filter, std::uint64_t after, std::uint64_t before,
          std::size_t limit, services::EventJournal::OnFound on_found) {
    services::Diagnostics* parts = call->node().diagnostics();
    if (parts == nullptr) {
        services::EventsFound found;
        found.events = call->node().events(after, io::NodeLog::events_kept);
        std::erase_if(found.events, [&](const io::LogEvent& event) {
            return (before != 0 && event.number >= before) || !filter.passes(event);
        });
        std::reverse(found.events.begin(), found.events.end());
        if (found.events.size() > limit) found.events.resize(limit);
        return on_found(std::move(found));
    }
    services::EventSearch search;
    search.modules = filter.modules;
    search.least_level = filter.least_level;
    search.code_prefix = filter.code;
    search.contains = filter.peer;
    search.since = filter.since;
    search.until = filter.until;
    search.after = after;
    search.before = before;
    // What contains the peer's name may only look alike.
    if (!filter.peer.empty()) search.passes = [filter](const io::LogEvent& event) { return filter.passes(event); };
    parts->journal.find(std::move(search), limit, call->author(), std::move(on_found));
}

/// Sends events as they happen until the caller goes away.
class Follower {
public:
    Follower(const SharedCall& call, EventFilter filter, std::uint64_t after)
        : call_{call}, node_{call->node()}, filter_{std::move(filter)}, after_{after} {
        timer_ = node_.loop().timer([this] { poll(); });
        timer_->arm(node_.loop().now() + follow_interval);
    }

private:
    void poll() {
        timer_->arm(node_.loop().now() + follow_interval);
        for (const io::LogEvent& event : node_.events(after_, io::NodeLog::events_kept)) {
            after_ = event.number;
            const auto call = call_.lock();
            if (!call || call->finished()) return;
            if (filter_.passes(event)) call->event(json_of(event));
        }
    }

    std::weak_ptr<Call> call_;
    NodeControl& node_;
    EventFilter filter_;
    std::uint64_t after_;
    std::unique_ptr<io::Timer> timer_;
};

void run_events(const SharedCall& call) {
    auto filter = filter_of(*call);
    if (!filter) return;
    const std::uint64_t limit = std::min(call->number("limit", usual_events), most_events);
    const std::uint64_t after = call->number("after", 0);
    // Taken before: what happens during the search is told by whoever follows.
    const std::vector<io::LogEvent> newest = call->node().events(0, 1);
    const std::uint64_t last = newest.empty() ? after : std::max(after, newest.back().number);
    find(call, *filter, after, call->number("before", 0), limit,
         [call, filter = *filter, last](const Result<services::EventsFound>& found) {
             if (!found) return call->fail(found.error());
             const auto& newest_first = found->events;
             if (!call->flag("follow")) {
                 json::array events;
                 std::for_each(newest_first.rbegin(), newest_first.rend(),
                               [&](const io::LogEvent& event) { events.push_back(json_of(event)); });
                 json::object result{{"events", std::move(events)}, {"last", last}};
                 if (found->before != 0) result["before"] = found->before;
                 return call->succeed(result);
             }
             std::for_each(newest_first.rbegin(), newest_first.rend(),
                           [&](const io::LogEvent& event) { call->event(json_of(event)); });
             call->keep(std::make_shared<Follower>(call, filter, last));
         });
}

services::LogLevels* levels_of(Call& call) {
    if (services::Diagnostics* parts = call.node().diagnostics()) return &parts->levels;
    call.fail({"verb-role", "this node keeps no log levels"});
    return nullptr;
}

/// Those of which the module has lines, and off.
json::array offered(LogModule module) {
    json::array names;
    for (auto level = static_cast<unsigned>(finest_level(module)); level <= static_cast<unsigned>(LogLevel::off);
         ++level) {
        names.emplace_back(text(static_cast<LogLevel>(level)));
    }
    return names;
}

json::object describe(const services::LogLevels::Row& row) {
    return {{"module", text(row.module)},
            {"offered", offered(row.module)},
            {"printed", io::printed_module(row.module)},
            {"level", text(row.level)},
            {"origin", services::text(row.origin)},
            {"seconds_left", row.left > Duration{0} ? json::value(seconds(row.left)) : json::value{}}};
}

/// The modules that the call names, or it has ended.
std::vector<LogModule> modules_of(Call& call) {
    std::vector<LogModule> all;
    const std::string name = call.text("module");
    LogModule module{};
    if (name.empty() || name == "all") {
        for (unsigned i = 0; i < static_cast<unsigned>(LogModule::count_); ++i) {
            if (finest_level(static_cast<LogModule>(i)) != LogLevel::off) all.push_back(static_cast<LogModule>(i));
        }
    } else if (log_module(name, module)) {
        all.push_back(module);
    } else {
        call.fail({"argument-malformed", "there is no log module '" + name + "'"}, "module");
    }
    return all;
}

void succeed_with(Call& call, const services::LogLevels& levels, const std::vector<LogModule>& modules) {
    json::array rows;
    for (const LogModule module : modules) rows.push_back(describe(levels.row(module)));
    call.succeed(json::object{{"modules", std::move(rows)}});
}

void run_log_levels(const SharedCall& call) {
    if (const services::LogLevels* levels = levels_of(*call)) succeed_with(*call, *levels, modules_of(*call));
}

void run_log_level(const SharedCall& call) {
    services::LogLevels* levels = levels_of(*call);
    if (levels == nullptr) return;
    const std::vector<LogModule> modules = modules_of(*call);
    if (modules.empty()) return;
    if (call->has("level")) {
        constexpr LogLevel unknown{0xff};
        const std::string word = call->text("level");
        const LogLevel level = log_level(word, unknown);
        if (level == unknown && word != "reset") {
            return call->fail({"argument-malformed", "'" + word + "' is not debug, info, warn, error, off or reset"},
                              "level");
        }
        if (modules.size() == 1 && word != "reset" && level < finest_level(modules[0])) {
            return call->fail({"argument-malformed", std::string{text(modules[0])} + " has no lines of level " + word +
                                                         "; its most detailed level is " +
                                                         std::string{text(finest_level(modules[0]))}},
                              "level");
        }
        constexpr std::uint64_t longest =
            std::chrono::duration_cast<std::chrono::seconds>(services::LogLevels::longest).count();
        const std::uint64_t span = call->number("for", 0);
        if (span > longest || (call->has("for") && span == 0)) {
            return call->fail({"argument-malformed", "for takes 1 to " + std::to_string(longest) + " seconds"}, "for");
        }
        for (const LogModule module : modules) {
            if (word == "reset") {
                levels->reset(module);
            } else {
                levels->set(module, std::max(level, finest_level(module)), std::chrono::seconds{span});
            }
        }
    }
    succeed_with(*call, *levels, modules);
}

constexpr Argument events_args[] = {
    option("follow", Form::flag, "keep printing new events until Ctrl-C"),
    option("limit", Form::number, "how many of the latest; default: 50"),
    option("after", Form::number, "only events after this number"),
    option("before", Form::number, "only events before this number, to continue where an answer ended"),
    option("module", Form::text, "only events of this log module, or of several: s2s,settings"),
    option("level", Form::text, "only events of this level or more severe"),
    option("peer", Form::text, "only events that name this domain or address"),
    option("code", Form::text, "only event names that begin with this, such as s2s.dialback"),
    option("since", Form::text, "start time: 2026-11-22T06:00:00Z, or an age: 90s, 10m, 2h, 3d"),
    option("until", Form::text, "end time, in the same form")};
constexpr Argument level_args[] = {optional_place("module", "a log module, or all; default: show the level of each"),
                                   optional_place("level", "debug, info, warn, error, off, or reset"),
                                   option("for", Form::number, "seconds after which the level is reset")};
constexpr std::string_view levels_form =
    "{modules:[{module:text offered:[text] printed:text level:text origin:text seconds_left:number?}]}";

constexpr Verb events_rows[] = {
    {"events", "the event log", events_args, run_events, "{events:[LogEvent] last:count before?:count}", print_events,
     Access::read, reads},
    {"log.levels",
     "the log level of each module and where it is set",
     {},
     run_log_levels,
     levels_form,
     print_level,
     Access::read,
     reads},
    {"log.level", "shows log levels, or changes one until the next start", level_args, run_log_level, levels_form,
     print_level, Access::operate},
};

}  // namespace

std::span<const Verb> events_verbs() { return events_rows; }

}  // namespace sallyport::admin
