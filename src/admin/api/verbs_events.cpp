// `events`, `log levels` and `log level`: what happened, and how much of it is said.
#include <boost/json.hpp>

#include "admin/api/event_filter.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_handlers.h"
#include "io/log/log_text.h"
#include "services/diagnostics/diagnostics.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_events = 50;
constexpr std::uint64_t most_events = 10'000;
constexpr std::size_t page_of_events = 1000;
constexpr auto follow_interval = std::chrono::milliseconds{250};

/// The filter that the arguments describe, or the call has ended.
std::optional<EventFilter> filter_of(Call& call) {
    EventFilter filter;
    if (call.has("module")) {
        LogModule module{};
        if (!log_module(call.text("module"), module)) {
            call.fail({"argument-malformed", "there is no log module '" + call.text("module") + "'"}, "module");
            return std::nullopt;
        }
        filter.module = module;
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

/// The newest `limit` of the event log, oldest first: from disk where the node keeps it there.
Result<std::vector<io::LogEvent>> find(Call& call, const EventFilter& filter, std::uint64_t after, std::size_t limit) {
    services::Diagnostics* parts = call.node().diagnostics();
    std::vector<io::LogEvent> found;
    if (parts == nullptr) {
        found = call.node().events(after, io::NodeLog::events_kept);
        std::erase_if(found, [&](const io::LogEvent& event) { return !filter.passes(event); });
        if (found.size() > limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
        return found;
    }
    services::EventSearch search;
    search.module = filter.module;
    search.least_level = filter.least_level;
    search.code_prefix = filter.code;
    search.contains = filter.peer;
    search.since = filter.since;
    search.until = filter.until;
    search.after = after;
    // A page holds what contains the peer's name; of these some only look alike.
    while (found.size() < limit) {
        auto page = parts->journal.find(search, page_of_events);
        if (!page) return page;
        for (io::LogEvent& event : *page) {
            if (found.size() < limit && filter.passes(event)) found.push_back(event);
        }
        if (page->size() < page_of_events) break;
        search.before = page->back().number;
    }
    std::reverse(found.begin(), found.end());
    return found;
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

}  // namespace

void run_events(const SharedCall& call) {
    auto filter = filter_of(*call);
    if (!filter) return;
    const std::uint64_t limit = std::min(call->number("limit", usual_events), most_events);
    const std::uint64_t after = call->number("after", 0);
    // Taken before: what happens during the search is told by whoever follows.
    const std::vector<io::LogEvent> newest = call->node().events(0, 1);
    const std::uint64_t last = newest.empty() ? after : std::max(after, newest.back().number);
    const auto found = find(*call, *filter, after, limit);
    if (!found) return call->fail(found.error());
    if (!call->flag("follow")) {
        json::array events;
        for (const io::LogEvent& event : *found) events.push_back(json_of(event));
        return call->succeed(json::object{{"events", std::move(events)}, {"last", last}});
    }
    for (const io::LogEvent& event : *found) call->event(json_of(event));
    call->keep(std::make_shared<Follower>(call, std::move(*filter), last));
}

namespace {

services::LogLevels* levels_of(Call& call) {
    if (services::Diagnostics* parts = call.node().diagnostics()) return &parts->levels;
    call.fail({"verb-role", "this node keeps no log levels"});
    return nullptr;
}

json::object describe(const services::LogLevels::Row& row) {
    return {{"module", text(row.module)},
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
        for (unsigned i = 0; i < static_cast<unsigned>(LogModule::count_); ++i)
            all.push_back(static_cast<LogModule>(i));
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

}  // namespace

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
            return call->fail(
                {"argument-malformed", "'" + word + "' is not trace, debug, info, warn, error, off or reset"}, "level");
        }
        constexpr std::uint64_t longest =
            std::chrono::duration_cast<std::chrono::seconds>(services::LogLevels::longest).count();
        const std::uint64_t span = call->number("for", 0);
        if (span > longest || (call->has("for") && span == 0)) {
            return call->fail({"argument-malformed", "for takes 1 to " + std::to_string(longest) + " seconds"}, "for");
        }
        for (const LogModule module : modules) {
            word == "reset" ? levels->reset(module) : levels->set(module, level, std::chrono::seconds{span});
        }
    }
    succeed_with(*call, *levels, modules);
}

}  // namespace sallyport::admin
