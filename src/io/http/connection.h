// One connection of an HttpServer. Only for .cpp files of io/http.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/http/reader.h"
#include "io/http/server.h"

namespace sallyport::io {

class HttpConnection final : public StreamOwner, public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(HttpServer& server, std::uint64_t number, std::unique_ptr<Stream> stream);
    void start();
    /// Ends now if it waits for a request, else with the answer.
    void shut();
    /// The server goes: no more calls to it.
    void abandon();
    [[nodiscard]] const IpAddress& address() const { return remote_.address; }

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(CloseReason reason, const std::string& text) override;

    /// Of the request with this number; an answer to an earlier one is not wanted any more.
    void respond(std::uint64_t request, HttpResponse response);

private:
    enum class Phase : std::uint8_t { handshake, waiting, header, body, handling, draining, closing };

    void work();
    void take_head();
    void take_request();
    void refuse(unsigned status, const std::string& why);
    void write(HttpResponse response, bool keep);
    void enter(Phase phase, Duration limit);
    void expire();
    void close();

    HttpServer* server_;
    std::uint64_t number_;
    std::unique_ptr<Stream> stream_;
    Endpoint remote_;
    HttpReader reader_;
    std::unique_ptr<Timer> timer_;
    std::optional<TlsFacts> tls_;
    Phase phase_ = Phase::waiting;
    std::uint64_t requests_ = 0;
    bool keep_ = true;        ///< the request under way allows another one
    bool head_only_ = false;  ///< it is a HEAD
    bool shutting_ = false;
};

}  // namespace sallyport::io
