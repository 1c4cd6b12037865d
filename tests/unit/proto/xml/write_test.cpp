// The canonical writer: its form, and that what it writes is read as what was written (threat T46).
#include <gtest/gtest.h>

#include <random>

#include "support/expat_oracle.h"

namespace sallyport::xml {
namespace {

const XmlLimits limits = Limits{}.after_auth;

TEST(Write, HasOneCanonicalForm) {
    Element message{"jabber:server", "message"};
    message.set("to", "a'\"<>&\t\r\n\u265A");
    message.attributes.push_back({"http://www.w3.org/XML/1998/namespace", "lang", "en"});
    message.attributes.push_back({"urn:p", "b", "1"});
    message.attributes.push_back({"urn:p", "c", "2"});
    message.add(Element{"jabber:server", "body"}.add_text("]]> & <\r\n'"));
    message.add(Element{"urn:x", "x"}.add(Element{"", "y"}));
    EXPECT_EQ(write(message, "jabber:server"),
              "<message to='a&apos;&quot;&lt;&gt;&amp;&#9;&#13;&#10;\u265A' xml:lang='en' xmlns:ns1='urn:p' ns1:b='1' "
              "ns1:c='2'><body>]]&gt; &amp; &lt;&#13;\n'</body><x xmlns='urn:x'><y xmlns=''/></x></message>");
    EXPECT_EQ(write(Element{"urn:x", "x"}, ""), "<x xmlns='urn:x'/>");
    EXPECT_EQ(write(Element{"urn:x", "x"}.set("a", "1").set("a", "2"), "urn:x"), "<x a='2'/>");
}

TEST(Write, UsesThePrefixesOfTheHeader) {
    const Element features =
        Element{"urn:streams", "features"}.add(Element{"jabber:server", "x"}).add(Element{"urn:db", "d"});
    EXPECT_EQ(write(features, "jabber:server", {{"urn:streams", "stream"}, {"urn:db", "db"}}),
              "<stream:features><x/><db:d/></stream:features>");
}

TEST(Write, MovesTheContentNamespaceOnly) {  // RFC 6120 4.8.3; threat T45
    Element message{"jabber:server", "message"};
    message.add(Element{"jabber:server", "body"});
    message.add(Element{"urn:xmpp:forward:0", "forwarded"}.add(Element{"jabber:server", "message"}));
    EXPECT_EQ(
        write_rescoped(message, "jabber:server", "jabber:client"),
        "<message><body/><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:server'/></forwarded></message>");
}

TEST(Write, WritesDeepTreesWithoutTheStack) {
    Element deep{"u", "e"};
    for (int i = 0; i < 1000; ++i) deep = Element{"u", "e"}.add(std::move(deep));
    EXPECT_EQ(write(deep, "u").size(), 1000 * 7 + 4U);
}

TEST(Parse, TakesOneElementOnly) {
    EXPECT_TRUE(parse("<?xml version='1.0'?>\n<a/>\n", limits));
    EXPECT_EQ(parse("<a/>", limits, "urn:i")->space, "urn:i");
    for (const char* bad : {"", " ", "a", "<a>", "<a/><b/>", "<a/>x", "</a>", "<![CDATA[]]>", "<?xml version='1.0'"}) {
        const auto element = parse(bad, limits);
        ASSERT_FALSE(element) << bad;
        EXPECT_EQ(element.error().code, "not-well-formed") << bad;
    }
    EXPECT_EQ(parse("<!DOCTYPE a><a/>", limits).error().code, "restricted-xml");
    EXPECT_EQ(parse("<!-- --><a/>", limits).error().code, "restricted-xml");
    EXPECT_EQ(parse("<a><b/></a>", {100, 1, 9, 9, 9, 9}).error().code, "limit");
    EXPECT_EQ(parse("<a>" + std::string(100, 'x') + "</a>", {100, 9, 9, 9, 9, 9}).error().code, "limit");
}

TEST(Element, IsLookedInto) {
    const auto element = parse("<a x='1' xmlns:p='u' p:x='2'>one<b xmlns='v'/>two<b xmlns='w'>three</b></a>", limits);
    ASSERT_TRUE(element);
    EXPECT_EQ(element->attribute("x"), "1");
    EXPECT_FALSE(element->has_attribute("y"));
    EXPECT_EQ(element->text(), "onetwo");
    ASSERT_NE(element->child("w", "b"), nullptr);
    EXPECT_EQ(element->child("w", "b")->text(), "three");
    EXPECT_EQ(element->child("x", "b"), nullptr);
    EXPECT_EQ(element->first_child()->space, "v");
}

class Trees {
public:
    explicit Trees(unsigned seed) : random_{seed} {}

    Element element(unsigned depth) {
        Element made{pick({"jabber:server", "urn:a", "urn:b&<'", "", "jabber:client"}),
                     pick({"message", "body", "x", "y-1"})};
        for (std::size_t i = below(4); i > 0; --i) {
            Attribute attribute{pick({"", "", "urn:a", "http://www.w3.org/XML/1998/namespace"}),
                                pick({"to", "id", "b.c"}), text()};
            const bool twice = std::any_of(made.attributes.begin(), made.attributes.end(), [&](const Attribute& a) {
                return a.space == attribute.space && a.name == attribute.name;
            });
            if (!twice) made.attributes.push_back(std::move(attribute));
        }
        for (std::size_t i = depth == 0 ? 0 : below(5); i > 0; --i) {
            const bool after_text = !made.children.empty() && std::holds_alternative<std::string>(made.children.back());
            if (below(2) == 0 && !after_text) {
                if (std::string part = text(); !part.empty()) made.add_text(std::move(part));
            } else {
                made.add(element(depth - 1));
            }
        }
        return made;
    }

private:
    std::size_t below(std::size_t bound) { return random_() % bound; }
    std::string pick(std::initializer_list<const char*> from) { return from.begin()[below(from.size())]; }
    std::string text() {
        std::string out;
        for (std::size_t i = below(8); i > 0; --i) {
            out += pick({"<", ">", "&", "'", "\"", "\t", "\n", "\r", "]]>", " ", "abc", "\u00E4", "\u265A",
                         "\U0001F600", "\x7F"});
        }
        return out;
    }
    std::mt19937 random_;
};

TEST(Write, IsReadAsWhatWasWritten) {  // by the reader and by expat
    Trees trees{42};
    for (int round = 0; round < 500; ++round) {
        const Element tree = trees.element(5);
        const std::string bytes = write(tree, "jabber:server");
        const auto again = parse(bytes, limits, "jabber:server");
        ASSERT_TRUE(again) << again.error().text << "\n" << bytes;
        EXPECT_EQ(*again, tree) << bytes;
        EXPECT_EQ(write(*again, "jabber:server"), bytes);
        const auto other = test::parse_with_expat(write(tree, ""));
        ASSERT_TRUE(other) << bytes;
        EXPECT_EQ(*other, tree) << bytes;
    }
}

}  // namespace
}  // namespace sallyport::xml
