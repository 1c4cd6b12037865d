// The table is short because almost everything in it stands together.
#include "base/deceptive.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace sallyport {

namespace {

struct Range {
    char32_t first, last;
};
constexpr Range ranges[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x0600, 0x0605},   {0x061c, 0x061c},
    {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x180e, 0x180e},
    {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
    {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
};

std::string unit(unsigned value) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", value & 0xffffU);
    return text;
}

}  // namespace

bool is_deceptive(char32_t code) {
    if (code >= 0x20 && code < 0x7f) return false;
    const auto* at = std::lower_bound(std::begin(ranges), std::end(ranges), code,
                                      [](const Range& range, char32_t wanted) { return range.last < wanted; });
    return at != std::end(ranges) && code >= at->first;
}

std::string escaped(char32_t code) {
    if (code < 0x10000) return unit(static_cast<unsigned>(code));
    const auto above = static_cast<unsigned>(code) - 0x10000U;
    return unit(0xd800U + (above >> 10U)) + unit(0xdc00U + (above & 0x3ffU));
}

}  // namespace sallyport
