// One bad stanza is one bad stanza: what is malformed, or beyond a limit, is returned to its sender, and neither a
// stream nor the link ends for it, in no direction and on no kind of stream. What comes behind it arrives.
#include <gtest/gtest.h>

#include "support/raw_partner.h"
#include "support/repeat.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

/// What RFC 7622 refuses; servers of RFC 6122 take some of it for addresses.
const std::vector<std::string> malformed_at_b{"☃@b.test/r",
                                              "💩@b.test",
                                              "@b.test",
                                              "juliet@b.test/",
                                              repeated("x", 1024) + "@b.test",
                                              "ju liet@b.test",
                                              "juliet@b.test/\xC2\xA0\xEF\xBF\xBA",
                                              "\xF0\x9F\xA4\xBA\xF0\x9F\x91\x8D@b.test",
                                              "a&quot;b@b.test"};

/// A stanza that no intake has judged: for what another server would send.
struct Unjudged {
    Unjudged(std::string from_, std::string to_, const std::string& rest)
        : from{std::move(from_)}, to{std::move(to_)}, bytes{"<message from='" + from + "' to='" + to + "' " + rest} {}
    [[nodiscard]] xmpp::Stanza stanza() const {
        xmpp::Stanza stanza;
        stanza.bytes = bytes;
        stanza.from = from;
        stanza.to = to;
        const auto domain = [](std::string_view address) {
            return address.substr(address.find('@') + 1, address.find('/') - address.find('@') - 1);
        };
        stanza.from_domain = domain(stanza.from);
        stanza.to_domain = domain(stanza.to);
        return stanza;
    }
    std::string from, to, bytes;
};

