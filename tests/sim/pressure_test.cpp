// Peers that ask and do not read, and peers that come and go without ever proving who they are (threats T60, T61).
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

constexpr std::string_view header =
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns:db='jabber:server:dialback' from='c.test' to='a.test' version='1.0'>";

/// A raw connection to the edge of a.test.
class Caller final : public io::StreamOwner {
public:
    Caller(SimNetwork& host, const std::string& edge) {
        dial_ = host.dial({*IpAddress::parse(edge), 5269}, nullptr, std::chrono::seconds{5},
                          [this](Result<std::unique_ptr<io::Stream>> result) {
                              if (!result) return;
                              stream = std::move(*result);
                              stream->set_owner(this);
                          });
    }
    void on_bytes(std::string_view bytes) override { received += bytes.size(); }
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { closed = true; }

    std::unique_ptr<io::Stream> stream;
    std::size_t received = 0;
    bool closed = false;

private:
    std::unique_ptr<io::Dial> dial_;
};

class Pressure : public testing::Test {
protected:
    void SetUp() override {
        f.a.limits = open_profile(f.a.limits);
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    s2s::S2sShard& edge() { return f.a.edge->shards.front()->s2s(); }
    std::unique_ptr<Caller> call() {
        auto caller = std::make_unique<Caller>(host, f.a.edge_public);
        EXPECT_TRUE(f.world.run_until([&] { return caller->stream != nullptr; }));
        return caller;
    }
    [[nodiscard]] std::uint64_t written() {
        for (const auto& stream : edge().streams()) {
            if (stream.remote == "c.test") return stream.bytes_out;
        }
        return 0;
    }

    Federation f;
    SimNetwork host{f.world, {"198.51.100.9"}};
};

TEST_F(Pressure, ReadsNoFurtherWhenAPeerDoesNotReadTheAnswers) {
    const auto caller = call();
    caller->stream->write(header);
    f.world.advance(std::chrono::milliseconds{100});
    ASSERT_GT(caller->received, 0U);
    caller->stream->pause(true);
    const std::string question = "<db:verify from='c.test' to='a.test' id='x'>00</db:verify>";
    std::string questions;
    while (questions.size() < 1 << 20) questions += question;
    for (int n = 0; n < 10; ++n) caller->stream->write(questions);
    f.world.advance(std::chrono::seconds{5});
    const auto kept = written();
    EXPECT_GT(kept, 2 * io::Stream::high_water) << "the test asks for more than may wait";
    EXPECT_LT(kept, 3 * io::Stream::high_water);
    EXPECT_GT(caller->stream->pending(), 4U << 20) << "the questions wait where they came from";
    caller->stream->pause(false);
    EXPECT_TRUE(f.world.run_until([&] { return caller->stream->pending() == 0 && written() > 9U << 20; }))
        << "and are answered once the peer reads: " << written();
}

TEST_F(Pressure, KeepsNothingOfPeersThatNeverAuthenticate) {
    const std::size_t streams = edge().open_streams();
    const auto ours = f.a.edge_log.without_source();
    for (int round = 0; round < 20; ++round) {
        std::vector<std::unique_ptr<Caller>> callers;
        for (const std::string& words :
             {std::string{}, std::string{header}, std::string{header}.substr(0, 40),
              std::string{header} + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
              std::string{header} + "<db:result from='c.test' to='a.test'>00</db:result>",
              std::string{header} + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>",
              std::string{header} + "<message from='u@c.test' to='v@a.test'/>", std::string{"\x16\x03\x01"}}) {
            callers.push_back(call());
            callers.back()->stream->write(words);
        }
        f.world.advance(std::chrono::milliseconds{round % 2 == 0 ? 100 : 1});
        for (const auto& caller : callers) round % 3 == 0 ? caller->stream->close({}) : caller->stream->abort();
        f.world.advance(std::chrono::seconds{2});
    }
    f.world.advance(std::chrono::minutes{2});
    EXPECT_EQ(edge().open_streams(), streams);
    const auto totals = f.a.edge->process.ledger.totals();
    EXPECT_EQ(totals.connections, 0U);
    EXPECT_EQ(totals.unauthenticated, 0U);
    EXPECT_EQ(totals.dialbacks, 0U);
    EXPECT_EQ(f.a.edge_log.without_source(), ours) << "all that strangers cause to be logged draws on a budget";
    f.b.user().message("juliet@b.test", "romeo@a.test", "m1");
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("m1"); }));
}

TEST_F(Pressure, LetsNoWhitespaceProlongANegotiation) {
    const auto caller = call();
    caller->stream->write(header);
    for (int second = 0; second < 40 && !caller->closed; ++second) {
        caller->stream->write(" ");
        f.world.advance(std::chrono::seconds{1});
        if (second == 28) {
            EXPECT_FALSE(caller->closed);
        }
    }
    EXPECT_TRUE(caller->closed);
}

}  // namespace
}  // namespace sallyport::test
