// The mechanism table. What is not in it is answered with invalid-mechanism (threat T29).
#include "proto/s2s/sasl/mechanisms.h"

#include <algorithm>
#include <array>

#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s::sasl {
namespace {

constexpr std::array table{
    Mechanism{"EXTERNAL", &judge_external, "RFC 4422 appendix A, XEP-0178 3"},
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
    }
    return "";
}

std::string write(Failure failure) {
    std::string out{"<failure xmlns='"};
    out.append(xmpp::ns::sasl).append("'><").append(text(failure)).append("/></failure>");
    return out;
}

}  // namespace sallyport::s2s::sasl
