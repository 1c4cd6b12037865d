// Taking stanzas in: the fast path, rewriting, and what is refused (RFC 6120 8; threats T41, T45, T49).
#include "proto/xmpp/stanza.h"

#include <gtest/gtest.h>

#include "support/expat_oracle.h"

namespace sallyport::xmpp {
namespace {

const XmlLimits stanza_limits = Limits{}.after_auth;
const std::string server_header =
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns:db='jabber:server:dialback' xmlns:x='urn:x'>";

/// One stanza taken in.
struct Intake {
    explicit Intake(const std::string& stanza, std::string_view lang = {}, const std::string& header = server_header)
        : bytes{header + stanza} {
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), xml::Kind::header);
        EXPECT_EQ(reader.next(), xml::Kind::element) << reader.explanation();
        good = intake.read(reader, lang, out, problem);
    }
    std::string bytes;
    xml::Reader reader{stanza_limits};
    StanzaIntake intake;
    Stanza out;
    StanzaProblem problem;
    bool good = false;
};

TEST(StanzaIntake, ViewsAPlainStanza) {
    const std::string stanza = "<iq to='u@b.example/r' from='a.example' id=\"i'1\" type='get'><q xmlns='urn:q'/></iq>";
    const Intake in{stanza};
    ASSERT_TRUE(in.good);
    EXPECT_EQ(in.out.bytes.data(), in.reader.slice().data()) << "must not be copied";
    EXPECT_EQ(in.out.bytes, stanza);
    EXPECT_EQ(in.out.kind, StanzaKind::iq);
    EXPECT_EQ(in.out.to, "u@b.example/r");
    EXPECT_EQ(in.out.to_domain, "b.example");
    EXPECT_EQ(in.out.from_domain, "a.example");
    EXPECT_EQ(in.out.id, "i'1");
    EXPECT_EQ(in.out.type, "get");
}

TEST(StanzaIntake, AddsTheLanguageOfTheStream) {  // RFC 6120 8.1.5
    EXPECT_EQ(Intake("<message to='b' from='a'/>", "en'").out.bytes, "<message xml:lang='en&apos;' to='b' from='a'/>");
    EXPECT_EQ(Intake("<message to='b' from='a' xml:lang='de'/>", "en").out.bytes,
              "<message to='b' from='a' xml:lang='de'/>");
    EXPECT_EQ(Intake("<message to='B' from='a'/>", "en").out.bytes, "<message to='b' from='a' xml:lang='en'/>");
}

TEST(StanzaIntake, RewritesWhatIsNotPlain) {
    const std::pair<const char*, const char*> cases[] = {
        {"<message to='U@B.example.' from='v@a'/>", "<message to='u@b.example' from='v@a'/>"},
        {"<message to='u@b/&lt;&apos;' from='v@a'>\r\n</message>",
         "<message to='u@b/&lt;&apos;' from='v@a'>\n</message>"},
        {"<message xmlns='jabber:server' to='b' from='a'><body/></message>",
         "<message to='b' from='a'><body/></message>"},
        {"<s:message xmlns:s='jabber:server' to='b' from='a'><s:body/></s:message>",
         "<message to='b' from='a'><body/></message>"},
        {"<message to='b' from='a'><![CDATA[<&]]></message>", "<message to='b' from='a'>&lt;&amp;</message>"},
        {"<message to='b' from='a'><x:e x:a='1'/></message>",
         "<message to='b' from='a'><e xmlns='urn:x' xmlns:ns1='urn:x' ns1:a='1'/></message>"},
        {"<message to='b' from='a'><body xmlns='jabber:server'>x</body></message>",
         "<message to='b' from='a'><body>x</body></message>"},
        {"<message to='b' from='a'><f xmlns='urn:f'><message xmlns='jabber:server'/></f></message>",
         "<message to='b' from='a'><f xmlns='urn:f'><message xmlns='jabber:server'/></f></message>"},
        {"<message to='b' from='a' type='err&#111;r'/>", "<message to='b' from='a' type='error'/>"},
    };
    for (const auto& [received, expected] : cases) {
        const Intake in{received};
        ASSERT_TRUE(in.good) << received;
        EXPECT_EQ(in.out.bytes, expected);
    }
    const Intake in{"<message to='U@B\u00FC.example/R' from='v@a' type='err&#111;r' id='&lt;1'/>"};
    EXPECT_EQ(in.out.to, "u@b\u00FC.example/R");
    EXPECT_EQ(in.out.to_domain, "b\u00FC.example");
    EXPECT_EQ(in.out.id, "&lt;1");
    EXPECT_FALSE(in.out.may_be_answered()) << "an error must not be hidden behind a reference";
}

