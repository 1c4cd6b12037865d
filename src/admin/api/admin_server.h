// The admin socket of a node: `<node.data>/admin.sock`, mode 0600, so that who may open it may administer. One JSON
// request a line; events, then one answer, each a line of JSON (docs/manual/cli.md, "The admin socket").
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/api/node_control.h"
#include "io/net/tcp_network.h"

namespace sallyport::admin {

class AdminServer {
public:
    static constexpr std::size_t longest_request = 1 << 20;  // tables of settings with thousands of rows
    static constexpr std::size_t most_connections = 64;

    /// `network` is that of node.loop(). Both must outlive this.
    AdminServer(NodeControl& node, io::TcpNetwork& network, std::string path);
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    /// Errors: those of io::listen_local().
    [[nodiscard]] Result<void> start();
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }

private:
    class Connection;
    void accept(std::unique_ptr<io::Stream> stream, const std::string& user);
    void remove(const Connection* connection);

    NodeControl& node_;
    io::TcpNetwork& network_;
    std::string path_;
    std::unique_ptr<io::Listener> listener_;
    std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace sallyport::admin
