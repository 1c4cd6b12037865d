// What certificates say, which chains are accepted, and what is refused at loading (RFC 5280, RFC 6120 13.7.1, T25,
// T32).
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "io/tls/cert_facts.h"
#include "io/tls/files.h"
#include "io/tls/inside_ca.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

using namespace std::string_literals;

class Certificate : public testing::Test {
protected:
    CertFacts judge(const io::CertificateRequest& asked) { return judge(pki.issue(asked).certificate); }
    CertFacts judge(const std::string& chain) {
        const Result<CertFacts> facts = io::judge_certificate(chain, pki.authority().certificate);
        EXPECT_TRUE(facts) << facts.error().text;
        return *facts;
    }
    TestPki pki;
    io::CertificateRequest request = TestPki::request("partner.example");
};

/// An otherName in DER: [0] { OID 1.3.6.1.5.5.7.8.5 (xmppAddr), [0] { value } }.
std::string xmpp_addr_der(const std::string& value_der) {
    const std::string oid = "\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x05"s;
    const std::string inner = "\xa0"s + static_cast<char>(value_der.size()) + value_der;
    return "\xa0"s + static_cast<char>(oid.size() + inner.size()) + oid + inner;
}

TEST_F(Certificate, SaysItsNames) {
    request.dns_names = {"Partner.Example", "*.partner.example"};
    request.srv_names = {"_xmpp-server.partner.example"};
    request.xmpp_addrs = {"partner.example", "zürich.example"};
    const CertFacts facts = judge(request);
    EXPECT_EQ(facts.dns_names, (std::vector{"partner.example"s, "*.partner.example"s}));
    EXPECT_EQ(facts.srv_names, std::vector{"_xmpp-server.partner.example"s});
    EXPECT_EQ(facts.xmpp_addrs, (std::vector{"partner.example"s, "zürich.example"s}));
    EXPECT_EQ(facts.subject, "CN=partner.example");
    EXPECT_EQ(facts.issuer, "CN=Test CA");
    EXPECT_EQ(facts.key, "EC 256");
    EXPECT_EQ(facts.serial.size(), 32U);
    EXPECT_EQ(facts.sha256.size(), 64U);
    EXPECT_EQ(facts.not_after - facts.not_before, std::chrono::hours{24});
    EXPECT_TRUE(facts.chain_valid) << facts.chain_error;
}

/// OpenSSL holds dNSNames against the constraints of an authority, names in otherName not.
TEST_F(Certificate, TakesNamesThatNobodyConstrainsFromUnconstrainedAuthoritiesOnly) {
    io::CertificateRequest limited = TestPki::request("limited");
    limited.dns_names.clear();
    limited.common_name = "Limited CA";
    limited.authority = true;
    limited.name_constraints = "critical,permitted;DNS:partner.example";
    const io::PemPair authority = pki.issue(limited);
    const auto issue = [&](const std::string& dns, const std::string& other) {
        io::CertificateRequest asked = TestPki::request(dns);
        asked.srv_names = {"_xmpp-server." + other};
        asked.xmpp_addrs = {other};
        return io::issue_certificate(asked, &authority).value().certificate + authority.certificate;
    };
    const CertFacts good = judge(issue("chat.partner.example", "bank.example"));
    EXPECT_TRUE(good.chain_valid) << good.chain_error;
    EXPECT_EQ(good.dns_names, std::vector{"chat.partner.example"s});
    EXPECT_TRUE(good.srv_names.empty());
    EXPECT_TRUE(good.xmpp_addrs.empty());
    EXPECT_FALSE(judge(issue("bank.example", "bank.example")).chain_valid);

    // The same where the constrained authority is the anchor itself.
    const Result<CertFacts> anchored =
        io::judge_certificate(issue("chat.partner.example", "bank.example"), authority.certificate);
    ASSERT_TRUE(anchored);
    EXPECT_TRUE(anchored->chain_valid) << anchored->chain_error;
    EXPECT_TRUE(anchored->xmpp_addrs.empty());

    // Without constraints above it, they count.
    limited.name_constraints.clear();
    const io::PemPair free = pki.issue(limited);
    io::CertificateRequest asked = TestPki::request("chat.partner.example");
    asked.xmpp_addrs = {"partner.example"};
    const CertFacts other = judge(io::issue_certificate(asked, &free).value().certificate + free.certificate);
    EXPECT_TRUE(other.chain_valid) << other.chain_error;
    EXPECT_EQ(other.xmpp_addrs, std::vector{"partner.example"s});
}

