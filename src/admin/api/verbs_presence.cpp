// `notifications` and `restart router`: what the administrator of a presence node looks at and does.
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// RFC 5424 6.2.1, in the words of docs/manual/notifications.md.
std::string severity_word(std::int64_t severity) {
    constexpr std::string_view words[] = {"emergency", "alert",  "critical",    "error",
                                          "warning",   "notice", "information", "debug"};
    const auto place = static_cast<std::size_t>(severity);
    return severity >= 0 && place < std::size(words) ? std::string{words[place]}
                                                     : "severity " + std::to_string(severity);
}

void run_notifications(const SharedCall& call) {
    const auto standing = call->node().notifications();
    if (!standing) return call->fail(standing.error());
    json::array array;
    for (const io::Notification& one : *standing) {
        array.push_back(json::object{{"severity", severity_word(one.severity)},
                                     {"count", one.count},
                                     {"description", one.description},
                                     {"origin", one.origin},
                                     {"created", json_time(one.created)},
                                     {"verb", text_or_null(one.verb)}});
    }
    call->succeed(json::object{{"notifications", std::move(array)}});
}

void run_restart_router(const SharedCall& call) {
    if (const auto restarted = call->node().restart_router(); !restarted) return call->fail(restarted.error());
    call->node().status([call](const NodeStatus& status) {
        call->succeed(json::object{{"rows", status.router ? status.router->rows : 0},
                                   {"loaded", status.router ? status.router->loaded.size() : 0},
                                   {"links", status.links.size()}});
    });
}

constexpr Verb presence_rows[] = {
    {"notifications",
     "presence node: notifications for its administrator",
     {},
     run_notifications,
     "{notifications:[{severity:text description:text origin:text count:count created:time verb:text?}]}",
     print_notifications,
     Access::read,
     reads},
    {"restart.router",
     "presence node: restarts the router; clients stay connected",
     {},
     run_restart_router,
     "{rows:count loaded:count links:count}",
     print_restarted,
     Access::operate},
};

}  // namespace

std::span<const Verb> presence_verbs() { return presence_rows; }

}  // namespace sallyport::admin
