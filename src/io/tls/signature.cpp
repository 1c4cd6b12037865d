// EVP, in one shot.
#include "io/tls/signature.h"

#include <openssl/rsa.h>

#include "io/tls/cert_facts.h"
#include "io/tls/openssl.h"

namespace sallyport::io {

namespace {

constexpr std::size_t padding_spaces = 64;  // RFC 8446 4.4.3

using DigestPtr = std::unique_ptr<EVP_MD_CTX, Freed<&EVP_MD_CTX_free>>;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// What EVP needs to know for a key of this kind; nothing: no key for signatures.
struct SignatureKind {
    const EVP_MD* digest = nullptr;  ///< null: the algorithm has its own
    bool is_rsa = false;
};
bool kind_of(EVP_PKEY* key, SignatureKind& kind) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_ED25519:
        case EVP_PKEY_ED448: return true;
        case EVP_PKEY_EC: kind.digest = EVP_sha256(); return true;
        case EVP_PKEY_RSA:
            kind.digest = EVP_sha256();
            kind.is_rsa = true;
            return true;
        default: return false;
    }
}

/// PSS with a salt as long as the digest (RFC 8446 4.2.3).
bool prepare(EVP_PKEY_CTX* context, const SignatureKind& kind) {
    if (!kind.is_rsa) return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

std::string signed_text(std::string_view context, std::string_view text) {
    std::string all(padding_spaces, ' ');
    all.append(context);
    all += '\0';
    return all.append(text);
}

Result<std::string> sign(std::string_view key_pem, std::string_view context, std::string_view text) {
    const PkeyPtr key = read_key(key_pem);
    SignatureKind kind;
    if (!key || !kind_of(key.get(), kind)) {
        ERR_clear_error();
        return Error{"tls-key", "there is no readable private key that can sign"};
    }
    const std::string message = signed_text(context, text);
    const DigestPtr digest{EVP_MD_CTX_new()};
    EVP_PKEY_CTX* settings = nullptr;
    std::size_t size = 0;
    std::string signature;
    const bool begun = EVP_DigestSignInit(digest.get(), &settings, kind.digest, nullptr, key.get()) == 1 &&
                       prepare(settings, kind) &&
                       EVP_DigestSign(digest.get(), nullptr, &size, octets(message), message.size()) == 1;
    if (begun) signature.resize(size);
    if (!begun || EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                 octets(message), message.size()) != 1) {
        return Error{"tls-key", "the key cannot sign: " + openssl_error("unknown reason")};
    }
    signature.resize(size);
    return signature;
}

Result<CertFacts> verify(std::string_view chain_pem, std::string_view trust_pem, std::string_view context,
                         std::string_view text, std::string_view signature) {
    const std::vector<X509Ptr> chain = read_certificates(chain_pem);
    if (chain.empty()) return Error{"tls-certificate", "there is no readable certificate"};
    EVP_PKEY* key = X509_get0_pubkey(chain.front().get());
    SignatureKind kind;
    const std::string message = signed_text(context, text);
    const DigestPtr digest{EVP_MD_CTX_new()};
    EVP_PKEY_CTX* settings = nullptr;
    const bool right =
        key != nullptr && kind_of(key, kind) &&
        EVP_DigestVerifyInit(digest.get(), &settings, kind.digest, nullptr, key) == 1 && prepare(settings, kind) &&
        EVP_DigestVerify(digest.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
    ERR_clear_error();
    if (!right) return Error{"signature-wrong", "the signature is not that of the certificate's key"};
    return judge_certificate(chain_pem, trust_pem);
}

}  // namespace sallyport::io
