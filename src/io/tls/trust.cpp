// Reading anchors and identities.
#include "io/tls/trust.h"

#include "io/tls/cert_facts.h"
#include "io/tls/files.h"

namespace sallyport::io {

namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (low(a[i]) != low(b[i])) return false;
    }
    return true;
}

}  // namespace

Result<StorePtr> trust_store(std::string_view pem) {
    StorePtr store{X509_STORE_new()};
    if (pem.empty()) return store;
    const std::vector<X509Ptr> anchors = read_certificates(pem);
    if (anchors.empty()) return Error{"tls-trust", "There is no readable certificate in the trust bundle."};
    for (const X509Ptr& anchor : anchors) X509_STORE_add_cert(store.get(), anchor.get());
    ERR_clear_error();
    return store;
}

Result<Identity> parse_identity(std::string_view certificates, std::string_view key, const std::string& origin,
                                const std::string& key_origin) {
    Identity identity;
    std::vector<X509Ptr> chain = read_certificates(certificates);
    if (chain.empty()) return Error{"tls-certificate", origin + ": holds no readable PEM certificate."};
    identity.key = read_key(key);
    if (!identity.key) return Error{"tls-key", key_origin + ": holds no readable, unencrypted PEM private key."};
    identity.leaf = std::move(chain.front());
    chain.erase(chain.begin());
    identity.chain = std::move(chain);
    if (X509_check_private_key(identity.leaf.get(), identity.key.get()) != 1) {
        ERR_clear_error();
        return Error{"tls-key-mismatch", key_origin + ": is not the key of the first certificate in " + origin + "."};
    }
    return identity;
}

Result<Identity> load_identity(const TlsIdentity& described) {
    const Result<std::string> certificates = read_file(described.certificate_file);
    if (!certificates) return Error{"tls-certificate", certificates.error().text};
    const std::string& key_file = described.key_file.empty() ? described.certificate_file : described.key_file;
    const Result<std::string> key = read_file(key_file);
    if (!key) return Error{"tls-key", key.error().text};
    Result<Identity> identity = parse_identity(*certificates, *key, described.certificate_file, key_file);
    if (!identity) return identity;
    identity->domains = described.domains;
    if (identity->domains.empty()) identity->domains = certificate_facts(identity->leaf.get()).dns_names;
    return identity;
}

bool covers(const std::vector<std::string>& domains, std::string_view name) {
    for (const std::string_view domain : domains) {
        if (equal_ignoring_case(domain, name)) return true;
        const std::size_t dot = name.find('.');
        if (domain.substr(0, 2) == "*." && dot != std::string_view::npos && dot > 0 &&
            equal_ignoring_case(domain.substr(1), name.substr(dot))) {
            return true;
        }
    }
    return false;
}

}  // namespace sallyport::io
