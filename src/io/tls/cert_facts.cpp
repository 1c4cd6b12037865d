// Reading certificates with OpenSSL 3.
#include "io/tls/cert_facts.h"

#include <openssl/asn1.h>

#include <algorithm>

#include "base/hash.h"
#include "io/tls/openssl.h"
#include "io/tls/trust.h"

namespace sallyport::io {

namespace {

constexpr int most_depth = 8;
constexpr int least_security = 2;  ///< 112 bits: RSA of 2048, no SHA-1
constexpr std::size_t longest_name_line = 512;

std::string_view bytes_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool printable_ascii(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

bool has_oid(const ASN1_OBJECT* object, std::string_view dotted) {
    char text[64];
    const int size = OBJ_obj2txt(text, sizeof text, object, 1);
    return size > 0 && std::string_view{text} == dotted;
}

void add_other_name(const OTHERNAME& name, CertFacts& facts) {
    const ASN1_TYPE* value = name.value;
    if (value == nullptr) return;
    if (has_oid(name.type_id, "1.3.6.1.5.5.7.8.7") && value->type == V_ASN1_IA5STRING) {
        const std::string_view text = bytes_of(value->value.ia5string);
        if (printable_ascii(text)) facts.srv_names.emplace_back(text);
    }
    if (has_oid(name.type_id, "1.3.6.1.5.5.7.8.5") && value->type == V_ASN1_UTF8STRING) {
        const std::string_view text = bytes_of(value->value.utf8string);
        if (!text.empty() && text.find('\0') == std::string_view::npos) facts.xmpp_addrs.emplace_back(text);
    }
}

void add_names(X509* certificate, CertFacts& facts) {
    const GeneralNamesPtr names{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
    if (!names) return;
    const int count = std::min(sk_GENERAL_NAME_num(names.get()), static_cast<int>(most_certificate_names));
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) {
            const std::string_view text = bytes_of(name->d.dNSName);
            if (printable_ascii(text)) facts.dns_names.push_back(lower(text));
        } else if (name->type == GEN_URI) {
            const std::string_view text = bytes_of(name->d.uniformResourceIdentifier);
            if (printable_ascii(text)) facts.uris.emplace_back(text);
        } else if (name->type == GEN_OTHERNAME) {
            add_other_name(*name->d.otherName, facts);
        }
    }
}

std::string name_line(const X509_NAME* name) {
    const BioPtr out{BIO_new(BIO_s_mem())};
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
    return memory_text(out.get()).substr(0, longest_name_line);
}

std::string key_text(X509* certificate) {
    EVP_PKEY* key = X509_get0_pubkey(certificate);
    if (key == nullptr) return "unknown";
    const std::string bits = std::to_string(EVP_PKEY_get_bits(key));
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA: return "RSA " + bits;
        case EVP_PKEY_RSA_PSS: return "RSA-PSS " + bits;
        case EVP_PKEY_EC: return "EC " + bits;
        case EVP_PKEY_ED25519: return "Ed25519";
        case EVP_PKEY_ED448: return "Ed448";
        default: return "other " + bits;
    }
}

std::string serial_text(X509* certificate) {
    const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
    return to_hex(bytes_of(serial));
}

WallTime wall_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return WallTime{std::chrono::seconds{timegm(&parts)}};
}

std::string fingerprint(X509* certificate) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return {};
    return to_hex({reinterpret_cast<const char*>(digest), size});
}

}  // namespace

CertFacts certificate_facts(x509_st* certificate) {
    CertFacts facts;
    add_names(certificate, facts);
    facts.subject = name_line(X509_get_subject_name(certificate));
    facts.issuer = name_line(X509_get_issuer_name(certificate));
    facts.serial = serial_text(certificate);
    facts.sha256 = fingerprint(certificate);
    facts.key = key_text(certificate);
    facts.not_before = wall_time(X509_get0_notBefore(certificate));
    facts.not_after = wall_time(X509_get0_notAfter(certificate));
    const std::uint32_t usage = X509_get_extended_key_usage(certificate);  // all bits when there is no such extension
    facts.client_auth = (usage & (XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
    facts.server_auth = (usage & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
    ERR_clear_error();
    return facts;
}

namespace {

std::string objection_to(X509_STORE_CTX* context) {
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
    X509_VERIFY_PARAM_set_auth_level(rules, least_security);
    X509_VERIFY_PARAM_set_depth(rules, most_depth);
    // Every certificate of the trust file is an anchor, also one that is not self-signed.
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    const bool accepted = X509_verify_cert(context) == 1;
    const int problem = X509_STORE_CTX_get_error(context);
    ERR_clear_error();
    if (!accepted || problem != X509_V_OK) return X509_verify_cert_error_string(problem);
    if (X509_check_ca(X509_STORE_CTX_get0_cert(context)) == 1) {
        X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_REJECTED);
        return "a CA certificate is used as a server certificate";
    }
    return {};
}

/// The anchor's own constraints count as well.
bool has_constrained_authority(X509_STORE_CTX* context) {
    STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context);
    for (int i = 1; chain != nullptr && i < sk_X509_num(chain); ++i) {
        if (X509_get_ext_by_NID(sk_X509_value(chain, i), NID_name_constraints, -1) >= 0) return true;
    }
    return false;
}

}  // namespace

ChainValidity judge_chain(x509_store_ctx_st* context) {
    ChainValidity validity{objection_to(context), false};
    validity.constrained = has_constrained_authority(context);
    return validity;
}

void apply(const ChainValidity& validity, CertFacts& facts) {
    facts.chain_error = validity.objection;
    facts.chain_valid = validity.objection.empty();
    if (!validity.constrained) return;
    facts.srv_names.clear();
    facts.xmpp_addrs.clear();
}

Result<CertFacts> judge_certificate(std::string_view chain_pem, std::string_view trust_pem) {
    const std::vector<X509Ptr> chain = read_certificates(chain_pem);
    if (chain.empty()) return Error{"tls-certificate", "There is no readable certificate in the PEM text."};
    Result<StorePtr> store = trust_store(trust_pem);
    if (!store) return store.error();
    const StoreCtxPtr context{X509_STORE_CTX_new()};
    struct FreeStack {
        void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
    };
    const std::unique_ptr<STACK_OF(X509), FreeStack> others{sk_X509_new_null()};
    for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(others.get(), chain[i].get());
    X509_STORE_CTX_init(context.get(), store->get(), chain.front().get(), others.get());
    CertFacts facts = certificate_facts(chain.front().get());
    apply(judge_chain(context.get()), facts);
    return facts;
}

}  // namespace sallyport::io
