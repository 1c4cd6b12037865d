// What the reader accepts and refuses, and with which problem (security catalogue T42 to T57, 4.6).
#include "proto/xml/reader.h"

#include <gtest/gtest.h>

#include "support/expat_oracle.h"

namespace sallyport::xml {
namespace {

const XmlLimits stream_limits = Limits{}.after_auth;
const std::string open_tag =
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns:db='jabber:server:dialback' from='a.example' to='b.example' version='1.0'>";

Problem problem_in(const std::string& bytes) { return test::read_with_reader(bytes, stream_limits).problem; }
Problem problem_inside(const std::string& bytes) { return problem_in(open_tag + bytes); }

/// A reader that stands behind the first element of `bytes`.
struct Standing {
    explicit Standing(std::string after_header, std::string header = open_tag)
        : bytes{std::move(header) + std::move(after_header)} {
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), Kind::header);
        EXPECT_EQ(reader.next(), Kind::element) << reader.explanation();
    }
    std::string bytes;
    Reader reader{stream_limits};
};

TEST(Reader, GivesSliceAndShellInPlace) {
    const std::string stanza =
        "<message to='u@b.example' from=\"v@a.example\" id='1' type='chat' xml:lang='de'><body>hi</body></message>";
    Standing at{"  \n" + stanza + "<presence/>"};
    EXPECT_EQ(at.reader.slice(), stanza);
    EXPECT_EQ(at.reader.slice().data(), at.bytes.data() + open_tag.size() + 3) << "must not be copied";
    const Shell& shell = at.reader.shell();
    EXPECT_EQ(shell.name, "message");
    EXPECT_EQ(shell.space, "jabber:server");
    EXPECT_EQ(shell.to, "u@b.example");
    EXPECT_EQ(shell.from, "v@a.example");
    EXPECT_EQ(shell.id, "1");
    EXPECT_EQ(shell.type, "chat");
    EXPECT_EQ(shell.lang, "de");
    EXPECT_EQ(at.reader.slice().substr(shell.to_at, shell.to.size()), shell.to);
    EXPECT_EQ(at.reader.slice().substr(shell.from_at, shell.from.size()), shell.from);
    EXPECT_EQ(at.reader.slice().substr(0, shell.tag_end), "<message");
    EXPECT_TRUE(at.reader.plain());
    EXPECT_EQ(at.reader.children(), 1U);
    EXPECT_EQ(at.reader.unread(), std::string{"<presence/>"}.size());
    EXPECT_EQ(at.reader.next(), Kind::element);
    EXPECT_EQ(at.reader.shell().name, "presence");
    EXPECT_FALSE(at.reader.shell().has_to);
    EXPECT_EQ(at.reader.children(), 0U);
    EXPECT_EQ(at.reader.next(), Kind::need_more);
}

TEST(Reader, CountsChildrenUpToTwo) {
    EXPECT_EQ(Standing{"<iq>a<a/>b</iq>"}.reader.children(), 1U);
    EXPECT_EQ(Standing{"<iq><a><b/></a><c/><d/></iq>"}.reader.children(), 2U);
}

TEST(Reader, JudgesWhatMayBePassedOnAsItIs) {
    const auto plain = [](const std::string& stanza) { return Standing{stanza}.reader.plain(); };
    EXPECT_TRUE(plain("<iq><query xmlns='urn:x' a:b='c' xmlns:a='urn:a'/>&lt;\u265A\n</iq>"));
    EXPECT_TRUE(
        plain("<message xml:lang='en'><f xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></f></message>"));
    for (const char* other :
         {"<message xmlns='jabber:server'/>", "<message><x xmlns='jabber:server'/></message>",
          "<message><x xmlns='jabber&#58;server'/></message>", "<message><p:x xmlns:p='jabber:server'/></message>",
          "<message><![CDATA[x]]></message>", "<message>\r\n</message>", "<message a='\r'/>",
          "<message><db:x/></message>", "<message><stream:stream/></message>", "<message db:a='x'/>", "<db:result/>",
          "<message to='a&amp;b'/>", "<message from='&#97;'/>",
          "<message><x xmlns='http://etherx.jabber.org/streams'/></message>", "<x:message xmlns:x='jabber:server'/>",
          "<message xmlns=''/>"}) {
        EXPECT_FALSE(plain(other)) << other;
    }
    const Standing free{"<message xmlns='jabber:server'/>", "<stream xmlns='http://etherx.jabber.org/streams'>"};
    EXPECT_FALSE(free.reader.plain());
    EXPECT_EQ(free.reader.shell().space, "jabber:server");
}

