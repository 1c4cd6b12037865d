// Peers that ask and do not read, and peers that come and go without ever proving who they are (threats T60, T61).
#include <gtest/gtest.h>

#include "support/raw_partner.h"
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

/// The totals of the node, kept full by strangers with as many addresses as it takes.
class Knocking : public testing::Test {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    [[nodiscard]] routing::Ledger::Totals totals() { return f.a.edge->process.ledger.totals(); }
    void expect_room_for_others() {
        RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
        RawStream& stream = c.open(f.a.edge_public, "a.test");
        ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }, std::chrono::seconds{5}));
        stream.message("u@c.test", "romeo@a.test", "m");
        EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("m"); }, std::chrono::seconds{5})) << stream.heard();
    }
    void expect_nothing_left() {
        f.world.advance(std::chrono::minutes{3});
        EXPECT_EQ(totals().connections, 0U);
        EXPECT_EQ(totals().unauthenticated, 0U);
        EXPECT_EQ(totals().dialbacks, 0U);
        EXPECT_EQ(f.a.edge->process.ledger.addresses(f.world.loop().now()), 0U);
    }

    Federation f;
};

TEST_F(Knocking, WithoutAWordKeepsNobodyOut) {
    std::vector<std::unique_ptr<SimNetwork>> hosts;
    std::vector<std::unique_ptr<Caller>> callers;
    for (int n = 0; n < 60; ++n) {
        hosts.push_back(
            std::make_unique<SimNetwork>(f.world, std::vector<std::string>{"198.51.101." + std::to_string(n)}));
        for (std::uint64_t times = 0; times < Limits{}.unauthenticated_per_address; ++times) {
            callers.push_back(std::make_unique<Caller>(*hosts.back(), f.a.edge_public));
        }
        f.world.advance(std::chrono::milliseconds{10});
    }
    EXPECT_EQ(totals().unauthenticated, Limits{}.unauthenticated_connections);
    f.world.advance(std::chrono::seconds{2});
    expect_room_for_others();
    for (const auto& caller : callers) caller->stream.reset();
    expect_nothing_left();
}

/// Who answers our questions and does not close has as few streams of ours as one who does not answer.
TEST_F(Knocking, CountsAQuestionUntilItsStreamIsGone) {
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    f.world.block(f.a.edge_public, "198.51.100.10");
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(f.a.edge->shards.front()->s2s().open_streams(), 1U);
    EXPECT_EQ(totals().dialbacks, 1U);
    f.world.advance(std::chrono::seconds{10});
    EXPECT_EQ(totals().dialbacks, 0U);
}

TEST_F(Knocking, WithKeysThatNobodyAnswersForKeepsNobodyFromProvingItself) {
    std::vector<std::unique_ptr<RawPartner>> strangers;
    for (int n = 0; n < 35; ++n) {
        const std::string name = "n" + std::to_string(n) + ".test";
        strangers.push_back(std::make_unique<RawPartner>(f.world, f.dns, name, "198.51.101." + std::to_string(n)));
        strangers.back()->habits.listens = false;
        for (int stream = 0; stream < 4; ++stream) {
            RawStream& opened = strangers.back()->open(f.a.edge_public, "a.test");
            f.world.advance(std::chrono::milliseconds{10});
            for (int more = 1; more < 8; ++more) {
                const std::string other = "x" + std::to_string(stream * 8 + more) + "." + name;
                f.dns.srv("_xmpp-server._tcp." + other, 0, 0, 5269, "xmpp." + name);
                opened.say("<db:result from='" + other + "' to='a.test'>key</db:result>");
            }
        }
    }
    f.world.advance(std::chrono::milliseconds{100});
    EXPECT_EQ(totals().dialbacks, Limits{}.pending_dialbacks);
    expect_room_for_others();
    strangers.clear();
    expect_nothing_left();
}

/// So fast that nobody makes way; but somebody was here before.
TEST_F(Knocking, AsFastAsTheyCanKeepsOutNobodyWhoHasProvedHimselfBefore) {
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
    RawStream& before = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return before.ready(); }));
    before.close();
    f.world.advance(std::chrono::minutes{10});
    std::vector<std::unique_ptr<SimNetwork>> hosts;
    std::vector<std::unique_ptr<Caller>> callers;
    for (int n = 0; n < 60; ++n) {
        hosts.push_back(
            std::make_unique<SimNetwork>(f.world, std::vector<std::string>{"198.51.101." + std::to_string(n)}));
        for (std::uint64_t times = 0; times < Limits{}.unauthenticated_per_address; ++times) {
            callers.push_back(std::make_unique<Caller>(*hosts.back(), f.a.edge_public));
        }
    }
    f.world.advance(std::chrono::milliseconds{100});
    EXPECT_EQ(totals().unauthenticated, Limits{}.unauthenticated_connections);
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); }, std::chrono::seconds{1}));
    for (const auto& caller : callers) caller->stream.reset();
}

