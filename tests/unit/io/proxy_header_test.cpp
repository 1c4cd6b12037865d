// What a proxy says before a stream begins: both versions, read off the wire in any pieces, and nothing behind them.
#include "io/net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>

namespace sallyport::io {
namespace {

using namespace std::string_literals;

/// Gives the header what it wants, `step` bytes at most each time; where it ended in `wire`.
Result<std::size_t> read(ProxyHeader& header, std::string_view wire, std::size_t step) {
    std::size_t at = 0;
    while (header.wanted() > 0) {
        const std::size_t count = std::min({step, header.wanted(), wire.size() - at});
        if (count == 0) return Error{"short", "the wire ends"};
        if (const auto taken = header.read(wire.substr(at, count)); !taken) return taken.error();
        at += count;
    }
    return at;
}

std::string binary(char command, char family, const std::string& body) {
    const auto size = static_cast<unsigned>(body.size());
    return "\r\n\r\n\0\r\nQUIT\n"s + command + family + static_cast<char>(size >> 8U) +
           static_cast<char>(size & 0xffU) + body;
}

const std::string v4_body =
    "\xc0\x00\x02\x01\xc6\x33\x64\x02\x9c\x40\x14\x95"s;  // 192.0.2.1:40000 to 198.51.100.2:5269
const std::string v6_body =
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x9c\x40\x14\x95"s;

struct Good {
    std::string wire;
    std::string remote, local;  ///< empty: nobody is named
};

TEST(ProxyHeader, NamesBothEndsAndLeavesWhatFollows) {
    const Good cases[] = {
        {"PROXY TCP4 192.0.2.1 198.51.100.2 40000 5269\r\n", "192.0.2.1:40000", "198.51.100.2:5269"},
        {"PROXY TCP6 2001:db8::1 2001:db8::2 40000 5269\r\n", "[2001:db8::1]:40000", "[2001:db8::2]:5269"},
        {"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 0 65535\r\n", "192.0.2.1:0", "198.51.100.2:65535"},
        {"PROXY UNKNOWN\r\n", "", ""},
        {"PROXY UNKNOWN ffff::1 ffff::2 1 2 whatever\r\n", "", ""},
        {binary('\x21', '\x11', v4_body), "192.0.2.1:40000", "198.51.100.2:5269"},
        {binary('\x21', '\x21', v6_body), "[2001:db8::1]:40000", "[2001:db8::2]:5269"},
        {binary('\x21', '\x11',
                v4_body + "\x03\x00\x04"
                          "crc!"s),
         "192.0.2.1:40000", "198.51.100.2:5269"},
        {binary('\x20', '\x00', ""), "", ""},
        {binary('\x20', '\x11', v4_body), "", ""},
        {binary('\x21', '\x00', "more"), "", ""},
        {binary('\x21', '\x31', std::string(216, '\0')), "", ""},
    };
    for (const Good& one : cases) {
        for (const std::size_t step : {1U, 5U, 4096U}) {
            ProxyHeader header;
            const auto end = read(header, one.wire + "<?xml version='1.0'?>", step);
            ASSERT_TRUE(end) << one.wire << ": " << end.error().text;
            EXPECT_EQ(*end, one.wire.size()) << one.wire;
            ASSERT_EQ(header.ends().has_value(), !one.remote.empty()) << one.wire;
            if (!header.ends()) continue;
            EXPECT_EQ(header.ends()->remote.text(), one.remote);
            EXPECT_EQ(header.ends()->local.text(), one.local);
        }
    }
}

TEST(ProxyHeader, RefusesWhatIsNone) {
    const std::string cases[] = {
        "<?xml version='1.0'?><stream:stream",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 ClientHello"s,
        "PROXY TCP4 192.0.2.1 198.51.100.2 40000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 40000 5269 5269\r\n",
        "PROXY TCP4  192.0.2.1 198.51.100.2 40000 5269\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 40000 5269\r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.2 40000 5269\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 040000 5269\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 65536 5269\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 -1 5269\r\n",
        "PROXY UDP4 192.0.2.1 198.51.100.2 40000 5269\r\n",
        "PROXY \r\n      ",
        "PROXY UNKNOWN" + std::string(200, ' '),
        binary('\x31', '\x11', v4_body),
        binary('\x22', '\x11', v4_body),
        binary('\x21', '\x12', v4_body),
        binary('\x21', '\x41', v4_body),
        binary('\x21', '\x11', v4_body.substr(1)),
        binary('\x21', '\x21', v4_body),
        binary('\x21', '\x11', std::string(ProxyHeader::longest_body + 1, '\0')),
    };
    for (const std::string& wire : cases) {
        for (const std::size_t step : {1U, 4096U}) {
            ProxyHeader header;
            const auto end = read(header, wire, step);
            ASSERT_FALSE(end) << wire;
            EXPECT_EQ(end.error().code, "proxy-malformed") << wire;
        }
    }
}

}  // namespace
}  // namespace sallyport::io