TEST(Reader, AcceptsTheCharactersOfXml) {
    for (const char* good : {"ABC",
                             "\xC2\x80",
                             "\xDF\xBF",
                             "\xE0\xA0\x80",
                             "\xED\x9F\xBF",
                             "\xEE\x80\x80",
                             "\xEF\xBF\xBD",
                             "\xF0\x90\x80\x80",
                             "\xF0\x9D\x9C\x8D",
                             "\xF4\x8F\xBF\xBF",
                             "\x7F",
                             "\t\r\n",
                             "&#9;&#10;&#13;&#x1F600;",
                             "&lt;&gt;&amp;&quot;&apos;",
                             "\xEF\xBB\xBF",
                             "]]",
                             "a>b",
                             "<![CDATA[<&]]]]>]",
                             "<![CDATA[]]>",
                             "<![CDATA[]]]>"}) {
        EXPECT_EQ(problem_inside("<message><body>" + std::string{good} + "</body></message>"), Problem::none) << good;
    }
}

TEST(Reader, RefusesBrokenUtf8AndForbiddenCharacters) {  // threat T43
    std::vector<std::string> bad = {"\x80",
                                    "\xBF",
                                    "\xC0",
                                    "\xC1",
                                    "\xC2",
                                    "\xC0\xAF",
                                    "\xC1\xBF",
                                    "\xC2\xC3",
                                    "\xE0\x80\xAF",
                                    "\xE0\x9F\xBF",
                                    "\xED\xA0\x80",
                                    "\xED\xBF\xBF",
                                    "\xF0\x80\x80\xAF",
                                    "\xF0\x8F\xBF\xBF",
                                    "\xF4\x90\x80\x80",
                                    "\xF5\x80\x80\x80",
                                    "\xF8\x88\x80\x80\x80",
                                    "\xFC\x84\x80\x80\x80\x80",
                                    "\xFE",
                                    "\xFF",
                                    "\xEB\x3C\x3E",
                                    "\xEB\x2F\x3E",
                                    "\xEF\xBF\xBE",
                                    "\xEF\xBF\xBF",
                                    "&#0;",
                                    "&#8;",
                                    "&#xD800;",
                                    "&#xFFFE;",
                                    "&#x110000;",
                                    "&#;",
                                    "&#x;",
                                    "&#99999999999999999999;",
                                    "& ",
                                    "&;",
                                    "&#xG;"};
    for (int c = 0; c < 0x20; ++c) {
        if (c != 9 && c != 10 && c != 13) bad.emplace_back(1, static_cast<char>(c));
    }
    for (const std::string& bytes : bad) {
        SCOPED_TRACE(::testing::PrintToString(bytes));
        EXPECT_EQ(problem_inside("<message><body>" + bytes + "</body></message>"), Problem::not_well_formed);
        EXPECT_EQ(problem_inside("<message a='" + bytes + "'/>"), Problem::not_well_formed);
        EXPECT_EQ(problem_inside("<message a" + bytes + "='b'/>"), Problem::not_well_formed);
        EXPECT_EQ(problem_inside("<message" + bytes + "/>"), Problem::not_well_formed);
        EXPECT_EQ(problem_inside("<message><![CDATA[" + bytes + "]]></message>"),
                  bytes[0] == '&' ? Problem::none : Problem::not_well_formed);
    }
}

