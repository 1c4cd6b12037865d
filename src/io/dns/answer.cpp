// RFC 1035 3.1 and 3.3, RFC 2782.
#include "io/dns/answer.h"

#include <algorithm>

namespace sallyport::io {

namespace {

std::uint16_t number_at(std::string_view data, std::size_t at) {
    const auto high = static_cast<unsigned char>(data[at]);
    const auto low = static_cast<unsigned char>(data[at + 1]);
    return static_cast<std::uint16_t>(high << 8U | low);
}

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// "." for the root.
std::optional<std::string> read_name(std::string_view data) {
    constexpr std::size_t longest_label = 63;
    constexpr std::size_t longest_name = 255;
    if (data.size() > longest_name) return std::nullopt;
    std::string name;
    while (!data.empty()) {
        const auto size = static_cast<unsigned char>(data.front());
        data.remove_prefix(1);
        if (size == 0) {
            if (!data.empty()) return std::nullopt;
            return name.empty() ? "." : name;
        }
        if (size > longest_label || size > data.size()) return std::nullopt;
        const std::string_view label = data.substr(0, size);
        if (!std::all_of(label.begin(), label.end(), host_character)) return std::nullopt;
        if (!name.empty()) name += '.';
        name += label;
        data.remove_prefix(size);
    }
    return std::nullopt;
}

}  // namespace

std::optional<SrvRecord> read_srv(std::string_view data) {
    constexpr std::size_t fixed = 6;
    if (data.size() <= fixed) return std::nullopt;
    std::optional<std::string> target = read_name(data.substr(fixed));
    if (!target) return std::nullopt;
    SrvRecord record;
    record.priority = number_at(data, 0);
    record.weight = number_at(data, 2);
    record.port = number_at(data, 4);
    record.target = std::move(*target);
    for (char& c : record.target) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return record;
}

std::optional<IpAddress> read_address(std::string_view data, bool v6) {
    if (data.size() != (v6 ? 16U : 4U)) return std::nullopt;
    IpAddress address;
    address.v6 = v6;
    std::copy(data.begin(), data.end(), address.bytes.begin());
    return address;
}

}  // namespace sallyport::io
