// Where a presence node's stanzas leave: an S2S component is known by its id, such as
// "cm-2_s2scp-1.edge1-example-com", and is reached over the link to the realm that the id ends in. Pure; presence node
// and core choose alike, so that both name the same edge.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::route {

/// The id of the S2S component of a realm.
[[nodiscard]] std::string s2s_component_of(std::string_view realm);

/// Longest match: the realm that `component` equals or ends in after a dot; empty: none.
[[nodiscard]] std::string_view realm_of(std::string_view component, const std::vector<std::string>& realms);

/// The realms that the components lead to, each once, in order.
[[nodiscard]] std::vector<std::string> gateways(const std::vector<std::string>& components,
                                                const std::vector<std::string>& realms);

/// One of `gateways` for a pair of domains: always the same while it is there, spread evenly over pairs; when it goes,
/// only its pairs move. Empty: there is none.
[[nodiscard]] std::string_view choose_gateway(std::string_view from_domain, std::string_view to_domain,
                                              const std::vector<std::string>& gateways);

}  // namespace sallyport::route
