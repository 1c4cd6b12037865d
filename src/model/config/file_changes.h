// What has changed in a node's file since it was read before, and what that takes: nothing more, or a restart.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/config/node_file.h"

namespace sallyport::config {

/// When a key of the node's file takes effect after it was changed.
enum class TakesEffect {
    at_reload,
    at_router_restart,  ///< `restart router` of a presence node
    at_restart,
    never,  ///< an initial value: what is stored by now counts
};
/// A word for scripts: "reload", "router-restart", "restart", "never".
[[nodiscard]] std::string_view text(TakesEffect effect);

struct FileChange {
    std::string key;  ///< such as "s2s.listen" or "tls.identity[0].certificate"
    TakesEffect effect = TakesEffect::at_restart;
    bool operator==(const FileChange&) const = default;
};

/// When `key` takes effect on a node of this role.
[[nodiscard]] TakesEffect effect_of(std::string_view key, Role role);

/// NodeFile::keys as they were when each kind took effect the last time.
struct KeysInForce {
    std::map<std::string, std::string> at_start, at_reload, at_router_restart;
};
/// In the order of the keys. A key that waits for a restart is named each time, until it was restarted.
[[nodiscard]] std::vector<FileChange> file_changes(const KeysInForce& before, const NodeFile& now);

}  // namespace sallyport::config
