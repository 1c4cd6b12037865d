// Any bytes, said again and again up to the length of the largest address: judging it costs so much a byte at most,
// whatever rules of PRECIS and IDNA its characters call for. The quickest of a few runs counts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

#include "fuzz/check.h"
#include "proto/xmpp/jid.h"

using namespace sallyport;

namespace {

constexpr std::int64_t most_ns_for_all = 200'000;
constexpr std::int64_t most_ns_a_byte = 2'000;  // with sanitizers; some 40 without

std::int64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void check_cost(const std::string& address) {
    std::int64_t least = INT64_MAX;
    const std::int64_t most = most_ns_for_all + static_cast<std::int64_t>(address.size()) * most_ns_a_byte;
    for (int run = 0; run < 4 && least > most; ++run) {
        const std::int64_t begin = now_ns();
        (void)xmpp::Jid::parse(address);
        least = std::min(least, now_ns() - begin);
    }
    fuzz::check(least <= most, "an address that is dear: " + std::to_string(least) + " ns");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    const std::string piece{fuzz::as_text(bytes + 1, size - 1)};
    const std::size_t wanted = 1023;
    std::string part;
    while (part.size() + piece.size() <= wanted) part += piece;
    switch (bytes[0] % 4) {
        case 0: check_cost(part + "@b.test"); break;
        case 1: check_cost("a@b.test/" + part); break;
        case 2: check_cost(part); break;
        default: check_cost(part + "@" + part + "/" + part); break;
    }
    return 0;
}
