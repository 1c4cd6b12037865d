// A digest of what a decision depends on.
#include "model/policy/verdict.h"

#include "base/hash.h"

namespace sallyport::policy {

std::string_view text(s2s::Direction direction) {
    switch (direction) {
        case s2s::Direction::inbound: return "inbound";
        case s2s::Direction::outbound: return "outbound";
    }
    return "?";
}

std::string verdict_id(Rule rule, const xmpp::DomainPair& pair, s2s::Direction direction, std::uint64_t revision) {
    std::string basis{sallyport::text(rule)};
    // A NUL can stand in no domain, so no two bases read alike.
    for (const std::string_view part :
         {std::string_view{pair.local.text()}, std::string_view{pair.remote.text()}, text(direction)}) {
        basis.push_back('\0');
        basis += part;
    }
    basis.push_back('\0');
    basis += std::to_string(revision);
    return "v-" + to_hex(sha256(basis)).substr(0, 12);
}

}  // namespace sallyport::policy
