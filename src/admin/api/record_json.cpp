// One function a value.
#include "admin/api/record_json.h"

#include <algorithm>
#include <array>

#include "admin/api/status_json.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

/// Facts that tell where we are behind our public address.
constexpr std::array<std::string_view, 2> inside_facts{"at", "connection"};

double milliseconds(Duration duration) {
    return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
}

json::array steps_of(const record::Handshake& handshake, bool for_partner) {
    json::array steps;
    for (const record::Step& step : handshake.steps) {
        json::object facts;
        for (const auto& [key, value] : step.facts) {
            const bool inside = std::find(inside_facts.begin(), inside_facts.end(), key) != inside_facts.end();
            if (!for_partner || !inside) facts[key] = value;
        }
        steps.push_back(json::object{
            {"ms", milliseconds(step.at)}, {"step", step.name}, {"good", step.good}, {"facts", std::move(facts)}});
    }
    return steps;
}

std::string_view text(record::Difference::Kind kind) {
    switch (kind) {
        case record::Difference::Kind::changed: return "changed";
        case record::Difference::Kind::added: return "added";
        case record::Difference::Kind::missing: return "missing";
    }
    return "?";
}

}  // namespace

json::object summary_of(const record::Handshake& handshake) {
    return {{"id", handshake.id},
            {"peer", handshake.peer},
            {"local", text_or_null(handshake.local)},
            {"direction", handshake.inbound ? "inbound" : "outbound"},
            {"purpose", handshake.proven_only ? "dialback" : "stanzas"},
            {"address", text_or_null(handshake.address)},
            {"started", json_time(handshake.started)},
            {"ms", milliseconds(handshake.took)},
            {"good", handshake.good},
            {"failed_at", text_or_null(std::string{sallyport::text(handshake.failed_at)})},
            {"outcome", handshake.result},
            {"verdict_id", text_or_null(handshake.verdict_id)}};
}

json::object json_of(const record::Handshake& handshake) {
    json::object all = summary_of(handshake);
    all["steps"] = steps_of(handshake, false);
    all["left_out"] = handshake.left_out;
    return all;
}

json::object exported(const record::Handshake& handshake) {
    json::object all = summary_of(handshake);
    all["steps"] = steps_of(handshake, true);
    all["left_out"] = handshake.left_out;
    return all;
}

json::object json_of(const record::Difference& difference) {
    const std::string_view kind = text(difference.kind);
    return {{"kind", json::string_view{kind.data(), kind.size()}},
            {"step", difference.step},
            {"fact", text_or_null(difference.fact)},
            {"before", text_or_null(difference.before)},
            {"now", text_or_null(difference.now)},
            {"ms", milliseconds(difference.at)}};
}

json::object json_of(const record::Verdict& verdict) {
    return {{"id", verdict.id},
            {"rule", std::string{sallyport::text(verdict.rule)}},
            {"what", std::string{record::text(verdict.what)}},
            {"from", text_or_null(verdict.from)},
            {"to", text_or_null(verdict.to)},
            {"reason", text_or_null(verdict.why)},
            {"first", json_time(verdict.first)},
            {"last", json_time(verdict.last)},
            {"count", verdict.count}};
}

}  // namespace sallyport::admin
