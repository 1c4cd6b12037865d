// PEM in and out, and error words.
#include "io/tls/openssl.h"

#include <openssl/pem.h>

namespace sallyport::io {

std::string openssl_error(std::string_view otherwise) {
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? std::string{otherwise} : std::string{reason};
}

BioPtr memory_bio(std::string_view bytes) {
    return BioPtr{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
}

std::string memory_text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size <= 0 ? std::string{} : std::string{data, static_cast<std::size_t>(size)};
}

std::vector<X509Ptr> read_certificates(std::string_view pem) {
    std::vector<X509Ptr> found;
    ERR_clear_error();
    const BioPtr bio = memory_bio(pem);
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) found.emplace_back(certificate);
    const unsigned long problem = ERR_peek_last_error();
    const bool ended = ERR_GET_LIB(problem) == ERR_LIB_PEM && ERR_GET_REASON(problem) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!ended) found.clear();
    return found;
}

PkeyPtr read_key(std::string_view pem) {
    const BioPtr bio = memory_bio(pem);
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    PkeyPtr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)};
    ERR_clear_error();
    return key;
}

}  // namespace sallyport::io
