// Members of answers from which pages decide; the sentences beside them are for people.
#include <gtest/gtest.h>

#include <set>

#include "fake_node.h"

namespace sallyport::test {
namespace {

TEST(Status, NamesTheAlarmThatAProblemIsToo) {
    FakeNode node;
    node.board.raise(services::AlarmCode::ssh_host_key, "10.20.0.10:2222", "it shows another");
    admin::OwnCertificate own{admin::CertificateUse::s2s, "b.test", "b.pem", {}};
    own.facts.dns_names = {"c.test"};
    own.facts.not_after = node.loop().wall() + std::chrono::hours{24 * 3 + 1};
    node.current.certificates = {own};
    node.current.alarms = node.board.standing();
    const auto status = node.ask("status");
    std::set<std::string> alarms;
    bool is_one_without = false;
    for (const auto& problem : status.at("problems").as_array()) {
        if (problem.at("alarm").is_null()) {
            is_one_without |= text_at(problem, "text").starts_with("no certificate covers b.test");
        } else {
            alarms.insert(text_at(problem.at("alarm"), "code") + " " + text_at(problem.at("alarm"), "key"));
        }
    }
    EXPECT_TRUE(is_one_without) << "found now, and no alarm";
    EXPECT_TRUE(alarms.contains("ssh.host_key 10.20.0.10:2222")) << "raised by others";
    EXPECT_TRUE(alarms.contains("certificate.expiring_soon s2s b.test")) << "judged now";
    EXPECT_EQ(text_at(status.at("certificates").at(0), "use"), "s2s");
    EXPECT_EQ(text_at(status.at("certificates").at(0), "domain"), "b.test");
}

s2s::StreamStatus stream_with(const std::string& remote, const std::string& verdict, bool is_accepted) {
    s2s::StreamStatus status;
    status.local = "b.test";
    status.remote = remote;
    if (!verdict.empty()) status.certificate_sha256 = std::string(64, 'f');
    status.certificate_verdict = verdict;
    status.certificate_accepted = is_accepted;
    return status;
}

TEST(Peers, SayWhetherACertificateIsAcceptedAndNotInWordsAlone) {
    FakeNode node;
    node.current.streams = {stream_with("a.test", "valid", true),
                            stream_with("c.test", "the certificate does not name c.test", false),
                            stream_with("d.test", "", false)};
    const auto peers = node.ask("peers.list").at("peers").as_array();
    ASSERT_EQ(peers.size(), 3U);
    EXPECT_EQ(peers.at(0).at("certificate_accepted"), boost::json::value(true));
    EXPECT_EQ(peers.at(1).at("certificate_accepted"), boost::json::value(false));
    EXPECT_TRUE(peers.at(2).at("certificate_accepted").is_null());
    for (const auto& [domain, is_accepted] : {std::pair{"a.test", true}, std::pair{"c.test", false}}) {
        const auto shown = node.ask("peers.show", R"({"domain":")" + std::string{domain} + "\"}");
        EXPECT_EQ(shown.at("streams").at(0).at("certificate").at("accepted"), boost::json::value(is_accepted));
    }
}

}  // namespace
}  // namespace sallyport::test