/// Each name costs us a look-up and perhaps a connection, however soon that fails.
TEST_F(Knocking, WithNameAfterNameIsVerifiedNoFasterThanItsPace) {
    constexpr std::uint64_t most = routing::Ledger::dialbacks_a_connection * Limits{}.new_connections_per_10s;
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    const auto claim = [&](std::uint64_t number) {
        stream.say("<db:result from='n" + std::to_string(number) + ".nowhere.test' to='a.test'>key</db:result>");
        f.world.advance(std::chrono::milliseconds{20});
    };
    const auto answered = [&](const std::string& condition) {
        std::uint64_t times = 0;
        const std::string tag = "<" + condition + " ";
        for (std::size_t at = 0; (at = stream.heard().find(tag, at)) != std::string::npos; ++at) ++times;
        return times;
    };
    for (std::uint64_t number = 0; number < most + 50; ++number) claim(number);
    EXPECT_EQ(answered("remote-server-not-found"), most - 1) << "the first was its own";
    EXPECT_EQ(answered("resource-constraint"), 51U);
    f.world.advance(std::chrono::seconds{10});
    claim(most + 50);
    EXPECT_EQ(answered("remote-server-not-found"), most);
    EXPECT_FALSE(stream.closed());
}

/// Much that comes in one piece, while the next hop takes nothing.
class Burst : public testing::Test {
protected:
    explicit Burst(bool trio = false) : f{1, trio} {}
    void SetUp() override {
        f.a.limits.link_bytes = 1 << 20;
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.settings.bidi = true;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// Few bytes, and many more of the memory than the link has for one partner.
    static std::string burst(const std::string& addresses) {
        std::string all;
        for (int n = 0; n < stanzas; ++n) all += "<message id='" + std::to_string(n) + "' " + addresses + "/>";
        return all;
    }
    void cut() { f.world.block(f.a.edge_link, f.a.core_address); }
    void heal() { f.world.heal(f.a.edge_link, f.a.core_address); }
    static std::string last() { return std::to_string(stanzas - 1); }
    void expect_all_at(SimUser& user, const std::string& from) {
        EXPECT_TRUE(f.world.run_until([&] { return user.got(last()); }, std::chrono::seconds{30}));
        EXPECT_EQ(user.ids_from(from).size(), static_cast<std::size_t>(stanzas));
    }
    static constexpr int stanzas = 800;

    Federation f;
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
};

TEST_F(Burst, OnAPartnersStreamIsReadNoFurtherThanTheLinkTakes) {
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    cut();
    stream.say(burst("from='u@c.test' to='romeo@a.test'"));
    f.world.advance(std::chrono::seconds{5});
    heal();
    expect_all_at(f.a.user(), "c.test");
    EXPECT_TRUE(c.ids().empty()) << "nothing came back";
}

TEST_F(Burst, OnAStreamOfOursIsReadNoFurtherThanTheLinkTakes) {
    c.habits.bidi = true;
    f.a.user().message("romeo@a.test", "u@c.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("first"); }));
    RawStream& stream = *c.accepted().front();
    cut();
    stream.say(burst("from='u@c.test' to='romeo@a.test'"));
    f.world.advance(std::chrono::seconds{5});
    heal();
    expect_all_at(f.a.user(), "c.test");
    EXPECT_EQ(c.ids().size(), 1U) << "nothing came back";
}

/// For a second: then whoever writes to everybody is read on.
TEST_F(Burst, OfAComponentIsReadNoFurtherThanTheLinkTakes) {
    cut();
    f.a.user().say(burst("from='romeo@a.test' to='juliet@b.test'"));
    f.world.advance(std::chrono::milliseconds{500});
    heal();
    expect_all_at(f.b.user(), "a.test");
    EXPECT_TRUE(f.a.user().received().empty()) << "nothing came back";
}

class BurstOfAClient : public Burst {
protected:
    BurstOfAClient() : Burst{true} { f.a.keep_users({"juliet"}); }
};

TEST_F(BurstOfAClient, IsReadNoFurtherThanTheLinkTakes) {
    const auto juliet = f.a.client("juliet");
    ASSERT_TRUE(juliet->online());
    f.world.block(f.a.core_address, f.a.presence_address);
    juliet->received.clear();
    juliet->say(burst("to='u@b.test'"));
    f.world.advance(std::chrono::milliseconds{500});
    f.world.heal(f.a.core_address, f.a.presence_address);
    expect_all_at(f.b.user(), "chat.a.test/desk");
    EXPECT_TRUE(juliet->received.empty()) << "nothing came back";
}

/// Back-pressure on a domain holds for streams that come to carry it as well.
TEST_F(Pressure, IsFeltByAStreamThatProvesItselfLater) {
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
    edge().slow_down_sender("c.test", s2s::Feeders::all);
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
    stream.message("u@c.test", "romeo@a.test", "m");
    f.world.advance(std::chrono::seconds{10});
    EXPECT_FALSE(f.a.user().got("m"));
    edge().slow_down_sender("c.test", s2s::Feeders::none);
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("m"); }));
}

/// What comes back on a stream of ours (XEP-0288).
TEST_F(Pressure, IsFeltByWhatComesBackOnAStreamOfOurs) {
    f.a.change([](config::Settings& settings) { settings.bidi = true; });
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
    c.habits.bidi = true;
    f.a.user().message("romeo@a.test", "u@c.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("first"); }));
    RawStream& stream = *c.accepted().front();
    edge().slow_down_sender("c.test", s2s::Feeders::all);
    stream.message("u@c.test", "romeo@a.test", "m");
    f.world.advance(std::chrono::seconds{10});
    EXPECT_FALSE(f.a.user().got("m"));
    edge().slow_down_sender("c.test", s2s::Feeders::none);
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("m"); }));
}

}  // namespace
}  // namespace sallyport::test
