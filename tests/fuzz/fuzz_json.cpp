// Any bytes as the JSON of REST and of the admin socket: what is taken means one thing, so it can be written and read
// again as the same, is UTF-8, and no name stands twice in it.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>

#include "admin/api/strict_json.h"
#include "fuzz/check.h"

using namespace sallyport;

namespace {

std::size_t depth_of(const boost::json::value& value) {
    std::size_t below = 0;
    if (value.is_object()) {
        for (const auto& member : value.get_object()) below = std::max(below, depth_of(member.value()));
    } else if (value.is_array()) {
        for (const auto& entry : value.get_array()) below = std::max(below, depth_of(entry));
    } else {
        return 0;
    }
    return below + 1;
}

/// Fractions are read to the last place but one.
bool same(const boost::json::value& one, const boost::json::value& other) {
    if (one.is_double() && other.is_number()) {
        const double a = one.get_double(), b = other.to_number<double>();
        return a == b || std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b));
    }
    if (one.kind() != other.kind()) return one.is_number() && one == other;
    if (one.is_array()) {
        const auto &a = one.get_array(), &b = other.get_array();
        return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
    }
    if (!one.is_object()) return one == other;
    const auto &a = one.get_object(), &b = other.get_object();
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto& member) {
               const auto* at = b.if_contains(member.key());
               return at != nullptr && same(member.value(), *at);
           });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto value = admin::strict_json(fuzz::as_text(bytes, size));
    if (!value) {
        fuzz::check(!value.error().text.empty(), "refused without a reason");
        return 0;
    }
    fuzz::check(depth_of(*value) <= admin::deepest_json, "deeper than its bound");
    const auto again = admin::strict_json(boost::json::serialize(*value));
    fuzz::check(again && same(*value, *again), "JSON that changes when it is written");
    return 0;
}
