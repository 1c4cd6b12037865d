// Digests over libcrypto, as pure functions of their input, and comparison of secrets in constant time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

/// Lower-case hex of `bytes`.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// 20 raw bytes.
[[nodiscard]] std::string sha1(std::string_view bytes);
/// 32 raw bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// 32 raw bytes; RFC 2104 with SHA-256.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);
/// The hashes of SCRAM (RFC 5802, RFC 7677).
enum class Digest : std::uint8_t { sha1, sha256 };
[[nodiscard]] std::string hash(Digest digest, std::string_view bytes);
[[nodiscard]] std::string hmac(Digest digest, std::string_view key, std::string_view message);
/// RFC 8018 5.2 with HMAC, one block long; slow on purpose.
[[nodiscard]] std::string pbkdf2(Digest digest, std::string_view password, std::string_view salt,
                                 std::uint32_t iterations);
/// True when equal; the time depends on the lengths only (threat T08).
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

/// SipHash-2-4 with a random key for maps keyed by peer data (threat T63).
struct SipKey {
    std::uint64_t k0 = 0;
    std::uint64_t k1 = 0;
};
[[nodiscard]] std::uint64_t sip_hash(SipKey key, std::string_view bytes);

/// base64 of RFC 4648 section 4, strict: no white space, padding required, unused bits zero (RFC 6120 6.3.5).
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// False when `text` is not strict base64; `out` then is unspecified.
[[nodiscard]] bool base64_decode(std::string_view text, std::string& out);

}  // namespace sallyport