class BadStanza : public testing::TestWithParam<std::uint32_t> {
protected:
    void start() {
        ASSERT_TRUE(f.start()) << f.logs();
        say_and_hear("before");
        note_streams();
    }
    /// Those for dialback alone are closed by now.
    void note_streams() {
        f.world.advance(std::chrono::seconds{1});
        closed_ = f.a.edge_log.count("s2s.stream.closed") + f.b.edge_log.count("s2s.stream.closed");
        connected_ = f.a.edge_log.count("tcp.connected") + f.b.edge_log.count("tcp.connected");
    }
    /// Both ways, so that both edges have streams.
    void say_and_hear(const std::string& id) {
        f.a.user().message("romeo@a.test", "juliet@b.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got(id); })) << id;
        f.b.user().message("juliet@b.test", "romeo@a.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got(id); })) << id;
    }
    void nothing_ended() {
        EXPECT_EQ(f.a.edge_log.count("s2s.stream.closed") + f.b.edge_log.count("s2s.stream.closed"), closed_);
        EXPECT_EQ(f.a.edge_log.count("tcp.connected") + f.b.edge_log.count("tcp.connected"), connected_);
        for (const Organisation* one : {&f.a, &f.b}) {
            EXPECT_EQ(one->edge_log.count("s2s.refused"), 0U);
            EXPECT_EQ(one->edge_log.count("link.down"), 0U);
            EXPECT_EQ(one->core_log.count("link.down"), 0U);
            EXPECT_EQ(one->core_log.count("component.closed"), 0U);
        }
    }
    void expect_returned(const SimUser& user, const std::string& id, const std::string& condition) {
        ASSERT_TRUE(f.world.run_until([&] { return user.got(id); })) << id;
        EXPECT_EQ(user.with_id(id).front()->type, "error");
        EXPECT_NE(user.with_id(id).front()->bytes.find("<" + condition), std::string::npos)
            << user.with_id(id).front()->bytes;
    }
    /// From b's edge over S2S to a's: returned with `condition`, and nothing ends.
    void expect_refused_over_s2s(const Unjudged& bad, const std::string& condition) {
        const auto at = routing::owner("b.test", "a.test", GetParam());
        const std::size_t before = f.a.edge_log.count("s2s.stanza.bounced");
        f.b.edge->shards[at]->s2s().pool().send(bad.stanza(), {});
        ASSERT_TRUE(f.world.run_until([&] { return f.a.edge_log.count("s2s.stanza.bounced") > before; })) << bad.bytes;
        EXPECT_EQ(f.a.edge_log.last("s2s.stanza.bounced", "condition"), condition) << bad.bytes;
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    Federation f{GetParam()};
    std::size_t closed_ = 0, connected_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Shards, BadStanza, testing::Values(1U, 2U));

TEST_P(BadStanza, OfAComponentToAMalformedAddressIsReturnedAsGiven) {
    start();
    for (std::size_t n = 0; n < malformed_at_b.size(); ++n) {
        const std::string id = "m" + std::to_string(n);
        f.a.user().message("romeo@a.test", malformed_at_b[n], id);
        expect_returned(f.a.user(), id, "jid-malformed");
        EXPECT_EQ(f.a.user().with_id(id).front()->to, "romeo@a.test");
    }
    EXPECT_NE(f.a.user().with_id("m0").front()->bytes.find("from='☃@b.test/r'"), std::string::npos);
    say_and_hear("behind");
    nothing_ended();
}

TEST_P(BadStanza, OfAComponentFromAMalformedAddressIsReturnedToIt) {
    start();
    f.a.user().message("☃@a.test/r", "juliet@b.test", "m1");
    expect_returned(f.a.user(), "m1", "jid-malformed");
    EXPECT_EQ(f.a.user().with_id("m1").front()->to, "☃@a.test/r");
    f.a.user().message("@@@", "juliet@b.test", "m2");
    expect_returned(f.a.user(), "m2", "jid-malformed");
    f.a.user().say("<message id='m3' from='romeo@a.test'/>");
    expect_returned(f.a.user(), "m3", "bad-request");
    f.a.user().say("<message id='m4' to='juliet@b.test'/>");
    expect_returned(f.a.user(), "m4", "bad-request");
    f.a.user().message("romeo@a.test", "a@-", "m5");
    expect_returned(f.a.user(), "m5", "jid-malformed");
    f.a.user().message("romeo@a.test", "", "m6");
    expect_returned(f.a.user(), "m6", "jid-malformed");
    EXPECT_FALSE(f.b.user().got("m1"));
    say_and_hear("behind");
    nothing_ended();
}

TEST_P(BadStanza, FromTheFederationWithAMalformedAddressIsReturned) {
    start();
    for (const std::string& there : malformed_at_b) {
        std::string here = there;
        here.replace(here.find("b.test"), 1, "a");
        expect_refused_over_s2s({there, "romeo@a.test", "id='m1'/>"}, "jid-malformed");
        expect_refused_over_s2s({"juliet@b.test", here, "id='m1'/>"}, "jid-malformed");
    }
    say_and_hear("behind");
    nothing_ended();
    for (const auto* received : f.a.user().with_id("m1")) ADD_FAILURE() << received->bytes;
}

TEST_P(BadStanza, WithAnElementOfTheStreamInItIsReturned) {
    start();
    f.a.user().say(
        "<message from='romeo@a.test' to='juliet@b.test' id='m1'><error xmlns='http://etherx.jabber.org/streams'/>"
        "</message>");
    expect_returned(f.a.user(), "m1", "bad-request");
    expect_refused_over_s2s(
        {"juliet@b.test", "romeo@a.test", "id='m2'><error xmlns='http://etherx.jabber.org/streams'/></message>"},
        "bad-request");
    say_and_hear("behind");
    nothing_ended();
}

/// expat, and with it most servers and clients, has the names of XML 1.0 before its 5th edition.
TEST_P(BadStanza, WithANameThatFewParsersKnowIsReturned) {
    start();
    const std::vector<std::string> rests{"><x\u2070 xmlns='urn:x'/></message>", "><x \U00010000='1'/></message>",
                                         "><x><\u2070:y xmlns:\u2070='urn:x'/></x></message>", " \u2070='1'/>"};
    for (std::size_t n = 0; n < rests.size(); ++n) {
        const std::string id = "m" + std::to_string(n);
        f.a.user().say("<message from='romeo@a.test' to='juliet@b.test' id='" + id + "'" + rests[n]);
        expect_returned(f.a.user(), id, "not-acceptable");
        expect_refused_over_s2s({"juliet@b.test", "romeo@a.test", "id='" + id + "'" + rests[n]}, "not-acceptable");
        // A node of before lets it in.
        const std::size_t refused = f.a.core_log.count("link.stanza.refused");
        f.a.edge->shards.front()->hub().send(Unjudged{"juliet@b.test", "romeo@a.test", "id='l'" + rests[n]}.stanza(),
                                             {});
        ASSERT_TRUE(f.world.run_until([&] { return f.a.core_log.count("link.stanza.refused") > refused; }));
    }
    f.a.user().say(
        "<message from='romeo@a.test' to='juliet@b.test' id='old'><größe xmlns='urn:x' ß='\u2070'>\U00010000</größe>"
        "</message>");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("old"); }));
    EXPECT_NE(f.b.user().with_id("old").front()->bytes.find("<größe"), std::string::npos);
    say_and_hear("behind");
    nothing_ended();
    EXPECT_FALSE(f.b.user().got("m0") && f.b.user().with_id("m0").front()->type != "error");
}

