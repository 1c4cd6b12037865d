// Who owns a name.
#include <gtest/gtest.h>

#include "proto/xmpp/jid.h"

namespace sallyport::xmpp {
namespace {

TEST(OwnerOf, IsTheLastTwoLabels) {
    EXPECT_EQ(owner_of("example.com"), "example.com");
    EXPECT_EQ(owner_of("a.example.com"), "example.com");
    EXPECT_EQ(owner_of("c.b.a.example.com"), "example.com");
    EXPECT_EQ(owner_of("co.example.com"), "example.com");
    EXPECT_EQ(owner_of("a.com.example"), "com.example");
    EXPECT_EQ(owner_of("localhost"), "localhost");
    EXPECT_EQ(owner_of(""), "");
}

TEST(OwnerOf, HasOneLabelMoreBelowThoseOfARegistry) {
    EXPECT_EQ(owner_of("bank.co.uk"), "bank.co.uk");
    EXPECT_EQ(owner_of("im.bank.co.uk"), "bank.co.uk");
    EXPECT_EQ(owner_of("x.y.dept.gov.uk"), "dept.gov.uk");
    EXPECT_EQ(owner_of("a.b.com.au"), "b.com.au");
    EXPECT_EQ(owner_of("a.b.school.za"), "b.school.za") << "the last of its row";
    EXPECT_EQ(owner_of("a.b.ac.ae"), "b.ac.ae") << "the first of the first row";
    EXPECT_EQ(owner_of("co.uk"), "co.uk");
    EXPECT_EQ(owner_of("a.o.uk"), "o.uk") << "a part of a label is none";
    EXPECT_EQ(owner_of("a.co.de"), "co.de") << "somebody's";
    EXPECT_EQ(owner_of("a.uk.co"), "uk.co");
}

}  // namespace
}  // namespace sallyport::xmpp
