// One function a value.
#include "admin/api/status_json.h"

#include <cmath>

#include "admin/judge/certificate_time.h"
#include "io/log/log_text.h"
#include "model/config/setting_values.h"
#include "model/policy/verdict.h"

namespace sallyport::admin {

namespace json = boost::json;

namespace {

json::array json_texts(const std::vector<std::string>& texts) {
    json::array array;
    for (const std::string& text : texts) array.emplace_back(text);
    return array;
}

json::value certificate_of(const s2s::StreamStatus& stream) {
    if (stream.certificate_sha256.empty()) return nullptr;
    return json::object{
        {"subject", stream.certificate_subject},   {"issuer", stream.certificate_issuer},
        {"sha256", stream.certificate_sha256},     {"not_after", json_time(stream.certificate_not_after)},
        {"accepted", stream.certificate_accepted}, {"verdict", stream.certificate_verdict}};
}

json::array pairs_of(const s2s::StreamStatus& stream) {
    json::array pairs;
    for (const s2s::Inbound::Pair& pair : stream.pairs) {
        pairs.push_back(json::object{{"local", pair.domains.local.text()},
                                     {"remote", pair.domains.remote.text()},
                                     {"method", s2s::text(pair.method)},
                                     {"pending", pair.pending}});
    }
    return pairs;
}

}  // namespace

json::value text_or_null(const std::string& text) { return text.empty() ? json::value{} : json::value(text); }

json::value json_time(WallTime time) {
    if (time == WallTime{}) return nullptr;
    return json::string{io::log_time(time)};
}

double seconds(Duration duration) {
    return std::round(std::chrono::duration<double, std::milli>{duration}.count()) / 1000;
}

json::value json_age(TimePoint since, TimePoint now) {
    if (since == TimePoint{} || since == never) return nullptr;
    return seconds(now - since);
}

json::array json_endpoints(const std::vector<Endpoint>& endpoints) {
    json::array array;
    for (const Endpoint& endpoint : endpoints) array.emplace_back(endpoint.text());
    return array;
}

json::object json_of(const PeerRow& row) {
    return {{"remote", row.remote},
            {"local", row.local},
            {"inbound", row.inbound},
            {"outbound", row.outbound},
            {"method", text_or_null(row.method)},
            {"tls", text_or_null(row.tls)},
            {"cipher", text_or_null(row.cipher)},
            {"certificate", text_or_null(row.certificate)},
            {"certificate_accepted", row.certificate.empty() ? json::value{} : json::value(row.certificate_accepted)},
            {"address", text_or_null(row.address)},
            {"state", row.state},
            {"via", text_or_null(row.via)},
            {"streams", row.streams},
            {"queued", row.queued},
            {"unacknowledged", row.unacknowledged},
            {"stanzas_in", row.stanzas_in},
            {"stanzas_out", row.stanzas_out},
            {"last_error", text_or_null(row.last_error)},
            {"last_rule", text_or_null(row.last_rule)},
            {"users", json_texts(row.users)},
            {"users_more", row.users_more}};
}

json::object json_of(const s2s::StreamStatus& stream, TimePoint now) {
    return {{"id", stream.id},
            {"direction", policy::text(stream.direction)},
            {"local", stream.local},
            {"remote", stream.remote},
            {"pairs", pairs_of(stream)},
            {"state", stream.state},
            {"local_address", stream.local_address},
            {"remote_address", stream.remote_address},
            {"tls", text_or_null(stream.tls_version)},
            {"cipher", text_or_null(stream.cipher)},
            {"certificate", certificate_of(stream)},
            {"certificate_verdict", text_or_null(stream.certificate_verdict)},
            {"acknowledgements", stream.managed},
            {"bidirectional", stream.bidi},
            {"dialback_only", stream.verify_only},
            {"stanzas_in", stream.stanzas_in},
            {"stanzas_out", stream.stanzas_out},
            {"bytes_in", stream.bytes_in},
            {"bytes_out", stream.bytes_out},
            {"unacknowledged", stream.unacknowledged},
            {"open_seconds", json_age(stream.since, now)},
            {"quiet_seconds", json_age(stream.last_stanza, now)},
            {"shard", stream.shard}};
}

json::object json_of(const s2s::DestinationStatus& destination) {
    return {{"local", destination.pair.local.text()},
            {"remote", destination.pair.remote.text()},
            {"state", std::string{text(destination.phase)}},
            {"queued", destination.queued},
            {"queued_bytes", destination.queued_bytes},
            {"unacknowledged", destination.unacknowledged},
            {"failures", destination.failures},
            {"last_error", text_or_null(destination.failure ? destination.failure->why : std::string{})},
            {"last_rule",
             text_or_null(destination.failure ? std::string{text(destination.failure->cause())} : std::string{})},
            {"last_step",
             text_or_null(destination.failure ? std::string{text(destination.failure->stage)} : std::string{})},
            {"last_success", json_time(destination.last_success)},
            {"last_failure", json_time(destination.last_failure)},
            {"next_retry_seconds", seconds(destination.next_retry)},
            {"stalled_seconds", seconds(destination.stalled)},
            {"users", json_texts(destination.users)},
            {"users_more", destination.users_more},
            {"shard", destination.shard}};
}

json::object json_of(const DescribedPeer& peer) {
    return {{"edge", peer.edge},       {"local", peer.local},
            {"remote", peer.remote},   {"direction", peer.direction},
            {"method", peer.method},   {"tls", peer.tls},
            {"cipher", peer.cipher},   {"address", peer.address},
            {"verdict", peer.verdict}, {"since", json_time(peer.since)}};
}

json::object json_of(const link::SessionStatus& link, TimePoint now) {
    return {{"id", link.id.substr(0, 8)},
            {"far_realm", link.far_realm},
            {"far_role", text(link.far_role)},
            {"local_address", link.local_address},
            {"remote_address", link.remote_address},
            {"tls", text_or_null(link.tls_version)},
            {"cipher", text_or_null(link.cipher)},
            {"state", text(link.state)},
            {"domains", json_texts(link.bound)},
            {"realms", json_texts(link.realms)},
            {"components", json_texts(link.components)},
            {"sent", link.sent},
            {"received", link.received},
            {"unacknowledged", link.unacknowledged},
            {"unacknowledged_bytes", link.unacknowledged_bytes},
            {"resumptions", link.resumptions},
            {"open_seconds", json_age(link.open_since, now)},
            {"clock_skew_seconds", link.clock_skew ? json::value(seconds(*link.clock_skew)) : json::value{}},
            {"shard", link.shard}};
}

json::object json_of(const link::Hub::DialStatus& dial) {
    return {{"address", dial.address},       {"name", dial.name},
            {"role", text(dial.role)},       {"state", text(dial.state)},
            {"why", text_or_null(dial.why)}, {"next_attempt_seconds", seconds(dial.next_attempt)}};
}

json::object json_of(const OwnCertificate& certificate, WallTime now) {
    const auto left = std::chrono::duration_cast<std::chrono::hours>(certificate.facts.not_after - now).count();
    return {{"used_for", certificate.used_for()},
            {"use", text(certificate.use)},
            {"domain", text_or_null(certificate.domain)},
            {"file", certificate.file},
            {"subject", certificate.facts.subject},
            {"issuer", certificate.facts.issuer},
            {"names", json_texts(certificate.facts.dns_names)},
            {"key", certificate.facts.key},
            {"sha256", certificate.facts.sha256},
            {"not_after", json_time(certificate.facts.not_after)},
            {"days_left", left < 0 ? -1 : left / 24},
            {"state", std::string{text(certificate_time(certificate.facts, now))}}};
}

void add_rows(json::object& object, const diag::FromRows& rows) {
    json::object values;
    for (const auto& [name, value] : rows.values) values[name] = value;
    object["code"] = text_or_null(rows.code);
    object["remedy_code"] = text_or_null(rows.remedy_code);
    object["values"] = std::move(values);
}

json::object json_of(const NodeProblem& problem) {
    json::object object{{"severity", problem.is_error ? "error" : "warning"},
                        {"text", problem.text},
                        {"remedy", problem.remedy},
                        {"alarm", nullptr}};
    if (problem.alarm) {
        object["alarm"] = json::object{{"code", view(services::alarm_row(*problem.alarm).name)}, {"key", problem.key}};
    }
    add_rows(object, problem.rows);
    return object;
}

json::object json_of(const ChainStep& step) {
    const auto read = read_step(step.step);
    return {{"step", step.step},
            {"kind", read ? json::value(view(read->row->name)) : json::value{}},
            {"about", read ? text_or_null(read->about) : json::value{}},
            {"state", text(step.state)},
            {"reason", text_or_null(step.reason.text())}};
}

json::object json_of(const services::Alarm& alarm) {
    return {{"number", alarm.number},
            {"code", view(alarm.row().name)},
            {"severity", services::text(alarm.severity())},
            {"node", text_or_null(alarm.words.node)},
            {"key", alarm.key},
            {"text", alarm.text()},
            {"detail", text_or_null(alarm.detail)},
            {"cure", alarm.cure()},
            {"own_text", !alarm.words.text.empty()},
            {"own_cure", !alarm.words.cure.empty()},
            {"count", alarm.count},
            {"first", json_time(alarm.first)},
            {"last", json_time(alarm.last)},
            {"lowered", json_time(alarm.lowered)},
            {"acknowledged", json_time(alarm.acknowledged)},
            {"acknowledged_by", text_or_null(alarm.acknowledged_by)},
            {"note", text_or_null(alarm.note)}};
}

json::object json_of(const io::LogEvent& event) {
    json::object facts;
    for (const auto& [key, value] : event.facts) facts[key] = value;
    return {{"number", event.number},       {"time", json_time(event.time)},
            {"module", text(event.module)}, {"event_module", io::event_module(event.module)},
            {"level", text(event.level)},   {"event", event.event},
            {"facts", std::move(facts)}};
}

std::string_view security_mode_word(s2s::SecurityMode mode) {
    return config::security_mode_words()[static_cast<std::size_t>(mode)];
}

json::value json_value(const std::string& text) {
    json::error_code problem;
    json::value value = json::parse(text, problem);
    return problem ? json::value(text) : value;
}

}  // namespace sallyport::admin
