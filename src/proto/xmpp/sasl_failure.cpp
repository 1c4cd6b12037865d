// The conditions of RFC 6120 section 6.5 that we send, in words.
#include "proto/xmpp/sasl_failure.h"

#include "proto/xmpp/namespaces.h"

namespace sallyport::xmpp {

std::string_view text(SaslFailure failure) {
    switch (failure) {
        case SaslFailure::aborted: return "aborted";
        case SaslFailure::encryption_required: return "encryption-required";
        case SaslFailure::incorrect_encoding: return "incorrect-encoding";
        case SaslFailure::invalid_authzid: return "invalid-authzid";
        case SaslFailure::invalid_mechanism: return "invalid-mechanism";
        case SaslFailure::malformed_request: return "malformed-request";
        case SaslFailure::not_authorized: return "not-authorized";
        case SaslFailure::temporary_auth_failure: return "temporary-auth-failure";
    }
    return "";
}

std::string write(SaslFailure failure) {
    std::string out{"<failure xmlns='"};
    return out.append(ns::sasl).append("'><").append(text(failure)).append("/></failure>");
}

}  // namespace sallyport::xmpp
