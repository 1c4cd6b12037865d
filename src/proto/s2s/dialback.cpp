// Dialback keys: XEP-0185 section 2, the recommended construction. The separators matter (CVE-2016-0756, threat T05).
#include "proto/s2s/dialback.h"

#include "base/hash.h"

namespace sallyport::s2s {

std::string dialback_key(std::string_view secret, std::string_view receiving, std::string_view originating,
                         std::string_view stream_id) {
    std::string message;
    message.reserve(receiving.size() + originating.size() + stream_id.size() + 2);
    message.append(receiving).append(1, ' ').append(originating).append(1, ' ').append(stream_id);
    return to_hex(hmac_sha256(to_hex(sha256(secret)), message));
}

std::string_view cut_key(std::string_view key) { return key.substr(0, 8); }

}  // namespace sallyport::s2s
