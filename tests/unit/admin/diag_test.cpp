// Checks of DNS and TLS: judgements over literals, and visits to a server on loopback.
#include <gtest/gtest.h>

#include "admin/diag/judge_dns.h"
#include "admin/diag/judge_tls.h"
#include "fake_node.h"
#include "report.h"

namespace sallyport::test {
namespace {

using diag::Grade;

Grade grade_of(const diag::Report& report, const std::string& part) {
    const auto* found = finding(report, part);
    EXPECT_NE(found, nullptr) << part;
    return found == nullptr ? Grade::note : found->grade;
}

class CheckDns : public testing::Test {
protected:
    diag::Report judge(const diag::OwnSide& us = {}) {
        diag::Report report{"dns", "a.test", {}, {}};
        bool over = false;
        diag::DnsSurvey survey{node.names, *xmpp::Domain::parse("a.test"), {}, 8, [&](const diag::Survey& result) {
                                   diag::judge_dns(result, us, report);
                                   over = true;
                               }};
        survey.start();
        node.real_loop().run_until([&] { return over; });
        expect_rows(report);
        return report;
    }
    void add_srv(const std::string& target, std::uint16_t port) {
        node.names.add_srv("_xmpp-server._tcp.a.test", {0, 0, port, target});
    }

    FakeNode node;
};

TEST_F(CheckDns, PraisesARecordThatLeadsToAServer) {
    add_srv("xmpp.a.test", 5269);
    node.names.add_address("xmpp.a.test", "198.51.0.7");
    const auto report = judge();
    EXPECT_EQ(report.verdict(), Grade::good);
    EXPECT_EQ(grade_of(report, "xmpp.a.test is at 198.51.0.7:5269"), Grade::good);
}

TEST_F(CheckDns, NotesThatThereIsNoSrvRecord) {
    node.names.add_address("a.test", "198.51.0.7");
    const auto report = judge();
    EXPECT_EQ(report.verdict(), Grade::good);
    EXPECT_EQ(grade_of(report, "no SRV record"), Grade::note);
}

TEST_F(CheckDns, FindsADomainThatDeclaresItsAbsence) {
    add_srv(".", 0);
    EXPECT_EQ(grade_of(judge(), "no XMPP service"), Grade::bad);
}

TEST_F(CheckDns, FindsAddressesThatMustNotBeDialled) {
    add_srv("xmpp.a.test", 5269);
    node.names.add_address("xmpp.a.test", "10.0.0.7");
    EXPECT_EQ(grade_of(judge(), "reserved or private"), Grade::bad);
    const std::vector<IpNetwork> allowed{*IpNetwork::parse("10.0.0.0/8")};
    EXPECT_EQ(judge({allowed, {}, false, false}).verdict(), Grade::good);
}

TEST_F(CheckDns, FindsThatADomainLeadsToOurselves) {
    add_srv("xmpp.a.test", 5269);
    node.names.add_address("xmpp.a.test", "198.51.0.7");
    const std::vector<Endpoint> own{*Endpoint::parse("198.51.0.7:5269")};
    EXPECT_EQ(grade_of(judge({{}, own, false, false}), "this node itself"), Grade::bad);
}

TEST_F(CheckDns, ComparesRecordsOfOursWithOurListeners) {
    add_srv("edge1.a.test", 5269);
    node.names.add_address("edge1.a.test", "198.51.0.7");
    const std::vector<Endpoint> here{*Endpoint::parse("198.51.0.7:5269")};
    EXPECT_EQ(grade_of(judge({{}, here, true, false}), "leads to this node"), Grade::good);
    const std::vector<Endpoint> anywhere{*Endpoint::parse("0.0.0.0:5269")};
    EXPECT_EQ(grade_of(judge({{}, anywhere, true, false}), "leads to this node"), Grade::good);
    const std::vector<Endpoint> elsewhere{*Endpoint::parse("198.51.0.8:5269")};
    EXPECT_EQ(grade_of(judge({{}, elsewhere, true, false}), "this node listens"), Grade::warning);
}

TEST_F(CheckDns, FindsTargetsThatRfc2782Forbids) {
    add_srv("198.51.0.7", 5269);
    EXPECT_EQ(grade_of(judge(), "requires a name"), Grade::bad);
}

TEST_F(CheckDns, FindsHostsWithoutAddressAndResolversWithoutAnswer) {
    add_srv("xmpp.a.test", 5269);
    EXPECT_EQ(grade_of(judge(), "xmpp.a.test has no address"), Grade::bad);
    node.names.answers["SRV _xmpp-server._tcp.a.test"] = {DnsStatus::timed_out, false, {}, {}, {}, {}, {}};
    EXPECT_EQ(grade_of(judge(), "got no answer"), Grade::bad);
    node.names.answers["SRV _xmpp-server._tcp.a.test"] = {DnsStatus::bogus, false, {}, {}, {}, {}, "signature expired"};
    EXPECT_EQ(grade_of(judge(), "signature expired"), Grade::bad);
}

TEST_F(CheckDns, DoesNotBlameDnsForADomainWithARoute) {
    EXPECT_EQ(judge({{}, {}, false, true}).verdict(), Grade::good);
}

TEST_F(CheckDns, AnswersThroughTheVerb) {
    const auto answer = node.ask("check.dns", R"({"domain":"a.test"})");
    EXPECT_EQ(text_at(answer, "verdict"), "bad");
    EXPECT_EQ(text_at(answer, "domain"), "a.test");
}

/// A server of XMPP's first steps: answers each step of the client with the next line.
class Server final : public io::StreamOwner {
public:
    Server(std::unique_ptr<io::Stream> taken, std::shared_ptr<const io::TlsContext> context, std::string features)
        : stream{std::move(taken)}, tls{std::move(context)}, offer{std::move(features)} {
        stream->set_owner(this);
    }
    void on_bytes(std::string_view bytes) override {
        if (bytes.find("<starttls") != std::string_view::npos) {
            stream->write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
            return stream->start_tls(tls, io::TlsRole::server, {});
        }
        if (bytes.find("<stream:stream") == std::string_view::npos) return;
        stream->write(
            "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='a.test' id='1' "
            "version='1.0'><stream:features>" +
            (secured ? offer : first_offer) + "</stream:features>");
    }
    void on_tls(const TlsFacts& facts) override {
        secured = true;
        alpn = facts.alpn;
    }
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {}

