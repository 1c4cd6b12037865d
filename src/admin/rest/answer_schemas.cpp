// Forms are written in short and read when the document is made:
//   {name:text other:count? more?:flag}   an object with just these fields: `other` may be null, `more` absent
//   [text]   a list
//   text count number flag time map any
//   Peer     the form of that name below
#include "admin/rest/answer_schemas.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>

namespace sallyport::admin {

namespace json = boost::json;

namespace {

struct NamedForm {
    std::string_view name, form;
};

constexpr NamedForm named[] = {
    {"Peer",
     "{remote:text local:text inbound:flag outbound:flag method:text? tls:text? cipher:text? certificate:text? "
     "address:text? state:text via:text? streams:count queued:count unacknowledged:count stanzas_in:count "
     "stanzas_out:count last_error:text? users:[text] users_more:count}"},
    {"Stream",
     "{id:text direction:text local:text remote:text pairs:[Pair] state:text local_address:text "
     "remote_address:text tls:text? cipher:text? certificate:Certificate? certificate_verdict:text? "
     "acknowledgements:flag bidirectional:flag dialback_only:flag stanzas_in:count stanzas_out:count "
     "bytes_in:count bytes_out:count unacknowledged:count open_seconds:number? quiet_seconds:number? "
     "shard:count}"},
    {"Pair", "{local:text remote:text method:text pending:flag}"},
    {"Certificate", "{subject:text issuer:text sha256:text not_after:time verdict:text}"},
    {"Destination",
     "{local:text remote:text state:text queued:count queued_bytes:count unacknowledged:count "
     "failures:count last_error:text? last_step:text? last_success:time? last_failure:time? "
     "next_retry_seconds:number stalled_seconds:number users:[text] users_more:count shard:count}"},
    {"DescribedPeer",
     "{edge:text local:text remote:text direction:text method:text tls:text cipher:text address:text "
     "verdict:text since:time?}"},
    {"Policy", "{security_mode:text certificate_required:flag external:flag dialback:flag bidirectional:flag}"},
    {"Handshake",
     "{id:text peer:text local:text direction:text purpose:text address:text? started:time ms:number "
     "good:flag failed_at:text? outcome:text verdict_id:text?}"},
    {"HandshakeStep", "{ms:number step:text good:flag facts:map}"},
    {"Difference", "{step:text fact:text? before:text? now:text? kind:text}"},
    {"Link",
     "{id:text far_realm:text far_role:text local_address:text remote_address:text tls:text? cipher:text? "
     "state:text domains:[text] realms:[text] components:[text] sent:count received:count "
     "unacknowledged:count unacknowledged_bytes:count resumptions:count clock_skew_seconds:number? "
     "open_seconds:number? shard:count}"},
    {"Dial", "{address:text name:text role:text state:text why:text? next_attempt_seconds:number}"},
    {"OwnCertificate",
     "{used_for:text file:text subject:text issuer:text names:[text] key:text sha256:text "
     "not_after:time days_left:number}"},
    {"Problem", "{severity:text text:text remedy:text}"},
    {"ChainStep", "{step:text state:text reason:text?}"},
    {"Alarm",
     "{number:count code:text severity:text key:text text:text detail:text? cure:text count:count first:time "
     "last:time lowered:time? acknowledged:time? acknowledged_by:text? note:text?}"},
    {"LogEvent", "{number:count time:time module:text event_module:text level:text event:text facts:map}"},
    {"Listeners", "{admin:[text] s2s:[text] direct_tls:[text] link:[text] inside:[text]}"},
    {"StreamSums",
     "{inbound:count outbound:count unauthenticated:count verifications:count refused_connections:count "
     "stanzas_in:count stanzas_out:count destinations:count queued:count queued_bytes:count "
     "unacknowledged:count}"},
    {"PresenceRouter",
     "{rows:count loaded:[text] gateways:[text] domains:[text] live_changes:flag pending:[text] "
     "obstacle:text? table_trouble:text? to_local:count to_link:count returned:count "
     "notifications:count}"},
    {"WalkStep", "{step:text passes:flag text:text change:text? part:text? decided_by:text?}"},
    {"Finding", "{check?:text grade:text text:text remedy:text?}"},
    {"Report", "{check:text domain:text verdict:text facts:map findings:[Finding]}"},
    {"SettingChange", "{revision:count time:time author:text origin:text name:text from:any to:any}"},
    {"NamedList", "{name:text value:[text] revision:count note?:text}"},
    {"ImpServer", "{address:text username:text tls_verify:flag state:text nodes:[text] rows:[text] explanation:text?}"},
};

constexpr NamedForm answers[] = {
    {"status",
     "{role:text name:text realm:text version:text instance:text started:time uptime_seconds:number "
     "threads:count federation_enabled:flag security_mode:text revision:count problems:[Problem] "
     "alarms:[Alarm] chain:[ChainStep] links:[Link] dials:[Dial] held_for_link:count listeners:Listeners "
     "streams:StreamSums components:[any] router:PresenceRouter? certificates:[OwnCertificate]}"},
    {"peers.list", "{role:text peers:[Peer]}"},
    {"peers.show",
     "{domain:text known:flag peers:[Peer] policy:Policy streams:[Stream] destinations:[Destination] "
     "described:[DescribedPeer] last_good_handshake:Handshake? last_failed_handshake:Handshake?}"},
    {"handshakes.list", "{handshakes:[Handshake]}"},
    {"handshakes.show",
     "{id:text peer:text local:text direction:text purpose:text address:text? started:time "
     "ms:number good:flag failed_at:text? outcome:text verdict_id:text? steps:[HandshakeStep] "
     "left_out:count}"},
    {"handshakes.diff", "{handshake:Handshake compared_with:Handshake? differences:[Difference]}"},
    {"alarms", "{alarms:[Alarm] lowered?:[Alarm]}"},
    {"events", "{events:[LogEvent] last:count}"},
    {"why",
     "{from:text to:text local:text? remote:text? direction:text? passes:flag verdict_id:text? blocked_by:text? "
     "blocked_at:text? change:text? part:text? steps:[WalkStep]}"},
    {"check.dns", "Report"},
    {"check.tls", "Report"},
    {"check.all", "Report"},
    {"config.history", "{changes:[SettingChange]}"},
    {"allow.list", "NamedList"},
    {"deny.list", "NamedList"},
    {"log.levels", "{modules:[{module:text printed:text level:text origin:text seconds_left:number?}]}"},
    {"admins.list", "{admins:[{name:text role:text totp:flag created:time last_login:time?}]}"},
    {"sessions.list", "{sessions:[{number:count user:text address:text since:time idle_seconds:number expires:time}]}"},
    {"audit", "{audit:[{number:count time:time author:text address:text verb:text args:map outcome:text}]}"},
    {"users.list", "{users:[{user:text created:text contacts:count waiting:count}]}"},
    {"users.requests", "{user:text requests:[{from:text listed:flag bytes:count}]}"},
    {"users.forget-requests", "{user:text forgotten:count}"},
    {"axl-users.list", "{users:[{name:text roles:[text]}]}"},
    {"imp-servers.list", "{servers:[ImpServer]}"},
    {"notifications", "{notifications:[{severity:text description:text origin:text count:count created:time}]}"},
};

/// Reads one form; what is written above is all that it ever reads.
class FormReader {
public:
    explicit FormReader(std::string_view text) : rest_{text} {}

