#include "services/presence/directory.h"

#include <gtest/gtest.h>

namespace sallyport::presence {
namespace {

link::Serves serves(const std::vector<std::string>& domains, std::vector<std::string> components = {}) {
    link::Serves all;
    for (const auto& domain : domains) all.domains.push_back(*xmpp::Domain::parse(domain));
    all.components = std::move(components);
    return all;
}

xmpp::Stanza from(std::string_view domain) {
    xmpp::Stanza stanza;
    stanza.from_domain = domain;
    stanza.to_domain = "b.test";
    return stanza;
}

class DirectoryTest : public testing::Test {
protected:
    std::set<std::string, std::less<>> others{"inside.test", "partner.test"};
    Directory directory{[this](std::string_view, std::string_view domain) { return !others.contains(domain); }};
};

TEST_F(DirectoryTest, GivesADomainToTheCoreItselfBeforeAllThenToTheFirst) {
    using Refused = std::vector<Directory::Refused>;
    EXPECT_EQ(directory.learn("imp1", serves({"a.test", "inside.test"})), (Refused{{"imp1", "inside.test"}}));
    EXPECT_EQ(directory.learn("imp2", serves({"a.test", "c.test"})), (Refused{{"imp2", "a.test"}}));
    EXPECT_EQ(directory.owner("a.test"), "imp1");
    EXPECT_EQ(directory.owner("c.test"), "imp2");
    EXPECT_EQ(directory.owner("inside.test"), "");
    EXPECT_EQ(directory.domains().size(), 2U);
    EXPECT_TRUE(directory.learn("imp2", serves({"a.test", "c.test"})).empty()) << "a conflict is told once";
}

TEST_F(DirectoryTest, GivesADomainOnWhenItsOwnerNoLongerNamesIt) {
    ASSERT_TRUE(directory.learn("imp1", serves({"a.test"})).empty());
    ASSERT_FALSE(directory.learn("imp2", serves({"a.test"})).empty());
    ASSERT_TRUE(directory.learn("imp1", serves({})).empty());
    EXPECT_EQ(directory.owner("a.test"), "");
    ASSERT_TRUE(directory.learn("imp2", serves({"a.test"})).empty());
    EXPECT_EQ(directory.owner("a.test"), "imp2");
}

TEST_F(DirectoryTest, LooksAgainWhenWhatNodesMayHaveChanges) {
    ASSERT_TRUE(directory.learn("imp1", serves({"a.test"})).empty());
    ASSERT_FALSE(directory.learn("imp1", serves({"a.test", "partner.test"})).empty());
    others = {"a.test"};
    EXPECT_EQ(directory.look_again(), (std::vector<Directory::Refused>{{"imp1", "a.test"}}));
    EXPECT_EQ(directory.owner("a.test"), "");
    EXPECT_EQ(directory.owner("partner.test"), "imp1");
    EXPECT_TRUE(directory.look_again().empty()) << "it is told once";
}

TEST_F(DirectoryTest, SendsWhatAPresenceNodeSaysOverEdgesThatItHasLoadedOnly) {
    directory.edges_changed({"edge1", "edge2"});
    ASSERT_TRUE(directory.learn("imp1", serves({"a.test"}, {"cm-2_s2scp-1.edge2"})).empty());
    EXPECT_EQ(directory.way_out(from("a.test")).by, link::Way::By::far);
    EXPECT_EQ(directory.way_out(from("a.test")).name, "edge2");
    EXPECT_TRUE(directory.has_loaded("imp1"));
    directory.edges_changed({"edge1"});
    EXPECT_EQ(directory.way_out(from("a.test")).by, link::Way::By::none) << "it waits for edge2";
    EXPECT_EQ(directory.way_out(from("inside.test")).by, link::Way::By::any) << "inside servers take any edge";
    ASSERT_TRUE(directory.learn("imp1", serves({"a.test"})).empty());
    EXPECT_FALSE(directory.has_loaded("imp1"));
}

}  // namespace
}  // namespace sallyport::presence
