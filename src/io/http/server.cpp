// Listeners and the life of connections.
#include "io/http/server.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "io/http/connection.h"

namespace sallyport::io {

namespace {

constexpr Duration linger = std::chrono::seconds{5};

class Body final : public HttpStream {
public:
    explicit Body(std::weak_ptr<HttpConnection> connection) : connection_{std::move(connection)} {}
    ~Body() override { finish(false); }
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;

    void write(std::string_view bytes) override {
        if (const auto connection = connection_.lock()) connection->write_stream(bytes);
    }
    [[nodiscard]] std::size_t pending() const override {
        const auto connection = connection_.lock();
        return connection ? connection->stream_pending() : 0;
    }
    void end() override { finish(true); }

private:
    void finish(bool complete) {
        if (const auto connection = std::exchange(connection_, {}).lock()) connection->end_stream(complete);
    }
    std::weak_ptr<HttpConnection> connection_;
};

class Exchange final : public HttpExchange {
public:
    Exchange(std::weak_ptr<HttpConnection> connection, std::uint64_t request)
        : connection_{std::move(connection)}, request_{request} {}
    ~Exchange() override { respond({500, {}, {}}); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    void respond(HttpResponse response) override {
        if (const auto connection = std::exchange(connection_, {}).lock())
            connection->respond(request_, std::move(response));
    }
    [[nodiscard]] std::unique_ptr<HttpStream> stream(HttpResponse head, HttpStreamEvents events) override {
        auto connection = std::exchange(connection_, {});
        const auto here = connection.lock();
        if (!here || !here->begin_stream(request_, head, std::move(events))) connection.reset();
        return std::make_unique<Body>(std::move(connection));
    }

private:
    std::weak_ptr<HttpConnection> connection_;
    std::uint64_t request_;
};

}  // namespace

HttpServer::HttpServer(Loop& loop, Network& network, Options options, HttpHandler& handler)
    : loop_{loop}, network_{network}, options_{std::move(options)}, handler_{handler} {}

HttpServer::~HttpServer() {
    for (const auto& [number, connection] : connections_) connection->abandon();
}

Result<void> HttpServer::listen(const Endpoint& at) {
    auto listener = network_.listen(at, [this](std::unique_ptr<Stream> stream) { accept(std::move(stream)); });
    if (!listener) return listener.error();
    listeners_.push_back(std::move(*listener));
    return {};
}

std::vector<Endpoint> HttpServer::endpoints() const {
    std::vector<Endpoint> all;
    for (const auto& listener : listeners_) all.push_back(listener->endpoint());
    return all;
}

void HttpServer::tables(TableFills& all) const {
    all.push_back({"http.connections", connections_.size(), options_.limits.connections});
    all.push_back({"http.addresses", per_address_.size(), options_.limits.connections});
}

void HttpServer::accept(std::unique_ptr<Stream> stream) {
    const IpAddress address = stream->remote().address;
    // Without an owner the connection is closed with the stream.
    const auto at = per_address_.find(address);
    if (at != per_address_.end() && at->second >= options_.limits.connections_per_address) return;
    if (connections_.size() >= options_.limits.connections && !make_room()) return;
    ++per_address_[address];
    auto connection = std::make_shared<HttpConnection>(*this, ++last_number_, std::move(stream));
    connections_.emplace(last_number_, connection);
    connection->start();
}

/// Strangers with several addresses may hold every place, and cost nothing. Who has asked for nothing, or has its
/// answer, gives way to who comes: the one that came first. A request that has begun to be answered is never given up.
bool HttpServer::make_room() {
    const auto first = std::find_if(connections_.begin(), connections_.end(),
                                    [](const auto& entry) { return entry.second->is_waiting(); });
    if (first == connections_.end()) return false;
    const auto connection = first->second;
    connection->give_way();
    return true;
}

void HttpServer::remove(std::uint64_t number) {
    const auto at = connections_.find(number);
    if (at == connections_.end()) return;
    const auto count = per_address_.find(at->second->address());
    if (--count->second == 0) per_address_.erase(count);
    // It may be on the stack.
    loop_.defer([connection = std::move(at->second)]() mutable { connection.reset(); });
    connections_.erase(at);
}

void HttpServer::shut() {
    listeners_.clear();
    const auto connections = connections_;
    for (const auto& [number, connection] : connections) connection->shut();
}

HttpConnection::HttpConnection(HttpServer& server, std::uint64_t number, std::unique_ptr<Stream> stream)
    : server_{&server},
      number_{number},
      stream_{std::move(stream)},
      remote_{stream_->remote()},
      reader_{HttpReader::Of::requests, server.options_.limits.header_bytes, server.options_.limits.body_bytes} {}

void HttpConnection::start() {
    timer_ = server_->loop_.timer([this] { expire(); });
    stream_->set_owner(this);
    const HttpLimits& limits = server_->options_.limits;
    if (!server_->options_.tls) return enter(Phase::waiting, limits.header);
    enter(Phase::handshake, limits.header);
    stream_->start_tls(server_->options_.tls, TlsRole::server, {});
}

void HttpConnection::abandon() {
    server_ = nullptr;
    phase_ = Phase::closing;
    events_ = {};
    timer_->disarm();
    stream_->set_owner(nullptr);
    stream_.reset();
}

bool HttpConnection::is_waiting() const {
    return phase_ == Phase::handshake || phase_ == Phase::waiting || phase_ == Phase::header;
}

void HttpConnection::give_way() {
    phase_ = Phase::closing;
    timer_->disarm();
    stream_->set_owner(nullptr);
    stream_->abort();
    server_->remove(number_);
}

void HttpConnection::enter(Phase phase, Duration limit) {
    phase_ = phase;
    timer_->arm(server_->loop_.now() + limit);
}

void HttpConnection::on_tls(const TlsFacts& facts) {
    tls_ = facts;
    enter(Phase::waiting, server_->options_.limits.header);
}

void HttpConnection::on_bytes(std::string_view bytes) {
    // Behind a streamed answer no other request is taken: the connection ends with it.
    if (phase_ == Phase::closing || phase_ == Phase::streaming) return;
    reader_.feed(bytes);
    work();
}

/// Reads until something has to be awaited: bytes, or the answer.
void HttpConnection::work() {
    const auto self = shared_from_this();
    while (server_ != nullptr && (phase_ == Phase::waiting || phase_ == Phase::header || phase_ == Phase::body)) {
        switch (reader_.next()) {
            case HttpRead::failed: return refuse(reader_.status(), reader_.problem());
            case HttpRead::head: take_head(); break;
            case HttpRead::complete: take_request(); break;
            case HttpRead::need_more:
                // The clock of a header runs from its first byte on and is not wound up by the next one.
                if (phase_ == Phase::waiting && reader_.inside()) enter(Phase::header, server_->options_.limits.header);
                return;
        }
    }
}

void HttpConnection::take_head() {
    HttpRequest& request = reader_.request();
    request.remote = remote_;
    request.tls = tls_;
    ++requests_;
    keep_ = reader_.keep_alive() && requests_ < server_->options_.limits.requests_per_connection && !shutting_;
    head_only_ = request.method == "HEAD";
    chunked_ = !request.is_old;
    HttpAdmission admission = server_->handler_.admit(request);
    admission.later ? await_judgement(admission.later) : judged(std::move(admission));
}

void HttpConnection::await_judgement(const std::function<void(std::function<void(HttpAdmission)>)>& later) {
    enter(Phase::judging, server_->options_.limits.handling);
    stream_->pause(true);
    later([weak = weak_from_this(), number = requests_](HttpAdmission admission) {
        const auto here = weak.lock();
        if (!here || here->server_ == nullptr || here->requests_ != number || here->phase_ != Phase::judging) return;
        here->stream_->pause(false);
        here->judged(std::move(admission));
        // What came behind the header waits in the reader; it is read from the loop, not from within the handler.
        if (here->server_ == nullptr) return;
        here->server_->loop_.defer([weak] {
            if (const auto there = weak.lock()) there->work();
        });
    });
}

void HttpConnection::judged(HttpAdmission admission) {
    const HttpLimits& limits = server_->options_.limits;
    const HttpRequest& request = reader_.request();
    if (admission.refusal) {
        // A body that nobody wants is not read to find the next request behind it.
        const bool bodiless = !reader_.has_body();
        if (bodiless) reader_.skip();
        return write(std::move(*admission.refusal), keep_ && bodiless && !shutting_);
    }
    reader_.set_body_limit(std::min(limits.body_bytes, admission.body_bytes.value_or(limits.body_bytes)));
    const std::string_view expect = request.field("Expect");
    if (!expect.empty() && reader_.has_body()) stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
    enter(Phase::body, limits.body);
}

void HttpConnection::take_request() {
    enter(Phase::handling, server_->options_.limits.handling);
    stream_->pause(true);
    server_->handler_.handle(std::move(reader_.request()), std::make_shared<Exchange>(weak_from_this(), requests_));
}

void HttpConnection::respond(std::uint64_t request, HttpResponse response) {
    if (server_ == nullptr || request != requests_ || phase_ != Phase::handling) return;
    write(std::move(response), keep_ && !shutting_);
    // What came behind the request waits in the reader; it is read from the loop, not from within the handler.
    if (phase_ != Phase::waiting) return;
    server_->loop_.defer([weak = weak_from_this()] {
        if (const auto here = weak.lock()) here->work();
    });
}

bool HttpConnection::begin_stream(std::uint64_t request, const HttpResponse& head, HttpStreamEvents events) {
    if (server_ == nullptr || request != requests_ || phase_ != Phase::handling) return false;
    std::string out = head_of(head);
    if (chunked_) out += "Transfer-Encoding: chunked\r\n";
    stream_->write(out + "Connection: close\r\n\r\n");
    events_ = std::move(events);
    enter(Phase::streaming, {});
    timer_->disarm();
    stream_->pause(false);
    return true;
}

void HttpConnection::write_stream(std::string_view bytes) {
    if (phase_ != Phase::streaming || bytes.empty() || head_only_) return;
    if (chunked_) {
        char size[24];
        std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
        stream_->write(size + std::string{bytes} + "\r\n");
    } else {
        stream_->write(bytes);
    }
    const bool was_full = full_;
    full_ = stream_->pending() > Stream::high_water;
    if (full_ && !was_full) timer_->arm(server_->loop_.now() + server_->options_.limits.idle);
}

std::size_t HttpConnection::stream_pending() const { return phase_ == Phase::streaming ? stream_->pending() : 0; }

void HttpConnection::end_stream(bool complete) {
    if (phase_ != Phase::streaming) return;
    events_ = {};
    if (!complete) return stream_->abort();
    if (chunked_ && !head_only_) stream_->write("0\r\n\r\n");
    close();
}

std::string HttpConnection::head_of(const HttpResponse& response) {
    std::string out =
        "HTTP/1.1 " + std::to_string(response.status) + " " + std::string{reason_of(response.status)} + "\r\n";
    for (const HttpField& entry : response.fields) out += entry.name + ": " + entry.value + "\r\n";
    return out + "Date: " + http_date(server_->loop_.wall()) + "\r\n";
}

void HttpConnection::write(HttpResponse response, bool keep) {
    std::string out = head_of(response);
    const bool bodiless = response.status == 204 || response.status == 304;
    if (!bodiless) out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    out += keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    if (!head_only_ && !bodiless) out += response.body;
    stream_->write(out);
    if (!keep) return close();
    const HttpLimits& limits = server_->options_.limits;
    if (stream_->pending() > Stream::high_water) return enter(Phase::draining, limits.idle);
    enter(Phase::waiting, limits.idle);
    stream_->pause(false);
}

void HttpConnection::on_drained() {
    if (phase_ == Phase::streaming) {
        full_ = false;
        timer_->disarm();
        const auto on_drained = events_.on_drained;
        if (on_drained) on_drained();
        return;
    }
    if (phase_ != Phase::draining) return;
    enter(Phase::waiting, server_->options_.limits.idle);
    stream_->pause(false);
    work();
}

void HttpConnection::refuse(unsigned status, const std::string& why) {
    head_only_ = false;
    write({status, {{"Content-Type", "text/plain; charset=utf-8"}}, why + "\n"}, false);
}

void HttpConnection::expire() {
    switch (phase_) {
        case Phase::judging:
        case Phase::handling: return write({503, {{"Retry-After", "60"}}, {}}, false);
        case Phase::header:
        case Phase::body: return refuse(408, "the request took too long");
        case Phase::waiting: return close();
        case Phase::handshake:
        case Phase::streaming:
        case Phase::draining:
        case Phase::closing: return stream_->abort();
    }
}

void HttpConnection::close() {
    enter(Phase::closing, linger + std::chrono::seconds{1});
    stream_->pause(false);
    stream_->close(linger);
}

void HttpConnection::shut() {
    shutting_ = true;
    if (phase_ == Phase::streaming) {
        const auto on_closed = std::exchange(events_, {}).on_closed;
        close();
        if (on_closed) on_closed();
        return;
    }
    if (phase_ == Phase::waiting || phase_ == Phase::handshake) close();
}

void HttpConnection::on_closed(CloseReason, const std::string&) {
    const auto self = shared_from_this();
    phase_ = Phase::closing;
    timer_->disarm();
    const auto on_closed = std::exchange(events_, {}).on_closed;
    if (on_closed) on_closed();
    if (server_ != nullptr) server_->remove(number_);
}

}  // namespace sallyport::io
