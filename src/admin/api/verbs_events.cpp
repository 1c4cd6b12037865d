// `events` and `log level`: what happened, and how much of it is said.
#include <boost/json.hpp>

#include "admin/api/event_filter.h"
#include "admin/api/status_json.h"
#include "admin/api/verb_handlers.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

constexpr std::uint64_t usual_events = 50;
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
    filter.peer = call.text("peer");
    if (const auto domain = xmpp::Domain::parse(filter.peer)) filter.peer = domain->text();
    return filter;
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
    const std::uint64_t limit = call->number("limit", usual_events);
    std::vector<io::LogEvent> found = call->node().events(call->number("after", 0), io::NodeLog::events_kept);
    std::uint64_t last = found.empty() ? call->number("after", 0) : found.back().number;
    std::erase_if(found, [&](const io::LogEvent& event) { return !filter->passes(event); });
    if (found.size() > limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
    if (!call->flag("follow")) {
        json::array events;
        for (const io::LogEvent& event : found) events.push_back(json_of(event));
        return call->succeed(json::object{{"events", std::move(events)}, {"last", last}});
    }
    for (const io::LogEvent& event : found) call->event(json_of(event));
    call->keep(std::make_shared<Follower>(call, std::move(*filter), last));
}

void run_log_level(const SharedCall& call) {
    constexpr LogLevel unknown{0xff};
    const LogLevel level = log_level(call->text("level"), unknown);
    if (level == unknown) {
        return call->fail(
            {"argument-malformed", "'" + call->text("level") + "' is not trace, debug, info, warn, error or off"},
            "level");
    }
    const std::string name = call->text("module");
    LogModule module{};
    if (name == "all") {
        for (unsigned i = 0; i < static_cast<unsigned>(LogModule::count_); ++i) {
            call->node().log_level(static_cast<LogModule>(i), level);
        }
    } else if (log_module(name, module)) {
        call->node().log_level(module, level);
    } else {
        return call->fail({"argument-malformed", "there is no log module '" + name + "'"}, "module");
    }
    call->succeed(json::object{{"module", name}, {"level", text(level)}});
}

}  // namespace sallyport::admin
