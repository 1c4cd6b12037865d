// Reading past what is beyond the limits: what stands behind it is read as if it had not been there, however the bytes
// arrive, and nothing is kept of it but what its sender has to be told by.
#include <gtest/gtest.h>

#include "proto/xml/reader.h"
#include "support/repeat.h"

namespace sallyport::xml {
namespace {

using test::repeated;

constexpr XmlLimits passing_limits{200, 5, 3, 4, 20, 2};

struct Passed {
    std::string kinds;  ///< h, e, x, f, p
    std::string name, space, to, id, type;
    bool has_to = false;
    Problem problem = Problem::none;
    std::string last;  ///< the latest element
    std::size_t most_held = 0;
};

Passed read(const std::string& stanzas, std::size_t piece, bool passes = true) {
    Passed out;
    Reader reader{passing_limits};
    const std::string all = "<s xmlns='urn:c' xmlns:p='urn:p'>" + stanzas;
    for (std::size_t at = 0; at < all.size();) {
        const std::string bytes = all.substr(at, piece == 0 ? all.size() : piece);
        at += bytes.size();
        reader.feed(bytes);
        for (bool more = true; more;) {
            switch (reader.next()) {
                case Kind::need_more: more = false; break;
                case Kind::header:
                    out.kinds += 'h';
                    if (passes) reader.pass_over_excess();
                    break;
                case Kind::element:
                    out.kinds += 'e';
                    out.last = reader.slice();
                    break;
                case Kind::excess: {
                    out.kinds += 'x';
                    const Shell& shell = reader.shell();
                    out.name = shell.name;
                    out.space = shell.space;
                    out.to = attribute_value(shell.to);
                    out.id = attribute_value(shell.id);
                    out.type = attribute_value(shell.type);
                    out.has_to = shell.has_to;
                    EXPECT_TRUE(reader.is_excess());
                    EXPECT_FALSE(reader.inside_element());
                    break;
                }
                case Kind::footer:
                    out.kinds += 'f';
                    more = false;
                    break;
                case Kind::problem:
                    out.kinds += 'p';
                    out.problem = reader.problem();
                    return out;
            }
        }
        out.most_held = std::max(out.most_held, reader.held());
    }
    return out;
}

const std::vector<std::string> insides{
    "<b/>" + repeated("<b></b>", 6),
    repeated("<b>", 6) + "&lt;" + repeated("</b >", 6),
    "<b c='1' d='2' e='3' f=\"4\" g='>'/>",
    "<b c='" + std::string(21, 'x') + "/>'/>",
    "<b xmlns='u' xmlns:q='v' xmlns:r='w'/>",
    "<b xmlns='u v'/>",
    std::string(300, 'x'),
    "<![CDATA[" + std::string(300, 'x') + "</m>]]]]>" + std::string(20, ' '),
    "<b c=\"'\">" + std::string(200, '>') + "</b>",
    repeated("☃", 100),
};

TEST(Passing, GoesOnBehindWhatIsBeyondALimit) {
    for (const std::string& inside : insides) {
        for (const std::size_t piece : {0U, 1U, 2U, 7U, 64U, 211U}) {
            const std::string excess = "<m to='a&amp;b' id=\"i'1\" type='chat'>" + inside + "</m>";
            const Passed passed = read("<m>1</m>" + excess + "<m>2</m> " + excess + "<m/></s>", piece);
            EXPECT_EQ(passed.kinds, "hexexef") << inside << " in pieces of " << piece;
            EXPECT_EQ(passed.name, "m");
            EXPECT_EQ(passed.space, "urn:c");
            EXPECT_EQ(passed.to, "a&b");
            EXPECT_EQ(passed.id, "i'1");
            EXPECT_EQ(passed.type, "chat");
            EXPECT_EQ(passed.last, "<m/>");
            EXPECT_EQ(read(excess, piece, false).kinds, "hp") << "not before authentication";
        }
    }
}

TEST(Passing, KnowsTheElementWhateverItsTagHolds) {
    for (const std::size_t piece : {0U, 1U, 13U}) {
        const Passed prefixed = read("<p:m a='" + std::string(300, 'x') + "' to = 'b'/><m/>", piece);
        EXPECT_EQ(prefixed.kinds, "hxe");
        EXPECT_EQ(prefixed.space, "urn:p");
        EXPECT_EQ(prefixed.to, "b");
        const Passed own = read("<q:m to='b' xmlns:q='urn:q' a='" + std::string(300, 'x') + "'></q:m><m/>", piece);
        EXPECT_EQ(own.space, "urn:q");
        EXPECT_EQ(own.kinds, "hxe");
        const Passed late = read("<m a='1' b='2' c='3' d='4' e='5' xmlns='urn:other' to='b'/><m/>", piece);
        EXPECT_EQ(late.space, "urn:other");
        EXPECT_EQ(late.kinds, "hxe");
        const Passed longest = read("<m to='" + std::string(700, 'x') + "'/><m/>", piece);
        EXPECT_EQ(longest.to.size(), 700U);
        EXPECT_EQ(longest.kinds, "hxe");
    }
}

TEST(Passing, EndsForWhatMayNotBeInAStream) {
    const std::string long_text(300, 'x');
    for (const std::size_t piece : {0U, 1U, 50U}) {
        EXPECT_EQ(read("<m>" + long_text + "<!-- x --></m>", piece).problem, Problem::restricted_xml);
        EXPECT_EQ(read("<m>" + long_text + "<!DOCTYPE x></m>", piece).problem, Problem::restricted_xml);
        EXPECT_EQ(read("<m>" + long_text + "<?x?></m>", piece).problem, Problem::restricted_xml);
        EXPECT_EQ(read("<m>" + long_text + "<b <c/></m>", piece).problem, Problem::not_well_formed);
        EXPECT_EQ(read("<m>" + long_text + "<![CDAXX</m>", piece).problem, Problem::not_well_formed);
        EXPECT_EQ(read("<m to='\xff' a='" + long_text + "'/>", piece).problem, Problem::not_well_formed);
        EXPECT_EQ(read("<m to='&foo;' a='" + long_text + "'/>", piece).problem, Problem::restricted_xml);
        EXPECT_EQ(read("<m to='1' to='2' a='" + long_text + "'/>", piece).problem, Problem::not_well_formed);
        EXPECT_EQ(read("<m></m" + std::string(300, ' ') + "></s>", piece).kinds, "hxf");
        EXPECT_EQ(read("</s" + std::string(300, ' '), piece).problem, Problem::limit) << "no element";
    }
}

TEST(Passing, HasAnEndAndKeepsNothing) {
    for (const std::size_t piece : {0U, 1U, 100U}) {
        const std::string whole = "<m to='b'>" + std::string(800 - 10 - 4, 'x') + "</m>";
        EXPECT_EQ(read(whole + "<m/>", piece).kinds, "hxe");
        EXPECT_EQ(read("<m to='b'>" + std::string(800 - 10 - 3, 'x') + "</m><m/>", piece).kinds, "hp");
        EXPECT_EQ(read("<m to='b'>" + std::string(5000, 'x'), piece).problem, Problem::limit);
        if (piece != 0) {
            EXPECT_LT(read(whole, piece).most_held, 2 * passing_limits.element_bytes + piece);
        }
    }
}

}  // namespace
}  // namespace sallyport::xml
