// X.509 v3 certificates (RFC 5280) with OpenSSL.
#include "io/tls/pki.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "io/tls/files.h"
#include "io/tls/openssl.h"

namespace sallyport::io {

namespace {

Error problem(const char* what) { return {"pki", std::string{what} + ": " + openssl_error("unknown reason")}; }

PkeyPtr make_key(KeyKind kind) {
    switch (kind) {
        case KeyKind::ec_p256: return PkeyPtr{EVP_EC_gen("P-256")};
        case KeyKind::rsa_1024: return PkeyPtr{EVP_RSA_gen(1024)};
        case KeyKind::rsa_2048: return PkeyPtr{EVP_RSA_gen(2048)};
    }
    return nullptr;
}

void add_other_name(GENERAL_NAMES* names, const char* oid, int type, const std::string& value) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_TYPE* content = ASN1_TYPE_new();
    ASN1_STRING* text = ASN1_STRING_type_new(type);
    ASN1_STRING_set(text, value.data(), static_cast<int>(value.size()));
    ASN1_TYPE_set(content, type, text);
    GENERAL_NAME_set0_othername(name, OBJ_txt2obj(oid, 1), content);
    sk_GENERAL_NAME_push(names, name);
}

/// A dNSName or a uniformResourceIdentifier (RFC 5280 4.2.1.6).
void add_name(GENERAL_NAMES* names, int type, const std::string& value) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, value.data(), static_cast<int>(value.size()));
    GENERAL_NAME_set0_value(name, type, text);
    sk_GENERAL_NAME_push(names, name);
}

bool add_alternative_names(X509* certificate, const CertificateRequest& request) {
    const GeneralNamesPtr names{GENERAL_NAMES_new()};
    for (const std::string& name : request.dns_names) add_name(names.get(), GEN_DNS, name);
    for (const std::string& uri : request.uris) add_name(names.get(), GEN_URI, uri);
    for (const std::string& name : request.srv_names) {
        add_other_name(names.get(), "1.3.6.1.5.5.7.8.7", V_ASN1_IA5STRING, name);
    }
    for (const std::string& name : request.xmpp_addrs) {
        add_other_name(names.get(), "1.3.6.1.5.5.7.8.5", V_ASN1_UTF8STRING, name);
    }
    for (const std::string& der : request.raw_names) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
        GENERAL_NAME* name = d2i_GENERAL_NAME(nullptr, &bytes, static_cast<long>(der.size()));
        if (name == nullptr) return false;
        sk_GENERAL_NAME_push(names.get(), name);
    }
    if (sk_GENERAL_NAME_num(names.get()) == 0) return true;
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    struct Free {
        void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    };
    const std::unique_ptr<X509_EXTENSION, Free> extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool add_extensions(X509* certificate, X509* issuer, const CertificateRequest& request) {
    const bool authority = request.authority;
    if (!add_extension(certificate, issuer, NID_basic_constraints,
                       authority ? "critical,CA:TRUE" : "critical,CA:FALSE"))
        return false;
    const bool rsa = request.key != KeyKind::ec_p256;
    const char* usage = authority ? "critical,keyCertSign,cRLSign"
                                  : (rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature");
    if (!add_extension(certificate, issuer, NID_key_usage, usage)) return false;
    if (!add_extension(certificate, issuer, NID_subject_key_identifier, "hash")) return false;
    if (!add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always")) return false;
    if (!request.name_constraints.empty() &&
        !add_extension(certificate, issuer, NID_name_constraints, request.name_constraints)) {
        return false;
    }
    if (!authority && !request.extended_key_usage.empty() &&
        !add_extension(certificate, issuer, NID_ext_key_usage, request.extended_key_usage)) {
        return false;
    }
    return add_alternative_names(certificate, request);
}

bool set_serial(X509* certificate) {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] &= 0x7f;  // RFC 5280 4.1.2.2: positive
    bytes[0] |= 0x40;  // and of full length
    struct Free {
        void operator()(BIGNUM* number) const { BN_free(number); }
    };
    const std::unique_ptr<BIGNUM, Free> number{BN_bin2bn(bytes, sizeof bytes, nullptr)};
    return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

void set_subject(X509* certificate, const std::string& common_name) {
    constexpr int longest = 64;  // ub-common-name
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
    const int size = std::min(static_cast<int>(common_name.size()), longest);
    X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8, text, size, -1, 0);
}

std::string certificate_pem(X509* certificate) {
    const BioPtr out{BIO_new(BIO_s_mem())};
    PEM_write_bio_X509(out.get(), certificate);
    return memory_text(out.get());
}

std::string key_pem(EVP_PKEY* key) {
    const BioPtr out{BIO_new(BIO_s_mem())};
    PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return memory_text(out.get());
}

}  // namespace

Result<PemPair> issue_certificate(const CertificateRequest& request, const PemPair* issuer) {
    const PkeyPtr key = make_key(request.key);
    if (!key) return problem("making a key");
    const X509Ptr certificate{X509_new()};
    X509_set_version(certificate.get(), X509_VERSION_3);
    if (!set_serial(certificate.get())) return problem("making a serial number");
    const auto start = std::chrono::system_clock::to_time_t(request.not_before);
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), start);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), start + request.lifetime.count());
    set_subject(certificate.get(), request.common_name);
    X509_set_pubkey(certificate.get(), key.get());

    std::vector<X509Ptr> issuer_certificates;
    PkeyPtr issuer_key;
    if (issuer != nullptr) {
        issuer_certificates = read_certificates(issuer->certificate);
        issuer_key = read_key(issuer->key);
        if (issuer_certificates.empty() || !issuer_key) return problem("reading the authority");
    }
    X509* signer = issuer == nullptr ? certificate.get() : issuer_certificates.front().get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
    if (!add_extensions(certificate.get(), signer, request)) return problem("adding an extension");
    const EVP_MD* digest = EVP_get_digestbyname(request.digest.c_str());
    if (digest == nullptr) return problem("unknown digest");
    EVP_PKEY* signing_key = issuer == nullptr ? key.get() : issuer_key.get();
    if (X509_sign(certificate.get(), signing_key, digest) == 0) return problem("signing");
    return PemPair{certificate_pem(certificate.get()), key_pem(key.get())};
}

Result<PemPair> make_authority(const std::string& common_name, WallTime now, std::chrono::seconds lifetime) {
    CertificateRequest request;
    request.common_name = common_name;
    request.authority = true;
    request.not_before = now - std::chrono::hours{1};
    request.lifetime = lifetime;
    return issue_certificate(request, nullptr);
}

Result<void> write_pair(const std::string& stem, const PemPair& pair) {
    if (const Result<void> wrote = write_file(stem + ".key", pair.key, true); !wrote) return wrote;
    return write_file(stem + ".pem", pair.certificate, false);
}

}  // namespace sallyport::io
