// Any bytes, said again and again up to the length of the largest address: judging it costs a few times what judging an
// ordinary address of that length costs, whatever rules of PRECIS and IDNA its characters call for. Both are timed in
// turns and the quickest run of each counts, so neither a slow machine nor a busy one decides.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "fuzz/check.h"
#include "proto/xmpp/jid.h"

using namespace sallyport;

namespace {

constexpr std::int64_t unsuspicious_ns = 500'000;
constexpr std::int64_t most_times_an_ordinary_one = 10;  // the dearest known take three, with sanitizers five
constexpr int most_runs = 8;

constexpr std::size_t longest_part = 1023;

std::int64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string repeated(std::string_view piece) {
    std::string out;
    while (out.size() + piece.size() <= longest_part) out += piece;
    return out;
}

std::int64_t cost_of(const std::string& address) {
    const std::int64_t begin = now_ns();
    (void)xmpp::Jid::parse(address);
    return now_ns() - begin;
}

void check_cost(const std::string& address) {
    static const std::string ordinary = repeated("\xc3\xa9") + "@b.test";
    std::int64_t least = INT64_MAX;
    std::int64_t yardstick = INT64_MAX;
    for (int run = 0; run < most_runs; ++run) {
        least = std::min(least, cost_of(address));
        if (least <= unsuspicious_ns) return;
        yardstick = std::min(yardstick, cost_of(ordinary));
        if (least < yardstick * most_times_an_ordinary_one) return;
    }
    fuzz::check(false, "an address that is dear: " + std::to_string(least) + " ns, an ordinary one " +
                           std::to_string(yardstick) + " ns");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    const std::string piece{fuzz::as_text(bytes + 1, size - 1)};
    const std::string part = repeated(piece);
    switch (bytes[0] % 4) {
        case 0: check_cost(part + "@b.test"); break;
        case 1: check_cost("a@b.test/" + part); break;
        case 2: check_cost(part); break;
        default: check_cost(part + "@" + part + "/" + part); break;
    }
    return 0;
}
