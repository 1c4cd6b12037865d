// Two ends of a stream on loopback, each recording what it is told.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/net/tcp_network.h"

namespace sallyport::test {

/// Records what a stream says; hooks let a test react from within the callbacks.
class Probe final : public io::StreamOwner {
public:
    Probe() = default;
    explicit Probe(std::unique_ptr<io::Stream> taken) { take(std::move(taken)); }
    void take(std::unique_ptr<io::Stream> taken) {
        stream = std::move(taken);
        stream->set_owner(this);
    }

    void on_bytes(std::string_view bytes) override {
        received += bytes;
        if (bytes_hook) bytes_hook(bytes);
    }
    void on_tls(const TlsFacts& facts) override {
        tls = facts;
        if (tls_hook) tls_hook();
    }
    void on_drained() override { ++drained; }
    void on_closed(io::CloseReason reason, const std::string& text) override {
        closed = reason;
        closed_text = text;
        if (closed_hook) closed_hook();
    }

    std::unique_ptr<io::Stream> stream;
    std::string received;
    std::optional<TlsFacts> tls;
    std::optional<io::CloseReason> closed;
    std::string closed_text;
    int drained = 0;
    std::function<void(std::string_view)> bytes_hook;
    std::function<void()> tls_hook;
    std::function<void()> closed_hook;
};

class NetTest : public testing::Test {
protected:
    /// Turns the loop until `done` holds; a test that waits for nothing fails after ten seconds.
    void until(const std::function<bool()>& done) {
        bool expired = false;
        const auto timer = loop.timer([&] { expired = true; });
        timer->arm(loop.now() + std::chrono::seconds{10});
        loop.run_until([&] { return expired || done(); });
        ASSERT_FALSE(expired) << "waited in vain";
    }
    /// As until(), for what the kernel learns without telling: looks every few milliseconds.
    void until_seen(const std::function<bool()>& done) {
        std::unique_ptr<io::Timer> look;
        look = loop.timer([&] { look->arm(loop.now() + std::chrono::milliseconds{5}); });
        look->arm(loop.now());
        until(done);
    }
    static Endpoint loopback(std::uint16_t port = 0) { return {IpAddress::v4(0x7f000001), port}; }

    /// Connects `client` and `server` over TCP.
    void connect() {
        auto listener =
            network.listen(loopback(), [this](std::unique_ptr<io::Stream> stream) { server.take(std::move(stream)); });
        ASSERT_TRUE(listener) << listener.error().text;
        const auto dial = network.dial((*listener)->endpoint(), nullptr, std::chrono::seconds{5},
                                       [this](Result<std::unique_ptr<io::Stream>> stream) {
                                           ASSERT_TRUE(stream) << stream.error().text;
                                           client.take(std::move(*stream));
                                       });
        until([this] { return client.stream && server.stream; });
    }
    /// Runs the handshake on both ends until it has succeeded or failed on either.
    void secure(const std::shared_ptr<const io::TlsContext>& client_context,
                const std::shared_ptr<const io::TlsContext>& server_context, const std::string& name) {
        server.stream->start_tls(server_context, io::TlsRole::server, {});
        client.stream->start_tls(client_context, io::TlsRole::client, name);
        until([this] { return (client.tls || client.closed) && (server.tls || server.closed); });
    }

    io::AsioLoop loop;
    io::TcpNetwork network{loop};
    Probe client;
    Probe server;
};

}  // namespace sallyport::test
