// A keyed digest behind the random part.
#include "services/s2s/stream_seal.h"

#include "base/hash.h"

namespace sallyport::s2s {

namespace {

constexpr std::size_t seal_digits = 16;

std::string seal(std::string_view random, std::string_view secret) {
    return to_hex(hmac_sha256(secret, random)).substr(0, seal_digits);
}

}  // namespace

std::string sealed_id(std::string random, std::string_view secret) {
    const std::string digits = seal(random, secret);
    return std::move(random) + digits;
}

bool is_sealed(std::string_view id, std::string_view secret) {
    if (id.size() <= seal_digits) return false;
    const std::string_view random = id.substr(0, id.size() - seal_digits);
    return id.substr(random.size()) == seal(random, secret);
}

}  // namespace sallyport::s2s