    json::object form() {
        if (take("{")) return fields();
        if (take("[")) {
            json::object items = form();
            take("]");
            return nullable({{"type", "array"}, {"items", std::move(items)}});
        }
        return nullable(plain(word(" ?}]")));
    }

private:
    json::object fields() {
        json::object properties;
        json::array required;
        while (!rest_.empty() && !take("}")) {
            take(" ");
            std::string_view name = word(":");
            take(":");
            const bool always = !name.ends_with('?');
            if (!always) name.remove_suffix(1);
            properties[json::string_view{name.data(), name.size()}] = form();
            if (always) required.emplace_back(json::string_view{name.data(), name.size()});
        }
        return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
    }

    static json::object plain(std::string_view word) {
        if (word == "text") return {{"type", "string"}};
        if (word == "count") return {{"type", "integer"}, {"minimum", 0}};
        if (word == "number") return {{"type", "number"}};
        if (word == "flag") return {{"type", "boolean"}};
        if (word == "time") return {{"type", "string"}, {"format", "date-time"}};
        if (word == "map") return {{"type", "object"}};
        if (word == "any") return {};
        return {{"$ref", "#/components/schemas/" + std::string{word}}};
    }

    /// JSON Schema 2020-12: a type of two names, or one of two schemas.
    json::object nullable(json::object schema) {
        if (!take("?")) return schema;
        if (const json::value* type = schema.if_contains("type")) {
            schema["type"] = json::array{*type, "null"};
            return schema;
        }
        return {{"anyOf", json::array{std::move(schema), json::object{{"type", "null"}}}}};
    }

    bool take(std::string_view token) {
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    std::string_view word(std::string_view ends) {
        const std::string_view found = rest_.substr(0, rest_.find_first_of(ends));
        rest_.remove_prefix(found.size());
        return found;
    }

    std::string_view rest_;
};

}  // namespace

json::object answer_schema(std::string_view verb) {
    const auto* row = std::ranges::find(answers, verb, &NamedForm::name);
    return row == std::end(answers) ? json::object{} : FormReader{row->form}.form();
}

json::object answer_schemas() {
    json::object all;
    for (const NamedForm& row : named) {
        all[json::string_view{row.name.data(), row.name.size()}] = FormReader{row.form}.form();
    }
    return all;
}

}  // namespace sallyport::admin
