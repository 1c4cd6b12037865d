// The only place that sees Beast.
#include "io/http/reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

namespace sallyport::io {

namespace http = boost::beast::http;
using boost::beast::error_code;

namespace {

std::string text_of(boost::beast::string_view view) { return {view.data(), view.size()}; }

/// Line ends other than CRLF, folded lines and zero bytes: parsers in front of us may read them otherwise.
bool is_plain_head(std::string_view head) {
    for (std::size_t i = 0; i < head.size(); ++i) {
        if (head[i] == '\0') return false;
        if (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) return false;
        if (head[i] == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) return false;
        const bool line_starts = i > 0 && head[i - 1] == '\n';
        if (line_starts && (head[i] == ' ' || head[i] == '\t')) return false;
    }
    return true;
}

std::size_t count_of(const http::fields& fields, http::field name) {
    const auto range = fields.equal_range(name);
    return static_cast<std::size_t>(std::distance(range.first, range.second));
}

unsigned status_of(const error_code& problem) {
    if (problem == http::error::header_limit) return 431;
    if (problem == http::error::body_limit) return 413;
    if (problem == http::error::bad_version) return 505;
    return 400;
}

}  // namespace

struct HttpReader::State {
    State(std::uint64_t header, std::uint64_t body) : header_bytes{header}, body_bytes{body} {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    virtual ~State() = default;

    virtual HttpRead next() = 0;
    virtual HttpRead finish() = 0;
    virtual void limit_body(std::uint64_t bytes) = 0;
    [[nodiscard]] virtual bool has_body() const = 0;
    [[nodiscard]] virtual bool keep_alive() const = 0;

    HttpRead fail(unsigned with, std::string why) {
        failed = true;
        status = with;
        problem = std::move(why);
        input.clear();
        used = 0;
        return HttpRead::failed;
    }

    std::uint64_t header_bytes, body_bytes;
    std::uint64_t body_limit = body_bytes;  ///< of the message under way
    std::string input;                      ///< received, not yet used
    std::size_t used = 0;                   ///< of `input`, while reading
    std::string head;                       ///< the header so far, as received
    HttpRequest request;
    HttpResponse response;
    unsigned status = 400;
    std::string problem;
    std::uint64_t framing = 0;  ///< bytes of the body's part, chunk headers and trailers included
    bool head_seen = false;
    bool delivered = false;  ///< the message is complete and was handed out
    bool failed = false;
};

template <bool is_request>
struct HttpReader::StateOf final : State {
    using Parser = http::parser<is_request, http::string_body>;

    StateOf(std::uint64_t header, std::uint64_t body) : State{header, body} { begin(); }

    void begin() {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(std::min<std::uint64_t>(header_bytes, UINT32_MAX)));
        parser->body_limit(body_bytes);
        parser->eager(false);
        head.clear();
        head_seen = false;
        delivered = false;
        framing = 0;
        body_limit = body_bytes;
        request = {};
        response = {};
    }

    HttpRead next() override {
        if (failed) return HttpRead::failed;
        if (delivered) begin();
        const HttpRead found = read();
        input.erase(0, std::exchange(used, 0));
        return found;
    }

    HttpRead read() {
        for (;;) {
            if (head_seen && parser->is_done()) return take_body();
            if (used == input.size()) return HttpRead::need_more;
            error_code ec;
            const std::size_t taken = parser->put(boost::asio::buffer(input.data() + used, input.size() - used), ec);
            if (ec && ec != http::error::need_more) return fail(status_of(ec), ec.message());
            if (!head_seen) head.append(input, used, taken);
            if (head_seen) framing += taken;
            used += taken;
            if (!head_seen && parser->is_header_done()) return take_head();
            if (framing / 2 > body_limit && framing - 2 * body_limit > header_bytes)
                return fail(413, "the chunk headers are larger than the data");
            if (ec != http::error::need_more) continue;
            // What is not used is a header, a chunk's header or a trailer that goes on.
            if (head.size() + input.size() - used > header_bytes) return fail(431, "a header is too long");
            return HttpRead::need_more;
        }
    }

