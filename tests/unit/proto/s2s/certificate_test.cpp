// The certificate matrix (security catalogue 4.8): reference identity partner.example, service xmpp-server.
#include "proto/s2s/certificate.h"

#include <gtest/gtest.h>

#include "support/test_rules.h"

namespace sallyport::s2s {
namespace {

using testing::certificate_for;
using testing::domain;

const xmpp::Domain partner = domain("partner.example");

CertFacts with_srv(std::string name) {
    CertFacts facts;
    facts.srv_names = {std::move(name)};
    facts.chain_valid = true;
    return facts;
}
CertFacts with_address(std::string address) {
    CertFacts facts;
    facts.xmpp_addrs = {std::move(address)};
    facts.chain_valid = true;
    return facts;
}

TEST(Certificate, ProvesByDnsName) {  // rows 1, 2
    EXPECT_TRUE(proves(certificate_for("partner.example"), partner));
    EXPECT_TRUE(proves(certificate_for("PARTNER.Example"), partner));
    EXPECT_FALSE(proves(certificate_for("other.example"), partner));
    EXPECT_FALSE(proves(certificate_for("xpartner.example"), partner));
    EXPECT_FALSE(proves(certificate_for("partner.example.org"), partner));
}

TEST(Certificate, TakesWildcardsAsOneWholeLeftmostLabel) {  // rows 3 to 5
    EXPECT_FALSE(proves(certificate_for("*.partner.example"), partner));
    EXPECT_TRUE(proves(certificate_for("*.partner.example"), domain("rooms.partner.example")));
    EXPECT_FALSE(proves(certificate_for("*.partner.example"), domain("a.rooms.partner.example")));
    for (const char* name :
         {"*.example", "p*.example", "partner.*.example", "*", "*.", "**.example", "*partner.example", "*.*.example"}) {
        EXPECT_FALSE(proves(certificate_for(name), partner)) << name;
    }
}

TEST(Certificate, ProvesBySrvNameOfTheServerServiceOnly) {  // rows 6 to 8
    EXPECT_TRUE(proves(with_srv("_xmpp-server.partner.example"), partner));
    EXPECT_TRUE(proves(with_srv("_XMPP-Server.Partner.example"), partner));
    for (const char* name : {"_xmpp-client.partner.example", "_xmpp-server.*.example", "_xmpp-server.",
                             "partner.example", "_xmpp-server.x.partner.example", "_xmpps-server.partner.example"}) {
        EXPECT_FALSE(proves(with_srv(name), partner)) << name;
    }
}

TEST(Certificate, ProvesByXmppAddressOfABareDomain) {  // rows 9, 10
    EXPECT_TRUE(proves(with_address("partner.example"), partner));
    EXPECT_TRUE(proves(with_address("bücher.example"), domain("xn--bcher-kva.example")));
    for (const char* address : {"u@partner.example", "partner.example/r", "*.example", "", "@partner.example"}) {
        EXPECT_FALSE(proves(with_address(address), partner)) << address;
    }
}

TEST(Certificate, NeverLooksAtTheSubject) {  // rows 11, 12
    CertFacts facts;
    facts.chain_valid = true;
    facts.subject = "CN=partner.example";
    EXPECT_FALSE(proves(facts, partner));
    facts.dns_names = {"other.example"};
    EXPECT_FALSE(proves(facts, partner));
}

TEST(Certificate, RefusesNamesThatAreNone) {  // rows 13, 15, 17
    using namespace std::string_literals;
    EXPECT_FALSE(proves(certificate_for("partner.example\0.attacker.example"s), partner));
    EXPECT_FALSE(proves(with_address("partner.example\0x"s), partner));
    EXPECT_FALSE(proves(certificate_for("partner.example."), partner));
    EXPECT_FALSE(proves(certificate_for(""), partner));
    EXPECT_FALSE(proves(certificate_for("partner..example"), partner));
    EXPECT_FALSE(proves(certificate_for("bücher.example"), domain("bücher.example")));
    EXPECT_FALSE(proves(certificate_for("partner.example"), xmpp::Domain{}));
}

TEST(Certificate, ComparesALabels) {  // row 16
    EXPECT_TRUE(proves(certificate_for("xn--bcher-kva.example"), domain("bücher.example")));
    EXPECT_TRUE(proves(with_srv("_xmpp-server.xn--bcher-kva.example"), domain("BÜCHER.example")));
    EXPECT_FALSE(proves(certificate_for("xn--bcher-kva.example"), domain("bucher.example")));
}

TEST(Certificate, NeedsAnAcceptedChain) {  // row 18
    CertFacts facts = certificate_for("partner.example");
    EXPECT_EQ(objection(facts, partner), "");
    facts.chain_valid = false;
    facts.chain_error = "certificate has expired";
    EXPECT_TRUE(names(facts, partner));
    EXPECT_FALSE(proves(facts, partner));
    EXPECT_NE(objection(facts, partner).find("certificate has expired"), std::string::npos);
    EXPECT_NE(objection(certificate_for("other.example"), partner).find("does not name"), std::string::npos);
}

TEST(Certificate, WithServerPurposeOnlyIsJudgedLikeAnyOther) {  // row 19, threat T32
    CertFacts facts = certificate_for("partner.example");
    facts.client_auth = false;
    EXPECT_TRUE(proves(facts, partner));
}

TEST(Certificate, FindsTheLastOfAThousandNames) {  // row 20
    CertFacts facts;
    facts.chain_valid = true;
    for (int i = 0; i < 1000; ++i) facts.dns_names.push_back("d" + std::to_string(i) + ".example");
    facts.dns_names.push_back("partner.example");
    EXPECT_TRUE(proves(facts, partner));
}

TEST(Certificate, NeverMatchesAnAddress) {  // row 14
    const auto address = xmpp::Domain::parse("192.0.2.1");
    ASSERT_TRUE(address);
    EXPECT_FALSE(proves(certificate_for("192.0.2.1"), *address));
}

}  // namespace
}  // namespace sallyport::s2s
