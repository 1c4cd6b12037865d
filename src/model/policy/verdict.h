// The name of a decision, for logs, peers' administrators and `why`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/s2s/rules.h"

namespace sallyport::policy {

/// "inbound" or "outbound".
[[nodiscard]] std::string_view text(s2s::Direction direction);

/// "v-" and 12 hex digits: the same for the same rule, pair, direction and revision of the settings.
[[nodiscard]] std::string verdict_id(Rule rule, const xmpp::DomainPair& pair, s2s::Direction direction,
                                     std::uint64_t revision);

}  // namespace sallyport::policy
