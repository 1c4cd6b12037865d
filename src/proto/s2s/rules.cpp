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

}  // namespace sallyport::s2s
