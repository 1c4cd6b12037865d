// Numbers are big-endian. The length is in the header and the header under its own code, so that an end that comes too
// early is told from damage.
#include "io/archive/sealed_header.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/hash.h"

namespace sallyport::io {

namespace {

constexpr std::string_view sealed_magic = "sallyport-backup";
constexpr std::uint64_t sealed_version = 1;
constexpr std::size_t version_at = 16, cost_at = 18, zero_at = 19, payload_at = 20, salt_at = 28, code_at = 44;
constexpr std::size_t salt_bytes = code_at - salt_at;
constexpr std::size_t key_bytes = 32;
constexpr std::uint64_t scrypt_r = 8, scrypt_p = 1;

std::string big_endian(std::uint64_t number, std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = count; i-- > 0; number >>= 8U) text[i] = static_cast<char>(number & 0xFFU);
    return text;
}

std::uint64_t number_in(std::string_view text) {
    std::uint64_t number = 0;
    for (const char byte : text) number = number << 8U | static_cast<unsigned char>(byte);
    return number;
}

}  // namespace

SealedKeys::~SealedKeys() { OPENSSL_cleanse(both_.data(), both_.size()); }

Result<SealedKeys> SealedKeys::derive(std::string_view passphrase, std::string_view salt, unsigned cost) {
    const std::uint64_t n = std::uint64_t{1} << cost;
    const std::uint64_t memory = 128 * scrypt_r * (n + scrypt_p + 2);
    std::string both(2 * key_bytes, '\0');
    const bool done = EVP_PBE_scrypt(passphrase.data(), passphrase.size(),
                                     reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), n, scrypt_r,
                                     scrypt_p, memory, reinterpret_cast<unsigned char*>(both.data()), both.size()) == 1;
    if (done) return SealedKeys{std::move(both)};
    return Error{"sealed-failed", "no key can be made from the passphrase; " + std::to_string(memory >> 20U) +
                                      " MiB of memory have to be free for it"};
}

Result<SealedHeader> SealedHeader::make(std::uint64_t payload, unsigned cost) {
    if (payload > most_sealed)
        return Error{"sealed-too-long", "there are " + std::to_string(payload >> 30U) + " GiB; a backup has " +
                                            std::to_string(most_sealed >> 30U) + " at most"};
    SealedHeader header{cost, payload, std::string(salt_bytes, '\0')};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(header.salt.data()), static_cast<int>(salt_bytes)) == 1)
        return header;
    return Error{"sealed-failed", "no random bytes for a salt"};
}

Result<SealedHeader> SealedHeader::parse(std::string_view beginning) {
    const std::string_view magic = beginning.substr(0, sealed_magic.size());
    if (magic.empty() || !sealed_magic.starts_with(magic))
        return Error{"sealed-foreign", "is not a backup of Sallyport"};
    if (beginning.size() < bytes) return Error{"sealed-truncated", "ends within its header: it was not copied whole"};
    const std::uint64_t version = number_in(beginning.substr(version_at, cost_at - version_at));
    if (version != sealed_version) {
        return Error{"sealed-version", "has format " + std::to_string(version) + ", and this program reads format " +
                                           std::to_string(sealed_version) +
                                           "; use the version of Sallyport that made it, or a newer one"};
    }
    SealedHeader header;
    header.cost = static_cast<unsigned char>(beginning[cost_at]);
    header.payload = number_in(beginning.substr(payload_at, salt_at - payload_at));
    header.salt = std::string{beginning.substr(salt_at, salt_bytes)};
    const bool is_sound = header.cost >= least_cost && header.cost <= most_cost && beginning[zero_at] == 0 &&
                          header.payload <= most_sealed;
    if (!is_sound) return Error{"sealed-damaged", "has a damaged header"};
    return header;
}

std::string SealedHeader::encode(const SealedKeys& keys) const {
    std::string text = std::string{sealed_magic} + big_endian(sealed_version, cost_at - version_at) +
                       big_endian(cost, zero_at - cost_at) + big_endian(0, payload_at - zero_at) +
                       big_endian(payload, salt_at - payload_at) + salt;
    text += hmac_sha256(keys.of_header(), text);
    return text;
}

std::uint64_t SealedHeader::file_bytes() const {
    const std::uint64_t chunks = (payload + sealed_chunk - 1) / sealed_chunk;
    return bytes + payload + chunks * sealed_tag;
}

}  // namespace sallyport::io
