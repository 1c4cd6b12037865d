// From the node's file to a running presence node.
#include "nodes/presence/run_presence.h"

#include <cstdio>

#include "nodes/presence/presence_node.h"
#include "nodes/runtime/node_parts.h"

namespace sallyport::nodes {

int run_presence(const std::string& config_file) {
    auto file = load_node_file(config_file, config::Role::presence);
    if (!file) return 2;
    auto runtime = Runtime::make(std::move(*file));
    if (!runtime) {
        std::fprintf(stderr, "%s: %s\n", config_file.c_str(), runtime.error().text.c_str());
        return 1;
    }
    auto node = PresenceNode::make(std::move(*runtime));
    if (!node) {
        std::fprintf(stderr, "%s: %s\n", config_file.c_str(), node.error().text.c_str());
        return 1;
    }
    PresenceNode& running = **node;
    return serve(
        running.runtime(), running,
        {[&] { return running.start(); },
         [&](std::function<void()> on_quiet) { running.when_quiet(std::move(on_quiet)); }, [&] { running.stop(); }});
}

}  // namespace sallyport::nodes
