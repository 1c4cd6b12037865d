// Fixed fields and nothing else.
#include "io/capture/pcap_file.h"

#include "io/capture/put.h"

namespace sallyport::io::pcap_file {

std::string header(std::uint16_t link_type, std::uint32_t snap_length) {
    constexpr std::uint32_t magic_of_microseconds = 0xA1B2C3D4;
    constexpr std::uint16_t major = 2, minor = 4;
    std::string out;
    put(out, magic_of_microseconds);
    put(out, major);
    put(out, minor);
    put(out, std::uint64_t{0});  // reserved: once a time zone and an accuracy
    put(out, snap_length);
    put(out, std::uint32_t{link_type});
    return out;
}

std::string packet(std::uint64_t microseconds, std::string_view bytes, std::uint32_t length) {
    constexpr std::uint64_t second = 1'000'000;
    std::string out;
    put(out, static_cast<std::uint32_t>(microseconds / second));
    put(out, static_cast<std::uint32_t>(microseconds % second));
    put(out, static_cast<std::uint32_t>(bytes.size()));
    put(out, length);
    return out.append(bytes);
}

}  // namespace sallyport::io::pcap_file
