// An HTTP/1.1 server on one loop: listeners, connections, limits (threats of slow and oversized requests). It gives
// requests and takes responses; routes are not its business. One request of a connection at a time; bytes behind it
// wait in the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tables.h"
#include "io/http/message.h"
#include "io/loop/loop.h"
#include "io/net/stream.h"
#include "io/tls/context.h"

namespace sallyport::io {

/// The body of an answer, sent piece by piece (chunked, RFC 9112 7.1). Own loop only. When it goes before end(), the
/// connection is cut, so that nobody takes a part for the whole.
class HttpStream {
public:
    virtual ~HttpStream() = default;
    /// Goes nowhere after the connection's end. Who writes keeps an eye on pending().
    virtual void write(std::string_view bytes) = 0;
    /// Bytes that wait for a peer that reads slowly. One that reads nothing for HttpLimits::idle while much waits is
    /// cut.
    [[nodiscard]] virtual std::size_t pending() const = 0;
    /// The body is complete.
    virtual void end() = 0;
};

/// What becomes of a streamed answer; neither is called once its HttpStream is gone.
struct HttpStreamEvents {
    std::function<void()> on_drained;  ///< pending() has fallen to Stream::low_water
    std::function<void()> on_closed;   ///< the peer is gone, or the server shuts; nothing follows
};

/// The answer to one request. Own loop only. When it goes without an answer, that is status 500.
class HttpExchange {
public:
    virtual ~HttpExchange() = default;
    /// The first call of either counts; one after the connection's end goes nowhere.
    virtual void respond(HttpResponse response) = 0;
    /// An answer whose body follows; that of `head` is not looked at. The connection ends with it.
    [[nodiscard]] virtual std::unique_ptr<HttpStream> stream(HttpResponse head, HttpStreamEvents events) = 0;
};

/// What a handler says to a header, before any of the body was read.
struct HttpAdmission {
    std::optional<HttpResponse> refusal;      ///< the answer; a body is then not read, and the connection ends
    std::optional<std::uint64_t> body_bytes;  ///< less than what the limits allow
    /// It takes a while to say: called once, at once, with whom to tell on the server's loop. Nothing is read
    /// meanwhile; what stands beside it counts for nothing.
    std::function<void(std::function<void(HttpAdmission)> decide)> later{};
};

class HttpHandler {
public:
    virtual ~HttpHandler() = default;
    [[nodiscard]] virtual HttpAdmission admit(const HttpRequest& head) = 0;
    virtual void handle(HttpRequest request, std::shared_ptr<HttpExchange> exchange) = 0;
};

class HttpConnection;

class HttpServer {
public:
    struct Options {
        std::shared_ptr<const TlsContext> tls;  ///< null: plain
        HttpLimits limits;
    };
    /// All of them must outlive the server.
    HttpServer(Loop& loop, Network& network, Options options, HttpHandler& handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Errors: "listen-failed".
    [[nodiscard]] Result<void> listen(const Endpoint& at);
    [[nodiscard]] std::vector<Endpoint> endpoints() const;
    /// For connections from now on.
    void replace_tls(std::shared_ptr<const TlsContext> tls) { options_.tls = std::move(tls); }
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }
    void tables(TableFills& all) const;
    /// No new connections; those that wait for a request end, the others with their answer.
    void shut();

private:
    friend class HttpConnection;
    void accept(std::unique_ptr<Stream> stream);
    [[nodiscard]] bool make_room();
    void remove(std::uint64_t number);

    Loop& loop_;
    Network& network_;
    Options options_;
    HttpHandler& handler_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::map<std::uint64_t, std::shared_ptr<HttpConnection>> connections_;
    std::map<IpAddress, std::uint64_t> per_address_;
    std::uint64_t last_number_ = 0;
};

}  // namespace sallyport::io