    std::unique_ptr<io::Stream> stream;
    std::shared_ptr<const io::TlsContext> tls;
    std::string offer;
    std::string first_offer = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
    bool secured = false;
    std::string alpn;
};

class CheckTls : public testing::Test {
protected:
    CheckTls() { node.tls = node.direct_tls = pki.context({"b.test"}); }

    /// A server with a certificate for `name`, reached by a static route.
    boost::json::value check(const std::string& name, const std::string& features,
                             const std::string& first_offer = {}) {
        auto listener = node.network().listen({IpAddress::v4(0x7f000001), 0}, [&](std::unique_ptr<io::Stream> stream) {
            server = std::make_unique<Server>(std::move(stream), pki.context({name}), features);
            if (!first_offer.empty()) server->first_offer = first_offer;
        });
        EXPECT_TRUE(listener);
        node.ask("config.set", R"({"name":"federation.use_static_routes","value":"true"})");
        node.ask("routes.add", R"({"domain":"a.test","address":[")" + (*listener)->endpoint().text() + R"("]})");
        return node.ask("check.tls", R"({"domain":"a.test"})");
    }
    static std::string fact(const boost::json::value& answer, const char* name) {
        return text_at(answer.as_object().at("facts"), name);
    }

    TestPki pki;
    FakeNode node;
    std::unique_ptr<Server> server;
};

constexpr const char* external_and_dialback =
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>"
    "<dialback xmlns='urn:xmpp:features:dialback'/>";

TEST_F(CheckTls, VisitsAServerThatProvesItsDomain) {
    const auto answer = check("a.test", external_and_dialback);
    EXPECT_EQ(text_at(answer, "verdict"), "good") << boost::json::serialize(answer);
    EXPECT_EQ(fact(answer, "tls"), "TLSv1.3");
    EXPECT_EQ(fact(answer, "proves_domain"), "yes");
    EXPECT_EQ(fact(answer, "mechanisms"), "EXTERNAL");
    EXPECT_EQ(fact(answer, "stream_from"), "a.test");
}

TEST_F(CheckTls, FindsACertificateForSomebodyElse) {
    const auto answer = check("c.test", external_and_dialback);
    EXPECT_EQ(text_at(answer, "verdict"), "warning");
    EXPECT_EQ(fact(answer, "proves_domain"), "no");
    node.ask("config.set", R"({"name":"federation.require_client_certificates","value":"true"})");
    EXPECT_EQ(text_at(node.ask("check.tls", R"({"domain":"a.test"})"), "verdict"), "bad");
}

TEST_F(CheckTls, FindsAServerWithoutTls) {
    const auto answer = check("a.test", "", "<dialback xmlns='urn:xmpp:features:dialback'/>");
    EXPECT_EQ(text_at(answer, "verdict"), "bad");
    EXPECT_NE(boost::json::serialize(answer).find("offers no STARTTLS"), std::string::npos);
}

TEST_F(CheckTls, NamesTheProtocolWhereTlsComesFirst) {  // XEP-0368 4: ALPN xmpp-server
    io::TlsSettings direct = pki.settings({"b.test"});
    direct.alpn = {"xmpp-server"};
    node.direct_tls = *io::make_tls_context(direct);
    io::TlsSettings theirs = pki.settings({"a.test"});
    theirs.alpn = {"xmpp-server", "xmpp-client"};
    const auto context = *io::make_tls_context(theirs);
    auto listener = node.network().listen({IpAddress::v4(0x7f000001), 0}, [&](std::unique_ptr<io::Stream> stream) {
        server = std::make_unique<Server>(std::move(stream), context, external_and_dialback);
        server->stream->start_tls(context, io::TlsRole::server, {});
    });
    ASSERT_TRUE(listener);
    node.node_file.s2s.allow_networks = {*IpNetwork::parse("127.0.0.0/8")};
    node.names.add_srv("_xmpps-server._tcp.a.test", {0, 0, (*listener)->endpoint().port, "xmpp.a.test"});
    node.names.add_address("xmpp.a.test", "127.0.0.1");
    const auto answer = node.ask("check.tls", R"({"domain":"a.test"})");
    EXPECT_EQ(text_at(answer, "verdict"), "good") << boost::json::serialize(answer);
    ASSERT_NE(server, nullptr);
    EXPECT_EQ(server->alpn, "xmpp-server");
}

TEST_F(CheckTls, FindsThatNobodyListens) {
    auto listener = node.network().listen({IpAddress::v4(0x7f000001), 0}, [](std::unique_ptr<io::Stream>) {});
    ASSERT_TRUE(listener);
    const std::string address = (*listener)->endpoint().text();
    listener->reset();
    node.ask("config.set", R"({"name":"federation.use_static_routes","value":"true"})");
    node.ask("routes.add", R"({"domain":"a.test","address":[")" + address + R"("]})");
    const auto answer = node.ask("check.tls", R"({"domain":"a.test"})");
    EXPECT_EQ(text_at(answer, "verdict"), "bad");
    const auto& last = answer.as_object().at("findings").as_array().at(1);
    EXPECT_EQ(text_at(last, "text"), "no address answers");
    EXPECT_EQ(text_at(last, "code"), "visit.no_address_answers");
    EXPECT_EQ(text_at(last, "remedy"),
              "check that our firewall and theirs allow that port, and that their server is running");
    EXPECT_EQ(text_at(last, "remedy_code"), "remedy.open_port");
}

TEST_F(CheckTls, NeverDialsAReservedAddressOutOfDns) {
    bool was_dialled = false;
    auto listener =
        node.network().listen({IpAddress::v4(0x7f000001), 0}, [&](std::unique_ptr<io::Stream>) { was_dialled = true; });
    ASSERT_TRUE(listener);
    node.names.add_srv("_xmpp-server._tcp.a.test", {0, 0, (*listener)->endpoint().port, "xmpp.a.test"});
    node.names.add_address("xmpp.a.test", "127.0.0.1");
    EXPECT_EQ(text_at(node.ask("check.tls", R"({"domain":"a.test"})"), "verdict"), "bad");
    EXPECT_FALSE(was_dialled);
}

TEST(JudgeTls, NotesACertificateThatExpiresSoon) {
    const auto now = WallTime{std::chrono::hours{1000}};
    diag::Visit visit;
    visit.tls = TlsFacts{"TLSv1.2", "X", "", "", CertFacts{}};
    visit.tls->peer->dns_names = {"a.test"};
    visit.tls->peer->chain_valid = true;
    visit.tls->peer->not_after = now + std::chrono::hours{24 * 3};
    diag::Report report;
    diag::judge_tls(visit, *xmpp::Domain::parse("a.test"), {}, now, report);
    EXPECT_EQ(grade_of(report, "expires on"), Grade::note);
    expect_rows(report);
}

}  // namespace
}  // namespace sallyport::test