TEST_P(BadStanza, OnTheLinkEndsNoLink) {
    start();
    for (const std::string& there : malformed_at_b) {
        std::string here = there;
        here.replace(here.find("b.test"), 1, "a");
        for (auto& shard : f.a.edge->shards) {
            shard->hub().send(Unjudged{there, "romeo@a.test", "id='m1'/>"}.stanza(), {});
            shard->hub().send(Unjudged{"juliet@b.test", here, "id='m1'/>"}.stanza(), {});
        }
        f.a.core->shards.front()->hub().send(Unjudged{here, "juliet@b.test", "id='m1'/>"}.stanza(), {});
        f.a.core->shards.front()->hub().send(Unjudged{"romeo@a.test", there, "id='m1'/>"}.stanza(), {});
    }
    f.a.edge->shards.front()->hub().send(Unjudged{"", "romeo@a.test", "id='m1'/>"}.stanza(), {});
    f.a.edge->shards.front()->hub().send(
        Unjudged{"juliet@b.test", "romeo@a.test", "id='m2'><x xmlns='http://etherx.jabber.org/streams'/></message>"}
            .stanza(),
        {});
    say_and_hear("behind");
    nothing_ended();
    EXPECT_GE(f.a.core_log.count("link.stanza.refused"), 2 * malformed_at_b.size());
    EXPECT_GE(f.a.edge_log.count("link.stanza.refused"), 2 * malformed_at_b.size());
    EXPECT_FALSE(f.b.user().got("m1"));
    expect_returned(f.b.user(), "m2", "bad-request");
    // Each is done with: nothing of it goes again.
    for (const auto& session : f.a.core->shards.front()->hub().sessions()) EXPECT_EQ(session.unacknowledged, 0U);
    for (const auto& session : f.a.edge->shards.front()->hub().sessions()) EXPECT_EQ(session.unacknowledged, 0U);
}

/// Bodies of a message, each beyond one limit of `small` and within those of the other side.
constexpr XmlLimits small{10000, 50, 8, 16, 3071, 8};
std::vector<std::string> beyond_small() {
    std::string attributes, namespaces;
    for (int n = 0; n < 20; ++n) attributes.append(" a").append(std::to_string(n)).append("='1'");
    for (int n = 0; n < 10; ++n) namespaces.append(" xmlns:n").append(std::to_string(n)).append("='urn:n'");
    return {"><body>" + repeated("x", 12000) + "</body></message>",
            "><body>" + repeated("x", 39000) + "</body></message>",
            ">" + repeated("<a/>", 60) + "</message>",
            ">" + repeated("<a>", 12) + repeated("</a>", 12) + "</message>",
            "><x" + attributes + "/><![CDATA[</message>]]></message>",
            "><x a='" + repeated("&gt;", 900) + "'>></x></message>",
            "><x" + namespaces + "/></message>",
            attributes + "><body>'\"</body></message>",
            " a='" + repeated("y", 11000) + "'/>",
            "><x xmlns='urn:a b'><y/></x></message>"};
}

