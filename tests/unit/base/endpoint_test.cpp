// Addresses, networks, endpoints, reserved ranges (threat T69).
#include "base/endpoint.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Endpoint, ParsesAndPrintsBothFamilies) {
    EXPECT_EQ(Endpoint::parse("192.0.2.1:5269")->text(), "192.0.2.1:5269");
    EXPECT_EQ(Endpoint::parse("[2001:db8::1]:5269")->text(), "[2001:db8::1]:5269");
    for (const char* bad : {"", ":5269", "192.0.2.1", "192.0.2.1:", "192.0.2.1:70000", "2001:db8::1:5269",
                            "[192.0.2.1]:1", "host:5269", "192.0.2.1:5269x"}) {
        EXPECT_EQ(Endpoint::parse(bad).error().code, "endpoint-malformed") << bad;
    }
}

TEST(HostPort, TakesNamesLiteralsAndDefaultPorts) {
    EXPECT_EQ(HostPort::parse("xmpp.example.org", 5269)->text(), "xmpp.example.org:5269");
    EXPECT_EQ(HostPort::parse("xmpp.example.org:15269", 5269)->port, 15269);
    EXPECT_EQ(HostPort::parse("[2001:db8::1]:1", 5269)->text(), "[2001:db8::1]:1");
    EXPECT_EQ(HostPort::parse("2001:db8::1", 5269)->text(), "[2001:db8::1]:5269");
    for (const char* bad : {"", "a b", "host:0", "host:x", "[2001:db8::1", "host/path", "u@host"}) {
        EXPECT_FALSE(HostPort::parse(bad, 5269)) << bad;
    }
}

TEST(Network, ContainsByPrefix) {
    const auto network = IpNetwork::parse("10.1.128.0/17");
    ASSERT_TRUE(network);
    EXPECT_TRUE(network->contains(*IpAddress::parse("10.1.200.3")));
    EXPECT_FALSE(network->contains(*IpAddress::parse("10.1.127.3")));
    EXPECT_FALSE(network->contains(*IpAddress::parse("::ffff:10.1.200.3")));
    EXPECT_FALSE(IpNetwork::parse("10.0.0.0/33"));
}

TEST(Reserved, CoversDisguisedForms) {
    for (const char* bad : {"127.0.0.1",
                            "10.0.0.5",
                            "169.254.169.254",
                            "100.64.0.1",
                            "0.0.0.0",
                            "255.255.255.255",
                            "::1",
                            "fe80::1",
                            "fd00::1",
                            "::ffff:127.0.0.1",
                            "64:ff9b::7f00:1",
                            "2002:7f00:1::",
                            "64:ff9b:1::808:808",
                            "::8.8.8.8",
                            "2001:0:4136::1",
                            "5f00::1",
                            "224.0.0.1",
                            "192.168.1.1",
                            "172.16.0.1",
                            "ff02::1"}) {
        EXPECT_TRUE(is_reserved(*IpAddress::parse(bad))) << bad;
    }
    for (const char* good : {"8.8.8.8", "2a01:4f8::1", "172.32.0.1", "64:ff9b::808:808", "2001:4860::1"}) {
        EXPECT_FALSE(is_reserved(*IpAddress::parse(good))) << good;
    }
}

}  // namespace
}  // namespace sallyport
