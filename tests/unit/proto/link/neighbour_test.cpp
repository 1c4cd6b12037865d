// What a certificate of the router link has to say.
#include "proto/link/neighbour.h"

#include <gtest/gtest.h>

namespace sallyport::link {
namespace {

CertFacts certificate(std::vector<std::string> names, std::vector<std::string> uris) {
    CertFacts facts;
    facts.dns_names = std::move(names);
    facts.uris = std::move(uris);
    return facts;
}

TEST(Neighbour, IsWhoHasTheNameAndTheRole) {
    const auto core = certificate({"core1.b.test"}, {"https://b.test/", "urn:sallyport:role:core"});
    EXPECT_EQ(objection(core, "core1.b.test", Role::core, true), "");
    EXPECT_EQ(objection(core, {}, Role::core, true), "");
    EXPECT_EQ(objection(core, "core2.b.test", Role::core, true), "the certificate is not for core2.b.test");
    EXPECT_EQ(objection(core, "core1.b.test", Role::edge, false),
              "the certificate of core1.b.test is for the role core, not edge");
}

TEST(Neighbour, HasARoleWhereOneIsWanted) {
    const auto plain = certificate({"core1.b.test"}, {});
    EXPECT_EQ(objection(plain, "core1.b.test", Role::core, false), "");
    EXPECT_EQ(
        objection(plain, "core1.b.test", Role::core, true),
        "the certificate of core1.b.test names no role: it needs the URI urn:sallyport:role:core among its names");
    for (const char* uri : {"urn:sallyport:role:", "urn:sallyport:role:Core", "urn:sallyport:role:core2",
                            "urn:sallyport:role:core/x", "URN:sallyport:role:core", "x-urn:sallyport:role:core"}) {
        EXPECT_NE(objection(certificate({"core1.b.test"}, {uri}), "core1.b.test", Role::core, true), "") << uri;
    }
}

TEST(Neighbour, IsFoundByItsNameAlone) {
    const std::vector<Neighbour> listed{{"core1.b.test", "one", {}}, {"core2.b.test", "two", {}}};
    EXPECT_EQ(named_by(certificate({"x.test", "core2.b.test"}, {}), listed)->secret, "two");
    EXPECT_EQ(named_by(certificate({"*.b.test", "core.b.test"}, {}), listed), nullptr) << "no pattern is a node's name";
}

}  // namespace
}  // namespace sallyport::link
