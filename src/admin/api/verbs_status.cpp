// `status`: the node at one moment; `alarms`: what stands on the board.
#include <boost/json.hpp>

#include "admin/api/status_json.h"
#include "admin/api/traffic.h"
#include "admin/api/verb_parts.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

template <typename Values, typename... More>
json::array array_of(const Values& values, More... more) {
    json::array array;
    for (const auto& value : values) array.push_back(json_of(value, more...));
    return array;
}

json::object totals(const NodeStatus& status) {
    std::uint64_t inbound = 0, outbound = 0, queued = 0, queued_bytes = 0, unacknowledged = 0;
    for (const s2s::StreamStatus& stream : status.streams) {
        ++(stream.direction == s2s::Direction::inbound ? inbound : outbound);
    }
    for (const s2s::DestinationStatus& destination : status.destinations) {
        queued += destination.queued;
        queued_bytes += destination.queued_bytes;
        unacknowledged += destination.unacknowledged;
    }
    const Traffic all = traffic(status);
    return {{"inbound", inbound},
            {"outbound", outbound},
            {"unauthenticated", status.ledger.unauthenticated},
            {"verifications", status.ledger.dialbacks},
            {"refused_connections", status.ledger.refused},
            {"stanzas_in", all.stanzas_in},
            {"stanzas_out", all.stanzas_out},
            {"destinations", status.destinations.size()},
            {"queued", queued},
            {"queued_bytes", queued_bytes},
            {"unacknowledged", unacknowledged}};
}

json::object listeners(const NodeStatus& status) {
    return {{"admin", json_endpoints(status.admin_listeners)},
            {"s2s", json_endpoints(status.s2s_listeners)},
            {"direct_tls", json_endpoints(status.direct_tls_listeners)},
            {"link", json_endpoints(status.link_listeners)},
            {"inside", json_endpoints(status.inside_listeners)}};
}

json::array components(const NodeStatus& status) {
    json::array array;
    for (const ComponentStatus& component : status.components) {
        array.push_back(json::object{{"domain", component.domain},
                                     {"remote_address", component.remote_address},
                                     {"state", component.state},
                                     {"stanzas_in", component.stanzas_in},
                                     {"stanzas_out", component.stanzas_out}});
    }
    return array;
}

json::value router(const NodeStatus& status) {
    if (!status.router) return nullptr;
    const RouterStatus& router = *status.router;
    const auto texts = [](const std::vector<std::string>& all) { return json::array(all.begin(), all.end()); };
    const auto text = [](const std::string& one) { return one.empty() ? json::value{} : json::value(one); };
    return json::object{{"rows", router.rows},
                        {"loaded", texts(router.loaded)},
                        {"gateways", texts(router.gateways)},
                        {"domains", texts(router.domains)},
                        {"live_changes", router.live_changes},
                        {"pending", texts(router.pending)},
                        {"obstacle", text(router.obstacle.text())},
                        {"table_trouble", text(router.table_trouble)},
                        {"to_local", router.to_local},
                        {"to_link", router.to_link},
                        {"returned", router.returned},
                        {"notifications", status.notifications}};
}

}  // namespace

json::object describe_status(NodeControl& node, const NodeStatus& status) {
    const config::Snapshot settings = node.settings().snapshot();
    const WallTime now = node.loop().wall();
    return {{"role", status.role},
            {"name", status.name},
            {"realm", status.realm},
            {"version", status.version},
            {"instance", status.instance},
            {"started", json_time(status.started)},
            {"uptime_seconds", seconds(status.uptime)},
            {"threads", status.shards},
            {"federation_enabled", status.federation_enabled},
            {"security_mode", security_mode_word(settings->security_mode)},
            {"revision", status.revision},
            {"problems", array_of(problems({status, node.file(), *settings, now}))},
            {"alarms", array_of(status.alarms)},
            {"chain", array_of(status.chain)},
            {"links", array_of(status.links, status.now)},
            {"dials", array_of(status.dials)},
            {"held_for_link", status.held_for_link},
            {"listeners", listeners(status)},
            {"streams", totals(status)},
            {"components", components(status)},
            {"router", router(status)},
            {"certificates", array_of(status.certificates, now)}};
}

namespace {

/// The problems alone, with the verdict that exit statuses are made from.
json::object describe_check(NodeControl& node, const NodeStatus& status) {
    const config::Snapshot settings = node.settings().snapshot();
    const std::vector<NodeProblem> found = problems({status, node.file(), *settings, node.loop().wall()});
    const diag::Grade worst = found.empty()            ? diag::Grade::good
                              : found.front().is_error ? diag::Grade::bad
                                                       : diag::Grade::warning;
    return {{"name", status.name}, {"role", status.role}, {"verdict", text(worst)}, {"problems", array_of(found)}};
}

void run_status(const SharedCall& call) {
    const bool only_check = call->flag("check");
    call->node().status([call, only_check](const NodeStatus& status) {
        call->succeed(only_check ? describe_check(call->node(), status) : describe_status(call->node(), status));
    });
}

void run_alarms(const SharedCall& call) {
    const services::AlarmBoard& board = call->node().alarms();
    json::object result{{"alarms", array_of(board.standing())}};
    if (call->flag("all")) result["lowered"] = array_of(board.lowered());
    call->succeed(result);
}

void run_alarms_ack(const SharedCall& call) {
    const auto alarm = call->node().alarms().acknowledge(call->number("number", 0), call->author(), call->text("note"));
    if (!alarm) return call->fail(alarm.error(), "number");
    call->succeed(json_of(*alarm));
}

constexpr Argument status_args[] = {
    option("check", Form::flag, "only the problems, in short; the exit status says whether there are any")};
constexpr Argument alarms_args[] = {option("all", Form::flag, "include alarms that were cleared recently")};
constexpr Argument ack_args[] = {place("number", Form::number, "the alarm's number, as shown by `alarms`"),
                                 option("note", Form::text, "what is being done about it")};

constexpr Verb status_rows[] = {
    {"status", "the node's state and its problems", status_args, run_status, "Status|StatusCheck", print_status,
     Access::read, reads, Answers::grade},
    {"alarms", "active alarms and their remedies", alarms_args, run_alarms, "{alarms:[Alarm] lowered?:[Alarm]}",
     print_alarms, Access::read, reads},
    {"alarms.ack", "acknowledges an alarm; it stays active until its cause is gone", ack_args, run_alarms_ack, "Alarm",
     print_acknowledged, Access::operate},
};

}  // namespace

std::span<const Verb> status_verbs() { return status_rows; }

}  // namespace sallyport::admin