TEST(StanzaIntake, TakesStanzasThatDeclareTheContentNamespaceThemselves) {  // RFC 6120 4.8.2
    const std::string prefix_free = "<stream xmlns='http://etherx.jabber.org/streams'>";
    EXPECT_EQ(Intake("<message xmlns='jabber:server' to='b' from='a'/>", {}, prefix_free).out.bytes,
              "<message to='b' from='a'/>");
    EXPECT_FALSE(Intake("<message xmlns='jabber:client' to='b' from='a'/>", {}, prefix_free).good);
    EXPECT_FALSE(Intake("<message to='b' from='a'/>", {}, prefix_free).good);
    const std::string component =
        "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:component:accept'>";
    EXPECT_TRUE(Intake("<message to='b' from='a'/>", {}, component).good);
}

TEST(StanzaIntake, KeepsAForwardedStanzaInItsNamespace) {  // threat T45d
    const std::string stanza =
        "<message to='b' from='a'><f xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></f></message>";
    EXPECT_EQ(Intake{stanza}.out.bytes, stanza);
}

TEST(StanzaIntake, ClosesTheStreamForWhatIsNoStanza) {
    const auto condition = [](const std::string& stanza) { return Intake{stanza}.problem.stream; };
    for (const char* other : {"<foo to='b' from='a'/>", "<message xmlns='jabber:client' to='b' from='a'/>",
                              "<db:message/>", "<stream:features/>", "<x xmlns='urn:x'/>", "<Message/>"}) {
        EXPECT_EQ(condition(other), StreamCondition::unsupported_stanza_type) << other;
    }
    for (const char* lost :
         {"<message from='a'/>", "<message to='b'/>", "<message to='b' from=''/>", "<message to='b' from='u@'/>",
          "<message to='b' from='u@attacker.example@victim.example'/>"}) {
        EXPECT_EQ(condition(lost), StreamCondition::improper_addressing) << lost;
    }
}

TEST(StanzaIntake, AnswersMalformedAddressesAsGiven) {  // RFC 6120 8.3.3.8
    struct Case {
        const char *to, *from, *to_domain, *from_domain;
    };
    for (const Case& one : {Case{"☃@b/r", "u@a", "b", "a"}, Case{"b", "☃@a/r", "b", "a"}, Case{"", "a", "", "a"},
                            Case{"u@", "a", "", "a"}, Case{"b/", "a", "b", "a"}, Case{"@b", "@a", "b", "a"},
                            Case{"💩@B.Example", "a", "b.example", "a"}, Case{"a&amp;b@b", "a", "b", "a"}}) {
        const Intake in{"<message to='" + std::string{one.to} + "' from='" + one.from + "' id='1'><x/></message>"};
        EXPECT_FALSE(in.good) << one.to;
        EXPECT_FALSE(in.problem.stream) << one.to;
        EXPECT_EQ(in.problem.stanza, StanzaCondition::jid_malformed) << one.to;
        EXPECT_EQ(in.out.to_domain, one.to_domain);
        EXPECT_EQ(in.out.from_domain, one.from_domain);
        EXPECT_EQ(xml::escaped(in.out.to), one.to);
        // As it waits in a queue.
        const OwnedStanza owned{in.out};
        const Stanza again = owned.view();
        EXPECT_EQ(again.to, in.out.to);
        EXPECT_EQ(again.from, in.out.from);
        EXPECT_EQ(again.to_domain, in.out.to_domain);
        EXPECT_EQ(again.from_domain, in.out.from_domain);
        const auto tree = test::parse_with_expat(bounce(in.out, refusal(in.problem)));
        ASSERT_TRUE(tree) << one.to;
        EXPECT_EQ(xml::escaped(tree->attribute("to")), one.from);
        EXPECT_EQ(xml::escaped(tree->attribute("from")), one.to);
        EXPECT_EQ(tree->attribute("id"), "1");
    }
}

