// Inbound headers: RFC 6120 4.2 to 4.9, threats T14, T33 to T36.
#include <gtest/gtest.h>

#include "support/dialogue.h"
#include "support/words.h"

namespace sallyport::testing {
namespace {

using enum xmpp::StreamCondition;
using s2s::SecurityMode;

Dialogue fresh() { return Dialogue::inbound(); }

void expect_refused(std::string_view header, xmpp::StreamCondition condition, std::string_view our_attributes = {}) {
    SCOPED_TRACE(header);
    Dialogue with = fresh();
    with.peer(header);
    with.our_header(our_attributes);
    with.expect_close(condition);
}

TEST(Opening, AnswersWithAHeaderAndTheFeaturesOfTheMode) {
    Dialogue::fail_each_step(fresh, [](Dialogue& with) {
        with.peer_header("partner.example", "corp.example");
        with.our_header("from='corp.example' to='partner.example' id='id-1' xml:lang='en' version='1.0'");
        with.ours(required_features);
        with.ours_nothing();
        with.expect_open();
        with.expect_note("s2s.stream.opened", "from", "partner.example");
    });
}

TEST(Opening, RefusesAddressesThatAreNotOurs) {
    const auto header = [](std::string_view addresses) {
        return "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " +
               std::string{addresses} + " version='1.0'>";
    };
    expect_refused(header("from='partner.example'"), improper_addressing, "from='corp.example' to='partner.example'");
    expect_refused(header("from='partner.example' to=''"), improper_addressing);
    expect_refused(header("from='partner.example' to='u@corp.example'"), improper_addressing);
    expect_refused(header("from='partner.example' to='corp.example/r'"), improper_addressing);
    expect_refused(header("from='partner.example' to='nowhere.example'"), host_unknown, "from='corp.example'");
    expect_refused(header("from='partner.example' to='retired.example'"), host_gone, "from='corp.example'");
    expect_refused(header("from='not a domain!' to='corp.example'"), improper_addressing);
    expect_refused(header("from='corp.example' to='corp.example'"), invalid_from);
    expect_refused(header("from='rooms.corp.example' to='corp.example'"), invalid_from);
}

TEST(Opening, RefusesForeignFrames) {
    const std::string_view addresses = " from='partner.example' to='corp.example' version='1.0'>";
    const std::string stream{"xmlns:stream='http://etherx.jabber.org/streams'"};
    expect_refused("<stream:stream xmlns='jabber:server' xmlns:stream='http://wrong/'" + std::string{addresses},
                   invalid_namespace);
    expect_refused("<stream:stream xmlns='jabber:client' " + stream + std::string{addresses}, invalid_namespace);
    expect_refused(
        "<foobar:stream xmlns='jabber:server' xmlns:foobar='http://etherx.jabber.org/streams'" + std::string{addresses},
        bad_namespace_prefix);
    expect_refused("<stream:beam xmlns='jabber:server' " + stream + std::string{addresses}, bad_format);
    expect_refused(
        "<stream:stream xmlns='jabber:server' " + stream + " from='partner.example' to='corp.example' version='11.0'>",
        unsupported_version);
    expect_refused("GET / HTTP/1.0\r\n\r\n", not_well_formed);
}

TEST(Opening, AnswersGarbageWithoutEchoingIt) {
    Dialogue with = fresh();
    with.peer("EHLO attacker.example\r\n");
    EXPECT_EQ(with.everything_sent().find("EHLO"), std::string::npos);
    EXPECT_EQ(with.everything_sent().find("attacker"), std::string::npos);
}

TEST(Opening, AcceptsPrefixFreeStreamsAndOddSpellingsOfTheVersion) {
    Dialogue with = fresh();
    with.peer(
        "<stream xmlns='http://etherx.jabber.org/streams' from='partner.example' to='corp.example' version='01.00'>");
    with.our_header("version='1.0'");
    with.ours(required_features);
    with.expect_open();
}

TEST(Opening, KnowsTheSeedsHeader) {  // COMPAT: an id on the initial header, no declaration, an odd language tag
    Dialogue with = fresh();
    with.peer(
        "<stream:stream from='vngtp.lab' id='1327B794B' to='corp.example' version='1.0' xml:lang='en-US.UTF-8' "
        "xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams'>");
    with.our_header("id='id-1'");
    with.ours(required_features);
    with.expect_open();
    EXPECT_EQ(with.in().lang(), "");
}

TEST(Opening, GivesPeersWithoutVersionNoFeatures) {
    const std::string_view old =
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback' from='old.example' to='corp.example'>";
    TestRules rules;
    rules.everyone.security = SecurityMode::no_tls;
    Dialogue with = Dialogue::inbound(rules);
    with.peer(old);
    with.our_header("xml:lang='en'>");
    with.ours_nothing();
    with.expect_open();

    Dialogue strict = fresh();
    strict.peer(old);
    strict.our_header();
    strict.expect_close(policy_violation);
}

TEST(Opening, RefusesWhomPolicyDeniesBeforeAnythingElse) {
    TestRules rules;
    rules.denied_in = rules.denied_out = {"partner.example"};
    Dialogue with = Dialogue::inbound(rules);
    with.peer_header("PARTNER.example.", "corp.example");
    with.our_header("to='partner.example'");
    with.expect_close(policy_violation);
    with.expect_note("s2s.refused", "condition", "policy-violation");
}

TEST(Opening, LetsWhomWeMayTalkToAskAboutOurKeys) {
    TestRules rules;
    rules.denied_in = {"partner.example"};
    rules.everyone.security = SecurityMode::tls_optional;
    Dialogue with = Dialogue::inbound(rules);
    with.peer_header("partner.example", "corp.example");
    with.expect_open();
    with.peer(result("partner.example", "corp.example", "00"));
    with.expect_close(policy_violation);
    with.expect_note("s2s.refused", "verdict", "v-0123456789ab");
}

TEST(Opening, ClosesWithoutAWordWhenNoHeaderCame) {
    Dialogue with = fresh();
    with.after(std::chrono::seconds{31});
    with.expect_silent_close();
    with.ours_nothing();
}

TEST(Opening, EndsNegotiationAtItsAbsoluteDeadline) {  // threat T58: bytes do not extend it
    Dialogue with = fresh();
    with.peer_header("partner.example", "corp.example");
    for (int i = 0; i < 5; ++i) {
        with.after(std::chrono::seconds{5});
        with.peer(" ");
    }
    with.expect_open();
    with.after(std::chrono::seconds{5});
    with.expect_close(connection_timeout);
    with.after(std::chrono::seconds{6});
    EXPECT_TRUE(with.in().closed());
}

TEST(Opening, RefusesASecondHeaderInsideTheStream) {
    TestRules rules;
    rules.everyone.security = SecurityMode::tls_optional;
    Dialogue with = Dialogue::inbound(rules);
    with.peer_header("partner.example", "corp.example");
    with.peer(
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='victim.example' "
        "to='corp.example' version='1.0'>");
    with.expect_close(bad_format);  // at its opening tag: its end is not waited for
}

TEST(Opening, TurnsReaderProblemsIntoTheirConditions) {
    const auto after_header = [](std::string_view bytes, xmpp::StreamCondition condition) {
        SCOPED_TRACE(bytes);
        Dialogue with = fresh();
        with.peer_header("partner.example", "corp.example");
        with.peer(bytes);
        with.expect_close(condition);
    };
    after_header("<!-- x -->", restricted_xml);
    after_header("<?php x?>", restricted_xml);
    after_header("<a></b>", not_well_formed);
    after_header("<a>" + std::string(9000, 'x'), policy_violation);
    after_header("text between", bad_format);
    after_header("<x xmlns='urn:x'/>", policy_violation);  // TLS is what is missing
}

}  // namespace
}  // namespace sallyport::testing
