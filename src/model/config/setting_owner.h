// Who may change a setting where nodes replicate: its value flows from there to the other side.
#pragma once

#include <string_view>

namespace sallyport::config {

enum class Owner {
    edge,
    core,
    node,  ///< each node has its own
};
[[nodiscard]] std::string_view text(Owner owner);

/// Of the setting `name`; everything that the table of setting_owner.cpp does not name belongs to the edge.
[[nodiscard]] Owner owner_of(std::string_view name);

}  // namespace sallyport::config
