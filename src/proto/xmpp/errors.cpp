// The tables of stream errors (RFC 6120 4.9.3) and stanza errors (RFC 6120 8.3.3), written and read.
#include "proto/xmpp/errors.h"

#include <algorithm>
#include <array>

#include "proto/xmpp/namespaces.h"

namespace sallyport::xmpp {

namespace {

constexpr std::array<std::string_view, 25> stream_names = {
    "bad-format",
    "bad-namespace-prefix",
    "conflict",
    "connection-timeout",
    "host-gone",
    "host-unknown",
    "improper-addressing",
    "internal-server-error",
    "invalid-from",
    "invalid-namespace",
    "invalid-xml",
    "not-authorized",
    "not-well-formed",
    "policy-violation",
    "remote-connection-failed",
    "reset",
    "resource-constraint",
    "restricted-xml",
    "see-other-host",
    "system-shutdown",
    "undefined-condition",
    "unsupported-encoding",
    "unsupported-feature",
    "unsupported-stanza-type",
    "unsupported-version",
};
static_assert(stream_names[static_cast<std::size_t>(StreamCondition::unsupported_version)] == "unsupported-version");
static_assert(stream_names[static_cast<std::size_t>(StreamCondition::policy_violation)] == "policy-violation");

struct StanzaRow {
    std::string_view name;
    std::string_view type;
};
constexpr std::array<StanzaRow, 22> stanza_rows = {{
    {"bad-request", "modify"},
    {"conflict", "cancel"},
    {"feature-not-implemented", "cancel"},
    {"forbidden", "auth"},
    {"gone", "cancel"},
    {"internal-server-error", "cancel"},
    {"item-not-found", "cancel"},
    {"jid-malformed", "modify"},
    {"not-acceptable", "modify"},
    {"not-allowed", "cancel"},
    {"not-authorized", "auth"},
    {"policy-violation", "modify"},
    {"recipient-unavailable", "wait"},
    {"redirect", "modify"},
    {"registration-required", "auth"},
    {"remote-server-not-found", "cancel"},
    {"remote-server-timeout", "wait"},
    {"resource-constraint", "wait"},
    {"service-unavailable", "cancel"},
    {"subscription-required", "auth"},
    {"undefined-condition", "cancel"},
    {"unexpected-request", "wait"},
}};
static_assert(stanza_rows[static_cast<std::size_t>(StanzaCondition::unexpected_request)].name == "unexpected-request");
static_assert(stanza_rows[static_cast<std::size_t>(StanzaCondition::recipient_unavailable)].type == "wait");

constexpr std::size_t longest_text = 256;

/// At most longest_text bytes of `whole`, never half a character.
std::string cut(std::string whole) {
    if (whole.size() <= longest_text) return whole;
    std::size_t size = longest_text;
    while (size > 0 && (static_cast<unsigned char>(whole[size]) & 0xC0) == 0x80) --size;
    whole.resize(size);
    return whole;
}

void append_empty(std::string& out, std::string_view name, std::string_view space) {
    out.append("<").append(name).append(" xmlns='");
    xml::append_escaped(out, space);
    out += "'/>";
}

void append_condition(std::string& out, std::string_view condition, std::string_view space, std::string_view text) {
    append_empty(out, condition, space);
    if (text.empty()) return;
    out.append("<text xmlns='").append(space).append("' xml:lang='en'>");
    xml::append_escaped(out, text);
    out += "</text>";
}

}  // namespace

std::string_view text(StreamCondition condition) { return stream_names[static_cast<std::size_t>(condition)]; }

StreamCondition stream_condition(std::string_view name) {
    const auto found = std::find(stream_names.begin(), stream_names.end(), name);
    return found == stream_names.end() ? StreamCondition::undefined_condition
                                       : static_cast<StreamCondition>(found - stream_names.begin());
}

std::string write(const StreamError& error) {
    std::string out = "<stream:error>";
    append_condition(out, text(error.condition), ns::stream_errors, error.text);
    if (!error.app_name.empty()) append_empty(out, error.app_name, error.app_space);
    out += "</stream:error>";
    return out;
}

StreamError read_stream_error(const xml::Element& element) {
    StreamError error;
    bool known = false;
    for (const xml::Element::Child& child : element.children) {
        const auto* const part = std::get_if<xml::Element>(&child);
        if (part == nullptr) continue;
        if (part->is(ns::stream_errors, "text")) {
            error.text = cut(part->text());
        } else if (part->space == ns::stream_errors) {
            if (!known) error.condition = stream_condition(part->name);
            known = true;
        } else if (error.app_name.empty()) {
            error.app_space = cut(std::string{part->space.text()});
            error.app_name = cut(part->name);
        }
    }
    return error;
}

std::string_view text(StanzaCondition condition) { return stanza_rows[static_cast<std::size_t>(condition)].name; }

StanzaCondition stanza_condition(std::string_view name) {
    const auto found =
        std::find_if(stanza_rows.begin(), stanza_rows.end(), [&](const StanzaRow& row) { return row.name == name; });
    return found == stanza_rows.end() ? StanzaCondition::undefined_condition
                                      : static_cast<StanzaCondition>(found - stanza_rows.begin());
}

std::string_view error_type(StanzaCondition condition) { return stanza_rows[static_cast<std::size_t>(condition)].type; }

std::string write(const StanzaError& error) {
    std::string out;
    out.append("<error type='").append(error_type(error.condition)).append("'>");
    append_condition(out, text(error.condition), ns::stanza_errors, error.text);
    if (!error.verdict.empty()) {
        out.append("<verdict xmlns='").append(ns::verdict).append("' id='");
        xml::append_escaped(out, error.verdict);
        out += "'/>";
    }
    out += "</error>";
    return out;
}

}  // namespace sallyport::xmpp