TEST(StanzaIntake, AnswersWhatHoldsAnElementOfTheStream) {
    for (const char* bad :
         {"<message to='b' from='a'><stream:stream to='x'/></message>",
          "<message to='b' from='a'><q xmlns='u'><error xmlns='http://etherx.jabber.org/streams'/></q></message>"}) {
        const Intake in{bad};
        EXPECT_FALSE(in.problem.stream);
        EXPECT_EQ(in.problem.stanza, StanzaCondition::bad_request) << bad;
    }
}

TEST(StanzaIntake, AnswersIqsThatBreakTheRules) {  // RFC 6120 8.2.3
    for (const char* bad :
         {"<iq to='b' from='a' type='get'><q/></iq>", "<iq to='b' from='a' id='1'><q/></iq>",
          "<iq to='b' from='a' id='1' type='get'/>", "<iq to='b' from='a' id='1' type='set'><q/><q/></iq>",
          "<iq to='b' from='a' id='1' type='x'><q/></iq>"}) {
        const Intake in{bad};
        EXPECT_FALSE(in.good);
        EXPECT_EQ(in.problem.stanza, StanzaCondition::bad_request) << bad;
        EXPECT_FALSE(in.problem.stream);
        EXPECT_FALSE(bounce(in.out, {StanzaCondition::bad_request, {}}).empty());
    }
    EXPECT_TRUE(Intake("<iq to='b' from='a' id='1' type='result'/>").good);
    EXPECT_TRUE(Intake("<iq to='b' from='a' id='1' type='error'><q/><error/></iq>").good);
}

TEST(Bounce, SwapsAddressesAndRepeatsNothingElse) {  // RFC 6120 8.3.1
    const Intake in{"<message to='u@b.example' from=\"v@a.example/it's\" id=\"a'b&lt;\"><body>secret</body></message>"};
    ASSERT_TRUE(in.good);
    const std::string bytes = bounce(in.out, {StanzaCondition::service_unavailable, {}});
    EXPECT_EQ(
        bytes,
        "<message to='v@a.example/it&apos;s' from='u@b.example' id='a&apos;b&lt;' type='error'><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    const auto tree = test::parse_with_expat(bytes);
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->attribute("id"), "a'b<");
}

TEST(Bounce, NeverAnswersErrorsAndResults) {  // threat T49
    const auto bounced = [](const char* stanza) { return bounce(Intake{stanza}.out, {StanzaCondition::gone, {}}); };
    EXPECT_EQ(bounced("<message to='b' from='a' type='error'/>"), "");
    EXPECT_EQ(bounced("<iq to='b' from='a' type='result' id='1'/>"), "");
    EXPECT_EQ(bounced("<iq to='b' from='a' type='error' id='1'/>"), "");
    EXPECT_NE(bounced("<presence to='b' from='a'/>"), "");
}

TEST(OwnedStanza, WeighsWhatItHoldsAndLittleMore) {
    Stanza stanza;
    const std::string body(1000, 'x'), to = "juliet@b.test/balcony";
    stanza.bytes = body;
    stanza.to = to;
    stanza.to_domain = std::string_view{to}.substr(7, 6);
    const OwnedStanza owned{stanza};
    EXPECT_EQ(owned.bytes(), body);
    EXPECT_EQ(owned.view().to_domain, "b.test");
    EXPECT_GE(owned.weight(), 1021U);
    EXPECT_LT(owned.weight(), 1021U + 128U);
}

TEST(OwnedStanza, OutlivesWhatItWasMadeOf) {
    OwnedStanza owned;
    {
        const Intake in{"<iq to='u@b.example/r' from='a.example' id='1' type='get'><q xmlns='urn:q'/></iq>"};
        owned = OwnedStanza{in.out};
    }
    const OwnedStanza moved = std::move(owned);
    const Stanza view = moved.view();
    EXPECT_EQ(view.to, "u@b.example/r");
    EXPECT_EQ(view.to_domain, "b.example");
    EXPECT_EQ(view.from_domain, "a.example");
    EXPECT_EQ(view.type, "get");
    EXPECT_EQ(moved.size(), view.bytes.size());
    EXPECT_EQ(OwnedStanza{}.view().bytes, "");
    EXPECT_EQ(OwnedStanza{Stanza{}}.view().to_domain, "");
}

}  // namespace
}  // namespace sallyport::xmpp
