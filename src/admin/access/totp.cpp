// Codes out of counters.
#include "admin/access/totp.h"

#include "base/hash.h"

namespace sallyport::admin {

std::string hotp(std::string_view secret, std::uint64_t counter, unsigned digits) {
    std::string message(8, '\0');
    for (std::size_t i = 8; i-- > 0; counter >>= 8) message[i] = static_cast<char>(counter & 0xff);
    const std::string digest = hmac(Digest::sha1, secret, message);
    const auto byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(digest[at]));
    };
    const std::size_t offset = byte(19) & 0xf;
    std::uint32_t number =
        ((byte(offset) & 0x7f) << 24) | (byte(offset + 1) << 16) | (byte(offset + 2) << 8) | byte(offset + 3);
    std::string code(digits, '0');
    for (std::size_t i = digits; i-- > 0; number /= 10) code[i] = static_cast<char>('0' + number % 10);
    return code;
}

std::optional<std::uint64_t> totp_step(std::string_view secret, std::string_view code, std::int64_t unix_seconds,
                                       std::uint64_t used) {
    const auto now = static_cast<std::uint64_t>(unix_seconds / totp_step_seconds);
    std::optional<std::uint64_t> found;
    for (std::uint64_t step = now - 1; step <= now + 1; ++step) {
        if (equal_constant_time(hotp(secret, step), code) && step > used) found = step;
    }
    return found;
}

std::string base32(std::string_view bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char byte : bytes) {
        held = (held << 8) | static_cast<unsigned char>(byte);
        bits += 8;
        for (; bits >= 5; bits -= 5) out += letters[(held >> (bits - 5)) & 31];
        held &= (1U << bits) - 1;
    }
    if (bits > 0) out += letters[(held << (5 - bits)) & 31];
    return out;
}

std::string totp_uri(std::string_view secret, const std::string& issuer, const std::string& account) {
    return "otpauth://totp/" + issuer + ":" + account + "?secret=" + base32(secret) + "&issuer=" + issuer;
}

}  // namespace sallyport::admin
