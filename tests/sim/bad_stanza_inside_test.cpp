// One bad stanza is one bad stanza between the core and a server inside, too: neither a stream nor the link ends for
// it, and its sender hears of it.
#include <gtest/gtest.h>

#include "support/raw_partner.h"
#include "support/repeat.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using std::chrono::seconds;

/// Of a domain, what RFC 7622 refuses; servers of RFC 6122 take some of it for addresses.
std::vector<std::string> malformed_at(const std::string& domain) {
    return {"☃@" + domain + "/r",
            "💩@" + domain,
            "@" + domain,
            "juliet@" + domain + "/",
            repeated("x", 1024) + "@" + domain,
            "ju liet@" + domain,
            "juliet@" + domain + "/\xC2\xA0\xEF\xBF\xBA",
            "\xF0\x9F\xA4\xBA\xF0\x9F\x91\x8D@" + domain,
            "a&quot;b@" + domain};
}

class BadStanzaInside : public testing::TestWithParam<std::uint32_t> {
protected:
    void start() {
        config::InsideServer server;
        server.domains = {*xmpp::Domain::parse("inside.a.test")};
        server.address = {address, 5269};
        server.tls = config::InsideTls::optional;
        f.a.servers = {server};
        f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
        f.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
        ASSERT_TRUE(f.start()) << f.logs();
        for (auto& shard : f.a.core->shards) {
            ASSERT_TRUE(shard->s2s().listen({*IpAddress::parse(f.a.core_address), 5269}, false));
        }
        inside = std::make_unique<RawPartner>(f.world, f.dns, "inside.a.test", address);
        stream = &open();
        say_and_hear("before");
        f.world.advance(seconds{1});
        closed_ = f.a.core_log.count("s2s.stream.closed");
    }
    RawStream& open() {
        RawStream& opened = inside->open(f.a.core_address, "b.test");
        EXPECT_TRUE(f.world.run_until([&] { return opened.ready(); }, seconds{10}));
        return opened;
    }
    /// Both ways, so that the core has a stream of its own to the server.
    void say_and_hear(const std::string& id) {
        stream->message("romeo@inside.a.test", "juliet@b.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got(id); }, seconds{10})) << id;
        f.b.user().message("juliet@b.test", "romeo@inside.a.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return inside->got(id); }, seconds{10})) << id;
    }
    /// On whichever stream of the core's it came.
    std::string heard() const {
        std::string all;
        for (const RawStream* one : inside->accepted()) all += one->heard();
        return all;
    }
    /// The stanza with that id, as the server heard it.
    std::string heard(const std::string& id) const {
        const std::string all = heard();
        const std::size_t at = all.find("id='" + id + "'");
        if (at == std::string::npos) return {};
        const std::size_t begin = all.rfind("<message", at);
        return all.substr(begin, all.find("</message>", at) - begin);
    }
    void expect_returned(const std::string& id, const std::string& condition) {
        ASSERT_TRUE(f.world.run_until([&] { return inside->got(id); }, seconds{10})) << id;
        EXPECT_NE(heard(id).find("type='error'"), std::string::npos) << heard(id);
        EXPECT_NE(heard(id).find("<" + condition), std::string::npos) << heard(id);
    }
    void nothing_ended() {
        EXPECT_FALSE(stream->closed());
        EXPECT_EQ(f.a.core_log.count("s2s.stream.closed"), closed_);
        EXPECT_EQ(f.a.core_log.count("link.down") + f.a.edge_log.count("link.down"), 0U);
        EXPECT_EQ(f.a.core_log.count("component.closed"), 0U);
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }

    const std::string address = "10.1.0.51";
    Federation f{GetParam()};
    std::unique_ptr<RawPartner> inside;
    RawStream* stream = nullptr;  ///< of the server, to the core
    std::size_t closed_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Shards, BadStanzaInside, testing::Values(1U, 2U));

TEST_P(BadStanzaInside, OfTheServerToAMalformedAddressIsReturnedAsGiven) {
    start();
    const std::vector<std::string> addresses = malformed_at("b.test");
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        const std::string id = "m" + std::to_string(n);
        stream->message("romeo@inside.a.test", addresses[n], id);
        expect_returned(id, "jid-malformed");
    }
    EXPECT_NE(heard("m0").find("from='☃@b.test/r'"), std::string::npos) << heard("m0");
    EXPECT_NE(heard("m0").find("to='romeo@inside.a.test'"), std::string::npos) << heard("m0");
    say_and_hear("behind");
    nothing_ended();
    EXPECT_FALSE(f.b.user().got("m0"));
}

TEST_P(BadStanzaInside, OfTheServerFromAMalformedAddressIsReturnedToIt) {
    start();
    const std::vector<std::string> addresses = malformed_at("inside.a.test");
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        const std::string id = "m" + std::to_string(n);
        stream->message(addresses[n], "juliet@b.test", id);
        expect_returned(id, "jid-malformed");
    }
    EXPECT_NE(heard("m0").find("to='☃@inside.a.test/r'"), std::string::npos) << heard("m0");
    say_and_hear("behind");
    nothing_ended();
    for (std::size_t n = 0; n < addresses.size(); ++n) EXPECT_FALSE(f.b.user().got("m" + std::to_string(n)));
}

