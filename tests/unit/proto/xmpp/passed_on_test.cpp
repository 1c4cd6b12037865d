// What one hop lets in, the next must take (docs/protocol/link.md section 7): a stanza that the intake passes on is
// within the limits of every later reader, and so is the answer to it.
#include <gtest/gtest.h>

#include <random>

#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "support/repeat.h"

namespace sallyport::xmpp {
namespace {

using test::repeated;

const std::string server =
    "<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams' xmlns:h='urn:h'>";
const std::string link =
    "<s:stream xmlns='jabber:component:accept' xmlns:s='http://etherx.jabber.org/streams' "
    "xmlns:sp='urn:sallyport:link:0'>";

/// What became of a stanza at a hop.
struct Hop {
    Hop(const std::string& header, const std::string& stanza, const XmlLimits& limits, std::string_view lang) {
        xml::Reader reader{Limits{}.before_auth};
        reader.feed(header);
        EXPECT_EQ(reader.next(), xml::Kind::header);
        EXPECT_EQ(reader.next(), xml::Kind::need_more);
        reader.set_limits(limits);
        reader.feed(stanza);
        read = reader.next() == xml::Kind::element;
        if (!read) {
            why = reader.explanation();
            return;
        }
        StanzaIntake intake;
        Stanza out;
        StanzaProblem problem;
        passed = intake.read(reader, lang, out, problem);
        if (passed) bytes = out.bytes;
        returned = problem.stanza;
        if (passed || returned)
            answer = bounce(out, {StanzaCondition::policy_violation, std::string(256, '\''), {}, {}, "v"});
    }
    bool read = false, passed = false;
    std::optional<StanzaCondition> returned;
    std::string bytes, answer, why;
};

/// The stanza comes in from outside and goes over links, as often as it may.
void expect_taken(const std::string& stanza, const Limits& limits, std::string_view lang = "en") {
    const Hop first{server, stanza, stanza_limits(limits), lang};
    ASSERT_TRUE(first.read) << first.why << ": " << stanza.substr(0, 200);
    ASSERT_TRUE(first.passed || first.returned) << stanza.substr(0, 200);
    const std::string* said = first.passed ? &first.bytes : &first.answer;
    for (int hop = 0; hop < 2; ++hop) {
        if (said->empty()) continue;
        const Hop next{link, *said, passed_on_limits, {}};
        ASSERT_TRUE(next.read) << next.why << ": " << said->substr(0, 200);
        ASSERT_TRUE(next.passed) << said->substr(0, 200);
        // What was in the link's own namespace is written afresh there.
        if (said->find("'jabber:component:accept'") == std::string::npos) {
            EXPECT_EQ(next.bytes, *said) << "nothing is added on the way";
        }
        said = &first.answer;
    }
}

std::string attributes(std::size_t count, const std::string& value = {}) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += " a" + std::to_string(i) + "='" + value + "'";
    return out;
}

/// `to` in capitals, so that it is written afresh.
std::string message(const std::string& more_attributes, const std::string& content, bool afresh) {
    return std::string{"<message to='"} + (afresh ? "B@b.test" : "b@b.test") + "' from='a@a.test'" + more_attributes +
           ">" + content + "</message>";
}

Limits any_limits() {
    Limits limits;
    limits.after_auth = {unlimited, unlimited, unlimited, unlimited, unlimited, unlimited};
    return limits;
}

TEST(PassedOn, WhatIsAtTheLimitIsTakenByEveryLaterReader) {
    for (const Limits& limits : {Limits{}, any_limits()}) {
        const XmlLimits most = stanza_limits(limits);
        for (const bool afresh : {false, true}) {
            if (limits.after_auth.elements == unlimited && !afresh) continue;  // megabytes
            expect_taken(message(attributes(most.attributes - 2), "", afresh), limits);
            expect_taken(message(" id='" + std::string(most.attribute_bytes, '"') + "'", "", afresh), limits);
            expect_taken(message(" id=\"" + std::string(most.attribute_bytes, '\'') + "\"", "", afresh), limits);
            expect_taken(message(" id=\"" + std::string(most.attribute_bytes - 6, '\'') + "&quot;\"", "", afresh),
                         limits);
            std::string spaces;
            for (std::size_t i = 0; i < most.namespaces; ++i) {
                spaces += " xmlns:p" + std::to_string(i) + "='urn:" + std::to_string(i) + "'";
            }
            expect_taken(message(spaces, "<p0:x p1:y=''/><p0:x p1:y=''/>", afresh), limits);
            expect_taken(message("", repeated("<x>", most.depth) + repeated("</x>", most.depth), afresh), limits);
            expect_taken(message("", repeated("<x/>", most.elements - 1), afresh), limits);
            const std::size_t room = most.element_bytes - message("", "<x xmlns=''></x>", afresh).size();
            expect_taken(message("", "<x xmlns=''>" + std::string(room, '>') + "</x>", afresh), limits);
            expect_taken(message("", "<x xmlns=''>" + std::string(room, 'x') + "</x>", afresh), limits,
                         "e'''''''''n\"");
        }
    }
}

TEST(PassedOn, WhatWouldBeTooLongIsReturned) {
    const Limits limits = any_limits();
    const std::string text(stanza_limits(limits).element_bytes - 100, '>');
    const Hop hop{server, message("", text, true), stanza_limits(limits), {}};
    ASSERT_TRUE(hop.read);
    EXPECT_FALSE(hop.passed);
    EXPECT_EQ(hop.returned, StanzaCondition::policy_violation);
    EXPECT_NE(hop.answer.find("to='a@a.test' from='b@b.test'"), std::string::npos);
    EXPECT_TRUE(Hop(server, message("", text, false), stanza_limits(limits), {}).passed) << "as it came it fits";
}

TEST(PassedOn, ManySiblingsOfOneDeclarationDoNotGrow) {
    const std::string space(1000, 'u');
    const std::string stanza = message(" xmlns:a='" + space + "'", repeated("<a:x/>", 4900), true);
    const Hop hop{server, stanza, Limits{}.after_auth, {}};
    ASSERT_TRUE(hop.passed) << hop.why;
    EXPECT_LT(hop.bytes.size(), 2 * stanza.size());
}

TEST(PassedOn, LimitsOfLaterReadersAreWiderInEveryWay) {
    const XmlLimits most = stanza_limits(any_limits());
    EXPECT_GT(passed_on_limits.element_bytes, most.element_bytes);
    EXPECT_GT(passed_on_limits.element_bytes, passed_on_bytes);
    EXPECT_GT(passed_on_limits.elements, most.elements);
    EXPECT_GT(passed_on_limits.depth, most.depth);
    EXPECT_LT(passed_on_limits.depth, 1024U) << "the reader's own bound";
    EXPECT_GT(passed_on_limits.attributes, most.attributes);
    EXPECT_GE(passed_on_limits.attribute_bytes, passed_on_bytes);
    EXPECT_GE(passed_on_limits.namespaces, passed_on_bytes / 10);
    EXPECT_EQ(stanza_limits(Limits{}).element_bytes, Limits{}.after_auth.element_bytes)
        << "what is less than the most holds";
}

TEST(PassedOn, EveryStanzaIsTakenByEveryLaterReader) {
    std::mt19937 random{6120};
    const auto below = [&](std::size_t bound) { return random() % bound; };
    constexpr const char* pieces[] = {"<x/>",
                                      "<p:x/>",
                                      "<h:x h:y='1'/>",
                                      "<q:x xmlns:q='urn:q' q:a=\"'\"/>",
                                      "<x xmlns=''/>",
                                      "<![CDATA[&<>]]>",
                                      ">'\"",
                                      "&amp;",
                                      "\r",
                                      "\u00E4",
                                      "<c xmlns='jabber:component:accept'/>",
                                      "<s xmlns='jabber:server'/>",
                                      "<größe xmlns='urn:x'/>",
                                      "<x xmlns='jabber:client'><p:y xmlns:p='urn:z'/></x>"};
    constexpr const char* tags[] = {" id='1'",  " id=\"it's\"", " type='chat'",          " xml:lang='de'",
                                    " p:a='1'", " b='&#39;'",   " xmlns='jabber:server'"};
    for (int round = 0; round < 300 && !testing::Test::HasFailure(); ++round) {
        std::string content, more = " xmlns:p='urn:p" + std::string(below(300), 'u') + "'";
        for (std::size_t i = below(30); i > 0; --i)
            content += repeated(pieces[below(std::size(pieces))], 1 + below(20));
        for (const char* tag : tags) {
            // A second id would be no XML.
            if (below(3) == 0 && more.find(std::string{tag}.substr(0, 4)) == std::string::npos) more += tag;
        }
        expect_taken(message(more, content, below(2) == 0), Limits{}, below(2) == 0 ? "en" : "");
    }
}

}  // namespace
}  // namespace sallyport::xmpp
