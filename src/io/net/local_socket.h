// Unix domain sockets as streams: the admin socket of a node. Who may open the file may administer, so it is 0600.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/net/tcp_network.h"

namespace sallyport::io {

/// Who is at the other end, as the kernel says.
struct LocalUser {
    std::uint32_t id = 0;
    std::string name;  ///< the id in digits when it has no name
};
using OnLocalAccept = std::function<void(std::unique_ptr<Stream>, const LocalUser&)>;

/// Listens on `path`; a socket file left by a dead process is replaced, one in use is not. The file goes with the
/// listener. Errors: "listen-disk": it is full or read-only, and takes no file; "listen-failed".
[[nodiscard]] Result<std::unique_ptr<Listener>> listen_local(TcpNetwork& network, const std::string& path,
                                                             OnLocalAccept on_accept);
/// Connects to `path` at once. Errors: "connect-refused", "connect-failed".
[[nodiscard]] Result<std::unique_ptr<Stream>> dial_local(TcpNetwork& network, const std::string& path);

}  // namespace sallyport::io
