// SCRAM against the vectors of RFC 5802 5 and RFC 7677 3, and against clients that lie.
#include "proto/c2s/sasl/scram.h"

#include <gtest/gtest.h>

namespace sallyport::c2s::sasl {
namespace {

std::string bytes(std::string_view base64) {
    std::string out;
    EXPECT_TRUE(base64_decode(base64, out));
    return out;
}

struct Vector {
    const char* mechanism;
    const char* server_nonce;
    const char* first;
    const char* salt;
    const char* challenge;
    const char* last;
    const char* server_final;
};
const Vector vectors[] = {
    {"SCRAM-SHA-1", "3rfcNHYJY1ZVvWVs7j", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "QSXCR+Q6sek8bf92",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"SCRAM-SHA-256", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "W22ZaJ0SNY7soEsUEjb6gQ==",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

TEST(Scram, MatchesTheVectorsOfItsRfcs) {
    const Channel none;
    for (const Vector& v : vectors) {
        const Mechanism& mechanism = *find(v.mechanism);
        Scram scram{mechanism, false, none, v.server_nonce};
        ASSERT_FALSE(scram.first(v.first)) << v.mechanism;
        EXPECT_EQ(scram.user(), "user");
        EXPECT_EQ(scram.challenge(derive(mechanism.digest, "pencil", bytes(v.salt), 4096)), v.challenge);
        std::string server_final;
        ASSERT_FALSE(scram.last(v.last, server_final)) << v.mechanism;
        EXPECT_EQ(server_final, v.server_final);
    }
}

TEST(Scram, RefusesEveryOtherProof) {
    const Channel none;
    const Vector& v = vectors[1];
    const Mechanism& mechanism = *find(v.mechanism);
    const std::string good{v.last};
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = bad[at] == 'A' ? 'B' : 'A';
        Scram scram{mechanism, false, none, v.server_nonce};
        ASSERT_FALSE(scram.first(v.first));
        (void)scram.challenge(derive(mechanism.digest, "pencil", bytes(v.salt), 4096));
        std::string server_final;
        EXPECT_TRUE(scram.last(bad, server_final)) << at;
        EXPECT_EQ(server_final, "");
    }
}

TEST(Scram, JudgesTheFlagOfChannelBinding) {  // RFC 5802 6
    const Channel channel{"exporter-data", "end-point-data"};
    const Channel only_exporter{"exporter-data", ""};
    const Mechanism& plain = *find("SCRAM-SHA-256");
    const Mechanism& plus = *find("SCRAM-SHA-256-PLUS");
    struct Row {
        const Mechanism& mechanism;
        bool offered;
        const Channel& channel;
        const char* flag;
        std::optional<Failure> wanted;
    };
    const Row rows[] = {
        {plain, true, channel, "n", std::nullopt},
        {plain, true, channel, "y", Failure::not_authorized},
        {plain, false, channel, "y", std::nullopt},
        {plain, true, channel, "p=tls-exporter", Failure::malformed_request},
        {plus, true, channel, "p=tls-exporter", std::nullopt},
        {plus, true, channel, "p=tls-server-end-point", std::nullopt},
        {plus, true, only_exporter, "p=tls-server-end-point", Failure::not_authorized},
        {plus, true, channel, "p=tls-unique", Failure::not_authorized},
        {plus, true, channel, "n", Failure::malformed_request},
        {plus, true, channel, "y", Failure::malformed_request},
        {plus, true, channel, "x", Failure::malformed_request},
    };
    for (const Row& row : rows) {
        Scram scram{row.mechanism, row.offered, row.channel, "server"};
        EXPECT_EQ(scram.first(std::string{row.flag} + ",,n=user,r=client"), row.wanted) << row.flag;
    }
}

TEST(Scram, TellsTheLogWhy) {
    const Channel channel{"exporter-data", "end-point-data"};
    const auto why_of = [&](const char* mechanism, const std::string& first) {
        Scram scram{*find(mechanism), true, channel, "server"};
        EXPECT_TRUE(scram.first(first)) << first;
        return scram.why();
    };
    // What slixmpp 1.8 sends, one after the other.
    EXPECT_EQ(why_of("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=user,r=client"),
              "channel binding: the client wants tls-unique, which is not offered ([clients] channel_binding)");
    EXPECT_NE(why_of("SCRAM-SHA-256", "y,,n=user,r=client").find("somebody removed the offer"), std::string::npos);
    EXPECT_LT(why_of("SCRAM-SHA-256-PLUS", "p=" + std::string(5000, 'x') + ",,n=user,r=client").size(), 200U);
    EXPECT_EQ(why_of("SCRAM-SHA-256", "n,,r=client"), "malformed first message");

    const auto why_of_proof = [&](const Verifier& verifier) {
        Scram scram{*find("SCRAM-SHA-256"), false, channel, "server"};
        EXPECT_FALSE(scram.first("n,,n=user,r=client"));
        (void)scram.challenge(verifier);
        std::string server_final;
        const std::string proof = base64_encode(std::string(32, 'x'));
        EXPECT_EQ(scram.last("c=biws,r=clientserver,p=" + proof, server_final), Failure::not_authorized)
            << "the client is told the same";
        return scram.why();
    };
    EXPECT_EQ(why_of_proof(derive(Digest::sha256, "pencil", "salt", 4096)), "wrong password");
    EXPECT_EQ(why_of_proof(decoy(Digest::sha256, "secret", "nobody@corp.example", 4096)), "there is no such user");
}

TEST(Scram, RefusesAProofBoundToAnotherChannel) {
    const Channel ours{"ours", ""};
    const Mechanism& plus = *find("SCRAM-SHA-256-PLUS");
    const Verifier verifier = derive(Digest::sha256, "pencil", "salt", 4096);
    const auto answer = [&](const std::string& seen) {
        Scram scram{plus, true, ours, "server"};
        EXPECT_FALSE(scram.first("p=tls-exporter,,n=user,r=client"));
        const std::string challenge = scram.challenge(verifier);
        const std::string last = "c=" + base64_encode("p=tls-exporter,," + seen) + ",r=clientserver";
        const std::string salted = pbkdf2(Digest::sha256, "pencil", "salt", 4096);
        std::string proof = hmac(Digest::sha256, salted, "Client Key");
        const std::string signature =
            hmac(Digest::sha256, hash(Digest::sha256, proof), "n=user,r=client," + challenge + "," + last);
        for (std::size_t i = 0; i < proof.size(); ++i) {
            proof[i] =
                static_cast<char>(static_cast<unsigned char>(proof[i]) ^ static_cast<unsigned char>(signature[i]));
        }
        std::string server_final;
        return scram.last(last + ",p=" + base64_encode(proof), server_final);
    };
    EXPECT_EQ(answer("ours"), std::nullopt);
    EXPECT_EQ(answer("theirs"), Failure::not_authorized);
}

TEST(Scram, RefusesWhatIsNoFirstMessage) {
    const Channel none;
    for (const char* message : {"", "n", "n,,", "n,,n=user", "n,,n=,r=x", "n,,r=x,n=user",
                                "n,,n=user,r=", "n,,m=ext,n=user,r=x", "n,a,n=user,r=x", "n,a=,n=user,r=x",
                                "n,,n=us=er,r=x", "n,,n=us=2cer,r=x", "n,,n=user,r=a b", "n,,n=user,q=x"}) {
        Scram scram{*find("SCRAM-SHA-1"), false, none, "server"};
        EXPECT_EQ(scram.first(message), Failure::malformed_request) << message;
    }
    Scram scram{*find("SCRAM-SHA-1"), false, none, "server"};
    EXPECT_FALSE(scram.first("n,a=other,n=a=2Cb=3Dc,r=x"));
    EXPECT_EQ(scram.user(), "a,b=c");
    EXPECT_EQ(scram.authzid(), "other");
}

TEST(Scram, MakesDecoysThatStayTheSameAndLookReal) {
    const Verifier one = decoy(Digest::sha256, "secret", "a@b", 10000);
    const Verifier again = decoy(Digest::sha256, "secret", "a@b", 10000);
    const Verifier other = decoy(Digest::sha256, "secret", "c@b", 10000);
    EXPECT_EQ(one.salt, again.salt);
    EXPECT_NE(one.salt, other.salt);
    EXPECT_NE(one.salt, decoy(Digest::sha1, "secret", "a@b", 10000).salt);
    EXPECT_EQ(one.salt.size(), 16U);
    EXPECT_EQ(one.stored_key.size(), 32U);
}

TEST(Scram, PreparesPasswords) {
    EXPECT_EQ(prepare_password("pencil and more"), "pencil and more");
    EXPECT_EQ(prepare_password(""), std::nullopt);
    EXPECT_EQ(prepare_password(std::string(1024, 'x')), std::nullopt);
    EXPECT_EQ(prepare_password("tab\there"), std::nullopt);
    EXPECT_EQ(prepare_password("e\xCC\x81"), "\xC3\xA9");  // RFC 8265 4.2: NFC
}

}  // namespace
}  // namespace sallyport::c2s::sasl
