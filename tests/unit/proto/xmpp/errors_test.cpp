// Error tables and their XML (RFC 6120 4.9 and 8.3), stream headers (RFC 6120 4.7).
#include "proto/xmpp/errors.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::xmpp {
namespace {

const XmlLimits limits = Limits{}.after_auth;

xml::Element in_stream(const std::string& error) {
    xml::Reader reader{limits};
    const std::string bytes = write(StreamHeader{}) + error;
    reader.feed(bytes);
    EXPECT_EQ(reader.next(), xml::Kind::header);
    EXPECT_EQ(reader.next(), xml::Kind::element);
    return reader.tree();
}

TEST(StreamError, EachConditionSurvivesTheWire) {
    for (int i = 0; i <= static_cast<int>(StreamCondition::unsupported_version); ++i) {
        const StreamError error{static_cast<StreamCondition>(i), "a <text> & more", "urn:xmpp:errors",
                                "stanza-too-big"};
        EXPECT_EQ(stream_condition(text(error.condition)), error.condition);
        EXPECT_EQ(read_stream_error(in_stream(write(error))), error);
    }
}

TEST(StreamError, UnknownConditionIsUndefined) {  // RFC 6120 4.9.2
    const auto error = read_stream_error(in_stream("<stream:error><evil xmlns='urn:x'/></stream:error>"));
    EXPECT_EQ(error.condition, StreamCondition::undefined_condition);
    EXPECT_EQ(error.app_name, "evil");
    EXPECT_EQ(stream_condition("made-up"), StreamCondition::undefined_condition);
}

TEST(StreamError, CutsTextAtACharacter) {  // threat T38
    std::string long_text;
    while (long_text.size() < 1000) long_text += "\u265A";
    const auto error = read_stream_error(in_stream(write(StreamError{StreamCondition::reset, long_text, {}, {}})));
    EXPECT_EQ(error.text, long_text.substr(0, 255));
}

TEST(StanzaError, EachConditionHasItsType) {  // RFC 6120 8.3.3
    for (int i = 0; i <= static_cast<int>(StanzaCondition::unexpected_request); ++i) {
        const auto condition = static_cast<StanzaCondition>(i);
        EXPECT_EQ(stanza_condition(text(condition)), condition);
        const auto element = xml::parse(write(StanzaError{condition, "why"}), limits, "jabber:server");
        ASSERT_TRUE(element);
        EXPECT_EQ(element->attribute("type"), error_type(condition));
        EXPECT_NE(element->child("urn:ietf:params:xml:ns:xmpp-stanzas", text(condition)), nullptr);
    }
    EXPECT_EQ(error_type(StanzaCondition::remote_server_timeout), "wait");
    EXPECT_EQ(error_type(StanzaCondition::service_unavailable), "cancel");
    EXPECT_EQ(error_type(StanzaCondition::jid_malformed), "modify");
    EXPECT_EQ(error_type(StanzaCondition::forbidden), "auth");
    EXPECT_EQ(stanza_condition("made-up"), StanzaCondition::undefined_condition);
}

TEST(StreamHeader, IsReadAsItWasWritten) {
    StreamHeader header;
    header.from = "a.example";
    header.to = "b'<&.example";
    header.id = "42";
    header.extra = " x='y'";
    xml::Reader reader{limits};
    const std::string bytes = write(header);
    reader.feed(bytes);
    ASSERT_EQ(reader.next(), xml::Kind::header);
    EXPECT_EQ(reader.header().space, "http://etherx.jabber.org/streams");
    EXPECT_EQ(reader.header().name, "stream");
    EXPECT_EQ(reader.header().prefix, "stream");
    EXPECT_EQ(reader.header().content_space, "jabber:server");
    EXPECT_EQ(reader.header().attribute("from"), "a.example");
    EXPECT_EQ(reader.header().attribute("to"), "b'<&.example");
    EXPECT_EQ(reader.header().attribute("id"), "42");
    EXPECT_EQ(reader.header().attribute("x"), "y");
    EXPECT_EQ(reader.header().attribute("lang"), "");
    EXPECT_EQ(reader.header().prefixes.size(), 2U);
}

TEST(StreamHeader, LeavesOutWhatIsNotThere) {
    StreamHeader header;
    header.version_1 = false;
    header.dialback = false;
    header.lang.clear();
    EXPECT_EQ(
        write(header),
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>");
}

StreamVersion version(std::string value) {
    xml::Header header;
    header.attributes.push_back({{}, "version", std::move(value)});
    return stream_version(header);
}

TEST(StreamVersion, IsComparedAsNumbers) {  // RFC 6120 4.7.5
    for (const char* one : {"1.0", "1.00", "01.0", "0001.000"}) {
        EXPECT_TRUE(version(one).valid);
        EXPECT_EQ(version(one).major, 1U);
        EXPECT_EQ(version(one).minor, 0U);
    }
    EXPECT_EQ(version("11.0").major, 11U);
    EXPECT_EQ(version("1.99999999999999999999").major, 1U);
    for (const char* bad : {"", "1", "1.", ".1", "1.0.0", "a.b", "-1.0", " 1.0"})
        EXPECT_FALSE(version(bad).valid) << bad;
    EXPECT_EQ(stream_version({}).major, 0U);
    EXPECT_EQ(stream_version({}).minor, 9U);
}

}  // namespace
}  // namespace sallyport::xmpp
