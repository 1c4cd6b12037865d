// Resource records as they stand in a DNS answer, read with bounds. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/dns_records.h"

namespace sallyport::io {

/// Records read of one answer; further ones are left out.
inline constexpr std::size_t most_records = 64;

/// The data of an SRV record (RFC 2782), its target uncompressed; none when malformed. Labels other than letters,
/// digits, hyphen and underscore make it malformed: such a target is no host name.
[[nodiscard]] std::optional<SrvRecord> read_srv(std::string_view data);
/// The data of an A (4 bytes) or AAAA (16 bytes) record; none when malformed.
[[nodiscard]] std::optional<IpAddress> read_address(std::string_view data, bool v6);

}  // namespace sallyport::io
