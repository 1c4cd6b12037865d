// The forms that several answers share, and reading them.
#include "admin/api/answer_form.h"

#include <algorithm>
#include <boost/json.hpp>

namespace sallyport::admin {

namespace json = boost::json;

namespace {

using Kind = AnswerForm::Kind;

constexpr NamedForm named[] = {
    {"Status",
     "{role:text name:text realm:text version:text instance:text started:time? uptime_seconds:number "
     "threads:count federation_enabled:flag security_mode:text revision:count problems:[Problem] "
     "alarms:[Alarm] chain:[ChainStep] links:[Link] dials:[Dial] held_for_link:count listeners:Listeners "
     "streams:StreamSums components:[Component] router:PresenceRouter? certificates:[OwnCertificate]}"},
    {"Component", "{domain:text remote_address:text state:text stanzas_in:count stanzas_out:count}"},
    {"Peer",
     "{remote:text local:text inbound:flag outbound:flag method:text? tls:text? cipher:text? certificate:text? "
     "certificate_accepted:flag? address:text? state:text via:text? streams:count queued:count unacknowledged:count "
     "stanzas_in:count stanzas_out:count last_error:text? last_rule:text? users:[text] users_more:count}"},
    {"Stream",
     "{id:text direction:text local:text remote:text pairs:[Pair] state:text local_address:text "
     "remote_address:text tls:text? cipher:text? certificate:Certificate? certificate_verdict:text? "
     "acknowledgements:flag bidirectional:flag dialback_only:flag stanzas_in:count stanzas_out:count "
     "bytes_in:count bytes_out:count unacknowledged:count open_seconds:number? quiet_seconds:number? "
     "shard:count}"},
    {"Pair", "{local:text remote:text method:text pending:flag}"},
    {"Certificate", "{subject:text issuer:text sha256:text not_after:time? accepted:flag verdict:text}"},
    {"Destination",
     "{local:text remote:text state:text queued:count queued_bytes:count unacknowledged:count "
     "failures:count last_error:text? last_rule:text? last_step:text? last_success:time? last_failure:time? "
     "next_retry_seconds:number stalled_seconds:number users:[text] users_more:count shard:count}"},
    {"DescribedPeer",
     "{edge:text local:text remote:text direction:text method:text tls:text cipher:text address:text "
     "verdict:text since:time?}"},
    {"Policy", "{security_mode:text certificate_required:flag external:flag dialback:flag bidirectional:flag}"},
    {"Handshake",
     "{id:text peer:text local:text? direction:text purpose:text address:text? started:time? ms:number "
     "good:flag failed_at:text? outcome:text verdict_id:text?}"},
    {"RecordedHandshake",
     "{id:text peer:text local:text? direction:text purpose:text address:text? started:time? "
     "ms:number good:flag failed_at:text? outcome:text verdict_id:text? steps:[HandshakeStep] "
     "left_out:count}"},
    {"HandshakeStep", "{ms:number step:text good:flag facts:map}"},
    {"Difference", "{step:text fact:text? before:text? now:text? kind:text ms:number}"},
    {"Link",
     "{id:text far_realm:text far_role:text local_address:text remote_address:text tls:text? cipher:text? "
     "state:text domains:[text] realms:[text] components:[text] sent:count received:count "
     "unacknowledged:count unacknowledged_bytes:count resumptions:count clock_skew_seconds:number? "
     "open_seconds:number? shard:count}"},
    {"Dial", "{address:text name:text role:text state:text why:text? next_attempt_seconds:number}"},
    {"OwnCertificate",
     "{used_for:text use:text domain:text? file:text subject:text issuer:text names:[text] key:text sha256:text "
     "not_after:time? days_left:number state:text}"},
    {"StatusCheck", "{name:text role:text verdict:text problems:[Problem]}"},
    {"Problem", "{severity:text text:text remedy:text alarm:AlarmName? code:text? remedy_code:text? values:map}"},
    {"AlarmName", "{code:text key:text}"},
    {"Told", "{severity:text text:text remedy:text code:text? remedy_code:text? values:map}"},
    {"ChainStep", "{step:text kind:text? about:text? state:text reason:text?}"},
    {"Alarm",
     "{number:count code:text severity:text node:text? key:text text:text detail:text? cure:text "
     "own_text:flag own_cure:flag count:count first:time last:time lowered:time? acknowledged:time? "
     "acknowledged_by:text? note:text?}"},
    {"LogEvent", "{number:count time:time? module:text event_module:text level:text event:text facts:map}"},
    {"Listeners", "{admin:[text] s2s:[text] direct_tls:[text] link:[text] inside:[text]}"},
    {"StreamSums",
     "{inbound:count outbound:count unauthenticated:count verifications:count refused_connections:count "
     "stanzas_in:count stanzas_out:count destinations:count queued:count queued_bytes:count "
     "unacknowledged:count}"},
    {"PresenceRouter",
     "{rows:count loaded:[text] gateways:[text] domains:[text] live_changes:flag pending:[text] "
     "obstacle:text? table_trouble:text? to_local:count to_link:count returned:count "
     "notifications:count}"},
    {"Walk",
     "{from:text to:text local:text remote:text direction:text passes:flag verdict_id:text? blocked_by:text? "
     "blocked_at:text? change:text? part:text? steps:[WalkStep]}"},
    {"WalkStep", "{step:text passes:flag text:text change:text? part:text? decided_by:text?}"},
    {"Refusal",
     "{id:text rule:text what:text from:text? to:text? reason:text? first:time? last:time? count:count meaning:text "
     "change:text? remedy:text? part:text now_passes?:flag now_blocked_by?:text?}"},
    {"Finding", "{check?:text grade:text text:text remedy:text? code:text? remedy_code:text? values:map}"},
    {"Report", "{check:text domain:text verdict:text facts:map findings:[Finding]}"},
    {"Setting",
     "{name:text value:any default:any type:text values:text help:text secret:flag owner:text page:text? "
     "revision:count}"},
    {"Settings", "{revision:count settings:[Setting]}"},
    {"ChangedSetting", "{name:text value:any revision:count changed:flag note?:text}"},
    {"SettingChange", "{revision:count time:time author:text origin:text name:text from:any to:any}"},
    {"NamedList", "{name:text value:[text] revision:count note?:text}"},
    {"StaticRoute", "{domain:text address:text port:count priority:count weight:count fall_back_to_dns:flag}"},
    {"ImpServer",
     "{address:text username:text tls_verify:flag state:text nodes:[text] rows:[text] explanation:text reason?:text}"},
    {"User", "{user:text created:text contacts:count waiting:count}"},
    {"Client",
     "{jid:text user:text number:count state:text address:text since:time tls:text? mechanism:text "
     "channel_binding:text? client:text? presence:text priority:number resumable_seconds:number? "
     "unacknowledged:count unacknowledged_bytes:count kept:count? stanzas_in:count stanzas_out:count}"},
    {"Capture",
     "{name:text state:text detail:text? interface:text filter:text with_secrets:flag author:text started:time? "
     "packets:count bytes:count dropped:count secrets:count}"},
    {"Diagnosis",
     "{name:text state:text author:text started:time? until:time? ended:time? levels:map capture:text? markers:count "
     "restarts:count bytes:count lines_lost:count}"},
    {"Series", "{name:text unit:text help:text values:[number?] peaks:[number?]}"},
    {"FilePiece", "{name:text file:text size:count offset:count bytes:text last:flag}"},
    {"Done", "{name:text done:text}"},
    {"Words", "{code:text text:text remedy:text}"},
    {"FileChange", "{key:text effect:text}"},
};

constexpr std::pair<std::string_view, Kind> words[] = {
    {"text", Kind::text}, {"count", Kind::count}, {"number", Kind::number}, {"flag", Kind::flag},
    {"time", Kind::time}, {"map", Kind::map},     {"any", Kind::any},
};

/// What is written above and in the table of verbs is all that it ever reads.
class FormReader {
public:
    explicit FormReader(std::string_view text) : rest_{text} {}

