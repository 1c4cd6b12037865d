// [[admin.node]]: the other nodes whose pages belong to the same desk, and who of them may bring people along without
// a sign-in of their own (docs/decisions/0028-hand-over.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/role.h"

namespace sallyport::config {

/// How much a person may do here at most who comes by a hand-over from a node. Each has all of those before it.
enum class HandOver : std::uint8_t { off, read_only, operate, administrate };
/// "off", "read-only", "operator", "administrator".
[[nodiscard]] std::string_view text(HandOver most);
[[nodiscard]] const std::vector<std::string_view>& hand_over_words();

struct AdminNode {
    static constexpr std::size_t most = 16;  ///< of one file

    std::string name;        ///< as in its certificate of the router link
    Role role = Role::edge;  ///< likewise
    std::string origin;      ///< of its pages, as browsers write it: "https://core1.b.test:9443"; without port 443
    HandOver accept = HandOver::off;  ///< people who come from there
};

/// What is accepted where the file does not say it: a core stands inside and decides about the other two; an edge
/// stands where strangers reach it, and nobody who takes it over is to get further.
[[nodiscard]] HandOver usual_hand_over(Role from);

/// "https://Core1.b.test:9443/" as an origin (RFC 6454 6.2); no path, no user, nothing but https. Errors:
/// "origin-malformed".
[[nodiscard]] Result<std::string> parse_origin(std::string_view text);

}  // namespace sallyport::config