TEST_P(BadStanzaInside, ToAMalformedAddressOfTheServerIsReturned) {
    start();
    const std::vector<std::string> addresses = malformed_at("inside.a.test");
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        const std::string id = "m" + std::to_string(n);
        f.a.user().message("romeo@a.test", addresses[n], id);
        f.b.user().message("juliet@b.test", addresses[n], id);
        for (const SimUser* sender : {&f.a.user(), &f.b.user()}) {
            ASSERT_TRUE(f.world.run_until([&] { return sender->got(id); })) << id;
            EXPECT_NE(sender->with_id(id).front()->bytes.find("<jid-malformed"), std::string::npos);
        }
        EXPECT_FALSE(inside->got(id));
    }
    say_and_hear("behind");
    nothing_ended();
}

/// Beyond each limit of the core, and within four times as much.
TEST_P(BadStanzaInside, OfTheServerBeyondALimitIsReturnedAndOthersGoOn) {
    f.a.limits.after_auth = {10000, 50, 8, 16, 3071, 8};
    start();
    std::string attributes, namespaces;
    for (int n = 0; n < 20; ++n) attributes.append(" a").append(std::to_string(n)).append("='1'");
    for (int n = 0; n < 10; ++n) namespaces.append(" xmlns:n").append(std::to_string(n)).append("='urn:n'");
    const std::vector<std::string> bodies{"<body>" + repeated("x", 12000) + "</body>",
                                          "<body>" + repeated("x", 39000) + "</body>",
                                          repeated("<a/>", 60),
                                          repeated("<a>", 12) + repeated("</a>", 12),
                                          "<x" + attributes + "/>",
                                          "<x a='" + repeated("&gt;", 900) + "'/>",
                                          "<x" + namespaces + "/>"};
    for (std::size_t n = 0; n < bodies.size(); ++n) {
        const std::string id = "m" + std::to_string(n);
        stream->say("<message from='romeo@inside.a.test' to='juliet@b.test' id='" + id + "'>" + bodies[n] +
                    "</message>");
        stream->message("romeo@inside.a.test", "juliet@b.test", "behind " + id);
        expect_returned(id, "policy-violation");
        ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("behind " + id); })) << bodies[n];
        EXPECT_FALSE(f.b.user().got(id));
    }
    nothing_ended();
}

TEST_P(BadStanzaInside, OfTheServerFarBeyondItsLimitEndsThatStreamOnly) {
    f.a.limits.after_auth = {10000, 50, 8, 16, 3071, 8};
    start();
    stream->say("<message from='romeo@inside.a.test' to='juliet@b.test' id='m1'><body>" + repeated("x", 50000));
    ASSERT_TRUE(f.world.run_until([&] { return stream->closed(); }, seconds{10}));
    EXPECT_NE(stream->heard().find("<policy-violation"), std::string::npos) << stream->heard();
    EXPECT_EQ(f.a.core_log.count("link.down") + f.a.edge_log.count("link.down"), 0U);
    EXPECT_EQ(f.a.core_log.count("component.closed"), 0U);
    f.a.user().message("romeo@a.test", "juliet@b.test", "beside");
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("beside"); }));
    stream = &open();
    say_and_hear("again");
}

}  // namespace
}  // namespace sallyport::test
