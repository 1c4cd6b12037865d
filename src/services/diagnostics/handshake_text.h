// A handshake as one line of JSON, for the disk. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/record/handshake.h"

namespace sallyport::services {

[[nodiscard]] std::string handshake_text(const record::Handshake& handshake);
/// Nothing: it was not written by handshake_text().
[[nodiscard]] std::optional<record::Handshake> read_handshake(std::string_view text);

}  // namespace sallyport::services
