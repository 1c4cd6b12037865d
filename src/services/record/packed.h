// A handshake as one run of bytes, for the archive: a fraction of what its many small strings take. Pure; only this
// process reads it.
#pragma once

#include <string>
#include <string_view>

#include "services/record/handshake.h"

namespace sallyport::record {

/// All of it but the id.
[[nodiscard]] std::string pack(const Handshake& handshake);
/// What pack() was given.
[[nodiscard]] Handshake unpack(std::string_view packed);

}  // namespace sallyport::record