TEST_F(Certificate, LeavesOutNamesWithEmbeddedNul) {
    request.dns_names = {"partner.example\0.evil.example"s, "fine.example"};
    request.xmpp_addrs = {"partner.example\0.evil.example"s};
    request.srv_names = {"_xmpp-server.partner.example\0x"s};
    const CertFacts facts = judge(request);
    EXPECT_EQ(facts.dns_names, std::vector{"fine.example"s});
    EXPECT_TRUE(facts.xmpp_addrs.empty());
    EXPECT_TRUE(facts.srv_names.empty());
}

TEST_F(Certificate, IgnoresAnXmppAddrOfTheWrongType) {
    request.dns_names.clear();
    request.raw_names = {xmpp_addr_der("\x16\x03"
                                       "abc"s),
                         xmpp_addr_der("\x0c\x03"
                                       "def"s)};  // IA5String, UTF8String
    EXPECT_EQ(judge(request).xmpp_addrs, std::vector{"def"s});
}

TEST_F(Certificate, NeverTakesTheCommonNameForAName) {
    request.dns_names.clear();
    const CertFacts facts = judge(request);
    EXPECT_TRUE(facts.dns_names.empty() && facts.xmpp_addrs.empty() && facts.srv_names.empty());
}

TEST_F(Certificate, EscapesItsSubject) {
    request.common_name = "a\r\n,b\x1b";
    const std::string subject = judge(request).subject;
    EXPECT_EQ(subject.find_first_of("\r\n\x1b"), std::string::npos) << subject;
}

TEST_F(Certificate, IsJudgedNeutrallyAsToPurpose) {
    request.extended_key_usage = "serverAuth";
    CertFacts facts = judge(request);
    EXPECT_TRUE(facts.chain_valid) << facts.chain_error;
    EXPECT_TRUE(facts.server_auth);
    EXPECT_FALSE(facts.client_auth);
    request.extended_key_usage = "";
    facts = judge(request);
    EXPECT_TRUE(facts.chain_valid && facts.server_auth && facts.client_auth);
    request.extended_key_usage = "codeSigning";
    facts = judge(request);
    EXPECT_FALSE(facts.server_auth || facts.client_auth);
}

TEST_F(Certificate, IsNotAcceptedWhenWeak) {
    request.key = io::KeyKind::rsa_1024;
    EXPECT_NE(judge(request).chain_error.find("key too weak"), std::string::npos) << judge(request).chain_error;
    request.key = io::KeyKind::rsa_2048;
    EXPECT_TRUE(judge(request).chain_valid) << judge(request).chain_error;
    request.key = io::KeyKind::ec_p256;
    request.digest = "SHA1";
    EXPECT_NE(judge(request).chain_error.find("digest algorithm too weak"), std::string::npos);
}

TEST_F(Certificate, IsNotAcceptedOutsideItsTime) {
    request.not_before -= std::chrono::hours{48};
    EXPECT_EQ(judge(request).chain_error, "certificate has expired");
    request.not_before += std::chrono::hours{96};
    EXPECT_EQ(judge(request).chain_error, "certificate is not yet valid");
}

TEST_F(Certificate, OfAnAuthorityIsNoServersCertificate) {
    request.authority = true;
    const CertFacts facts = judge(request);
    EXPECT_FALSE(facts.chain_valid);
    EXPECT_NE(facts.chain_error.find("CA certificate"), std::string::npos);
}

TEST_F(Certificate, NeedsAuthoritiesAllTheWay) {
    const io::PemPair leaf_used_as_ca = pki.issue(TestPki::request("evil.example"));
    const Result<io::PemPair> forged = io::issue_certificate(request, &leaf_used_as_ca);
    ASSERT_TRUE(forged);
    EXPECT_FALSE(judge(forged->certificate + leaf_used_as_ca.certificate).chain_valid);

    io::CertificateRequest middle = TestPki::request("Middle CA");
    middle.authority = true;
    const io::PemPair intermediate = pki.issue(middle);
    const Result<io::PemPair> leaf = io::issue_certificate(request, &intermediate);
    ASSERT_TRUE(leaf);
    EXPECT_TRUE(judge(leaf->certificate + intermediate.certificate).chain_valid);
    EXPECT_EQ(judge(leaf->certificate).chain_error, "unable to get local issuer certificate");
}

