// AF_UNIX stream sockets; the streams themselves are those of TcpNetwork.
#include "io/net/local_socket.h"

#include <pwd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "io/net/socket.h"

namespace sallyport::io {

namespace {

constexpr int local_backlog = 64;

class LocalListener final : public Listener {
public:
    LocalListener(std::unique_ptr<Listener> listener, std::string path)
        : listener_{std::move(listener)}, path_{std::move(path)} {}
    ~LocalListener() override { ::unlink(path_.c_str()); }
    LocalListener(const LocalListener&) = delete;
    LocalListener& operator=(const LocalListener&) = delete;

    [[nodiscard]] Endpoint endpoint() const override { return {}; }

private:
    std::unique_ptr<Listener> listener_;
    std::string path_;
};

std::string name_of(uid_t id) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> words{};
    if (::getpwuid_r(id, &entry, words.data(), words.size(), &found) == 0 && found != nullptr) return found->pw_name;
    return std::to_string(id);
}

/// SO_PEERCRED of a connected socket; false when it was none.
bool user_of(int descriptor, LocalUser& user) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return false;
    user = {credentials.uid, name_of(credentials.uid)};
    return true;
}

/// False when the path does not fit into an address.
bool local_address(const std::string& path, SocketAddress& address) {
    auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
    if (path.empty() || path.size() >= sizeof local.sun_path) return false;
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path.c_str(), path.size() + 1);
    address.size = sizeof local;
    return true;
}

/// The socket, or an invalid one with errno set.
Socket connect_to(const SocketAddress& address) {
    Socket socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.valid() && ::connect(socket.get(), address.raw(), address.size) == 0) return socket;
    return Socket{};
}

}  // namespace

Result<std::unique_ptr<Listener>> listen_local(TcpNetwork& network, const std::string& path, OnLocalAccept on_accept) {
    const auto failed = [&path](const std::string& why) { return Error{"listen-failed", path + ": " + why}; };
    const auto no_file = [&path](int problem) {
        const bool is_disk = problem == EROFS || problem == ENOSPC || problem == EDQUOT;
        return Error{is_disk ? "listen-disk" : "listen-failed", path + ": " + error_words(problem)};
    };
    SocketAddress address;
    if (!local_address(path, address)) return failed("the path is empty or too long for a socket");
    if (connect_to(address).valid()) return failed("another process listens here");
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) == 0) {
        if (!S_ISSOCK(facts.st_mode)) return failed("exists and is not a socket");
        if (::unlink(path.c_str()) != 0) return no_file(errno);
    }
    Socket socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket.valid()) return failed(error_words(errno));
    // Set on the socket before bind, so the file never exists with a wider mode; chmod for systems that ignore it.
    ::fchmod(socket.get(), 0600);
    if (::bind(socket.get(), address.raw(), address.size) != 0) return no_file(errno);
    if (::chmod(path.c_str(), 0600) != 0) return failed(error_words(errno));
    if (::listen(socket.get(), local_backlog) != 0) return failed(error_words(errno));
    auto accepted = [&network, on_accept = std::move(on_accept)](std::unique_ptr<Stream> stream) {
        Socket connected{TcpNetwork::release(std::move(stream))};
        LocalUser user;
        if (!connected.valid() || !user_of(connected.get(), user)) return;
        on_accept(network.adopt(connected.release()), user);
    };
    Result<std::unique_ptr<Listener>> listener = network.listen_on(socket.release(), std::move(accepted));
    if (!listener) return listener;
    return std::unique_ptr<Listener>{std::make_unique<LocalListener>(std::move(*listener), path)};
}

Result<std::unique_ptr<Stream>> dial_local(TcpNetwork& network, const std::string& path) {
    SocketAddress address;
    if (!local_address(path, address)) return Error{"connect-failed", path + ": is empty or too long for a socket"};
    Socket socket = connect_to(address);
    if (!socket.valid()) {
        const bool nobody = errno == ECONNREFUSED || errno == ENOENT;
        return Error{nobody ? "connect-refused" : "connect-failed", path + ": " + error_words(errno)};
    }
    return network.adopt(socket.release());
}

}  // namespace sallyport::io
