// scrypt over libcrypto.
#include "io/store/verifier.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <optional>

#include "base/hash.h"

namespace sallyport::io {

namespace {

constexpr std::string_view beginning = "$scrypt$ln=14,r=8,p=1$";
constexpr std::uint64_t cost = 1 << 14;
constexpr std::uint64_t block_size = 8;
constexpr std::uint64_t parallel = 1;
constexpr std::uint64_t most_memory = 64 << 20;
constexpr std::size_t salt_size = 16;
constexpr std::size_t hash_size = 32;

std::optional<std::string> derive(std::string_view password, std::string_view salt) {
    std::array<unsigned char, hash_size> hash{};
    const int done =
        EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                       salt.size(), cost, block_size, parallel, most_memory, hash.data(), hash.size());
    if (done != 1) return std::nullopt;
    return std::string{reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

Result<std::string> make_verifier(std::string_view password) {
    std::array<unsigned char, salt_size> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return Error{"verifier", "no random bytes"};
    const std::string salt{reinterpret_cast<const char*>(random.data()), random.size()};
    const auto hash = derive(password, salt);
    if (!hash) return Error{"verifier", "a password cannot be hashed; is there enough memory?"};
    return std::string{beginning} + base64_encode(salt) + "$" + base64_encode(*hash);
}

bool verifies(std::string_view verifier, std::string_view password) {
    if (!verifier.starts_with(beginning)) return false;
    verifier.remove_prefix(beginning.size());
    const std::size_t end = verifier.find('$');
    std::string salt, hash;
    if (end == std::string_view::npos || !base64_decode(verifier.substr(0, end), salt) ||
        !base64_decode(verifier.substr(end + 1), hash)) {
        return false;
    }
    const auto derived = derive(password, salt);
    return derived && equal_constant_time(*derived, hash);
}

}  // namespace sallyport::io
