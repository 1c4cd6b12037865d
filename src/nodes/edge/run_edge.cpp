// From the node's file to a running edge.
#include "nodes/edge/run_edge.h"

#include <cstdio>

#include "nodes/edge/edge_node.h"
#include "nodes/runtime/node_parts.h"

namespace sallyport::nodes {

int run_edge(const std::string& config_file) {
    auto file = load_node_file(config_file, config::Role::edge);
    if (!file) return 2;
    auto runtime = Runtime::make(std::move(*file));
    if (!runtime) {
        std::fprintf(stderr, "%s: %s\n", config_file.c_str(), runtime.error().text.c_str());
        return 1;
    }
    auto node = EdgeNode::make(std::move(*runtime));
    if (!node) {
        std::fprintf(stderr, "%s: %s\n", config_file.c_str(), node.error().text.c_str());
        return 1;
    }
    EdgeNode& edge = **node;
    return serve(edge.runtime(), edge,
                 {[&] { return edge.start(); },
                  [&](std::function<void()> on_quiet) { edge.when_quiet(std::move(on_quiet)); }, [&] { edge.stop(); }});
}

}  // namespace sallyport::nodes
