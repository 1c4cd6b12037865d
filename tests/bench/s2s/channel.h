// One TCP connection, in the clear at first and under TLS from start_tls on, with buffers on both sides.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "s2s/loop.h"
#include "s2s/tls.h"

namespace sallyport::bench {

/// "127.0.0.1:5269".
[[nodiscard]] sockaddr_in parse_address(const std::string& text);

class ChannelOwner {
public:
    virtual ~ChannelOwner() = default;
    virtual void opened() = 0;  ///< connected, and again when TLS is up
    virtual void received() = 0;
    virtual void closed(const std::string& why) = 0;  ///< once, by the far end or by an error
};

class Channel final : public Watched {
public:
    Channel(Loop& loop, ChannelOwner& owner) : loop_{loop}, owner_{owner} {}
    ~Channel() override { close(); }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// `from`: the local address, so that many short connections do not run out of ports.
    void connect(const sockaddr_in& to, const in_addr* from);
    void adopt(int fd);
    void start_tls(SSL_CTX* context, TlsRole role, const std::string& server_name);

    /// Appends, and writes what the socket takes.
    void write(std::string_view bytes);
    /// Everything written has left: the moment to write the next record.
    [[nodiscard]] bool writable() const { return phase_ == Phase::open && sent_ == out_.size(); }

    [[nodiscard]] std::string_view input() const { return std::string_view{in_}.substr(used_); }
    void consume(std::size_t count);
    /// Stops and starts reading: back pressure.
    void pause(bool paused);
    /// Ends the connection from this side; the owner is not told.
    void close();
    void ready(std::uint32_t events) override;

private:
    enum class Phase { closed, connecting, handshake, open };
    struct Moved {
        std::size_t bytes = 0;  ///< 0 without a failure: try again when the socket is ready
        std::string failure;
    };
    void connected();
    void handshake();
    void read();
    [[nodiscard]] Moved read_some(char* to, std::size_t size);
    void flush();
    [[nodiscard]] Moved write_some(const char* from, std::size_t size);
    void watch(bool for_writing);
    void watch_again();
    void drop(bool orderly);
    void fail(const std::string& why);

    Loop& loop_;
    ChannelOwner& owner_;
    int fd_ = -1;
    Phase phase_ = Phase::closed;
    bool watching_writes_ = false;
    bool paused_ = false;
    TlsSession tls_;
    std::string in_;
    std::size_t used_ = 0;
    std::string out_;
    std::size_t sent_ = 0;
};

}  // namespace sallyport::bench
