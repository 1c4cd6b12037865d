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
    EXPECT_EQ(owner_of("a.b.school.za"), "b.school.za");
    EXPECT_EQ(owner_of("a.b.shinjuku.tokyo.jp"), "b.shinjuku.tokyo.jp") << "two more";
    EXPECT_EQ(owner_of("a.b.xyz.bd"), "b.xyz.bd") << "whatever is above it";
    EXPECT_EQ(owner_of("a.github.io"), "github.io") << "a company's, whose customers they are";
    EXPECT_EQ(owner_of("a.b.xn--55qx5d.cn"), "b.xn--55qx5d.cn");
    EXPECT_EQ(owner_of("co.uk"), "co.uk");
    EXPECT_EQ(owner_of("a.o.uk"), "o.uk") << "a part of a label is none";
    EXPECT_EQ(owner_of("a.co.de"), "co.de") << "somebody's";
    EXPECT_EQ(owner_of("a.uk.co"), "uk.co");
}

}  // namespace
}  // namespace sallyport::xmpp
