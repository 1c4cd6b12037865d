// Contexts as the node's file asks for them.
#include "nodes/runtime/certificates.h"

namespace sallyport::nodes {

Result<S2sTls> make_s2s_tls(const config::NodeFile& file, std::function<Result<std::string>(const std::string&)> mint) {
    io::TlsSettings settings;
    for (const auto& identity : file.tls.identities) {
        settings.identities.push_back({identity.domains, identity.certificate, identity.key});
    }
    settings.trust_file = file.tls.trust;
    settings.mint = std::move(mint);
    io::TlsSettings direct = settings;
    direct.alpn = {"xmpp-server"};
    S2sTls contexts;
    const std::pair<std::shared_ptr<const io::TlsContext>*, const io::TlsSettings*> wanted[] = {
        {&contexts.server, &settings},
        {&contexts.direct_server, &direct},
        {&contexts.client, &settings},
        {&contexts.direct_client, &direct}};
    for (const auto& [slot, from] : wanted) {
        auto context = io::make_tls_context(*from);
        if (!context) return context.error();
        *slot = std::move(*context);
    }
    return contexts;
}

Result<std::shared_ptr<const io::TlsContext>> make_link_tls(const config::NodeFile& file) {
    io::TlsSettings settings;
    settings.identities.push_back({{file.node.name}, file.link.certificate, file.link.key});
    settings.trust_file = file.link.trust;
    settings.tls13_only = true;
    settings.require_peer = true;
    return io::make_tls_context(std::move(settings));
}

Result<std::shared_ptr<const io::TlsContext>> make_axl_server_tls(const config::NodeFile& file) {
    io::TlsSettings settings;
    if (!file.axl.certificate.empty()) {
        settings.identities.push_back({{file.node.name}, file.axl.certificate, file.axl.key});
    } else {
        for (const auto& identity : file.tls.identities) {
            settings.identities.push_back({identity.domains, identity.certificate, identity.key});
        }
    }
    settings.request_peer = false;
    settings.alpn = {"http/1.1"};
    return io::make_tls_context(std::move(settings));
}

Result<std::shared_ptr<const io::TlsContext>> make_axl_client_tls(const config::NodeFile& file) {
    io::TlsSettings settings;
    settings.trust_file = file.axl.trust.empty() ? file.tls.trust : file.axl.trust;
    settings.alpn = {"http/1.1"};
    return io::make_tls_context(std::move(settings));
}

Result<std::shared_ptr<const io::TlsContext>> make_client_tls(const config::NodeFile& file) {
    io::TlsSettings settings;
    for (const auto& identity : file.tls.identities) {
        settings.identities.push_back({identity.domains, identity.certificate, identity.key});
    }
    settings.request_peer = false;
    return io::make_tls_context(std::move(settings));
}

std::vector<admin::OwnCertificate> own_certificates(const config::NodeFile& file, const S2sTls& s2s,
                                                    const std::shared_ptr<const io::TlsContext>& link) {
    std::vector<admin::OwnCertificate> all;
    for (const auto& identity : file.tls.identities) {
        const std::string name = identity.domains.empty() ? std::string{} : identity.domains.front();
        if (auto facts = io::own_certificate(*s2s.server, name)) {
            all.push_back({admin::CertificateUse::s2s, name, identity.certificate, std::move(*facts)});
        }
    }
    if (auto facts = io::own_certificate(*link, file.node.name)) {
        all.push_back({admin::CertificateUse::link, {}, file.link.certificate, std::move(*facts)});
    }
    return all;
}

}  // namespace sallyport::nodes
