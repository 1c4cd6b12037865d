// The TLS rules on the wire, against a peer that follows others (RFC 9325; threats T19, T20, T23).
#include "io/tls/session.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "io/tls/openssl.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

/// Writes records that no TLS library would, with the keys of a client that has sent no data yet (RFC 8446 5.2, 7.1).
class RecordWriter {
public:
    /// `secret` is the client's traffic secret, of a session with TLS_AES_128_GCM_SHA256.
    explicit RecordWriter(const std::string& secret)
        : key_{expand(secret, "key", 16)}, iv_{expand(secret, "iv", 12)}, cipher_{EVP_CIPHER_CTX_new()} {}
    RecordWriter(const RecordWriter&) = delete;
    RecordWriter& operator=(const RecordWriter&) = delete;
    ~RecordWriter() { EVP_CIPHER_CTX_free(cipher_); }

    std::string data(const std::string& text) {
        const std::string inner = text + '\x17';
        const std::size_t size = inner.size() + tag_bytes;
        std::string record{"\x17\x03\x03"};
        record += static_cast<char>(size >> 8U);
        record += static_cast<char>(size & 0xffU);
        std::string nonce = iv_, sealed(size, '\0');
        for (std::size_t n = 0; n < 8; ++n) {
            nonce[nonce.size() - 1 - n] =
                static_cast<char>(nonce[nonce.size() - 1 - n] ^ (sequence_ >> (8 * n) & 0xffU));
        }
        ++sequence_;
        int done = 0;
        EVP_EncryptInit_ex(cipher_, EVP_aes_128_gcm(), nullptr, bytes(key_), bytes(nonce));
        EVP_EncryptUpdate(cipher_, nullptr, &done, bytes(record), static_cast<int>(record.size()));
        auto* out = reinterpret_cast<unsigned char*>(sealed.data());
        EVP_EncryptUpdate(cipher_, out, &done, bytes(inner), static_cast<int>(inner.size()));
        EVP_EncryptFinal_ex(cipher_, out + done, &done);
        EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_GCM_GET_TAG, tag_bytes, out + inner.size());
        return record + sealed;
    }