TEST_F(Certificate, SelfSignedIsAcceptedOnlyWhereItIsAnAnchor) {
    const Result<io::PemPair> own = io::issue_certificate(request, nullptr);
    ASSERT_TRUE(own);
    EXPECT_FALSE(judge(own->certificate).chain_valid);
    const Result<CertFacts> pinned = io::judge_certificate(own->certificate, own->certificate);
    ASSERT_TRUE(pinned);
    EXPECT_TRUE(pinned->chain_valid) << pinned->chain_error;
}

class TlsFiles : public Certificate {
protected:
    std::string code(const io::TlsSettings& settings, std::string* words = nullptr) {
        const auto made = io::make_tls_context(settings);
        if (made) return "ok";
        if (words != nullptr) *words = made.error().text;
        return made.error().code;
    }
    std::string file(const std::string& name, const std::string& contents) {
        const std::string path = pki.folder() + "/" + name;
        std::ofstream{path} << contents;
        return path;
    }
};

TEST_F(TlsFiles, AreNamedInErrors) {
    const io::TlsIdentity good = pki.identity("partner.example");
    const io::TlsIdentity other = pki.identity("other.example");
    io::TlsSettings settings;
    std::string words;
    settings.identities = {{{}, "/nowhere/cert.pem", "/nowhere/key.pem"}};
    EXPECT_EQ(code(settings, &words), "tls-certificate");
    EXPECT_NE(words.find("/nowhere/cert.pem"), std::string::npos) << words;
    settings.identities = {{{}, good.certificate_file, "/nowhere/key.pem"}};
    EXPECT_EQ(code(settings, &words), "tls-key");
    EXPECT_NE(words.find("/nowhere/key.pem"), std::string::npos) << words;
    settings.identities = {{{}, good.certificate_file, other.key_file}};
    EXPECT_EQ(code(settings, &words), "tls-key-mismatch");
    EXPECT_NE(words.find(other.key_file), std::string::npos) << words;
    settings.identities = {{{}, file("garbage.pem", "not a certificate"), good.key_file}};
    EXPECT_EQ(code(settings), "tls-certificate");
    settings.identities = {good};
    settings.trust_file = file("empty.pem", "");
    EXPECT_EQ(code(settings), "tls-trust");
    settings.trust_file = file("garbage-trust.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    EXPECT_EQ(code(settings), "tls-trust");
    settings.trust_file = pki.trust_file();
    EXPECT_EQ(code(settings), "ok");
}

TEST_F(TlsFiles, AreRefusedWithAWeakKey) {
    request.key = io::KeyKind::rsa_1024;
    io::TlsSettings settings;
    settings.identities = {pki.write("weak", pki.issue(request))};
    std::string words;
    EXPECT_EQ(code(settings, &words), "tls-certificate");
    EXPECT_NE(words.find("weak.pem"), std::string::npos) << words;
}

TEST_F(TlsFiles, MayHoldCertificateAndKeyTogether) {
    const io::PemPair pair = pki.issue(request);
    io::TlsSettings settings;
    settings.identities = {{{}, file("both.pem", pair.certificate + pair.key), ""}};
    const auto made = io::make_tls_context(settings);
    ASSERT_TRUE(made) << made.error().text;
    const Result<CertFacts> own = io::own_certificate(**made, "partner.example");
    ASSERT_TRUE(own);
    EXPECT_EQ(own->dns_names, std::vector{"partner.example"s});
}

TEST_F(TlsFiles, ChooseTheCertificateByExactNameOrOneLabel) {
    io::TlsSettings settings = pki.settings({"first.example"});
    io::TlsIdentity wildcard = pki.identity("wild.example");
    wildcard.domains = {"*.wild.example"};
    settings.identities.push_back(wildcard);
    const auto made = io::make_tls_context(settings);
    ASSERT_TRUE(made);
    const auto shown = [&](const std::string& name) { return io::own_certificate(**made, name)->dns_names.front(); };
    EXPECT_EQ(shown("chat.wild.example"), "wild.example");
    EXPECT_EQ(shown("CHAT.Wild.Example"), "wild.example");
    EXPECT_EQ(shown("wild.example"), "first.example");
    EXPECT_EQ(shown("a.chat.wild.example"), "first.example");
    EXPECT_EQ(shown(".wild.example"), "first.example");
}

class SetClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override { return time; }
    WallTime time = std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
};