TEST(Reader, RefusesWhatIsNotWellFormed) {
    for (const char* bad :
         {"<a></b>",
          "<a></a b>",
          "<a></aa>",
          "<a><b></a></b>",
          "<a b></a>",
          "<a b=c/>",
          "<a b='c'd='e'/>",
          "<a b='c' b='d'/>",
          "<a b='<'/>",
          "<a / >",
          "<a/ >",
          "< a/>",
          "<>",
          "<a>]]></a>",
          "<1/>",
          "<-a/>",
          "<a:/>",
          "<:a/>",
          "<a:b:c/>",
          "<p:a/>",
          "<a p:b='c'/>",
          "<a xmlns:p=''/>",
          "<a xmlns:xml='urn:x'/>",
          "<a xmlns:xmlns='urn:x'/>",
          "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
          "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
          "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
          "<xmlns:a/>",
          "<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>",
          "<a xmlns:p='u' xmlns:q='&#117;' p:x='1' q:x='2'/>",
          "<a xmlns:p='u' xmlns:p='v'/>",
          "<\xC3\x97/>",
          "<a><![cdata[x]]></a>",
          "<a><!x></a>",
          "</stream:strea>",
          "</stream:streamx>",
          "</message>",
          "\x01",
          "<a b='1' c='2' d='3' e='4' f='5' g='6' h='7' i='8' j='9' k='0' l='1' m='2' n='3' b='4'/>"}) {
        EXPECT_EQ(problem_inside(bad), Problem::not_well_formed) << bad;
    }
    for (const char* unclean : {"<a xmlns='jabber:server&#10;message'/>", "<a xmlns='jabber:server\nmessage'/>",
                                "<a xmlns='jabber:server message'/>"}) {
        EXPECT_EQ(problem_inside(unclean), Problem::limit) << "well formed, but not to be passed on: " << unclean;
    }
    EXPECT_EQ(problem_inside("<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:b='c'/>"), Problem::none);
    EXPECT_EQ(problem_inside("<a xmlns:p='u'><b xmlns:p='v'/><p:c/></a  ><d/>"), Problem::none);
    EXPECT_EQ(problem_inside("<a><b xmlns:p='v'/><p:c/></a>"), Problem::not_well_formed)
        << "a prefix ends with its element";
}

TEST(Reader, RefusesWhatXmppForbids) {  // RFC 6120 11.1; threats T52, T53
    for (const char* bad :
         {"<!-- x -->", "<a><!-- x --></a>", "<?php x?>", "<a><?php x?></a>", "<?xml version='1.0'?>", "<!DOCTYPE a>",
          "<a><!DOCTYPE a></a>", "<a>&undefined;</a>", "<a b='&undefined;'/>", "<a>&ltt;</a>", "<a>&\xC3\xA4;</a>"}) {
        EXPECT_EQ(problem_inside(bad), Problem::restricted_xml) << bad;
    }
    for (const char* bad : {"<!-- x -->", "<!DOCTYPE a [<!ENTITY x 'y'>]>", "<?xml-stylesheet a='b'?>", "<?php x?>",
                            " <?xml version='1.0'?>", "<?xml version='1.0'?><?xml version='1.0'?>",
                            "<?xml version='1.0' standalone='no'?>", "<?xml version='1.1'?>"}) {
        EXPECT_EQ(problem_in(bad), Problem::restricted_xml) << bad;
    }
}

TEST(Reader, RefusesTextBetweenStanzas) {  // threat T36
    EXPECT_EQ(problem_inside("abc"), Problem::bad_format);
    EXPECT_EQ(problem_inside("<a/>&#32;"), Problem::bad_format);
    EXPECT_EQ(problem_inside("<![CDATA[]]>"), Problem::bad_format);
    EXPECT_EQ(problem_inside("\xEF\xBB\xBF"), Problem::bad_format);
    EXPECT_EQ(problem_inside(" \t\r\n<a/> \n"), Problem::none);
}

