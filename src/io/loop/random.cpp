// getrandom(2); a kernel that cannot give random bytes ends the program, for nothing is safe then.
#include "io/loop/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace sallyport::io {

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t have = 0;
    while (have < count) {
        const ssize_t got = getrandom(bytes.data() + have, count - have, 0);
        if (got > 0) {
            have += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            std::abort();
        }
    }
    return bytes;
}

std::string fresh_id() {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    constexpr std::size_t length = 24;  // six bits each: 144
    std::string id = random_bytes(length);
    for (char& c : id) c = letters[static_cast<unsigned char>(c) & 63U];
    // "-" or "_" in front would look like an option or a hidden name; two letters less cost nothing here.
    if (id.front() == '-') id.front() = 'a';
    if (id.front() == '_') id.front() = 'b';
    return id;
}

std::uint64_t random_below(std::uint64_t bound) {
    if (bound == 0) return 0;
    const std::uint64_t fair = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t number = 0;
    do {
        const std::string bytes = random_bytes(sizeof number);
        std::memcpy(&number, bytes.data(), sizeof number);
    } while (number >= fair);
    return number % bound;
}

}  // namespace sallyport::io
