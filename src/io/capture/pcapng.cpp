// Every block: type, length, body, padding to 32 bits, length again (section 3.1).
#include "io/capture/pcapng.h"

#include "io/capture/put.h"

namespace sallyport::io::pcapng {

namespace {

void put_padded(std::string& out, std::string_view bytes) {
    out += bytes;
    out.append((4 - bytes.size() % 4) % 4, '\0');
}

void put_option(std::string& out, std::uint16_t code, std::string_view value) {
    constexpr std::size_t longest = 0xffff;
    value = value.substr(0, longest);
    put(out, code);
    put(out, static_cast<std::uint16_t>(value.size()));
    put_padded(out, value);
}

void end_options(std::string& out) { put(out, std::uint32_t{0}); }

void put_time(std::string& out, std::uint64_t microseconds) {
    put(out, static_cast<std::uint32_t>(microseconds >> 32U));
    put(out, static_cast<std::uint32_t>(microseconds));
}

std::string block(std::uint32_t type, const std::string& body) {
    constexpr std::size_t around = 12;
    std::string out;
    const auto length = static_cast<std::uint32_t>(body.size() + around);
    put(out, type);
    put(out, length);
    out += body;
    put(out, length);
    return out;
}

}  // namespace

std::string section_header(std::string_view program) {
    std::string body;
    put(body, std::uint32_t{0x1A2B3C4D});
    put(body, std::uint16_t{1});
    put(body, std::uint16_t{0});
    put(body, std::int64_t{-1});  // the section reaches to the end of the file
    put_option(body, 4, program);
    end_options(body);
    return block(0x0A0D0D0A, body);
}

std::string interface_description(std::uint16_t link_type, std::uint32_t snap_length, std::string_view name,
                                  std::string_view filter) {
    std::string body;
    put(body, link_type);
    put(body, std::uint16_t{0});
    put(body, snap_length);
    put_option(body, 2, name);
    put_option(body, 11, std::string(1, '\0') + std::string{filter});  // 0: a text for libpcap
    end_options(body);
    return block(1, body);
}

std::string enhanced_packet(std::uint64_t microseconds, std::string_view bytes, std::uint32_t length) {
    std::string body;
    put(body, std::uint32_t{0});
    put_time(body, microseconds);
    put(body, static_cast<std::uint32_t>(bytes.size()));
    put(body, length);
    put_padded(body, bytes);
    return block(6, body);
}

std::string interface_statistics(std::uint64_t microseconds, std::uint64_t received, std::uint64_t dropped) {
    std::string body;
    put(body, std::uint32_t{0});
    put_time(body, microseconds);
    for (const auto& [code, value] : {std::pair{std::uint16_t{4}, received}, std::pair{std::uint16_t{5}, dropped}}) {
        std::string number;
        put(number, value);
        put_option(body, code, number);
    }
    end_options(body);
    return block(5, body);
}

std::string tls_secrets(std::string_view key_log) {
    std::string body;
    put(body, std::uint32_t{0x544c534b});
    put(body, static_cast<std::uint32_t>(key_log.size()));
    put_padded(body, key_log);
    return block(10, body);
}

}  // namespace sallyport::io::pcapng
