// Any bytes as a stream: the reader must agree with expat, and with itself however the bytes are cut. The first byte
// seeds the cuts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

#include "fuzz/check.h"
#include "support/expat_oracle.h"

using namespace sallyport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const XmlLimits limits{2048, 32, 8, 16, 256, 6};
    std::minstd_rand random{bytes[0] + 1U};
    const std::string_view stream = fuzz::as_text(bytes + 1, size - 1);
    const test::Reading whole = test::read_with_reader(stream, limits);
    const std::string difference = test::disagreement(whole, test::read_with_expat(stream));
    fuzz::check(difference.empty(), difference);
    const auto cut = [&] { return random() % 4 == 0 ? 1 + random() % 64 : 1 + random() % 3; };
    fuzz::check(whole == test::read_with_reader(stream, limits, cut), "another reading of the same bytes in pieces");
    return 0;
}
