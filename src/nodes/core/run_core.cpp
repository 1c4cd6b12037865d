// From the node's file to a running core.
#include "nodes/core/run_core.h"

#include <cstdio>

#include "nodes/core/core_node.h"
#include "nodes/runtime/node_parts.h"

namespace sallyport::nodes {

int run_core(const std::string& config_file) {
    auto file = load_node_file(config_file, config::Role::core);
    if (!file) return 2;
    auto runtime = Runtime::make(std::move(*file));
    if (!runtime) {
        std::fprintf(stderr, "%s: %s\n", config_file.c_str(), runtime.error().text.c_str());
        return 1;
    }
    auto node = CoreNode::make(std::move(*runtime));
    if (!node) {
        std::fprintf(stderr, "%s: %s\n", config_file.c_str(), node.error().text.c_str());
        return 1;
    }
    CoreNode& core = **node;
    return serve(core.runtime(), core,
                 {[&] { return core.start(); },
                  [&](std::function<void()> on_quiet) { core.when_quiet(std::move(on_quiet)); }, [&] { core.stop(); }});
}

}  // namespace sallyport::nodes