    HttpRead finish() override {
        if (failed) return HttpRead::failed;
        if (!head_seen) return fail(400, "the connection ended before the message began");
        error_code ec;
        parser->put_eof(ec);
        if (ec || !parser->is_done()) return fail(400, "the connection ended within a message");
        return take_body();
    }

    HttpRead take_head() {
        head_seen = true;
        if (head.size() > header_bytes) return fail(431, "a header is too long");
        if (!is_plain_head(head)) return fail(400, "a malformed line end in the header");
        std::string{}.swap(head);
        const auto& message = parser->get();
        for (const auto& entry : message) {
            auto& fields = is_request ? request.fields : response.fields;
            fields.push_back({text_of(entry.name_string()), text_of(entry.value())});
        }
        if (count_of(message, http::field::content_length) > 1 ||
            count_of(message, http::field::transfer_encoding) > 1) {
            return fail(400, "Content-Length is given twice");
        }
        const auto length = message[http::field::content_length];
        const auto coding = message[http::field::transfer_encoding];
        if (length.find(',') != boost::beast::string_view::npos) return fail(400, "Content-Length is given twice");
        if (!length.empty() && !coding.empty()) return fail(400, "both Content-Length and Transfer-Encoding");
        if (!coding.empty() && !boost::beast::iequals(coding, "chunked"))
            return fail(501, "a transfer coding other than chunked");
        if (!coding.empty() && message.version() < 11) return fail(400, "a transfer coding in HTTP/1.0");
        if constexpr (is_request) {
            if (message.version() != 10 && message.version() != 11) return fail(505, "not HTTP/1.1");
            const std::size_t hosts = count_of(message, http::field::host);
            if (hosts > 1 || (hosts == 0 && message.version() == 11)) return fail(400, "not exactly one Host");
            request.is_old = message.version() == 10;
            request.method = text_of(message.method_string());
            request.target = text_of(message.target());
            if (!request.target.starts_with('/') && request.target != "*") return fail(400, "the target is not a path");
        } else {
            response.status = message.result_int();
        }
        return HttpRead::head;
    }

    HttpRead take_body() {
        delivered = true;
        if constexpr (is_request) request.body = std::move(parser->get().body());
        if constexpr (!is_request) response.body = std::move(parser->get().body());
        return HttpRead::complete;
    }

    void limit_body(std::uint64_t bytes) override {
        body_limit = bytes;
        if (!parser->is_done()) parser->body_limit(bytes);
        if (parser->content_length().value_or(0) > bytes) fail(413, "the body is too long");
    }
    [[nodiscard]] bool has_body() const override {
        return parser->chunked() || parser->content_length().value_or(0) > 0 || (!is_request && parser->need_eof());
    }
    [[nodiscard]] bool keep_alive() const override { return parser->keep_alive(); }

    std::optional<Parser> parser;
};

HttpReader::HttpReader(Of of, std::uint64_t header_bytes, std::uint64_t body_bytes) {
    if (of == Of::requests) {
        state_ = std::make_unique<StateOf<true>>(header_bytes, body_bytes);
    } else {
        state_ = std::make_unique<StateOf<false>>(header_bytes, body_bytes);
    }
}
HttpReader::~HttpReader() = default;

void HttpReader::feed(std::string_view bytes) {
    if (!state_->failed) state_->input += bytes;
}
HttpRead HttpReader::next() { return state_->next(); }
void HttpReader::set_body_limit(std::uint64_t bytes) { state_->limit_body(bytes); }
void HttpReader::skip() { state_->delivered = true; }
HttpRead HttpReader::finish() { return state_->finish(); }
HttpRequest& HttpReader::request() { return state_->request; }
HttpResponse& HttpReader::response() { return state_->response; }
bool HttpReader::has_body() const { return state_->has_body(); }
bool HttpReader::keep_alive() const { return state_->keep_alive(); }
bool HttpReader::inside() const {
    return (state_->head_seen && !state_->delivered) || !state_->head.empty() || !state_->input.empty();
}
unsigned HttpReader::status() const { return state_->status; }
const std::string& HttpReader::problem() const { return state_->problem; }

}  // namespace sallyport::io
