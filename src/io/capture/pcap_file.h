// The classic format of capture files (IETF draft-ietf-opsawg-pcap), which every tool reads: a header and packets, in
// this host's byte order, times in microseconds. It has no place for the secrets of TLS. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::io::pcap_file {

/// Section 4. `link_type` is a LINKTYPE_ number.
[[nodiscard]] std::string header(std::uint16_t link_type, std::uint32_t snap_length);
/// Section 5. `bytes` is what was kept of `length` bytes.
[[nodiscard]] std::string packet(std::uint64_t microseconds, std::string_view bytes, std::uint32_t length);

}  // namespace sallyport::io::pcap_file