    AnswerForm form() {
        AnswerForm first = one();
        if (!rest_.starts_with('|')) return first;
        AnswerForm either;
        either.kind = Kind::either;
        either.parts.push_back(std::move(first));
        while (take('|')) either.parts.push_back(one());
        return either;
    }

private:
    AnswerForm one() {
        AnswerForm read;
        if (take('{')) {
            read.kind = Kind::object;
            while (!rest_.empty() && !take('}')) {
                take(' ');
                read.fields.push_back(field());
            }
        } else if (take('[')) {
            read.kind = Kind::list;
            read.parts.push_back(form());
            take(']');
        } else {
            read.name = word(" ?}]|");
            const auto* const at = std::ranges::find(words, read.name, &std::pair<std::string_view, Kind>::first);
            read.kind = at == std::end(words) ? Kind::named : at->second;
        }
        read.nullable = take('?');
        return read;
    }

    AnswerForm::Field field() {
        AnswerForm::Field read;
        read.name = word(":");
        take(':');
        read.always = !read.name.ends_with('?');
        if (!read.always) read.name.remove_suffix(1);
        read.form = form();
        return read;
    }

    bool take(char wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::string_view word(std::string_view ends) {
        const std::string_view found = rest_.substr(0, rest_.find_first_of(ends));
        rest_.remove_prefix(found.size());
        return found;
    }

    std::string_view rest_;
};

class Comparison {
public:
    void compare(const AnswerForm& form, const json::value& value, const std::string& at) {
        if (value.is_null() && (form.nullable || form.kind == Kind::any)) return;
        switch (form.kind) {
            case Kind::any: return;
            case Kind::text:
            case Kind::time: return expect(value.is_string(), at, "not a text");
            case Kind::count:
                return expect(value.is_uint64() || (value.is_int64() && value.as_int64() >= 0), at, "not a count");
            case Kind::number: return expect(value.is_number(), at, "not a number");
            case Kind::flag: return expect(value.is_bool(), at, "not true or false");
            case Kind::map: return expect(value.is_object(), at, "not an object");
            case Kind::object: return compare_fields(form, value, at);
            case Kind::list: return compare_entries(form, value, at);
            case Kind::either: return compare_choices(form, value, at);
            case Kind::named: break;
        }
        const auto* const row = std::ranges::find(named, form.name, &NamedForm::name);
        if (row == std::end(named)) return expect(false, at, "no form is named so: " + std::string{form.name});
        compare(read_form(row->form), value, at);
    }

