// The TLS rules on the wire, against a peer that follows others (RFC 9325; threats T19, T20, T23).
#include "io/tls/session.h"

#include <gtest/gtest.h>

#include "io/tls/openssl.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

/// Two strings between the session and a bare OpenSSL client.
class TlsRules : public testing::Test, private io::TlsWire {
protected:
    void SetUp() override {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_security_level(context_.get(), 0);  // the peer would do anything
        auto made = io::TlsSession::make(pki_.context({"two.example"}), io::TlsRole::server, {}, *this);
        ASSERT_TRUE(made) << made.error().text;
        session_ = std::move(*made);
    }

    /// The client, with its own rules; false when the handshake fails on either side.
    bool shake_hands(const std::function<void(SSL*)>& rules) {
        client_.reset(SSL_new(context_.get()));
        rules(client_.get());
        SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_connect_state(client_.get());
        for (int i = 0; i < 10; ++i) {
            const int outcome = SSL_do_handshake(client_.get());
            if (outcome != 1 && SSL_get_error(client_.get(), outcome) != SSL_ERROR_WANT_READ) return false;
            if (session_->handshake() == io::TlsState::failed) return false;
            if (outcome == 1 && session_->state() == io::TlsState::open) return true;
        }
        return false;
    }
    std::string read() {
        std::string out(1000, '\0');
        out.resize(session_->read(out.data(), out.size()));
        return out;
    }

    TestPki pki_;
    io::SslCtxPtr context_;
    io::SslPtr client_;
    std::unique_ptr<io::TlsSession> session_;

private:
    std::size_t receive(char* into, std::size_t room) override {
        const int got = BIO_read(SSL_get_wbio(client_.get()), into, static_cast<int>(room));
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    void transmit(std::string_view bytes) override {
        BIO_write(SSL_get_rbio(client_.get()), bytes.data(), static_cast<int>(bytes.size()));
    }
};

TEST_F(TlsRules, AllowTls12WithForwardSecrecy) {
    ASSERT_TRUE(shake_hands([](SSL* ssl) { SSL_set_max_proto_version(ssl, TLS1_2_VERSION); })) << session_->failure();
    const TlsFacts facts = session_->take_facts();
    EXPECT_EQ(facts.version, "TLSv1.2");
    EXPECT_EQ(facts.cipher.substr(0, 6), "ECDHE-");
    EXPECT_EQ(session_->channel_binding("tls-exporter").size(), 32U);
    ASSERT_GT(SSL_write(client_.get(), "hello", 5), 0);
    EXPECT_EQ(read(), "hello");
}

TEST_F(TlsRules, GiveNoExporterBindingWithoutExtendedMasterSecret) {  // RFC 9266 4.2
    ASSERT_TRUE(shake_hands([](SSL* ssl) {
        SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
        SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    }));
    EXPECT_EQ(session_->channel_binding("tls-exporter"), "");
}

TEST_F(TlsRules, RefuseOlderVersions) {
    EXPECT_FALSE(shake_hands([](SSL* ssl) {
        SSL_set_min_proto_version(ssl, TLS1_VERSION);
        SSL_set_max_proto_version(ssl, TLS1_1_VERSION);
    }));
    EXPECT_NE(session_->failure().find("unsupported protocol"), std::string::npos) << session_->failure();
}

TEST_F(TlsRules, RefuseCiphersWithoutAeadOrForwardSecrecy) {
    for (const char* ciphers : {"ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256", "aNULL:eNULL"}) {
        SetUp();
        EXPECT_FALSE(shake_hands([ciphers](SSL* ssl) {
            SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
            SSL_set_cipher_list(ssl, ciphers);
        })) << ciphers;
    }
}

TEST_F(TlsRules, RefuseRenegotiation) {
    ASSERT_TRUE(shake_hands([](SSL* ssl) { SSL_set_max_proto_version(ssl, TLS1_2_VERSION); }));
    SSL_renegotiate(client_.get());
    SSL_do_handshake(client_.get());
    EXPECT_EQ(read(), "");
    SSL_do_handshake(client_.get());
    SSL_write(client_.get(), "x", 1);
    EXPECT_EQ(SSL_renegotiate_pending(client_.get()) == 1 && SSL_is_init_finished(client_.get()) == 1, false)
        << "a second handshake has finished";
    const unsigned long problem = ERR_peek_error();
    EXPECT_EQ(ERR_GET_REASON(problem), SSL_R_NO_RENEGOTIATION);
    ERR_clear_error();
}

TEST_F(TlsRules, GiveNoTickets) {
    int tickets = 0;
    SSL_CTX_set_app_data(context_.get(), &tickets);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION*) {
        ++*static_cast<int*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        return 0;
    });
    ASSERT_TRUE(shake_hands([](SSL*) {}));
    ASSERT_TRUE(session_->write("data"));
    char buffer[16];
    EXPECT_EQ(SSL_read(client_.get(), buffer, sizeof buffer), 4);
    EXPECT_EQ(tickets, 0);
}

TEST_F(TlsRules, EndASessionOnACorruptRecord) {
    ASSERT_TRUE(shake_hands([](SSL*) {}));
    SSL_write(client_.get(), "hello", 5);
    char record[256];
    const int size = BIO_read(SSL_get_wbio(client_.get()), record, sizeof record);
    ASSERT_GT(size, 10);
    record[size - 1] = static_cast<char>(record[size - 1] ^ 1);
    BIO_write(SSL_get_wbio(client_.get()), record, size);
    EXPECT_EQ(read(), "");
    EXPECT_EQ(session_->state(), io::TlsState::failed);
    EXPECT_NE(session_->failure(), "");
    EXPECT_FALSE(session_->write("more"));
}

}  // namespace
}  // namespace sallyport::test
