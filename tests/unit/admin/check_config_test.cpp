// `sallyport check-config` on a host: what the file names is judged too, certificates and addresses.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "nodes/ctl/cli.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

/// What the command printed.
struct Checked {
    int status = -1;
    std::string err;
};

Checked check(const std::string& path) {
    std::istringstream in;
    std::ostringstream out, err;
    const int status = ctl::run_cli({"check-config", path}, {in, out, err, false, "anna"}, {});
    return {status, err.str()};
}

/// An edge's file whose certificates can be replaced by others.
class CheckConfigOnHost : public testing::Test {
protected:
    void SetUp() override { pair("s2s", {}); }
    /// For s2s or the link: valid from so many hours ago, for so many.
    void pair(const std::string& stem, std::chrono::hours age,
              std::chrono::hours lifetime = std::chrono::hours{24 * 90}) {
        io::CertificateRequest request = TestPki::request("edge1.b.test");
        request.not_before += std::chrono::hours{1} - age;
        request.lifetime = lifetime;
        static_cast<void>(pki.write(stem, pki.issue(request)));
    }
    std::string file(const std::string& s2s_key = "s2s.key", const std::string& s2s_listen = "0.0.0.0:5269") {
        std::ofstream{path} << "[node]\nname = \"edge1.b.test\"\ndata = \"data\"\n[s2s]\nlisten = [\"" << s2s_listen
                            << "\"]\n[[tls.identity]]\ndomains = [\"b.test\"]\ncertificate = \"s2s.pem\"\nkey = \""
                            << s2s_key
                            << "\"\n[link]\nlisten = [\"127.0.0.1:7400\"]\ncertificate = \"s2s.pem\"\nkey = "
                               "\"s2s.key\"\ntrust = \"ca.pem\"\nrequire_roles = true\n[[link.accept]]\nname = "
                               "\"core1.b.test\"\nrole = \"core\"\nsecret = \"0123456789abcdef\"\n";
        return path;
    }

    TestPki pki;
    std::string path = pki.folder() + "/edge.toml";
};

TEST_F(CheckConfigOnHost, HasNoObjectionToGoodCertificates) {
    const auto good = check(file());
    EXPECT_EQ(good.status, 0);
    EXPECT_EQ(good.err, "");
}

TEST_F(CheckConfigOnHost, NamesACertificateThatHasExpiredOrIsNotYetValid) {
    pair("s2s", std::chrono::hours{24 * 20}, std::chrono::hours{24 * 10});
    const auto expired = check(file());
    EXPECT_EQ(expired.status, 2);
    EXPECT_NE(expired.err.find(path + ":8: tls.identity[0].certificate: " + pki.folder() + "/s2s.pem expired on 20"),
              std::string::npos)
        << expired.err;
    EXPECT_NE(expired.err.find(path + ":12: link.certificate: "), std::string::npos) << expired.err;
    EXPECT_NE(expired.err.find("renew the certificate"), std::string::npos) << expired.err;

    pair("s2s", -std::chrono::hours{24 * 20});
    const auto early = check(file());
    EXPECT_EQ(early.status, 2);
    EXPECT_NE(early.err.find(path + ":8: tls.identity[0].certificate: " + pki.folder() + "/s2s.pem is valid from 20"),
              std::string::npos)
        << early.err;
}

TEST_F(CheckConfigOnHost, WarnsOfACertificateThatExpiresWithinThirtyDays) {
    pair("s2s", std::chrono::hours{1}, std::chrono::hours{24 * 29});
    const auto soon = check(file());
    EXPECT_EQ(soon.status, 0) << soon.err;
    EXPECT_NE(
        soon.err.find(path + ": warning: tls.identity[0].certificate: " + pki.folder() + "/s2s.pem expires on 20"),
        std::string::npos)
        << soon.err;
    EXPECT_NE(soon.err.find("in 28 days"), std::string::npos) << soon.err;
}

TEST_F(CheckConfigOnHost, NamesAKeyThatBelongsToAnotherCertificate) {
    pair("other", std::chrono::hours{1});
    const auto wrong = check(file("other.key"));
    EXPECT_EQ(wrong.status, 2);
    EXPECT_NE(
        wrong.err.find(path + ":9: tls.identity[0].key: " + pki.folder() + "/other.key: is not the key of the first "),
        std::string::npos)
        << wrong.err;
    EXPECT_EQ(wrong.err.find("link.key"), std::string::npos) << wrong.err;
    std::ofstream{pki.folder() + "/other.key"} << "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    EXPECT_EQ(check(file("other.key")).status, 2) << "a key that cannot be read";
    std::filesystem::remove(pki.folder() + "/other.key");
    const auto gone = check(file("other.key"));
    EXPECT_EQ(gone.err, path + ":9: tls.identity[0].key: " + pki.folder() + "/other.key does not exist\n")
        << "said once";
}

TEST_F(CheckConfigOnHost, WarnsOfAnAddressThatThisHostDoesNotHave) {
    const auto away = check(file("s2s.key", "203.0.113.77:5269"));
    EXPECT_EQ(away.status, 0) << "files are often checked elsewhere: " << away.err;
    EXPECT_NE(away.err.find(path + ": warning: s2s.listen: 203.0.113.77 is not an address of this host"),
              std::string::npos)
        << away.err;
    EXPECT_EQ(away.err.find("127.0.0.1"), std::string::npos) << away.err;
}

}  // namespace
}  // namespace sallyport::test
