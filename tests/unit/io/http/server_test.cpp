// The HTTP server against good, slow, greedy and devious clients, on the simulated clock.
#include "io/http/server.h"

#include <gtest/gtest.h>

#include "io/http/client.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"

namespace sallyport::io {
namespace {

using namespace std::chrono_literals;

/// Answers what the test says, at once or when the test wants.
class Desk final : public HttpHandler {
public:
    HttpAdmission admit(const HttpRequest& head) override {
        admitted.push_back(head);
        return on_admit ? on_admit(head) : HttpAdmission{};
    }
    void handle(HttpRequest request, std::shared_ptr<HttpExchange> exchange) override {
        requests.push_back(std::move(request));
        if (hold) {
            held.push_back(std::move(exchange));
            return;
        }
        const HttpRequest& asked = requests.back();
        exchange->respond({200, {{"X-Method", asked.method}}, asked.target + "|" + asked.body});
    }

    std::function<HttpAdmission(const HttpRequest&)> on_admit;
    std::vector<HttpRequest> admitted, requests;
    std::vector<std::shared_ptr<HttpExchange>> held;
    bool hold = false;
};

class Client final : public StreamOwner {
public:
    void on_bytes(std::string_view bytes) override { received += bytes; }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(CloseReason, const std::string&) override { closed = true; }

    std::unique_ptr<Stream> stream;
    std::unique_ptr<Dial> dial;
    std::string received;
    bool closed = false;
};

class Http : public testing::Test {
protected:
    Http() { start({}); }

    void start(const HttpLimits& limits, std::shared_ptr<const TlsContext> tls = nullptr) {
        server = std::make_unique<HttpServer>(world.loop(), host, HttpServer::Options{std::move(tls), limits}, desk);
        ASSERT_TRUE(server->listen(at));
    }
    std::unique_ptr<Client> connect() {
        auto client = std::make_unique<Client>();
        client->dial = guest.dial(at, nullptr, 5s, [c = client.get()](Result<std::unique_ptr<Stream>> stream) {
            ASSERT_TRUE(stream);
            c->stream = std::move(*stream);
            c->stream->set_owner(c);
        });
        EXPECT_TRUE(world.run_until([&] { return client->stream != nullptr; }));
        return client;
    }
    /// Sends it all and lets some time pass.
    std::string answer(std::string_view bytes) {
        const auto client = connect();
        client->stream->write(bytes);
        world.advance(5s);
        return client->received;
    }
    Result<HttpResponse> call(HttpOrder order) {
        order.to = at;
        std::optional<Result<HttpResponse>> result;
        const auto under_way =
            http_call(world.loop(), guest, std::move(order), [&](Result<HttpResponse> r) { result = std::move(r); });
        EXPECT_TRUE(world.run_until([&] { return result.has_value(); }));
        world.settle();
        return result.value_or(Error{"test-none", ""});
    }

