// Stream errors (RFC 6120 4.9.3) and stanza errors (RFC 6120 8.3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/refusal_rules.h"
#include "proto/xml/element.h"

namespace sallyport::xmpp {

enum class StreamCondition {
    bad_format,
    bad_namespace_prefix,
    conflict,
    connection_timeout,
    host_gone,
    host_unknown,
    improper_addressing,
    internal_server_error,
    invalid_from,
    invalid_namespace,
    invalid_xml,
    not_authorized,
    not_well_formed,
    policy_violation,
    remote_connection_failed,
    reset,
    resource_constraint,
    restricted_xml,
    see_other_host,
    system_shutdown,
    undefined_condition,
    unsupported_encoding,
    unsupported_feature,
    unsupported_stanza_type,
    unsupported_version,
};
/// "policy-violation" and so on.
[[nodiscard]] std::string_view text(StreamCondition condition);
/// An unknown name is undefined_condition (RFC 6120 4.9.2).
[[nodiscard]] StreamCondition stream_condition(std::string_view name);

struct StreamError {
    StreamCondition condition = StreamCondition::undefined_condition;
    std::string text;       ///< for the peer's log; never names our other side
    std::string app_space;  ///< namespace of an application condition, empty: none
    std::string app_name;
    bool operator==(const StreamError&) const = default;
};
/// One without an application condition.
[[nodiscard]] inline StreamError stream_error(StreamCondition condition, std::string text = {}) {
    return {condition, std::move(text), {}, {}};
}
/// `<stream:error>…</stream:error>` with the prefix "stream".
[[nodiscard]] std::string write(const StreamError& error);
/// From a received `<stream:error/>`; the text is cut to 256 bytes.
[[nodiscard]] StreamError read_stream_error(const xml::Element& element);

enum class StanzaCondition {
    bad_request,
    conflict,
    feature_not_implemented,
    forbidden,
    gone,
    internal_server_error,
    item_not_found,
    jid_malformed,
    not_acceptable,
    not_allowed,
    not_authorized,
    policy_violation,
    recipient_unavailable,
    redirect,
    registration_required,
    remote_server_not_found,
    remote_server_timeout,
    resource_constraint,
    service_unavailable,
    subscription_required,
    undefined_condition,
    unexpected_request,
};
[[nodiscard]] std::string_view text(StanzaCondition condition);
[[nodiscard]] StanzaCondition stanza_condition(std::string_view name);
/// The error type that RFC 6120 8.3.3 gives the condition: "auth", "cancel", "modify" or "wait".
[[nodiscard]] std::string_view error_type(StanzaCondition condition);

struct StanzaError {
    StanzaCondition condition = StanzaCondition::undefined_condition;
    std::string text;  ///< names neither hosts nor the other side
    /// For the operator, never written: what refuses, and in words.
    Rule rule = Rule::none;
    std::string why{};
    std::string verdict{};  ///< written as an application condition: what `sallyport why` explains; empty: left out
    std::string remedy{};   ///< for the operator, where the rule's row does not know it
    bool operator==(const StanzaError&) const = default;
};
/// `<error type='…'>…</error>` in the default namespace in force (the application condition: RFC 6120 8.3.4).
[[nodiscard]] std::string write(const StanzaError& error);

}  // namespace sallyport::xmpp
