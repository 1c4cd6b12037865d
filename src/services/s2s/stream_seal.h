// Ids of this process' own streams, recognizable when they come back: a peer whose header shows one is this gateway
// itself, reached through an address that it does not know as its own (threat T14).
#pragma once

#include <string>
#include <string_view>

namespace sallyport::s2s {

/// `random` and 16 hex digits that follow from it and from `secret`. What is unpredictable stays so.
[[nodiscard]] std::string sealed_id(std::string random, std::string_view secret);
/// Made by sealed_id with the same secret.
[[nodiscard]] bool is_sealed(std::string_view id, std::string_view secret);

}  // namespace sallyport::s2s
