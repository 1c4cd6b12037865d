// What streams announce of their limits (XEP-0478 3.1): in features, and with XEP-0288 inside the request for both
// directions, because the initiating side sends no features.
#pragma once

#include <cstdint>
#include <string>

#include "proto/s2s/action.h"
#include "proto/xml/element.h"

namespace sallyport::s2s {

/// `<limits/>`; idle_seconds 0: not said.
[[nodiscard]] std::string write_limits(std::uint64_t max_bytes, std::uint64_t idle_seconds);
/// What is no number counts as not said.
[[nodiscard]] PeerLimits read_limits(const xml::Element& limits);

}  // namespace sallyport::s2s