    const Endpoint at{*IpAddress::parse("192.0.2.1"), 8443};
    test::SimWorld world;
    test::SimNetwork host{world, {"192.0.2.1"}}, guest{world, {"192.0.2.2"}};
    Desk desk;
    std::unique_ptr<HttpServer> server;
};

TEST_F(Http, AnswersARequestAndKeepsTheConnection) {
    const auto client = connect();
    client->stream->write("POST /axl/?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    world.advance(1s);
    EXPECT_TRUE(client->received.starts_with("HTTP/1.1 200 OK\r\nX-Method: POST\r\nDate: ")) << client->received;
    EXPECT_NE(client->received.find("Content-Length: 15\r\nConnection: keep-alive\r\n\r\n/axl/?x=1|hello"),
              std::string::npos)
        << client->received;
    ASSERT_EQ(desk.requests.size(), 1U);
    EXPECT_EQ(desk.requests[0].path(), "/axl/");
    EXPECT_EQ(desk.requests[0].query(), "x=1");
    EXPECT_EQ(desk.requests[0].field("hOST"), "a");
    EXPECT_EQ(desk.requests[0].remote.address.text(), "192.0.2.2");
    client->stream->write("GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    EXPECT_EQ(desk.requests.size(), 2U);
    EXPECT_FALSE(client->closed);
}

TEST_F(Http, EndsTheConnectionWhenTheClientAsksAndInHttp10) {
    EXPECT_NE(answer("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("Connection: close"),
              std::string::npos);
    EXPECT_NE(answer("GET / HTTP/1.0\r\n\r\n").find("Connection: close"), std::string::npos);
}

TEST_F(Http, HeadHasALengthAndNoBody) {
    const std::string received = answer("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(received.ends_with("\r\n\r\n")) << received;
    EXPECT_NE(received.find("Content-Length: 3\r\n"), std::string::npos) << received;
}

TEST_F(Http, TakesChunksAndPipelinedRequestsInOrder) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write(
        "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    ASSERT_EQ(desk.requests.size(), 1U) << "the second waits for the answer to the first";
    EXPECT_EQ(desk.requests[0].body, "abcde");
    desk.held[0]->respond({200, {}, "one"});
    world.advance(1s);
    ASSERT_EQ(desk.requests.size(), 2U);
    desk.held[0]->respond({200, {}, "late"});
    desk.held[1]->respond({200, {}, "two"});
    world.advance(1s);
    EXPECT_LT(client->received.find("one"), client->received.find("two"));
    EXPECT_EQ(client->received.find("late"), std::string::npos);
}

TEST_F(Http, AnExchangeThatIsDroppedIsAnInternalError) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    desk.held.clear();
    world.advance(1s);
    EXPECT_TRUE(client->received.starts_with("HTTP/1.1 500 ")) << client->received;
}

TEST_F(Http, AHandlerThatNeverAnswersIs503) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(61s);
    EXPECT_TRUE(client->received.starts_with("HTTP/1.1 503 ")) << client->received;
    EXPECT_TRUE(client->closed);
}

TEST_F(Http, RefusesEveryAmbiguousRequest) {
    const std::pair<std::string_view, std::string_view> refused[] = {
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\nhello", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "501"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n", "400"},
        {"GET / HTTP/1.1\nHost: a\n\n", "505"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
        {"GET /\r\n", "400"},
        {"\x16\x03\x01\x02\x00\x01\x00", "400"},
    };
    for (const auto& [bytes, status] : refused) {
        const std::string received = answer(bytes);
        EXPECT_TRUE(received.starts_with("HTTP/1.1 " + std::string{status})) << bytes << "\n-> " << received;
        EXPECT_NE(received.find("Connection: close"), std::string::npos) << bytes;
    }
    EXPECT_TRUE(desk.requests.empty());
}

TEST_F(Http, ATrailerIsNoHeader) {
    static_cast<void>(answer(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Basic eDp5\r\n\r\n"));
    ASSERT_EQ(desk.requests.size(), 1U);
    EXPECT_EQ(desk.requests[0].field("Authorization"), "");
}

TEST_F(Http, RefusesLongHeadersAndBodies) {
    EXPECT_TRUE(
        answer("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x') + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(
        answer("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(answer("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n").starts_with("HTTP/1.1 413 "));
    std::string chunks = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20; ++i) chunks += "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    EXPECT_EQ(answer(chunks).substr(0, 13), "HTTP/1.1 413 ");
    std::string thin = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 2000; ++i) thin += "1;" + std::string(2000, 'e') + "\r\nx\r\n";
    EXPECT_EQ(answer(thin).substr(0, 13), "HTTP/1.1 413 ");
    EXPECT_TRUE(desk.requests.empty());
}

TEST_F(Http, ASlowRequestEndsWith408) {
    const auto header = connect();
    const auto body = connect();
    body->stream->write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 9; ++i) {
        header->stream->write(i == 0 ? "GET / HTTP/1.1\r\nHost: a\r\nX: " : "x");
        body->stream->write("x");
        world.advance(1s);
        EXPECT_EQ(header->received + body->received, "");
    }
    world.advance(2s);
    EXPECT_TRUE(header->received.starts_with("HTTP/1.1 408 ")) << header->received;
    EXPECT_EQ(body->received, "");
    world.advance(25s);
    EXPECT_TRUE(body->received.starts_with("HTTP/1.1 408 ")) << body->received;
    EXPECT_TRUE(desk.requests.empty());
}

TEST_F(Http, AConnectionThatSaysNothingEnds) {
    const auto client = connect();
    world.advance(11s);
    EXPECT_TRUE(client->closed);
    EXPECT_EQ(client->received, "");
    EXPECT_EQ(server->connections(), 0U);
    const auto idle = connect();
    idle->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(50s);
    EXPECT_FALSE(idle->closed);
    world.advance(20s);
    EXPECT_TRUE(idle->closed);
}

TEST_F(Http, ConnectionsAreBounded) {
    server.reset();
    HttpLimits limits;
    limits.connections_per_address = 2;
    start(limits);
    const auto one = connect();
    const auto two = connect();
    const auto three = connect();
    three->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    EXPECT_TRUE(three->closed);
    EXPECT_EQ(three->received, "");
    EXPECT_EQ(server->connections(), 2U);
    one->stream->close(1s);
    world.advance(2s);
    EXPECT_NE(answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "") << "there is room again";
}

TEST_F(Http, AHandlerMayTakeItsTimeToJudge) {
    std::vector<std::function<void(HttpAdmission)>> undecided;
    desk.on_admit = [&](const HttpRequest&) {
        HttpAdmission admission;
        admission.later = [&](std::function<void(HttpAdmission)> decide) { undecided.push_back(std::move(decide)); };
        return admission;
    };
    const auto client = connect(), gone = connect(), slow = connect();
    const std::string post = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    client->stream->write(post + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    gone->stream->write(post);
    slow->stream->write(post);
    world.advance(1s);
    ASSERT_EQ(undecided.size(), 3U);
    EXPECT_TRUE(desk.requests.empty());
    // Welcome: the body is taken, and what is behind it is judged by itself.
    undecided[0]({});
    world.advance(1s);
    ASSERT_EQ(desk.requests.size(), 1U);
    EXPECT_EQ(desk.requests[0].body, "hello");
    ASSERT_EQ(undecided.size(), 4U);
    undecided[0]({{HttpResponse{500, {}, {}}}, {}});
    undecided[3]({{HttpResponse{401, {}, "no"}}, {}});
    world.advance(1s);
    EXPECT_NE(client->received.find("/1|hello"), std::string::npos);
    EXPECT_NE(client->received.find("HTTP/1.1 401"), std::string::npos);
    EXPECT_EQ(client->received.find("HTTP/1.1 500"), std::string::npos) << "the first word counts";
    // Nobody is there any more.
    gone->stream->abort();
    world.advance(1s);
    undecided[1]({});
    world.advance(1s);
    EXPECT_EQ(desk.requests.size(), 1U);
    // It never says.
    world.advance(60s);
    EXPECT_NE(slow->received.find("HTTP/1.1 503"), std::string::npos);
    undecided[2]({});
    world.advance(10s);
    EXPECT_EQ(server->connections(), 0U);
    server.reset();
    undecided[2]({});
}

TEST_F(Http, StrangersThatHoldEveryPlaceGiveWay) {
    server.reset();
    HttpLimits limits;
    limits.connections = 4;
    start(limits);
    desk.hold = true;
    const auto asked = connect();
    asked->stream->write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(100ms);
    ASSERT_EQ(desk.held.size(), 1U);
    const auto one = connect();
    const auto two = connect();
    const auto three = connect();
    two->stream->write("GET / HTTP/1.1\r\nHost: a\r\n");
    three->stream->write("GET / HTTP/1.1\r\n");
    world.advance(100ms);
    desk.hold = false;
    EXPECT_NE(answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "") << "somebody who asks is heard";
    EXPECT_TRUE(one->closed) << "the one that came first";
    EXPECT_FALSE(two->closed || three->closed);
    desk.held.front()->respond({200, {}, "late"});
    world.advance(100ms);
    EXPECT_NE(asked->received.find("late"), std::string::npos) << "what is under way goes on";
    // Where everybody is being served nobody gives way.
    desk.hold = true;
    std::vector<std::unique_ptr<Client>> busy;
    for (int n = 0; n < 4; ++n) {
        busy.push_back(connect());
        busy.back()->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        world.advance(100ms);
    }
    const auto late = connect();
    world.advance(100ms);
    EXPECT_TRUE(late->closed);
    for (const auto& client : busy) EXPECT_FALSE(client->closed);
}

TEST_F(Http, ARefusedHeaderIsAnsweredWithoutItsBody) {
    desk.on_admit = [](const HttpRequest&) {
        return HttpAdmission{HttpResponse{401, {{"WWW-Authenticate", "Basic realm=\"x\""}}, {}}, {}};
    };
    const auto client = connect();
    client->stream->write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
    world.advance(1s);
    EXPECT_TRUE(client->received.starts_with("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ")) << client->received;
    EXPECT_NE(client->received.find("Connection: close"), std::string::npos);
    const auto bodiless = connect();
    bodiless->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    EXPECT_NE(bodiless->received.find("Connection: keep-alive"), std::string::npos) << bodiless->received;
    EXPECT_TRUE(desk.requests.empty());
}

TEST_F(Http, AdmissionMayAllowLess) {
    desk.on_admit = [](const HttpRequest&) { return HttpAdmission{{}, 10}; };
    EXPECT_TRUE(
        answer("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world").starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(answer("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(answer("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n")
                    .starts_with("HTTP/1.1 413 "));
}

TEST_F(Http, TellsAClientThatAsksToGoOn) {
    const auto client = connect();
    client->stream->write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    world.advance(1s);
    EXPECT_EQ(client->received, "HTTP/1.1 100 Continue\r\n\r\n");
    client->stream->write("hello");
    world.advance(1s);
    EXPECT_NE(client->received.find("HTTP/1.1 200 OK"), std::string::npos);
}

TEST_F(Http, ShutEndsIdleConnectionsAndLetsAnswersOut) {
    desk.hold = true;
    const auto idle = connect();
    const auto busy = connect();
    busy->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    server->shut();
    world.advance(1s);
    EXPECT_TRUE(idle->closed);
    EXPECT_FALSE(busy->closed);
    desk.held[0]->respond({200, {}, "bye"});
    world.advance(1s);
    EXPECT_TRUE(busy->received.ends_with("bye"));
    EXPECT_TRUE(busy->closed);
}

TEST_F(Http, ClientAndServerUnderstandEachOtherOverTls) {
    server.reset();
    start({}, test::sim_tls_context({{test::sim_certificate({"imp.test"})}, {"Sim CA"}, false, false, {}, "TLSv1.3"}));
    HttpOrder order;
    order.host = {"imp.test", 8443};
    order.tls = test::sim_tls_context({});
    order.request.method = "POST";
    order.request.target = "/axl/";
    order.request.fields = {{"Content-Type", "text/xml"}};
    order.request.body = "<x/>";
    const auto response = call(order);
    ASSERT_TRUE(response) << response.error().text;
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "/axl/|<x/>");
    EXPECT_EQ(desk.requests[0].field("host"), "imp.test:8443");
    EXPECT_EQ(desk.requests[0].tls->version, "TLSv1.3");

    order.host.host = "other.test";
    EXPECT_EQ(call(order).error().code, "http-certificate");
    order.verify = false;
    EXPECT_TRUE(call(order));
    order.verify = true;
    order.host.host = "imp.test";
    order.tls = test::sim_tls_context({{}, {"Another CA"}, false, true, {}, "TLSv1.3"});
    EXPECT_EQ(call(order).error().code, "http-certificate");
}

TEST_F(Http, TheClientNamesWhatWentWrong) {
    HttpOrder order;
    order.host = {"imp.test", 8443};
    order.request.method = "GET";
    order.request.target = "/";
    desk.hold = true;
    order.timeout = 3s;
    EXPECT_EQ(call(order).error().code, "http-timed-out");
    server.reset();
    EXPECT_EQ(call(order).error().code, "connect-refused");
}

/// Begins a streamed answer to the one request that the desk holds.
struct Streamed {
    explicit Streamed(Desk& desk) {
        body = desk.held.back()->stream({200, {{"Content-Type", "text/event-stream"}}, {}},
                                        {[this] { ++drained; }, [this] { ++closed; }});
    }
    std::unique_ptr<HttpStream> body;
    int drained = 0, closed = 0;
};

TEST_F(Http, StreamsAnAnswerInChunks) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    Streamed streamed{desk};
    streamed.body->write("hello");
    world.advance(100s);
    streamed.body->write("0123456789abcdef");
    streamed.body->end();
    world.advance(1s);
    EXPECT_NE(client->received.find("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                                    "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"),
              std::string::npos)
        << client->received;
    EXPECT_TRUE(client->closed);
    EXPECT_EQ(streamed.closed, 0) << "it was we who ended it";
    EXPECT_EQ(server->connections(), 0U);
}

TEST_F(Http, StreamsWithoutChunksToHttp10) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    world.advance(1s);
    Streamed streamed{desk};
    streamed.body->write("hello");
    streamed.body->end();
    world.advance(1s);
    EXPECT_TRUE(client->received.ends_with("Connection: close\r\n\r\nhello")) << client->received;
}

TEST_F(Http, CutsAStreamThatIsNotComplete) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    Streamed streamed{desk};
    streamed.body->write("hello");
    streamed.body.reset();
    world.advance(1s);
    EXPECT_TRUE(client->closed);
    EXPECT_FALSE(client->received.ends_with("0\r\n\r\n"));
}

TEST_F(Http, TellsAStreamThatItsPeerIsGone) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    Streamed streamed{desk};
    client->stream->write("GET /behind HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    EXPECT_EQ(desk.requests.size(), 1U) << "nothing is read behind a stream";
    client->stream->abort();
    world.advance(1s);
    EXPECT_EQ(streamed.closed, 1);
    streamed.body->write("to nobody");
    EXPECT_EQ(streamed.body->pending(), 0U);
    streamed.body->end();
    EXPECT_EQ(server->connections(), 0U);
}

TEST_F(Http, EndsStreamsWhenItShuts) {
    desk.hold = true;
    const auto client = connect();
    client->stream->write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world.advance(1s);
    Streamed streamed{desk};
    server->shut();
    EXPECT_EQ(streamed.closed, 1);
    world.advance(10s);
    EXPECT_TRUE(client->closed);
}

}  // namespace
}  // namespace sallyport::io
