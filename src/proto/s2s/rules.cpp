// The words of the policy values, as settings, status and logs print them.
#include "proto/s2s/rules.h"

namespace sallyport::s2s {

std::string_view text(SecurityMode mode) {
    switch (mode) {
        case SecurityMode::tls_required: return "tls-required";
        case SecurityMode::tls_optional: return "tls-optional";
        case SecurityMode::no_tls: return "no-tls";
    }
    return "";
}

std::string_view text(Method method) {
    switch (method) {
        case Method::none: return "none";
        case Method::dialback: return "dialback";
        case Method::external: return "external";
        case Method::certificate_dialback: return "certificate-dialback";
    }
    return "";
}

Rule rule_of(xmpp::StreamCondition condition) {
    using enum xmpp::StreamCondition;
    switch (condition) {
        case host_unknown:
        case host_gone: return Rule::not_local;
        case not_authorized: return Rule::sasl;
        case resource_constraint: return Rule::busy;
        case connection_timeout: return Rule::stream;
        default: return Rule::protocol;
    }
}

Rule rule_of(xmpp::StanzaCondition condition) {
    using enum xmpp::StanzaCondition;
    switch (condition) {
        case item_not_found: return Rule::not_local;
        case not_authorized: return Rule::sasl;
        case resource_constraint: return Rule::busy;
        default: return Rule::dialback;
    }
}

xmpp::Failure failure_of(Stage stage, const Cause& cause, Rule otherwise, std::string why) {
    return {.stage = stage,
            .why = cause.why.empty() ? std::move(why) : cause.why,
            .rule = cause.rule == Rule::none ? otherwise : cause.rule,
            .verdict = cause.verdict,
            .remedy = cause.remedy};
}

}  // namespace sallyport::s2s
