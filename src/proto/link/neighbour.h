// Who may be at the far end of a router link, and what his certificate has to say (docs/protocol/link.md, section 1).
// Pure: facts in, an objection out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/role.h"
#include "base/tls_facts.h"

namespace sallyport::link {

/// A node that may dial this one.
struct Neighbour {
    std::string name;                  ///< must stand in its certificate, as dNSName
    std::string secret;                ///< of the link with it alone
    std::vector<IpNetwork> addresses;  ///< where it connects from: room is kept for these
};

struct Neighbours {
    std::vector<Neighbour> listed;  ///< empty: whoever the authority of the link has signed
    bool roles_required = false;    ///< a certificate that says no role is refused; one of another role always is
};

/// What a certificate of the traversal authority says of its owner: "urn:sallyport:role:core" as a URI.
[[nodiscard]] std::string role_uri(Role role);

/// Why this certificate is not that of a node `name` (empty: of any name) with `role`; empty when it is.
[[nodiscard]] std::string objection(const CertFacts& certificate, std::string_view name, Role role, bool role_required);
/// Of those listed the one whom the certificate names; null: nobody.
[[nodiscard]] const Neighbour* named_by(const CertFacts& certificate, const std::vector<Neighbour>& listed);

}  // namespace sallyport::link