    std::vector<std::string> found;

private:
    void expect(bool holds, const std::string& at, const std::string& what) {
        if (!holds) found.push_back(at + ": " + what);
    }

    void compare_fields(const AnswerForm& form, const json::value& value, const std::string& at) {
        if (!value.is_object()) return expect(false, at, "not an object");
        const std::string below = at.empty() ? "" : at + ".";
        for (const AnswerForm::Field& field : form.fields) {
            const json::value* const given = value.as_object().if_contains({field.name.data(), field.name.size()});
            if (given != nullptr) {
                compare(field.form, *given, below + std::string{field.name});
            } else {
                expect(!field.always, below + std::string{field.name}, "absent");
            }
        }
        for (const auto& member : value.as_object()) {
            const std::string_view name{member.key().data(), member.key().size()};
            expect(std::ranges::find(form.fields, name, &AnswerForm::Field::name) != form.fields.end(),
                   below + std::string{name}, "not described");
        }
    }

    void compare_entries(const AnswerForm& form, const json::value& value, const std::string& at) {
        if (!value.is_array()) return expect(false, at, "not a list");
        std::size_t number = 0;
        for (const json::value& entry : value.as_array()) {
            compare(form.parts.front(), entry, at + "[" + std::to_string(number++) + "]");
        }
    }

    /// The choice that comes nearest tells what is wrong.
    void compare_choices(const AnswerForm& form, const json::value& value, const std::string& at) {
        std::vector<std::string> nearest;
        for (const AnswerForm& choice : form.parts) {
            Comparison other;
            other.compare(choice, value, at);
            if (other.found.empty()) return;
            if (nearest.empty() || other.found.size() < nearest.size()) nearest = std::move(other.found);
        }
        found.insert(found.end(), nearest.begin(), nearest.end());
    }
};

}  // namespace

AnswerForm read_form(std::string_view text) { return FormReader{text}.form(); }

std::span<const NamedForm> named_forms() { return named; }

std::vector<std::string> deviations(const AnswerForm& form, const json::value& value) {
    Comparison comparison;
    comparison.compare(form, value, {});
    return std::move(comparison.found);
}

}  // namespace sallyport::admin
