// "v1$" and base64 of nonce, ciphertext and tag (NIST SP 800-38D; nonces are random, 96 bits).
#include "io/store/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <memory>

#include "base/hash.h"
#include "io/store/folder.h"

namespace sallyport::io {

namespace {

constexpr std::string_view version = "v1$";
constexpr std::size_t key_size = 32;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t longest_secret = 65536;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

bool fill_random(std::string& text) { return RAND_bytes(bytes(text), static_cast<int>(text.size())) == 1; }

}  // namespace

Result<Seal> Seal::open(const std::string& key_file) {
    auto text = read_whole(key_file);
    if (text) {
        std::string key;
        while (!text->empty() && text->back() == '\n') text->pop_back();
        if (!base64_decode(*text, key) || key.size() != key_size) {
            return Error{
                "seal-key",
                key_file + " is not a key of this node; restore it, or move it away and give the passwords again"};
        }
        // It may have come from a backup with another mode.
        struct stat facts {};
        const bool is_private = ::stat(key_file.c_str(), &facts) == 0 && (facts.st_mode & 07777) == 0600;
        if (!is_private && chmod(key_file.c_str(), 0600) != 0)
            return Error{"store-unwritable", key_file + " cannot be given mode 0600"};
        return Seal{std::move(key)};
    }
    if (text.error().code != "store-missing") return text.error();
    std::string key(key_size, '\0');
    if (!fill_random(key)) return Error{"seal-key", "no random bytes for a key"};
    if (const auto written = write_whole(key_file, base64_encode(key) + "\n"); !written) return written.error();
    return Seal{std::move(key)};
}

Result<std::string> Seal::seal(std::string_view secret, std::string_view about) const {
    const Error failed{"seal-failed", "a secret cannot be encrypted"};
    std::string nonce(nonce_size, '\0'), cipher(secret.size(), '\0'), tag(tag_size, '\0');
    if (secret.size() > longest_secret || about.size() > longest_secret || !fill_random(nonce)) return failed;
    const Context context{EVP_CIPHER_CTX_new()};
    int size = 0;
    unsigned char last[16];
    const bool done =
        context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(nonce)) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &size, bytes(about), static_cast<int>(about.size())) == 1 &&
        EVP_EncryptUpdate(context.get(), bytes(cipher), &size, bytes(secret), static_cast<int>(secret.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), last, &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size), tag.data()) == 1;
    if (!done) return failed;
    return std::string{version} + base64_encode(nonce + cipher + tag);
}

Result<std::string> Seal::unseal(std::string_view sealed, std::string_view about) const {
    const Error broken{"seal-broken", "a stored secret cannot be decrypted with the key of this node; give it again"};
    std::string raw;
    if (!sealed.starts_with(version) || !base64_decode(sealed.substr(version.size()), raw) ||
        raw.size() < nonce_size + tag_size || raw.size() > longest_secret * 2) {
        return broken;
    }
    const std::string_view nonce = std::string_view{raw}.substr(0, nonce_size);
    const std::string_view cipher = std::string_view{raw}.substr(nonce_size, raw.size() - nonce_size - tag_size);
    std::string tag = raw.substr(raw.size() - tag_size);
    std::string secret(cipher.size(), '\0');
    const Context context{EVP_CIPHER_CTX_new()};
    int size = 0;
    unsigned char last[16];
    const bool done =
        context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(nonce)) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &size, bytes(about), static_cast<int>(about.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), bytes(secret), &size, bytes(cipher), static_cast<int>(cipher.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), last, &size) == 1;
    if (!done) return broken;
    return secret;
}

}  // namespace sallyport::io
