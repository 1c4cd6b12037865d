// What somebody may do: three steps, each with all of those below it. People have them as roles, tokens as scope, verbs
// as what they need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::admin {

enum class Access : std::uint8_t {
    read,        ///< looks
    operate,     ///< probes, closes, raises log levels: nothing that stays
    administer,  ///< changes settings, accounts, tokens
};

/// "read", "operate", "administer".
[[nodiscard]] std::string_view text(Access access);
[[nodiscard]] std::optional<Access> access_of(std::string_view text);
/// "read-only", "operator", "administrator".
[[nodiscard]] std::string_view role_text(Access access);
[[nodiscard]] std::optional<Access> role_of(std::string_view text);

/// Somebody who proved who they are.
struct Principal {
    std::string name;    ///< of the account or the token
    std::string author;  ///< as it stands in history and audit: "anna", "token deploy"
    Access access = Access::read;
    std::vector<std::string> verbs;  ///< of a token: only these; empty: all that the access allows
    std::string session;             ///< id of the session; empty: a token
    [[nodiscard]] bool may(std::string_view verb, Access needs) const;
};

}  // namespace sallyport::admin