private:
    static constexpr int tag_bytes = 16;
    static const unsigned char* bytes(const std::string& text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    }
    /// HKDF-Expand-Label, of no more than one block.
    static std::string expand(const std::string& secret, const std::string& name, unsigned size) {
        const std::string label = "tls13 " + name;
        std::string info{'\0', static_cast<char>(size), static_cast<char>(label.size())};
        info += label;
        info += {'\0', '\x01'};
        std::array<unsigned char, EVP_MAX_MD_SIZE> block{};
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(info), info.size(), block.data(),
             nullptr);
        return {reinterpret_cast<const char*>(block.data()), size};
    }

    std::string key_, iv_;
    EVP_CIPHER_CTX* cipher_;
    std::uint64_t sequence_ = 0;
};

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

    /// The other way round: ours dials, and a bare server answers. client_ is that server from here on.
    void dial() {
        const io::TlsIdentity identity = pki_.identity("two.example");
        context_.reset(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_use_certificate_chain_file(context_.get(), identity.certificate_file.c_str());
        SSL_CTX_use_PrivateKey_file(context_.get(), identity.key_file.c_str(), SSL_FILETYPE_PEM);
        auto made = io::TlsSession::make(pki_.context({}), io::TlsRole::client, "two.example", *this);
        ASSERT_TRUE(made) << made.error().text;
        session_ = std::move(*made);
        serves_ = true;
    }
    /// The client, with its own rules; false when the handshake fails on either side.
    bool shake_hands(const std::function<void(SSL*)>& rules) {
        client_.reset(SSL_new(context_.get()));
        rules(client_.get());
        SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        serves_ ? SSL_set_accept_state(client_.get()) : SSL_set_connect_state(client_.get());
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
    bool serves_ = false;

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

/// Each costs some microseconds and brings nothing to read: whoever sends them without end is not read without end.
TEST_F(TlsRules, ReadNoFloodOfKeyUpdatesInOneCall) {
    ASSERT_TRUE(shake_hands([](SSL*) {}));
    for (int n = 0; n < 20'000; ++n) {
        ASSERT_EQ(SSL_key_update(client_.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        ASSERT_EQ(SSL_do_handshake(client_.get()), 1);
    }
    EXPECT_EQ(read(), "");
    EXPECT_EQ(session_->state(), io::TlsState::failed) << "all 20000 were worked off in one call";
    EXPECT_NE(session_->failure(), "");
}

TEST_F(TlsRules, AnswerNoFloodOfRequestsForKeyUpdates) {
    for (const bool dials : {false, true}) {
        if (dials) dial();
        ASSERT_TRUE(shake_hands([](SSL*) {}));
        std::string got;
        for (int n = 0; n < 200 && session_->state() == io::TlsState::open; ++n) {
            SSL_key_update(client_.get(), SSL_KEY_UPDATE_REQUESTED);
            ASSERT_EQ(SSL_write(client_.get(), "x", 1), 1);
            got += read();
            char answer[16];
            SSL_read(client_.get(), answer, sizeof answer);
        }
        EXPECT_GE(got.size(), 16U) << "some are in order";
        EXPECT_EQ(session_->state(), io::TlsState::failed) << "a byte of data each does not pay for them";
    }
}

TEST_F(TlsRules, TakeAKeyUpdateForEachMegabyteForEver) {
    ASSERT_TRUE(shake_hands([](SSL*) {}));
    const std::string block(16384, 'x');
    std::string buffer(65536, '\0');
    for (int megabyte = 0; megabyte < 100; ++megabyte) {
        SSL_key_update(client_.get(), SSL_KEY_UPDATE_REQUESTED);
        std::size_t got = 0;
        for (int n = 0; n < 64; ++n) {
            ASSERT_EQ(SSL_write(client_.get(), block.data(), static_cast<int>(block.size())), 16384);
            got += session_->read(buffer.data(), buffer.size());
        }
        ASSERT_EQ(got, 64U * 16384) << megabyte << session_->failure();
        char answer[16];
        SSL_read(client_.get(), answer, sizeof answer);
    }
}

/// Each is answered by an alert, which nobody may ever read.
TEST_F(TlsRules, AnswerNoFloodOfHelloRequests) {
    dial();
    ASSERT_TRUE(shake_hands([](SSL* ssl) { SSL_set_max_proto_version(ssl, TLS1_2_VERSION); })) << session_->failure();
    for (int n = 0; n < 1000 && session_->state() == io::TlsState::open; ++n) {
        SSL_renegotiate(client_.get());
        SSL_do_handshake(client_.get());
        EXPECT_EQ(read(), "");
    }
    EXPECT_EQ(session_->state(), io::TlsState::failed);
    ERR_clear_error();
}

/// RFC 8446 5.1 allows records of data without data. Each takes as long as a full one and brings nothing to read.
TEST_F(TlsRules, ReadNoFloodOfEmptyRecordsInOneCall) {
    SSL_CTX_set_ciphersuites(context_.get(), "TLS_AES_128_GCM_SHA256");
    std::string secret;
    SSL_CTX_set_app_data(context_.get(), &secret);
    SSL_CTX_set_keylog_callback(context_.get(), [](const SSL* ssl, const char* line) {
        const std::string_view words{line};
        if (!words.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) return;
        long size = 0;
        unsigned char* found = OPENSSL_hexstr2buf(line + words.rfind(' ') + 1, &size);
        auto& kept = *static_cast<std::string*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        kept.assign(reinterpret_cast<const char*>(found), static_cast<std::size_t>(size));
        OPENSSL_free(found);
    });
    ASSERT_TRUE(shake_hands([](SSL*) {})) << session_->failure();
    RecordWriter writer{secret};
    const auto send = [&](const std::string& record) {
        BIO_write(SSL_get_wbio(client_.get()), record.data(), static_cast<int>(record.size()));
    };
    for (int n = 0; n < 10; ++n) send(writer.data(""));
    send(writer.data("x"));
    EXPECT_EQ(read(), "x") << "some are in order: " << session_->failure();
    constexpr int flood = 20'000;
    for (int n = 0; n < flood; ++n) send(writer.data(""));
    const std::size_t waiting = BIO_ctrl_pending(SSL_get_wbio(client_.get()));
    EXPECT_EQ(read(), "");
    EXPECT_EQ(session_->state(), io::TlsState::failed);
    EXPECT_NE(session_->failure(), "");
    EXPECT_GT(BIO_ctrl_pending(SSL_get_wbio(client_.get())), waiting / 2) << "they were worked off in one call";
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
