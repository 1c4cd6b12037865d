// The step of the chain behind AXL: what the router of a presence node says over the link that it has loaded. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/chain_step.h"

namespace sallyport::provision {

/// What a router lacks of the `wanted` component ids, and what to do; nothing: it has loaded them all. `router`: as the
/// sentence names it. That messages are returned is said only when it has loaded nothing.
[[nodiscard]] std::optional<Reason> router_fault(const std::string& router, const std::vector<std::string>& wanted,
                                                 const std::vector<std::string>& loaded);

/// `node`: of the presence node. `wanted`: component ids of the edges that federate. `loaded`: what its router has;
/// nothing while the link to it is down.
[[nodiscard]] ChainStep router_step(const std::string& node, const std::vector<std::string>& wanted,
                                    const std::optional<std::vector<std::string>>& loaded);

}  // namespace sallyport::provision
