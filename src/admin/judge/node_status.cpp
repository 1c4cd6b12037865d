// The words of what a node's state names.
#include "admin/judge/node_status.h"

namespace sallyport::admin {

std::string_view text(CertificateUse use) {
    switch (use) {
        case CertificateUse::s2s: return "s2s";
        case CertificateUse::link: return "link";
        case CertificateUse::inside: break;
    }
    return "servers inside";
}

std::string OwnCertificate::used_for() const {
    std::string words{text(use)};
    if (use == CertificateUse::s2s) words.append(" ").append(domain);
    return words;
}

}  // namespace sallyport::admin
