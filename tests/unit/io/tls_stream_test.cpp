// TLS on streams: versions, identities, client certificates, ALPN, ends, STARTTLS (RFC 6120 5, RFC 7590, XEP-0368).
#include <thread>

#include "io/tls/openssl.h"
#include "support/test_pki.h"
#include "unit/io/net_fixture.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;
using io::CloseReason;
using io::TlsRole;

class TlsStream : public NetTest {
protected:
    static std::shared_ptr<const io::TlsContext> make(io::TlsSettings settings) {
        auto made = io::make_tls_context(std::move(settings));
        EXPECT_TRUE(made) << made.error().text;
        return *made;
    }
    TestPki pki;
};

TEST_F(TlsStream, NegotiatesTls13AndSeesBothCertificates) {
    connect();
    secure(pki.context({"one.example"}), pki.context({"two.example"}), "two.example");
    ASSERT_TRUE(client.tls && server.tls) << client.closed_text << server.closed_text;
    EXPECT_EQ(client.tls->version, "TLSv1.3");
    EXPECT_EQ(client.tls->cipher, "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(server.tls->sni, "two.example");
    ASSERT_TRUE(client.tls->peer && server.tls->peer);
    EXPECT_EQ(client.tls->peer->dns_names, std::vector<std::string>{"two.example"});
    EXPECT_TRUE(client.tls->peer->chain_valid) << client.tls->peer->chain_error;
    EXPECT_EQ(server.tls->peer->dns_names, std::vector<std::string>{"one.example"});
    EXPECT_TRUE(server.tls->peer->chain_valid) << server.tls->peer->chain_error;
    client.stream->write("over");
    until([&] { return server.received == "over"; });
    server.stream->write("and out");
    until([&] { return client.received == "and out"; });
}

TEST_F(TlsStream, MovesToAnotherLoopWithWhatItHasQueued) {
    connect();
    secure(pki.context({"one.example"}), pki.context({"two.example"}), "two.example");
    ASSERT_TRUE(client.tls && server.tls);
    client.stream->write("asked here");
    until([&] { return server.received == "asked here"; });
    server.stream->write("queued here, ");
    std::unique_ptr<io::MovingStream> moving = server.stream->leave();
    ASSERT_TRUE(moving);
    server.stream.reset();
    client.stream->write("asked on the way");

    std::thread other{[&moving] {
        io::AsioLoop second;
        io::TcpNetwork there{second};
        Probe probe{there.join(std::move(moving))};
        second.run_until([&] { return probe.received == "asked on the way"; });
        probe.stream->write("answered there");
        probe.stream->close(5s);
        second.run_until([&] { return probe.closed.has_value(); });
    }};
    until([&] { return client.closed.has_value(); });
    other.join();
    EXPECT_EQ(client.received, "queued here, answered there");
    EXPECT_EQ(client.closed, CloseReason::peer_closed);
    EXPECT_FALSE(server.closed);
}

TEST_F(TlsStream, DoesNotMoveOnceItIsClosing) {
    connect();
    server.stream->close(5s);
    EXPECT_FALSE(server.stream->leave());
}

TEST_F(TlsStream, GoesOnWithoutAClientCertificate) {
    connect();
    secure(pki.context({}), pki.context({"two.example"}), "two.example");
    ASSERT_TRUE(server.tls);
    EXPECT_FALSE(server.tls->peer);
}

TEST_F(TlsStream, RecordsAnUntrustedChainAndGoesOn) {
    TestPki other;
    connect();
    secure(other.context({"one.example"}), pki.context({"two.example"}), "two.example");
    ASSERT_TRUE(client.tls && server.tls);
    EXPECT_FALSE(server.tls->peer->chain_valid);
    EXPECT_NE(server.tls->peer->chain_error.find("unable to get local issuer"), std::string::npos)
        << server.tls->peer->chain_error;
    EXPECT_FALSE(client.tls->peer->chain_valid);
}

TEST_F(TlsStream, FailsWithoutAValidPeerWhereOneIsRequired) {
    TestPki other;
    io::TlsSettings strict = pki.settings({"two.example"});
    strict.require_peer = true;
    connect();
    secure(other.context({"one.example"}), make(strict), "two.example");
    until([&] { return server.closed.has_value(); });
    EXPECT_EQ(server.closed, CloseReason::tls_failed);
    EXPECT_NE(server.closed_text.find("not accepted"), std::string::npos) << server.closed_text;
}

TEST_F(TlsStream, RefusesAClientWithoutCertificateWhereOneIsRequired) {
    io::TlsSettings strict = pki.settings({"two.example"});
    strict.require_peer = true;
    connect();
    secure(pki.context({}), make(strict), "two.example");
    until([&] { return server.closed.has_value() && client.closed.has_value(); });
    EXPECT_EQ(server.closed, CloseReason::tls_failed);
    EXPECT_EQ(client.closed, CloseReason::tls_failed);
    EXPECT_NE(client.closed_text.find("the peer refused"), std::string::npos) << client.closed_text;
}

TEST_F(TlsStream, ChoosesTheIdentityThatSniNames) {
    const auto both = pki.context({"first.example", "second.example"});
    connect();
    secure(pki.context({}), both, "second.example");
    ASSERT_TRUE(client.tls);
    EXPECT_EQ(client.tls->peer->dns_names, std::vector<std::string>{"second.example"});
}

TEST_F(TlsStream, FallsBackToTheFirstIdentity) {
    const auto both = pki.context({"first.example", "second.example"});
    connect();
    secure(pki.context({}), both, "third.example");
    ASSERT_TRUE(client.tls);
    EXPECT_EQ(client.tls->peer->dns_names, std::vector<std::string>{"first.example"});
}

TEST_F(TlsStream, ShowsTheForcedIdentityWhateverSniSays) {
    const auto both = pki.context({"first.example", "second.example"});
    connect();
    secure(io::with_identity(both, "second.example"), io::with_identity(both, "second.example"), "first.example");
    ASSERT_TRUE(client.tls && server.tls);
    EXPECT_EQ(client.tls->peer->dns_names, std::vector<std::string>{"second.example"});
    EXPECT_EQ(server.tls->peer->dns_names, std::vector<std::string>{"second.example"});
}

TEST_F(TlsStream, MintsACertificateForANameThatNoIdentityCovers) {
    io::TlsSettings settings = pki.settings({});
    int minted = 0;
    settings.mint = [&](const std::string& name) -> Result<std::string> {
        ++minted;
        io::CertificateRequest request = TestPki::request(name);
        request.lifetime = std::chrono::hours{24 * 90};
        const io::PemPair pair = pki.issue(request);
        return pair.certificate + pair.key;
    };
    const auto context = make(settings);
    for (int i = 0; i < 2; ++i) {
        client.tls.reset();
        server.tls.reset();
        connect();
        secure(pki.context({}), context, "minted.example");
        ASSERT_TRUE(client.tls) << client.closed_text;
        EXPECT_EQ(client.tls->peer->dns_names, std::vector<std::string>{"minted.example"});
        client.stream.reset();
        server.stream.reset();
    }
    EXPECT_EQ(minted, 1);
}

TEST_F(TlsStream, RefusesAnApplicationProtocolItDoesNotSpeak) {
    io::TlsSettings theirs = pki.settings({});
    theirs.alpn = {"h2"};
    io::TlsSettings ours = pki.settings({"two.example"});
    ours.alpn = {"xmpp-server"};
    connect();
    secure(make(theirs), make(ours), "two.example");
    until([&] { return client.closed.has_value(); });
    EXPECT_EQ(client.closed, CloseReason::tls_failed);
    EXPECT_NE(client.closed_text.find("no application protocol"), std::string::npos) << client.closed_text;
}

TEST_F(TlsStream, AgreesOnXmppServer) {
    io::TlsSettings settings = pki.settings({"two.example"});
    settings.alpn = {"xmpp-server"};
    connect();
    secure(make(settings), make(settings), "two.example");
    ASSERT_TRUE(client.tls && server.tls);
    EXPECT_EQ(client.tls->alpn, "xmpp-server");
    EXPECT_EQ(server.tls->alpn, "xmpp-server");
}

TEST_F(TlsStream, AcceptsAClientWithoutAlpn) {
    io::TlsSettings settings = pki.settings({"two.example"});
    settings.alpn = {"xmpp-server"};
    connect();
    secure(pki.context({}), make(settings), "two.example");
    ASSERT_TRUE(server.tls);
    EXPECT_EQ(server.tls->alpn, "");
}

TEST_F(TlsStream, TellsAnOrderlyEndFromATruncatedOne) {
    connect();
    secure(pki.context({}), pki.context({"two.example"}), "two.example");
    client.stream->write("bye");
    client.stream->close(5s);
    until([&] { return server.closed.has_value(); });
    EXPECT_EQ(server.received, "bye");
    EXPECT_EQ(server.closed, CloseReason::peer_closed);
}

TEST_F(TlsStream, KnowsWhatThePeerHasTaken) {
    connect();
    client.stream->follow();
    client.stream->write("plain");
    until([&] { return server.received == "plain"; });
    secure(pki.context({}), pki.context({"two.example"}), "two.example");
    ASSERT_TRUE(client.tls);
    for (int n = 0; n < 100; ++n) {
        client.stream->write("a record");
        until([&] { return server.received.size() == client.stream->written(); });
        until_seen([&] { return client.stream->taken() == client.stream->written(); });
    }
    server.stream->pause(true);
    std::uint64_t taken = 0;
    while (client.stream->pending() <= io::Stream::high_water) {
        client.stream->write(std::string(100000, 'x'));
        bool turned = false;
        loop.post([&] { turned = true; });
        until([&] { return turned; });
        EXPECT_GE(client.stream->taken(), taken);
        taken = client.stream->taken();
        EXPECT_LE(taken, client.stream->written());
    }
    server.stream->abort();
    until([&] { return client.closed.has_value(); });
    EXPECT_GE(client.stream->taken(), taken);
    EXPECT_LT(client.stream->taken(), client.stream->written());
}

TEST_F(TlsStream, SaysThatThePeerDoesNotSpeakTls) {
    connect();
    server.stream->start_tls(pki.context({"two.example"}), TlsRole::server, {});
    client.stream->write("<stream:stream xmlns='jabber:server'>");
    until([&] { return server.closed.has_value(); });
    EXPECT_EQ(server.closed, CloseReason::tls_failed);
    EXPECT_NE(server.closed_text.find("does not speak TLS"), std::string::npos) << server.closed_text;
}

TEST_F(TlsStream, SaysThatThePeerClosedDuringTheHandshake) {
    connect();
    client.stream->start_tls(pki.context({}), TlsRole::client, "two.example");
    server.bytes_hook = [&](std::string_view) { server.stream->close(5s); };
    until([&] { return client.closed.has_value(); });
    EXPECT_EQ(client.closed, CloseReason::tls_failed);
    EXPECT_NE(client.closed_text.find("during the TLS handshake"), std::string::npos) << client.closed_text;
}

TEST_F(TlsStream, StartsAfterPlainTextWithoutLosingAByte) {
    connect();
    const auto theirs = pki.context({});
    const auto ours = pki.context({"two.example"});
    server.bytes_hook = [&](std::string_view) {
        if (server.received == "<starttls/>") {
            server.stream->write("<proceed/>");
            server.stream->start_tls(ours, TlsRole::server, {});
            server.stream->write("first secret");
        }
    };
    client.bytes_hook = [&](std::string_view) {
        if (client.received == "<proceed/>") client.stream->start_tls(theirs, TlsRole::client, "two.example");
    };
    client.stream->write("<starttls/>");
    until([&] { return client.received == "<proceed/>first secret"; });
    EXPECT_TRUE(client.tls && server.tls);
}

TEST_F(TlsStream, CarriesMegabytesUnchangedBothWays) {
    connect();
    secure(pki.context({}), pki.context({"two.example"}), "two.example");
    std::string block;
    for (std::size_t i = 0; i < 5'000'000; ++i) block.push_back(static_cast<char>(i * 2654435761U >> 13));
    client.stream->write(block);
    server.stream->write(block);
    until([&] { return server.received.size() == block.size() && client.received.size() == block.size(); });
    EXPECT_TRUE(server.received == block);
    EXPECT_TRUE(client.received == block);
    EXPECT_EQ(client.drained, 1);
}

TEST_F(TlsStream, DeliversWhatOpensslHoldsAfterAPause) {
    connect();
    secure(pki.context({}), pki.context({"two.example"}), "two.example");
    server.bytes_hook = [&](std::string_view) {
        server.stream->pause(true);
        loop.post([&] { server.stream->pause(false); });
    };
    const std::string block(700'000, 'y');
    client.stream->write(block);
    until([&] { return server.received.size() == block.size(); });
}

/// 60,000 records of one byte: more than twenty times as much comes off the wire as there is to deliver.
TEST_F(TlsStream, ReadsNoMoreOfSmallRecordsAtOnceThanOfLargeOnes) {
    connect();
    const io::SslCtxPtr context{SSL_CTX_new(TLS_client_method())};
    const io::SslPtr ssl{SSL_new(context.get())};
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl.get());
    const auto send = [&] {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(ssl.get()), &bytes);
        client.stream->write({bytes, static_cast<std::size_t>(size)});
        static_cast<void>(BIO_reset(SSL_get_wbio(ssl.get())));
    };
    client.bytes_hook = [&](std::string_view bytes) {
        BIO_write(SSL_get_rbio(ssl.get()), bytes.data(), static_cast<int>(bytes.size()));
        SSL_do_handshake(ssl.get());
        send();
    };
    server.stream->start_tls(pki.context({"two.example"}), TlsRole::server, {});
    SSL_do_handshake(ssl.get());
    send();
    until([&] { return server.tls && SSL_is_init_finished(ssl.get()) == 1; });
    const std::uint64_t before = server.stream->received();
    std::uint64_t turn_begins_at = before, most_in_a_turn = 0;
    bool posted = false;
    server.bytes_hook = [&](std::string_view) {
        most_in_a_turn = std::max(most_in_a_turn, server.stream->received() - turn_begins_at);
        if (std::exchange(posted, true)) return;
        loop.post([&] {
            posted = false;
            turn_begins_at = server.stream->received();
        });
    };
    constexpr std::size_t records = 60'000;
    for (std::size_t n = 0; n < records; ++n) SSL_write(ssl.get(), "x", 1);
    send();
    until([&] { return server.received.size() == records; });
    EXPECT_GE(server.stream->received() - before, records * 20) << "what the wire brought is known";
    EXPECT_LE(most_in_a_turn, 600'000U);
}

TEST_F(TlsStream, GivesBothEndsTheSameChannelBindings) {
    connect();
    secure(pki.context({}), pki.context({"two.example"}), "two.example");
    ASSERT_TRUE(client.tls && server.tls);
    for (const char* type : {"tls-exporter", "tls-server-end-point"}) {
        EXPECT_EQ(client.stream->channel_binding(type).size(), 32U) << type;
        EXPECT_EQ(client.stream->channel_binding(type), server.stream->channel_binding(type)) << type;
    }
    EXPECT_EQ(client.stream->channel_binding("tls-unique"), "");
}

TEST_F(TlsStream, HasNoChannelBindingWithoutTls) {
    connect();
    EXPECT_EQ(client.stream->channel_binding("tls-exporter"), "");
}

TEST_F(TlsStream, ReportsAContextThatCannotServe) {
    connect();
    server.stream->start_tls(pki.context({}), TlsRole::server, {});
    EXPECT_FALSE(server.closed);
    until([&] { return server.closed.has_value(); });
    EXPECT_EQ(server.closed, CloseReason::tls_failed);
    EXPECT_NE(server.closed_text.find("no certificate"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::test