TEST(Reader, TakesUtf8Only) {  // RFC 6120 11.6
    EXPECT_EQ(problem_in("<?xml version='1.0' encoding='ISO-8859-1'?>"), Problem::unsupported_encoding);
    EXPECT_EQ(problem_in("<?xml version='1.0' encoding='UTF-16'?>"), Problem::unsupported_encoding);
    EXPECT_EQ(problem_in("\xFF\xFE<"), Problem::unsupported_encoding);
    EXPECT_EQ(problem_in("\xFE\xFF"), Problem::unsupported_encoding);
    EXPECT_EQ(problem_in(std::string{"<\0", 2}), Problem::unsupported_encoding);
    EXPECT_EQ(problem_in(std::string{"\0<", 2}), Problem::unsupported_encoding);
    EXPECT_EQ(problem_in("\xEF\xBB\xBF" + open_tag), Problem::not_well_formed);
    for (const char* good : {"<?xml version='1.0'?>", "<?xml version=\"1.0\" encoding='utf-8' ?>\n",
                             "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>", "\n"}) {
        EXPECT_EQ(problem_in(good + open_tag), Problem::none) << good;
    }
    for (const char* bad :
         {"<?xml ?>", "<?xml version='1.0'encoding='UTF-8'?>", "<?xml version='1.0' x='y'?>", "abc"}) {
        EXPECT_EQ(problem_in(bad + open_tag), Problem::not_well_formed) << bad;
    }
    EXPECT_EQ(problem_in("<?xml " + std::string(300, ' ')), Problem::restricted_xml);
}

TEST(Reader, KeepsWhatTheHeaderDeclares) {
    Reader reader{stream_limits};
    reader.feed(
        "<?xml version='1.0'?>\n<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams' "
        "to='a&amp;b' "
        "xml:lang='de' s:x='y'>");
    ASSERT_EQ(reader.next(), Kind::header);
    const Header& header = reader.header();
    EXPECT_EQ(header.prefix, "s");
    EXPECT_EQ(header.name, "stream");
    EXPECT_EQ(header.space, "http://etherx.jabber.org/streams");
    EXPECT_EQ(header.content_space, "jabber:server");
    EXPECT_EQ(header.attribute("to"), "a&b");
    const std::vector<Attribute> expected = {{"", "to", "a&b"},
                                             {"http://www.w3.org/XML/1998/namespace", "lang", "de"},
                                             {"http://etherx.jabber.org/streams", "x", "y"}};
    EXPECT_EQ(header.attributes, expected);
    ASSERT_EQ(header.prefixes.size(), 1U);
    EXPECT_EQ(header.prefixes[0].first, "s");
    EXPECT_EQ(reader.next(), Kind::need_more);
}

TEST(Reader, EndsAtTheFooter) {
    const std::string bytes = open_tag + "</stream:stream \n><message/>";
    Reader reader{stream_limits};
    reader.feed(bytes);
    EXPECT_EQ(reader.next(), Kind::header);
    EXPECT_EQ(reader.next(), Kind::footer);
    EXPECT_EQ(reader.next(), Kind::need_more) << "nothing is processed behind the footer";
    reader.feed("<message/>");
    EXPECT_EQ(reader.next(), Kind::need_more);
    Reader short_one{stream_limits};
    short_one.feed("<stream/>");
    EXPECT_EQ(short_one.next(), Kind::header);
    EXPECT_EQ(short_one.next(), Kind::footer);
}

TEST(Reader, StaysFinishedAfterAProblem) {
    Reader reader{stream_limits};
    reader.feed("<a></b>");
    EXPECT_EQ(reader.next(), Kind::header);
    EXPECT_EQ(reader.next(), Kind::problem);
    reader.feed("<c/>");
    EXPECT_EQ(reader.next(), Kind::problem);
    EXPECT_NE(reader.explanation().find("byte 3"), std::string::npos) << reader.explanation();
    EXPECT_FALSE(reader.inside_element());
}

TEST(Reader, TakesAFeedBeforeTheLastWasReadToItsEnd) {
    Reader reader{stream_limits};
    reader.feed("<s><a/><b");
    EXPECT_EQ(reader.next(), Kind::header);
    reader.feed("/><c/>");
    for (const char* name : {"a", "b", "c"}) {
        ASSERT_EQ(reader.next(), Kind::element);
        EXPECT_EQ(reader.shell().name, name);
    }
    EXPECT_EQ(reader.next(), Kind::need_more);
}

}  // namespace
}  // namespace sallyport::xml