TEST_P(BadStanza, BeyondALimitIsReturnedAndOthersGoOn) {
    f.a.limits.after_auth = small;
    start();
    const std::vector<std::string> bodies = beyond_small();
    for (std::size_t n = 0; n < bodies.size(); ++n) {
        const std::string id = "m" + std::to_string(n);
        // Over S2S from a side that has larger limits, and from a component.
        f.b.user().say("<message from='juliet@b.test' to='romeo@a.test' id='" + id + "'" + bodies[n]);
        f.b.user().message("juliet@b.test", "romeo@a.test", "behind " + id);
        expect_returned(f.b.user(), id, "policy-violation");
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("behind " + id); })) << bodies[n];
        EXPECT_FALSE(f.a.user().got(id));
        f.a.user().say("<message from='romeo@a.test' to='juliet@b.test' id='" + id + "'" + bodies[n]);
        f.a.user().message("romeo@a.test", "juliet@b.test", "behind " + id);
        expect_returned(f.a.user(), id, "policy-violation");
        EXPECT_EQ(f.a.user().with_id(id).front()->from, "juliet@b.test");
        ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("behind " + id); })) << bodies[n];
    }
    nothing_ended();
}

TEST_P(BadStanza, FarBeyondItsLimitEndsTheStreamOfItsSender) {
    f.a.limits.after_auth = small;
    start();
    f.a.user().say("<message from='romeo@a.test' to='juliet@b.test' id='m1'><body>" + repeated("x", 40000));
    ASSERT_TRUE(f.world.run_until([&] { return f.a.core_log.count("component.closed") == 1; }));
    EXPECT_EQ(f.a.core_log.count("link.down"), 0U);
}

TEST_P(BadStanza, IsOneStanzaOnABidirectionalStreamToo) {
    f.a.settings.bidi = f.b.settings.bidi = true;
    f.a.limits.after_auth = small;
    ASSERT_TRUE(f.start()) << f.logs();
    f.a.user().message("romeo@a.test", "juliet@b.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("m1"); }));
    note_streams();
    f.b.user().say("<message from='juliet@b.test' to='romeo@a.test' id='m2'><body>" + repeated("x", 12000) +
                   "</body></message>");
    expect_returned(f.b.user(), "m2", "policy-violation");
    for (auto& shard : f.b.edge->shards) {
        // The edge that answers on a's stream sends what its own intake would have refused.
        shard->route(Unjudged{"☃@b.test", "romeo@a.test", "id='m3'/>"}.stanza(), {});
    }
    ASSERT_TRUE(
        f.world.run_until([&] { return f.a.edge_log.last("s2s.stanza.bounced", "condition") == "jid-malformed"; }));
    f.b.user().message("juliet@b.test", "romeo@a.test", "m4");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m4"); }));
    nothing_ended();
}

/// A partner that serves many names sends the keys of all on one stream: one that is no domain for us, or that is ours,
/// is refused by itself.
TEST(BadElement, OfOneNameOfAPartnerLeavesItsOtherNamesAlone) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); })) << f.logs();
    const auto said = [&](const std::string& element) {
        const std::size_t before = stream.heard().size();
        stream.say(element);
        f.world.advance(std::chrono::seconds{1});
        return stream.heard().substr(before);
    };
    for (const auto& [name, condition] : {std::pair<std::string, std::string>{"☃.test", "<jid-malformed"},
                                          {"u@c.test", "<jid-malformed"},
                                          {"a.test", "<not-authorized"},
                                          {"rooms.a.test", "<not-authorized"}}) {
        const std::string result = said("<db:result from='" + name + "' to='a.test'>k</db:result>");
        EXPECT_NE(result.find("to='" + name + "' type='error'"), std::string::npos) << result;
        EXPECT_NE(result.find(condition), std::string::npos) << result;
    }
    const std::string verify = said("<db:verify from='☃.test' to='a.test' id='7'>k</db:verify>");
    EXPECT_NE(verify.find("<jid-malformed"), std::string::npos) << verify;
    stream.message("u@c.test", "romeo@a.test", "behind");
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("behind"); }));
    EXPECT_FALSE(stream.closed());
    stream.message("u@rooms.a.test", "romeo@a.test", "forged");
    f.world.advance(std::chrono::seconds{1});
    EXPECT_FALSE(f.a.user().got("forged"));
}

