// The limits of one element, counted while it arrives (threats T54 to T59).
#include <gtest/gtest.h>

#include "support/expat_oracle.h"
#include "support/repeat.h"

namespace sallyport::xml {
namespace {

using test::repeated;

constexpr XmlLimits small{200, 5, 3, 4, 20, 2};

Problem problem_of(const std::string& stanza, std::size_t piece = 0) {
    return test::read_with_reader("<s>" + stanza, small, [&] { return piece; }).problem;
}

void expect_limit(const std::string& within, const std::string& beyond) {
    for (const std::size_t piece : {0U, 1U, 7U}) {
        EXPECT_EQ(problem_of(within, piece), Problem::none) << within;
        EXPECT_EQ(problem_of(beyond, piece), Problem::limit) << beyond;
    }
}

TEST(XmlLimits, BoundTheElement) {
    expect_limit("<a>" + std::string(193, 'x') + "</a>", "<a>" + std::string(194, 'x') + "</a>");
    expect_limit("<a" + std::string(196, ' ') + "/>", "<a" + std::string(197, ' ') + "/>");
    expect_limit("<a>" + std::string(10, ' '), "<a>" + std::string(198, 'x'));
    expect_limit("<a/>", "<a " + std::string(198, ' '));
    expect_limit("<a></a", "<a></a" + std::string(198, ' '));
    EXPECT_EQ(problem_of(std::string(5000, ' ') + "<a/>"), Problem::none)
        << "white space between stanzas is no element";
}

TEST(XmlLimits, SayWhichOneWasPassed) {
    const std::pair<std::string, Bound> cases[] = {{"<a>" + repeated("<b/>", 5), Bound::elements},
                                                   {"<a><b><c><d><e/>", Bound::depth},
                                                   {"<a>" + std::string(198, 'x'), Bound::bytes},
                                                   {"<a b='1' c='2' d='3' e='4' f='5'/>", Bound::attributes},
                                                   {"<a b='" + std::string(21, 'x') + "'/>", Bound::attribute_bytes},
                                                   {"<a xmlns:b='b' xmlns:c='c' xmlns:d='d'/>", Bound::namespaces},
                                                   {"<a></b>", Bound::none}};
    for (const auto& [stanza, bound] : cases) {
        Reader reader{small};
        const std::string bytes = "<s>" + stanza;
        reader.feed(bytes);
        EXPECT_EQ(reader.next(), Kind::header);
        EXPECT_EQ(reader.next(), Kind::problem) << stanza;
        EXPECT_EQ(reader.bound(), bound) << stanza;
        EXPECT_NE(reader.explanation().find(row_of(bound).words), std::string::npos) << stanza;
    }
}

TEST(XmlLimits, BoundTheHeader) {
    for (const std::size_t piece : {0U, 1U}) {
        const std::string header = "<s" + std::string(1000, ' ');
        EXPECT_EQ(test::read_with_reader(header, small, [&] { return piece; }).problem, Problem::limit);
    }
}

TEST(XmlLimits, BoundTheElementsAndTheirDepth) {
    expect_limit("<a>" + repeated("<b/>", 4) + "</a>", "<a>" + repeated("<b/>", 5));
    expect_limit("<a><b><c><d/></c></b></a><a><b><c><d/></c></b></a>", "<a><b><c><d><e/>");
}

TEST(XmlLimits, BoundAttributesTheirValuesAndNamespaces) {
    expect_limit("<a b='' c='' d='' e='' xmlns='u' xmlns:p='v'/>", "<a b='' c='' d='' e='' f=''/>");
    expect_limit("<a xmlns='u' xmlns:p='v'/>", "<a xmlns='u' xmlns:p='v' xmlns:q='w'/>");
    expect_limit("<a b='" + std::string(20, 'x') + "'/>", "<a b='" + std::string(21, 'x') + "'/>");
}

TEST(XmlLimits, ChangeForTheNextElement) {
    Reader reader{small};
    const std::string large = "<a>" + std::string(1000, 'x') + "</a>";
    reader.feed("<s>");
    EXPECT_EQ(reader.next(), Kind::header);
    EXPECT_EQ(reader.next(), Kind::need_more);
    reader.set_limits(Limits{}.after_auth);
    reader.feed(large);
    EXPECT_EQ(reader.next(), Kind::element);
}

TEST(XmlLimits, ThatShrinkLeaveTheElementUnderWayAlone) {
    for (const std::string& begin : {"<a>" + std::string(1000, 'x'), "<a><![CDATA[" + std::string(1000, 'x') + "]]>",
                                     "<a b='" + std::string(1000, 'x'), "<a>" + std::string(1000, 'x') + "</"}) {
        const std::string rest = begin.ends_with("</") ? "a>" : begin.starts_with("<a b") ? "'/>" : "y</a>";
        Reader reader{Limits{}.after_auth};
        reader.feed("<s>");
        EXPECT_EQ(reader.next(), Kind::header);
        EXPECT_EQ(reader.next(), Kind::need_more);
        reader.feed(begin);
        EXPECT_EQ(reader.next(), Kind::need_more);
        reader.set_limits(small);
        Kind kind = Kind::need_more;
        for (const char& byte : rest) {
            reader.feed({&byte, 1});
            kind = reader.next();
        }
        EXPECT_EQ(kind, Kind::element) << begin.substr(0, 20);
        const std::string next = "<a>" + std::string(1000, 'x') + "</a>";
        reader.feed(next);
        EXPECT_EQ(reader.next(), Kind::problem) << "the next one has the new limits";
    }
}

TEST(XmlLimits, EndEndlessTokensSoonAfterTheLimit) {  // threat T57
    const XmlLimits limits = Limits{}.after_auth;
    const std::string piece(16384, 'x');
    for (const char* start : {"<a>", "<a b='", "<a", "<a><![CDATA[", "</s"}) {
        Reader reader{limits};
        std::size_t fed = 0;
        reader.feed("<s>");
        EXPECT_EQ(reader.next(), Kind::header);
        EXPECT_EQ(reader.next(), Kind::need_more);
        reader.feed(start);
        Kind kind = reader.next();
        while (kind == Kind::need_more && fed <= limits.element_bytes + 65536) {
            reader.feed(piece);
            fed += piece.size();
            kind = reader.next();
            EXPECT_LE(reader.held(), 4 * limits.element_bytes);
        }
        EXPECT_EQ(kind, Kind::problem) << start;
        EXPECT_EQ(reader.held(), 0U);
    }
}

TEST(Reader, HoldsNothingBetweenElements) {  // idle streams are many
    Reader reader{Limits{}.after_auth};
    reader.feed("<s><a>");
    EXPECT_EQ(reader.next(), Kind::header);
    EXPECT_EQ(reader.next(), Kind::need_more);
    EXPECT_TRUE(reader.inside_element());
    EXPECT_EQ(reader.unread(), 3U);
    std::string deep;
    for (int i = 0; i < 40; ++i) deep += "<b xmlns:p='u'>";
    deep += std::string(10000, 'x');
    reader.feed(deep);
    EXPECT_EQ(reader.next(), Kind::need_more);
    EXPECT_GT(reader.held(), 10000U);
    deep.clear();
    for (int i = 0; i < 40; ++i) deep += "</b>";
    deep += "</a>";
    reader.feed(deep);
    ASSERT_EQ(reader.next(), Kind::element) << reader.explanation();
    EXPECT_EQ(reader.next(), Kind::need_more);
    EXPECT_FALSE(reader.inside_element());
    EXPECT_EQ(reader.held(), 0U);
    EXPECT_EQ(reader.unread(), 0U);
}

}  // namespace
}  // namespace sallyport::xml
