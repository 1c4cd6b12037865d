// Dial, handshake, one request, one response.
#include "io/http/client.h"

#include <algorithm>
#include <utility>

#include "io/http/reader.h"
#include "io/tls/cert_facts.h"

namespace sallyport::io {

namespace {

class Call final : public StreamOwner, public std::enable_shared_from_this<Call> {
public:
    using OnResponse = std::function<void(Result<HttpResponse>)>;

    Call(Loop& loop, Network& network, HttpOrder order, OnResponse on_response)
        : loop_{loop},
          network_{network},
          order_{std::move(order)},
          on_response_{std::move(on_response)},
          reader_{HttpReader::Of::responses, order_.header_bytes, order_.body_bytes} {}

    void start() {
        timer_ = loop_.timer([weak = weak_from_this()] {
            if (const auto here = weak.lock()) here->fail("http-timed-out", "no answer within the time allowed");
        });
        timer_->arm(loop_.now() + order_.timeout);
        dial_ = network_.dial(order_.to, nullptr, std::min(order_.dial_timeout, order_.timeout),
                              [weak = weak_from_this()](auto stream) {
                                  if (const auto here = weak.lock()) here->dialled(std::move(stream));
                              });
    }

    void on_bytes(std::string_view bytes) override {
        const auto self = shared_from_this();
        reader_.feed(bytes);
        for (;;) {
            switch (reader_.next()) {
                case HttpRead::need_more: return;
                case HttpRead::head: break;
                case HttpRead::failed: return fail("http-malformed", reader_.problem());
                case HttpRead::complete:
                    // RFC 9110 15.2: any number of interim responses may stand before the final one.
                    if (reader_.response().status < 200) break;
                    return finish(std::move(reader_.response()));
            }
        }
    }
    void on_tls(const TlsFacts& facts) override {
        const auto self = shared_from_this();
        if (const std::string objection = objection_to(facts); !objection.empty()) {
            return fail("http-certificate", objection);
        }
        send();
    }
    void on_drained() override {}
    void on_closed(CloseReason reason, const std::string& text) override {
        const auto self = shared_from_this();
        if (reason == CloseReason::tls_failed) return fail("http-tls", text);
        // A response without a length ends with its connection; without close_notify it may have been cut.
        if (reason == CloseReason::peer_closed && reader_.finish() == HttpRead::complete) {
            return finish(std::move(reader_.response()));
        }
        fail("http-closed", "the connection ended before the answer was complete");
    }

private:
    void dialled(Result<std::unique_ptr<Stream>> stream) {
        if (!stream) return finish(stream.error());
        stream_ = std::move(*stream);
        stream_->set_owner(this);
        if (!order_.tls) return send();
        stream_->start_tls(order_.tls, TlsRole::client, order_.host.host);
    }

    [[nodiscard]] std::string objection_to(const TlsFacts& facts) const {
        if (!order_.verify) return {};
        if (!facts.peer) return "the server presented no certificate";
        if (!facts.peer->chain_valid) return "the certificate is not trusted: " + facts.peer->chain_error;
        if (!facts.peer->server_auth) return "the certificate is not for servers";
        if (order_.verify_name && !covers(facts.peer->dns_names, order_.host.host)) {
            return "the certificate is not for " + order_.host.host + "; it is for " +
                   (facts.peer->dns_names.empty() ? std::string{"no name"} : facts.peer->dns_names.front());
        }
        return {};
    }

    void send() {
        const HttpRequest& request = order_.request;
        std::string out = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + order_.host.text() + "\r\n";
        for (const HttpField& entry : request.fields) out += entry.name + ": " + entry.value + "\r\n";
        out +=
            "Content-Length: " + std::to_string(request.body.size()) + "\r\nConnection: close\r\n\r\n" + request.body;
        stream_->write(out);
    }

    void fail(const char* code, const std::string& why) { finish(Error{code, order_.to.text() + ": " + why}); }

    void finish(Result<HttpResponse> result) {
        if (!on_response_) return;
        const OnResponse on_response = std::exchange(on_response_, nullptr);
        timer_->disarm();
        if (stream_) stream_->set_owner(nullptr);
        // The stream may be on the stack.
        loop_.defer(
            [stream = std::shared_ptr<Stream>{std::move(stream_)}, dial = std::shared_ptr<Dial>{std::move(dial_)}] {});
        on_response(std::move(result));
    }

    Loop& loop_;
    Network& network_;
    HttpOrder order_;
    OnResponse on_response_;
    HttpReader reader_;
    std::unique_ptr<Timer> timer_;
    std::unique_ptr<Dial> dial_;
    std::unique_ptr<Stream> stream_;
};

class Handle final : public HttpCall {
public:
    explicit Handle(std::shared_ptr<Call> call) : call_{std::move(call)} {}

private:
    std::shared_ptr<Call> call_;
};

}  // namespace

std::unique_ptr<HttpCall> http_call(Loop& loop, Network& network, HttpOrder order,
                                    std::function<void(Result<HttpResponse>)> on_response) {
    auto call = std::make_shared<Call>(loop, network, std::move(order), std::move(on_response));
    call->start();
    return std::make_unique<Handle>(std::move(call));
}

}  // namespace sallyport::io