/// What is no stanza and beyond the limits ends the stream. What stands behind it is read on while the stream waits for
/// the partner to acknowledge what it has been sent: nothing of it is delivered.
TEST(BadElement, BeyondALimitEndsTheStreamAndTheRestIsReadOn) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.a.settings.bidi = true;
    f.a.limits.after_auth = small;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    c.habits.bidi = true;
    c.habits.acknowledges = false;
    RawStream& stream = c.open(f.a.edge_public, "a.test");
    ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); })) << f.logs();
    stream.enable();
    f.a.user().message("romeo@a.test", "u@c.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return stream.got("first"); }));
    // In two pieces, the second before the partner can have heard of the error.
    stream.say("<result xmlns='jabber:server:dialback' from='c.test' to='rooms.a.test'>" + repeated("<a/>", 60) +
               "</result><message from='u@c.test' to='romeo@a.test' id='beh");
    f.world.advance(std::chrono::microseconds{500});
    stream.say("ind'/>" + repeated("<message from='u@c.test' to='romeo@a.test' id='behind'/>", 20));
    stream.acknowledge(1);
    ASSERT_TRUE(f.world.run_until([&] { return stream.closed(); }, std::chrono::seconds{1})) << f.logs();
    EXPECT_NE(stream.heard().find("policy-violation"), std::string::npos);
    f.world.advance(std::chrono::seconds{40});
    EXPECT_FALSE(f.a.user().got("behind"));
    EXPECT_FALSE(f.a.user().got("first")) << "it was acknowledged";
    EXPECT_EQ(c.ids(), std::vector<std::string>{"first"}) << "and is not sent again";
}

/// The same on a stream of ours (XEP-0288).
TEST(BadElement, BeyondALimitOnAStreamOfOursEndsItAndTheRestIsReadOn) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    f.a.settings.bidi = true;
    f.a.limits.after_auth = small;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    c.habits.bidi = c.habits.sm = true;
    c.habits.acknowledges = false;
    f.a.user().message("romeo@a.test", "u@c.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("first"); }));
    RawStream& stream = *c.accepted().front();
    stream.say("<result xmlns='jabber:server:dialback' from='c.test' to='rooms.a.test'>" + repeated("<a/>", 60) +
               "</result><message from='u@c.test' to='romeo@a.test' id='beh");
    f.world.advance(std::chrono::microseconds{500});
    stream.say("ind'/>" + repeated("<message from='u@c.test' to='romeo@a.test' id='behind'/>", 20));
    stream.acknowledge(1);
    ASSERT_TRUE(f.world.run_until([&] { return stream.closed(); }, std::chrono::seconds{1})) << f.logs();
    EXPECT_NE(stream.heard().find("policy-violation"), std::string::npos);
    f.world.advance(std::chrono::seconds{40});
    EXPECT_FALSE(f.a.user().got("behind"));
    EXPECT_FALSE(f.a.user().got("first")) << "it was acknowledged";
    EXPECT_EQ(c.ids(), std::vector<std::string>{"first"}) << "and is not sent again";
}

}  // namespace
}  // namespace sallyport::test
