// Blocks of a pcapng file (IETF draft-ietf-opsawg-pcapng), each a string in this host's byte order: what libpcap
// does not write. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::io::pcapng {

/// Section 4.1: begins the file. `program` wrote it.
[[nodiscard]] std::string section_header(std::string_view program);
/// Section 4.2. `link_type` is a LINKTYPE_ number, `filter` the words of the capture filter. Times count microseconds.
[[nodiscard]] std::string interface_description(std::uint16_t link_type, std::uint32_t snap_length,
                                                std::string_view name, std::string_view filter);
/// Section 4.3, of interface 0. `bytes` is what was kept of `length` bytes.
[[nodiscard]] std::string enhanced_packet(std::uint64_t microseconds, std::string_view bytes, std::uint32_t length);
/// Section 4.6: packets that the system saw and those that it could not keep, up to now.
[[nodiscard]] std::string interface_statistics(std::uint64_t microseconds, std::uint64_t received,
                                               std::uint64_t dropped);
/// Section 4.7, type "TLS Key Log": lines in the form of NSS.
[[nodiscard]] std::string tls_secrets(std::string_view key_log);

}  // namespace sallyport::io::pcapng
