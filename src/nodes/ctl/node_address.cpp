// Paths are told apart by what is there.
#include "nodes/ctl/node_address.h"

#include <algorithm>
#include <filesystem>

#include "base/endpoint.h"
#include "io/store/file_facts.h"
#include "io/tls/files.h"
#include "model/config/node_file.h"

namespace sallyport::ctl {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view socket_name = "/admin.sock";
constexpr std::uint16_t admin_port = 9443;

Error wrong(std::string text) { return {"node-address", std::move(text)}; }

/// The data folder of a node's file; other errors in it are not ours to tell.
Result<std::string> socket_of_file(const std::string& path) {
    const auto text = io::read_file(path);
    if (!text) return wrong(text.error().text);
    config::NodeFile file;
    const auto errors = config::parse_node_file(*text, path, config::Role::edge, file, io::file_facts);
    if (!file.node.data.empty()) return file.node.data + std::string{socket_name};
    return wrong(path + ": names no node.data" + (errors.empty() ? "" : " (" + errors.front().sentence() + ")"));
}

Result<std::string> only_one_of(const std::vector<std::string>& usual) {
    std::vector<std::string> found;
    std::error_code ignored;
    std::copy_if(usual.begin(), usual.end(), std::back_inserter(found),
                 [&](const std::string& path) { return fs::exists(path, ignored); });
    if (found.size() == 1) return found.front();
    if (found.empty()) return wrong("no node was found here; say which with --node SOCKET or --config FILE");
    std::string all;
    for (const std::string& path : found) all += " " + path;
    return wrong("there is more than one node here; say which with --node:" + all);
}

}  // namespace

std::vector<std::string> usual_sockets() {
    return {"/var/lib/sallyport/admin.sock", "/var/lib/sallyport/edge/admin.sock", "/var/lib/sallyport/core/admin.sock",
            "/var/lib/sallyport/presence/admin.sock"};
}

Result<std::string> find_node(const std::string& node, const std::string& config,
                              const std::vector<std::string>& usual) {
    if (!config.empty()) return socket_of_file(config);
    if (node.empty()) return only_one_of(usual);
    std::error_code ignored;
    if (fs::is_directory(node, ignored)) return node + std::string{socket_name};
    if (fs::is_regular_file(node, ignored)) return socket_of_file(node);
    const bool is_path = node.find('/') != std::string::npos || fs::exists(node, ignored);
    if (!is_path && HostPort::parse(node, admin_port)) {
        return wrong("'" + node +
                     "' is a network address; this release reaches nodes through their admin socket only, " +
                     "so run the command on the node's host with --node SOCKET");
    }
    return node;
}

}  // namespace sallyport::ctl
