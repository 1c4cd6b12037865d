// One HTTP/1.1 message after another out of the bytes of a connection. Beast reads; around it stands what keeps two
// parsers from reading one message as two: a request with any ambiguity of its length is refused (RFC 9112 6.3, 11.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/http/message.h"

namespace sallyport::io {

/// What a call of next() found.
enum class HttpRead : std::uint8_t {
    need_more,
    head,      ///< the header is complete; set_body_limit() may follow
    complete,  ///< the message is; the next call begins the next one
    failed,    ///< for good: see status() and problem()
};

class HttpReader {
public:
    enum class Of : std::uint8_t { requests, responses };

    HttpReader(Of of, std::uint64_t header_bytes, std::uint64_t body_bytes);
    ~HttpReader();
    HttpReader(const HttpReader&) = delete;
    HttpReader& operator=(const HttpReader&) = delete;

    void feed(std::string_view bytes);
    [[nodiscard]] HttpRead next();
    /// After head: how long the body of this message may be.
    void set_body_limit(std::uint64_t bytes);
    /// After head of a message without a body: nobody wants it, next() goes on with the one behind it.
    void skip();
    /// No byte will follow; a response without a length is complete now.
    [[nodiscard]] HttpRead finish();

    /// Of a request, from head on; the body from complete on.
    [[nodiscard]] HttpRequest& request();
    [[nodiscard]] HttpResponse& response();
    /// From head on: a body is announced.
    [[nodiscard]] bool has_body() const;
    /// From head on: the connection may carry another message.
    [[nodiscard]] bool keep_alive() const;
    /// Some bytes of a message are there, but not all.
    [[nodiscard]] bool inside() const;

    /// The status that a request earns which cannot be read, and why.
    [[nodiscard]] unsigned status() const;
    [[nodiscard]] const std::string& problem() const;

private:
    struct State;
    template <bool is_request>
    struct StateOf;
    std::unique_ptr<State> state_;
};

}  // namespace sallyport::io
