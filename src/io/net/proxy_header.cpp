// haproxy.org, "The PROXY protocol", sections 2.1 (version 1) and 2.2 (version 2).
#include "io/net/proxy_header.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "base/mapped_address.h"

namespace sallyport::io {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t prefix = 16;  ///< signature, version and command, family, length

Error malformed(std::string what) { return {"proxy-malformed", std::move(what)}; }

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

IpAddress address_at(std::string_view bytes, std::size_t at, bool v6) {
    IpAddress address;
    address.v6 = v6;
    for (std::size_t i = 0; i < (v6 ? 16U : 4U); ++i) address.bytes[i] = byte_at(bytes, at + i);
    return unmapped(address);
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at <= line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return port;
}

std::optional<Endpoint> endpoint_of(std::string_view address, std::string_view port, bool v6) {
    const auto parsed = IpAddress::parse(address);
    const auto number = port_of(port);
    if (!parsed || parsed->v6 != v6 || !number) return std::nullopt;
    return Endpoint{unmapped(*parsed), *number};
}

}  // namespace

Result<void> ProxyHeader::read(std::string_view bytes) {
    bytes_ += bytes;
    wanted_ -= std::min(wanted_, bytes.size());
    if (wanted_ > 0) return {};
    if (!bytes_.starts_with(signature)) return read_line();
    return bytes_.size() == prefix || bytes_.size() < prefix ? read_prefix() : read_body();
}

/// Until its end is there nobody knows how long the line is: byte by byte.
Result<void> ProxyHeader::read_line() {
    if (!bytes_.starts_with("PROXY ")) return malformed("the connection does not begin with a PROXY header");
    if (!bytes_.ends_with("\r\n")) {
        if (bytes_.find('\n') != std::string::npos) return malformed("the line of the PROXY header is malformed");
        if (bytes_.size() >= longest_line) return malformed("the line of the PROXY header has no end");
        wanted_ = 1;
        return {};
    }
    const auto words = words_of(std::string_view{bytes_}.substr(0, bytes_.size() - 2));
    const std::string_view family = words[1];
    if (family == "UNKNOWN") return {};
    const bool v6 = family == "TCP6";
    if ((!v6 && family != "TCP4") || words.size() != 6) return malformed("the line of the PROXY header is malformed");
    const auto remote = endpoint_of(words[2], words[4], v6);
    const auto local = endpoint_of(words[3], words[5], v6);
    if (!remote || !local) return malformed("the addresses in the PROXY header are malformed");
    ends_ = Ends{*local, *remote};
    return {};
}

Result<void> ProxyHeader::read_prefix() {
    if (bytes_.size() < prefix) {
        wanted_ = prefix - bytes_.size();
        return {};
    }
    const std::uint8_t command = byte_at(bytes_, 12);
    if (command != 0x20 && command != 0x21) return malformed("the PROXY header is of an unknown version");
    wanted_ = number_at(bytes_, 14);
    if (wanted_ > longest_body)
        return malformed("the PROXY header is longer than " + std::to_string(longest_body) + " bytes");
    return wanted_ == 0 ? read_body() : Result<void>{};
}

Result<void> ProxyHeader::read_body() {
    const bool is_local = byte_at(bytes_, 12) == 0x20;
    const std::uint8_t family = byte_at(bytes_, 13) >> 4U;
    if (is_local || family == 0 || family == 3) return {};  // the proxy itself, unspecified, a Unix socket
    const bool is_stream = (byte_at(bytes_, 13) & 0xfU) == 1;
    const bool v6 = family == 2;
    const std::size_t size = v6 ? 16 : 4;
    if (family > 2 || !is_stream) return malformed("the PROXY header names a family other than TCP");
    if (bytes_.size() < prefix + 2 * size + 4) return malformed("the PROXY header is too short for its addresses");
    const std::size_t ports = prefix + 2 * size;
    ends_ = Ends{{address_at(bytes_, prefix + size, v6), number_at(bytes_, ports + 2)},
                 {address_at(bytes_, prefix, v6), number_at(bytes_, ports)}};
    return {};
}

}  // namespace sallyport::io
