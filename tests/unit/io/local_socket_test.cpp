// Streams over Unix domain sockets: the admin socket.
#include "io/net/local_socket.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "support/test_pki.h"
#include "unit/io/net_fixture.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class LocalSocket : public NetTest {
protected:
    Result<std::unique_ptr<io::Listener>> listen() {
        return io::listen_local(network, path, [this](std::unique_ptr<io::Stream> s, const io::LocalUser& user) {
            who = user;
            server.take(std::move(s));
        });
    }
    io::LocalUser who;
    TemporaryFolder folder;
    std::string path = folder.path() + "/admin.sock";
};

TEST_F(LocalSocket, CarriesBytesForItsOwnerOnly) {
    const auto listener = listen();
    ASSERT_TRUE(listener) << listener.error().text;
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
    auto dialled = io::dial_local(network, path);
    ASSERT_TRUE(dialled) << dialled.error().text;
    client.take(std::move(*dialled));
    client.stream->write("status");
    until([&] { return server.received == "status"; });
    server.stream->write("fine");
    server.stream->close(5s);
    until([&] { return client.closed.has_value(); });
    EXPECT_EQ(client.received, "fine");
}

TEST_F(LocalSocket, KnowsWhoseProcessConnects) {
    const auto listener = listen();
    ASSERT_TRUE(listener) << listener.error().text;
    auto dialled = io::dial_local(network, path);
    ASSERT_TRUE(dialled);
    client.take(std::move(*dialled));
    until([&] { return server.stream != nullptr; });
    EXPECT_EQ(who.id, ::getuid());
    const passwd* entry = ::getpwuid(::getuid());
    EXPECT_EQ(who.name, entry != nullptr ? entry->pw_name : std::to_string(::getuid()));
}

TEST_F(LocalSocket, ReplacesAStaleFileButNoLivingOne) {
    {
        const auto gone = listen();
        ASSERT_TRUE(gone);
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the file goes with its listener";
    const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(stale);
    const auto living = listen();
    ASSERT_TRUE(living) << living.error().text;
    const auto second = listen();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "listen-failed");
}

TEST_F(LocalSocket, LeavesOtherFilesAlone) {
    std::ofstream{path} << "precious";
    const auto listener = listen();
    ASSERT_FALSE(listener);
    EXPECT_EQ(::access(path.c_str(), F_OK), 0);
}

TEST_F(LocalSocket, SaysThatNobodyListens) {
    const auto dialled = io::dial_local(network, path);
    ASSERT_FALSE(dialled);
    EXPECT_EQ(dialled.error().code, "connect-refused");
    EXPECT_NE(dialled.error().text.find(path), std::string::npos);
    EXPECT_FALSE(io::dial_local(network, std::string(200, 'x')));
}

}  // namespace
}  // namespace sallyport::test
