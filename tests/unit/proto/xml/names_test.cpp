// Names outside ASCII (XML 1.0, 5th edition, 2.3; Namespaces in XML 1.0 3), for the reader and for expat.
#include <gtest/gtest.h>

#include "proto/xml/chars.h"
#include "support/expat_oracle.h"

namespace sallyport::xml {
namespace {

const XmlLimits name_limits{4096, 40, 10, 16, 512, 8};

std::string utf8(std::uint32_t c) {
    std::string out;
    append_utf8(out, c);
    return out;
}

std::string in_stream(const std::string& element) { return "<s xmlns='urn:s'>" + element + "</s>"; }

TEST(Names, OfTheFifthEditionAreRead) {
    for (const char* good :
         {"<größe xmlns='urn:x'/>", "<a größe='1'/>", "<ß:ä xmlns:ß='u' ß:ö='1'/>", "<名前><子供/></名前>",
          "<a\u00B7/>", "<a\u0301b/>", "<x\u203F/>", "<\U0001F600 \U00010000='1'/>", "<é></é >", "<\u2C00/>",
          "<\uFDF0/>", "<_\u0300\u00C0-.9/>"}) {
        const std::string bytes = in_stream(good);
        const test::Reading reading = test::read_with_reader(bytes, name_limits);
        EXPECT_TRUE(reading.closed) << good << ": " << reading.why;
        EXPECT_EQ(test::disagreement(reading, test::read_with_expat(bytes)), "") << good;
        EXPECT_EQ(reading, test::read_with_reader(bytes, name_limits, [] { return 1; })) << good;
    }
    const auto element = parse("<ß:größe xmlns:ß='urn:x' ß:ö='1'/>", name_limits);
    ASSERT_TRUE(element);
    EXPECT_TRUE(element->is("urn:x", "größe"));
    EXPECT_EQ(element->attribute("urn:x", "ö"), "1");
    EXPECT_EQ(write(*element, ""), "<größe xmlns='urn:x' xmlns:ns1='urn:x' ns1:ö='1'/>");
}

TEST(Names, ThatOnlyTheFifthEditionHasAreKnownExactlyAsExpatRefusesThem) {
    const auto is_new = [](const std::string& element) {
        Reader reader{name_limits};
        const std::string bytes = in_stream(element);
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), Kind::header);
        EXPECT_EQ(reader.next(), Kind::element) << element;
        return reader.has_new_names();
    };
    for (std::uint32_t c = 0x80; c < 0x10400; ++c) {
        for (const bool start : {true, false}) {
            if (!is_name_code(c, start)) {
                EXPECT_FALSE(is_old_name_code(c, start)) << c;
                continue;
            }
            const std::string element = (start ? "<" : "<a") + utf8(c) + "/>";
            ASSERT_EQ(is_new(element), !test::expat_takes(element)) << std::hex << c << (start ? " at the start" : "");
        }
    }
    for (const char* old : {"<größe/>", "<a ß='1'/>", "<ä:ö xmlns:ä='u'><é/></ä:ö>", "<a x='\u2070'>\U0001F600</a>"}) {
        EXPECT_FALSE(is_new(old)) << old;
    }
    for (const char* fresh : {"<a \u2070='1'/>", "<a><b><\u2070/></b></a>", "<a xmlns:\u2070='u'/>",
                              "<a:\u0660 xmlns:a='u'/>", "<\u0660/>", "<a\U00010000/>"}) {
        EXPECT_TRUE(is_new(fresh)) << fresh;
        EXPECT_FALSE(test::expat_takes(fresh)) << fresh;
    }
    Reader reader{name_limits};
    const std::string bytes = in_stream("<\u2070/><a/>");
    reader.feed(bytes);
    EXPECT_EQ(reader.next(), Kind::header);
    EXPECT_EQ(reader.next(), Kind::element);
    EXPECT_TRUE(reader.has_new_names());
    EXPECT_EQ(reader.next(), Kind::element);
    EXPECT_FALSE(reader.has_new_names()) << "of the element before";
}

TEST(Names, ThatNoEditionHasAreRefused) {
    for (const char* bad : {"<\u00D7/>",
                            "<\u00F7/>",
                            "<\u037E/>",
                            "<\u0300/>",
                            "<\u00B7/>",
                            "<\u203F/>",
                            "<\u2000/>",
                            "<a\u00D7/>",
                            "<a \u00D7='1'/>",
                            "<ä:ö:ü xmlns:ä='u'/>",
                            "<a:\u0300 xmlns:a='u'/>",
                            "<:ä/>",
                            "<ä:/>",
                            "<ä\xC3/>",
                            "<\xC3 />",
                            "<\xEF\xBF\xBE/>",
                            "<ä></ö>",
                            "<ä:a/>",
                            "<a ä='1' ä='2'/>",
                            "<a xmlns:ä='u' xmlns:ö='u' ä:x='1' ö:x='2'/>"}) {
        const std::string bytes = in_stream(bad);
        const test::Reading reading = test::read_with_reader(bytes, name_limits);
        EXPECT_EQ(reading.problem, Problem::not_well_formed) << bad;
        EXPECT_EQ(test::disagreement(reading, test::read_with_expat(bytes)), "") << bad;
        EXPECT_EQ(reading, test::read_with_reader(bytes, name_limits, [] { return 1; })) << bad;
    }
}

TEST(Names, HaveTheSameBordersForTheReaderAndForExpat) {
    constexpr std::uint32_t borders[] = {0xB7,   0xC0,   0xD7,   0xF7,   0x2FF,  0x370,  0x37E,   0x1FFF,
                                         0x200C, 0x200D, 0x203F, 0x2040, 0x2070, 0x218F, 0x2C00,  0x2FEF,
                                         0x3001, 0xD7FF, 0xF900, 0xFDCF, 0xFDF0, 0xFFFD, 0x10000, 0xEFFFF};
    for (const std::uint32_t border : borders) {
        for (std::uint32_t c = border - 1; c <= border + 1; ++c) {
            if (!is_xml_char(c)) continue;
            for (const std::string& tag : {"<" + utf8(c) + "/>", "<a" + utf8(c) + "/>", "<a " + utf8(c) + "='1'/>"}) {
                const std::string bytes = in_stream(tag);
                const test::Reading reading = test::read_with_reader(bytes, name_limits);
                EXPECT_EQ(test::disagreement(reading, test::read_with_expat(bytes)), "") << std::hex << c << " " << tag;
            }
        }
    }
}

TEST(Names, AreReadInPiecesOfAnySize) {
    const std::string bytes = in_stream("<größe \U00010000ä='ö'><ß:x xmlns:ß='u'/></größe>");
    const test::Reading whole = test::read_with_reader(bytes, name_limits);
    ASSERT_TRUE(whole.closed) << whole.why;
    for (std::size_t at = 1; at < bytes.size(); ++at) {
        bool first = true;
        EXPECT_EQ(whole,
                  test::read_with_reader(bytes, name_limits, [&] { return std::exchange(first, false) ? at : 0; }))
            << at;
    }
}

}  // namespace
}  // namespace sallyport::xml
