// Words for the three steps.
#include "admin/access/roles.h"

#include <algorithm>
#include <array>

namespace sallyport::admin {

namespace {

constexpr std::array<std::string_view, 3> scopes{"read", "operate", "administer"};
constexpr std::array<std::string_view, 3> roles{"read-only", "operator", "administrator"};

std::optional<Access> found_in(const std::array<std::string_view, 3>& words, std::string_view text) {
    const auto at = std::find(words.begin(), words.end(), text);
    if (at == words.end()) return std::nullopt;
    return static_cast<Access>(at - words.begin());
}

}  // namespace

std::string_view text(Access access) { return scopes[static_cast<std::size_t>(access)]; }
std::string_view role_text(Access access) { return roles[static_cast<std::size_t>(access)]; }
std::optional<Access> access_of(std::string_view text) { return found_in(scopes, text); }
std::optional<Access> role_of(std::string_view text) { return found_in(roles, text); }

bool Principal::may(std::string_view verb, Access needs) const {
    if (access < needs) return false;
    return verbs.empty() || std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

}  // namespace sallyport::admin
