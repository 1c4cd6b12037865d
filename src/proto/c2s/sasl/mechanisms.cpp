// The mechanism table. What is not in it is answered with invalid-mechanism. PLAIN is not: a client that is led to a
// false server would give its password away.
#include "proto/c2s/sasl/mechanisms.h"

#include <algorithm>
#include <array>

#include "proto/xmpp/namespaces.h"

namespace sallyport::c2s::sasl {
namespace {

constexpr std::array table{
    Mechanism{"SCRAM-SHA-256-PLUS", Digest::sha256, true, "RFC 7677, RFC 9266"},
    Mechanism{"SCRAM-SHA-256", Digest::sha256, false, "RFC 7677"},
    Mechanism{"SCRAM-SHA-1-PLUS", Digest::sha1, true, "RFC 5802, RFC 9266"},
    Mechanism{"SCRAM-SHA-1", Digest::sha1, false, "RFC 5802"},
};

}  // namespace

std::span<const Mechanism> mechanisms() { return table; }

const Mechanism* find(std::string_view name) {
    const auto* row = std::find_if(table.begin(), table.end(), [&](const Mechanism& m) { return m.name == name; });
    return row == table.end() ? nullptr : row;
}

std::string_view text(Failure failure) {
    switch (failure) {
        case Failure::aborted: return "aborted";
        case Failure::encryption_required: return "encryption-required";
        case Failure::incorrect_encoding: return "incorrect-encoding";
        case Failure::invalid_authzid: return "invalid-authzid";
        case Failure::invalid_mechanism: return "invalid-mechanism";
        case Failure::malformed_request: return "malformed-request";
        case Failure::not_authorized: return "not-authorized";
        case Failure::temporary_auth_failure: return "temporary-auth-failure";
    }
    return "";
}

std::string write(Failure failure) {
    std::string out{"<failure xmlns='"};
    return out.append(xmpp::ns::sasl).append("'><").append(text(failure)).append("/></failure>");
}

}  // namespace sallyport::c2s::sasl
