// Keys by their beginnings, and two maps compared.
#include "model/config/file_changes.h"

#include <algorithm>
#include <optional>
#include <set>

namespace sallyport::config {

namespace {

using enum TakesEffect;

/// The first row that fits counts; what no row names waits for a restart.
struct EffectRow {
    std::string_view beginning;  ///< of the key
    std::optional<Role> role;    ///< none: all of them
    TakesEffect effect;
};
constexpr EffectRow effect_rows[] = {
    {"settings.", {}, never},
    {"axl.server", {}, never},
    {"axl.user", {}, never},
    {"node.name", Role::presence, at_router_restart},
    {"link.", Role::presence, at_router_restart},
    {"link.accept", {}, at_reload},
    {"link.require_roles", {}, at_reload},
    {"link.certificate", {}, at_reload},
    {"link.key", {}, at_reload},
    {"link.trust", {}, at_reload},
    {"log.level", {}, at_reload},
    {"log.modules.", {}, at_reload},
    {"tls.", {}, at_reload},
    {"admin.certificate", {}, at_reload},
    {"admin.key", {}, at_reload},
    {"axl.certificate", {}, at_reload},
    {"axl.key", {}, at_reload},
    {"axl.trust", {}, at_reload},
    {"s2s.allow_networks", {}, at_reload},
};

std::string_view value_of(const std::map<std::string, std::string>& keys, const std::string& key) {
    const auto at = keys.find(key);
    return at == keys.end() ? std::string_view{} : std::string_view{at->second};
}

}  // namespace

std::string_view text(TakesEffect effect) {
    switch (effect) {
        case at_reload: return "reload";
        case at_router_restart: return "router-restart";
        case at_restart: return "restart";
        case never: return "never";
    }
    return "?";
}

TakesEffect effect_of(std::string_view key, Role role) {
    const auto* const row = std::ranges::find_if(effect_rows, [&](const EffectRow& one) {
        return key.starts_with(one.beginning) && (!one.role || *one.role == role);
    });
    return row == std::end(effect_rows) ? at_restart : row->effect;
}

std::vector<FileChange> file_changes(const KeysInForce& before, const NodeFile& now) {
    std::set<std::string> keys;
    for (const auto* map : {&before.at_start, &before.at_reload, &before.at_router_restart, &now.keys}) {
        for (const auto& entry : *map) keys.insert(entry.first);
    }
    std::vector<FileChange> changes;
    for (const std::string& key : keys) {
        const TakesEffect effect = effect_of(key, now.role);
        const auto& in_force = effect == at_restart          ? before.at_start
                               : effect == at_router_restart ? before.at_router_restart
                                                             : before.at_reload;
        if (value_of(in_force, key) != value_of(now.keys, key)) changes.push_back({key, effect});
    }
    return changes;
}

}  // namespace sallyport::config