TEST(InsideAuthority, IsMadeOnceAndMintsForNames) {
    const TemporaryFolder folder;
    SetClock clock;
    std::string first;
    {
        const auto authority = io::InsideCa::open(folder.path(), clock);
        ASSERT_TRUE(authority) << authority.error().text;
        first = authority->ca_pem();
        struct stat facts {};
        ASSERT_EQ(::stat((folder.path() + "/inside-ca.key").c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777, 0600U);
    }
    const auto authority = io::InsideCa::open(folder.path(), clock);
    ASSERT_TRUE(authority);
    EXPECT_EQ(authority->ca_pem(), first);
    const Result<std::string> pem = authority->mint("company.example");
    ASSERT_TRUE(pem) << pem.error().text;
    const Result<CertFacts> facts = io::judge_certificate(*pem, first);
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->chain_valid) << facts->chain_error;
    EXPECT_EQ(facts->dns_names, std::vector{"company.example"s});
    EXPECT_EQ(facts->xmpp_addrs, std::vector{"company.example"s});
    EXPECT_EQ(*authority->mint("company.example"), *pem) << "minted once";
    clock.time += std::chrono::hours{24 * 81};
    EXPECT_NE(*authority->mint("company.example"), *pem) << "and again before it expires";
}

TEST(InsideAuthority, MintsAnewWhenTheClockHasGoneBack) {
    const TemporaryFolder folder;
    SetClock clock;
    const auto authority = io::InsideCa::open(folder.path(), clock);
    ASSERT_TRUE(authority);
    const WallTime right = clock.time;
    clock.time += std::chrono::hours{24 * 365};
    ASSERT_TRUE(authority->mint("company.example"));
    clock.time = right;
    const Result<std::string> pem = authority->mint("company.example");
    ASSERT_TRUE(pem);
    const Result<CertFacts> facts = io::judge_certificate(*pem, authority->ca_pem());
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->chain_valid) << facts->chain_error;
}

/// A host that starts without a clock, or with one that is decades ahead, and gets the right time later.
TEST(InsideAuthority, ThatWasMadeByAWrongClockIsGoodOnceItIsRight) {
    for (const int years : {-56, 50}) {
        const TemporaryFolder folder;
        SetClock clock;
        const WallTime right = clock.time;
        clock.time += std::chrono::hours{24 * 365 * years};
        const auto authority = io::InsideCa::open(folder.path(), clock);
        ASSERT_TRUE(authority) << authority.error().text;
        ASSERT_TRUE(authority->mint("company.example"));
        clock.time = right;
        const Result<std::string> pem = authority->mint("company.example");
        ASSERT_TRUE(pem);
        const Result<CertFacts> facts = io::judge_certificate(*pem, authority->ca_pem());
        ASSERT_TRUE(facts);
        EXPECT_TRUE(facts->chain_valid) << years << ": " << facts->chain_error;
        EXPECT_LE(authority->facts().not_before, right);
        EXPECT_GT(authority->facts().not_after, right);
    }
}

TEST(InsideAuthority, KeepsTheNamesInUseHoweverManyOthersCome) {
    const TemporaryFolder folder;
    const SetClock clock;
    const auto authority = io::InsideCa::open(folder.path(), clock);
    ASSERT_TRUE(authority);
    const Result<std::string> pem = authority->mint("company.example");
    ASSERT_TRUE(pem);
    for (int n = 0; n < 1100; ++n) {
        ASSERT_TRUE(authority->mint("x" + std::to_string(n) + ".example"));
        if (n % 100 == 0) {
            EXPECT_EQ(*authority->mint("company.example"), *pem) << n;
        }
    }
    EXPECT_EQ(*authority->mint("company.example"), *pem);
}

TEST(InsideAuthority, SaysThatItsFilesAreBroken) {
    const TemporaryFolder folder;
    std::ofstream{folder.path() + "/inside-ca.key"} << "broken";
    const SetClock clock;
    EXPECT_FALSE(io::InsideCa::open(folder.path(), clock));
    std::ofstream{folder.path() + "/inside-ca.pem"} << "broken";
    const auto authority = io::InsideCa::open(folder.path(), clock);
    ASSERT_FALSE(authority);
    EXPECT_NE(authority.error().text.find("inside-ca.pem"), std::string::npos);
}

TEST(SecretFiles, AreNeverReadableByOthers) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/secret";
    std::ofstream{path} << "old";
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    ASSERT_TRUE(io::write_file(path, "new", true));
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
    EXPECT_EQ(*io::read_file(path), "new");
    EXPECT_EQ(io::write_file("/nowhere/file", "x", true).error().code, "file-write");
    EXPECT_EQ(io::read_file(folder.path()).error().code, "file-read");
}

}  // namespace
}  // namespace sallyport::test
