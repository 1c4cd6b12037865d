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
constexpr std::string_view scheme = "https://";

Error wrong_address(std::string text) { return {"node-address", std::move(text)}; }

/// The data folder of a node's file; other errors in it are not ours to tell.
Result<std::string> socket_of_file(const std::string& path) {
    const auto text = io::read_file(path);
    if (!text) return wrong_address(text.error().text);
    config::NodeFile file;
    const auto errors = config::parse_node_file(*text, path, config::Role::edge, file, io::file_facts);
    if (!file.node.data.empty()) return file.node.data + std::string{socket_name};
    return wrong_address(path + ": does not set node.data" +
                         (errors.empty() ? "" : " (" + errors.front().sentence() + ")"));
}

Result<std::string> only_one_of(const std::vector<std::string>& usual) {
    std::vector<std::string> found;
    std::error_code ignored;
    std::copy_if(usual.begin(), usual.end(), std::back_inserter(found),
                 [&](const std::string& path) { return fs::exists(path, ignored); });
    if (found.size() == 1) return found.front();
    if (found.empty())
        return wrong_address("no node found on this host; select one with --node SOCKET or --config FILE");
    std::string all;
    for (const std::string& path : found) all += " " + path;
    return wrong_address("more than one node on this host; select one with --node:" + all);
}

}  // namespace

std::vector<std::string> usual_sockets() {
    return {"/var/lib/sallyport/admin.sock", "/var/lib/sallyport/edge/admin.sock", "/var/lib/sallyport/core/admin.sock",
            "/var/lib/sallyport/presence/admin.sock"};
}

Result<NodePlace> find_node(const std::string& node, const std::string& config, const std::vector<std::string>& usual) {
    const auto at_socket = [](Result<std::string> socket) -> Result<NodePlace> {
        if (!socket) return socket.error();
        return NodePlace{std::move(*socket), {}};
    };
    if (!config.empty()) return at_socket(socket_of_file(config));
    if (node.empty()) return at_socket(only_one_of(usual));
    const bool is_url = node.starts_with(scheme);
    std::error_code ignored;
    if (!is_url && fs::is_directory(node, ignored)) return at_socket(node + std::string{socket_name});
    if (!is_url && fs::is_regular_file(node, ignored)) return at_socket(socket_of_file(node));
    if (!is_url && (node.find('/') != std::string::npos || fs::exists(node, ignored))) return at_socket(node);
    std::string_view address = node;
    if (is_url) address.remove_prefix(scheme.size());
    if (address.ends_with('/')) address.remove_suffix(1);
    auto parsed = HostPort::parse(address, admin_port);
    if (!parsed)
        return wrong_address("'" + node + "' is neither a path nor an admin address such as edge1.example.org:9443");
    return NodePlace{{}, std::move(*parsed)};
}

}  // namespace sallyport::ctl
