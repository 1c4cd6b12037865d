// What a dial job finds out, in words: for the recorder and the log.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/dns_records.h"
#include "services/record/handshake.h"

namespace sallyport::s2s {

/// "0.012345".
[[nodiscard]] std::string seconds_text(Duration duration);
/// "12".
[[nodiscard]] std::string milliseconds_text(Duration duration);
/// An answer as the recorder wants it.
[[nodiscard]] record::Facts facts_of(const std::string& question, const DnsAnswer& answer);
/// Nobody knows whether there is an answer.
[[nodiscard]] bool is_trouble(DnsStatus status);
/// Asked later, it may say something else.
[[nodiscard]] bool is_unknown(const DnsAnswer& answer);

}  // namespace sallyport::s2s
