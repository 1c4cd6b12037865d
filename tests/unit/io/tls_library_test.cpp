// The narrow view of OpenSSL's algorithms: every key that a TLS peer may have is read, and nothing else is there.
#include "io/tls/tls_library.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "io/tls/openssl.h"

namespace sallyport::test {
namespace {

struct Kind {
    const char* type;
    const char* curve;     ///< empty: none
    const char* as_known;  ///< the type's name once read
};

/// The public key as a certificate carries it (SubjectPublicKeyInfo, DER).
std::string public_key(const Kind& kind) {
    using Context = std::unique_ptr<EVP_PKEY_CTX, io::Freed<&EVP_PKEY_CTX_free>>;
    const Context maker{EVP_PKEY_CTX_new_from_name(nullptr, kind.type, nullptr)};
    EVP_PKEY_keygen_init(maker.get());
    if (kind.curve[0] != 0) EVP_PKEY_CTX_set_group_name(maker.get(), kind.curve);
    EVP_PKEY* made = nullptr;
    EXPECT_EQ(EVP_PKEY_generate(maker.get(), &made), 1) << kind.type;
    const io::PkeyPtr key{made};
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    EXPECT_GT(size, 0);
    std::string out{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
    OPENSSL_free(der);
    return out;
}

io::PkeyPtr read_back(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    return io::PkeyPtr{d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(der.size()), io::tls_library(), nullptr)};
}

class TlsLibraryReads : public testing::TestWithParam<Kind> {};

TEST_P(TlsLibraryReads, TheKey) {
    const io::PkeyPtr key = read_back(public_key(GetParam()));
    ASSERT_TRUE(key);
    EXPECT_EQ(EVP_PKEY_is_a(key.get(), GetParam().as_known), 1);
}

INSTANTIATE_TEST_SUITE_P(Keys, TlsLibraryReads,
                         testing::Values(Kind{"RSA", "", "RSA"}, Kind{"RSA-PSS", "", "RSA-PSS"},
                                         Kind{"EC", "P-256", "EC"}, Kind{"EC", "P-384", "EC"},
                                         Kind{"EC", "P-521", "EC"}, Kind{"ED25519", "", "ED25519"},
                                         Kind{"ED448", "", "ED448"}));

TEST(TlsLibrary, HasNoKeysThatTlsDoesNotUse) {
    ASSERT_NE(io::tls_library(), nullptr);
    EVP_KEYMGMT* dsa = EVP_KEYMGMT_fetch(io::tls_library(), "DSA", nullptr);
    EXPECT_EQ(dsa, nullptr);
    EVP_KEYMGMT_free(dsa);
    EVP_KEYMGMT* dsa_of_default = EVP_KEYMGMT_fetch(nullptr, "DSA", nullptr);
    EXPECT_NE(dsa_of_default, nullptr);
    EVP_KEYMGMT_free(dsa_of_default);
}

TEST(TlsLibrary, HasEveryCipherSuiteOfTheDefault) {
    const auto suites = [](OSSL_LIB_CTX* library) {
        const io::SslCtxPtr context{SSL_CTX_new_ex(library, nullptr, TLS_method())};
        return sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(context.get()));
    };
    EXPECT_EQ(suites(io::tls_library()), suites(nullptr));
}

}  // namespace
}  // namespace sallyport::test
