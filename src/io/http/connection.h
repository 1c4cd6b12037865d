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
    /// No request of it is under way: none has come whole, or the latest has been answered.
    [[nodiscard]] bool is_waiting() const;
    /// Ends now, for another's sake.
    void give_way();
    [[nodiscard]] const IpAddress& address() const { return remote_.address; }

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts& facts) override;
    void on_drained() override;
    void on_closed(CloseReason reason, const std::string& text) override;

    /// Of the request with this number; an answer to an earlier one is not wanted any more.
    void respond(std::uint64_t request, HttpResponse response);
    /// False: that answer is not wanted any more.
    [[nodiscard]] bool begin_stream(std::uint64_t request, const HttpResponse& head, HttpStreamEvents events);
    void write_stream(std::string_view bytes);
    [[nodiscard]] std::size_t stream_pending() const;
    /// `complete`: the body is; otherwise the connection is cut.
    void end_stream(bool complete);

private:
    enum class Phase : std::uint8_t {
        handshake,
        waiting,
        header,
        judging,
        body,
        handling,
        streaming,
        draining,
        closing
    };

    void work();
    void take_head();
    /// The handler says later whether the request is welcome.
    void await_judgement(const std::function<void(std::function<void(HttpAdmission)>)>& later);
    void judged(HttpAdmission admission);
    void take_request();
    void refuse(unsigned status, const std::string& why);
    void write(HttpResponse response, bool keep);
    [[nodiscard]] std::string head_of(const HttpResponse& response);
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
    bool chunked_ = true;      ///< the request under way is of HTTP/1.1
    bool full_ = false;        ///< much of a streamed answer waits to be read
    HttpStreamEvents events_;  ///< of the answer that is streamed
};

}  // namespace sallyport::io
