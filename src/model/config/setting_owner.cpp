// The table of settings that do not belong to the edge.
#include "model/config/setting_owner.h"

namespace sallyport::config {

namespace {

struct Row {
    std::string_view name;
    Owner owner;
};
constexpr Row rows[] = {
    {"federation.domains", Owner::core},  // the core's servers have them
    {"log.modules", Owner::node},
};

}  // namespace

std::string_view text(Owner owner) {
    switch (owner) {
        case Owner::edge: return "edge";
        case Owner::core: return "core";
        case Owner::node: return "node";
    }
    return "?";
}

Owner owner_of(std::string_view name) {
    for (const Row& row : rows) {
        if (row.name == name) return row.owner;
    }
    return Owner::edge;
}

}  // namespace sallyport::config
