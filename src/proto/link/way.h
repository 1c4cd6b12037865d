// Which sessions of the router link may carry a stanza, and which of them does (docs/protocol/link.md, sections 4 and
// 9). Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace sallyport::link {

/// What a far side serves and reaches, for looking up.
struct Names {
    std::set<std::string, std::less<>> domains, realms;
};

/// Which far sides may carry a stanza. `name` lives as long as whoever answers.
struct Way {
    enum class By {
        any,     ///< every one
        domain,  ///< that serves the domain
        realm,   ///< that reaches the realm
        far,     ///< of that realm itself
        none,    ///< none at present: the stanza is held
    };
    By by = By::any;
    std::string_view name{};

    [[nodiscard]] bool allows(std::string_view far_realm, const Names& names) const {
        switch (by) {
            case By::any: return true;
            case By::domain: return names.domains.contains(name);
            case By::realm: return names.realms.contains(name);
            case By::far: return far_realm == name;
            case By::none: return false;
        }
        return false;
    }
    /// It is for the far side to say whether it is one.
    [[nodiscard]] bool hangs_on_names() const { return by == By::domain || by == By::realm; }
};

/// Of the sessions that may carry a pair of domains the one with the highest weight does: one whose node is there
/// before one whose node is away, and otherwise always the same.
[[nodiscard]] inline std::uint64_t weight_for(std::string_view from, std::string_view to, const std::string& session,
                                              bool node_is_there) {
    const std::uint64_t weight = sip_hash({sip_hash({1, 1}, from), sip_hash({2, 2}, to)}, session) >> 1;
    return node_is_there ? weight | std::uint64_t{1} << 63 : weight;
}

}  // namespace sallyport::link
