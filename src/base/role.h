// What a node is, and what it is called on the wire.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

/// Of a node: where it stands and whom it serves.
enum class Role : std::uint8_t { edge, core, presence };

struct RoleRow {
    Role role;
    std::string_view name;  ///< in files, certificates, messages, answers and logs
};
inline constexpr std::array role_rows{
    RoleRow{Role::edge, "edge"},
    RoleRow{Role::core, "core"},
    RoleRow{Role::presence, "presence"},
};

[[nodiscard]] constexpr std::string_view text(Role role) {
    return std::find_if(role_rows.begin(), role_rows.end(), [=](const RoleRow& row) { return row.role == role; })->name;
}

/// By its name; nothing when no role is named so.
[[nodiscard]] constexpr std::optional<Role> find_role(std::string_view name) {
    for (const RoleRow& row : role_rows) {
        if (row.name == name) return row.role;
    }
    return std::nullopt;
}

/// The realm of a node: "edge1.b.test" -> "edge1-b-test".
[[nodiscard]] inline std::string realm_of(std::string name) {
    std::replace(name.begin(), name.end(), '.', '-');
    return name;
}

}  // namespace sallyport
