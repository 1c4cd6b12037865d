// Owning handles over OpenSSL objects and the text of its errors. Only for .cpp files of io/tls.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::io {

template <auto free_function>
struct Freed {
    template <typename T>
    void operator()(T* object) const {
        free_function(object);
    }
};

using BioPtr = std::unique_ptr<BIO, Freed<&BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freed<&X509_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freed<&X509_STORE_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Freed<&X509_STORE_CTX_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, Freed<&SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<&SSL_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Freed<&GENERAL_NAMES_free>>;
using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, Freed<&GENERAL_NAME_free>>;

/// A leaf, the certificates that lead to an anchor, and the key.
struct Identity {
    std::vector<std::string> domains;
    X509Ptr leaf;
    std::vector<X509Ptr> chain;
    PkeyPtr key;
};

/// The first error in OpenSSL's queue in words, or `otherwise`; empties the queue.
[[nodiscard]] std::string openssl_error(std::string_view otherwise);
/// A read-only BIO over `bytes`, which must outlive it.
[[nodiscard]] BioPtr memory_bio(std::string_view bytes);
/// What was written to a memory BIO.
[[nodiscard]] std::string memory_text(BIO* bio);
/// All certificates of a PEM text, in order; empty when there is none or one is malformed.
[[nodiscard]] std::vector<X509Ptr> read_certificates(std::string_view pem);
/// The first private key of a PEM text; encrypted keys are refused rather than asked for.
[[nodiscard]] PkeyPtr read_key(std::string_view pem);

}  // namespace sallyport::io
