// What is written is at most so many times as long as what was read, however its namespaces were declared (element.h).
#include <gtest/gtest.h>

#include <random>

#include "support/expat_oracle.h"
#include "support/repeat.h"

namespace sallyport::xml {
namespace {

using test::repeated;

constexpr std::size_t most_growth = 6;
constexpr std::size_t fixed = 256;

/// Reads, writes, checks the length and that the same is read again.
std::string written(const std::string& source) {
    const auto tree = parse(source, passed_on_limits, "jabber:server");
    EXPECT_TRUE(tree) << tree.error().text << "\n" << source.substr(0, 500);
    if (!tree) return {};
    std::string out = write(*tree, "jabber:server");
    EXPECT_LE(out.size(), most_growth * source.size() + fixed) << source.substr(0, 500);
    const auto again = parse(out, passed_on_limits, "jabber:server");
    EXPECT_TRUE(again && *again == *tree) << out.substr(0, 500);
    EXPECT_EQ(again ? write(*again, "jabber:server") : std::string{}, out) << "one form";
    return out;
}

TEST(Growth, IsSmallForManySiblingsOfOneDeclaration) {
    const std::string space(1000, 'u');
    const std::string siblings = "<message xmlns:a='" + space + "'>" + repeated("<a:x/>", 4900) + "</message>";
    EXPECT_LT(written(siblings).size(), 2 * siblings.size());
    const std::string deep =
        "<message xmlns:a='" + std::string(16000, 'u') + "'><b>" + repeated("<a:x><y/></a:x>", 2000) + "</b></message>";
    EXPECT_LT(written(deep).size(), 2 * deep.size());
    // Names that each declare it themselves, beside one another and within one another.
    EXPECT_LT(written("<m>" + repeated("<x xmlns='" + space + "'><y xmlns='v'/></x>", 40) + "</m>").size(), 4000U);
}

TEST(Growth, IsSmallForNamespacesThatAlternate) {
    const std::string a(3000, 'a'), b(3000, 'b');
    std::string nested, ends;
    for (int i = 0; i < 200; ++i) {
        nested += i % 2 == 0 ? "<a:e>" : "<b:e>";
        ends = (i % 2 == 0 ? "</a:e>" : "</b:e>") + ends;
    }
    const std::string source = "<m xmlns:a='" + a + "' xmlns:b='" + b + "'>" + nested + ends + "</m>";
    EXPECT_LT(written(source).size(), 2 * source.size());
}

TEST(Growth, IsSmallForNamespacesOfAttributes) {
    const std::string source = "<m xmlns:a='" + std::string(8000, 'a') + "'>" + repeated("<x a:b=''/>", 3000) + "</m>";
    EXPECT_LT(written(source).size(), 2 * source.size());
}

TEST(Growth, IsBoundedForWhatHasToBeEscaped) {
    for (const char* piece : {"'", ">", "'>", "&#34;'"}) {
        written("<m a=\"" + repeated(piece, 8000) + "\"/>");
        written("<m xmlns:a=\"urn:" + repeated(piece, 4000) + "\">" + repeated("<a:x a:y=''/>", 50) + "</m>");
    }
    written("<m a='" + repeated("\"", 8000) + "'/>");
    written("<m>" + repeated(">", 8000) + "<![CDATA[" + repeated("&", 8000) + "]]></m>");
    const std::string apostrophes = "<m a=\"" + std::string(16000, '\'') + "\"/>";
    EXPECT_EQ(written(apostrophes), apostrophes) << "quotes of one kind stand between those of the other";
}

TEST(Growth, LeavesUsualStanzasAsReadersKnowThem) {
    const std::string error =
        "<iq type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>x</text></error></iq>";
    EXPECT_EQ(written(error), error);
    const std::string carbon =
        "<message><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message "
        "xmlns='jabber:client'><body>x</body></message></forwarded></received></message>";
    EXPECT_EQ(written(carbon), carbon);
}

TEST(Growth, DeclaresAPrefixAtTheInnermostElementAroundAll) {
    const std::string u(100, 'u');
    EXPECT_EQ(written("<m><n xmlns:a='" + u + "'><a:x/><a:y/></n><o/></m>"),
              "<m><n xmlns:ns1='" + u + "'><ns1:x/><ns1:y/></n><o/></m>");
    EXPECT_EQ(written("<m><n xmlns:a='" + u + "'><o a:b='1'><a:x/></o><p a:b='2'/></n></m>"),
              "<m><n xmlns:ns1='" + u + "'><o ns1:b='1'><ns1:x/></o><p ns1:b='2'/></n></m>");
}

/// XML with prefixes and declarations of any kind.
class Sources {
public:
    explicit Sources(unsigned seed) : random_{seed} {}

    std::string make() {
        lengths_ = below(3);
        left_ = 20 + below(400);
        return element(below(2) == 0 ? 3 : 12, {});
    }

private:
    struct Scope {
        std::string prefix, space;
    };

    std::size_t below(std::size_t bound) { return random_() % bound; }

    std::string space() {
        constexpr std::size_t sizes[] = {8, 60, 2000};
        std::string name(1 + below(sizes[lengths_]), static_cast<char>('a' + below(4)));
        if (below(6) == 0) name += std::string(1 + below(30), ">'&"[below(2)]);
        return below(8) == 0 ? "jabber:server" : name;
    }

    std::string element(std::size_t depth, std::vector<Scope> scopes) {
        std::string tag, used;
        for (std::size_t i = below(5) == 0 ? below(4) : 0; i > 0; --i) {
            const std::string prefix = std::string("p") + std::to_string(below(6));
            if (tag.find(" xmlns:" + prefix + "=") != std::string::npos) continue;
            scopes.push_back({prefix, space()});
            tag += " xmlns:" + prefix + "=\"" + scopes.back().space + "\"";
        }
        if (below(8) == 0) tag += " xmlns=\"" + (below(5) == 0 ? std::string{} : space()) + "\"";
        for (std::size_t i = below(4) == 0 ? below(6) : 0; i > 0; --i) {
            const std::string prefix = scopes.empty() || below(3) == 0 ? "" : scopes[below(scopes.size())].prefix + ":";
            // Each with a name of its own, so that none is there twice.
            tag += " " + prefix + "a" + std::to_string(i) + "=\"" + text(true) + "\"";
        }
        if (below(20) == 0) tag += " xml:lang='en'";
        const std::string prefix = scopes.empty() || below(3) == 0 ? "" : scopes[below(scopes.size())].prefix + ":";
        const std::string name = prefix + std::string(1 + below(3), 'e');
        std::string inner;
        while (depth > 0 && left_ > 0 && below(12) != 0) {
            --left_;
            inner += below(5) == 0 ? text(false) : element(depth - 1, scopes);
        }
        return inner.empty() ? "<" + name + tag + "/>" : "<" + name + tag + ">" + inner + "</" + name + ">";
    }

    std::string text(bool attribute) {
        constexpr const char* pieces[] = {">", "'", "&amp;", "&#34;", "x", "\u00E4", "&lt;", "&#13;"};
        std::string out;
        for (std::size_t i = below(12); i > 0; --i) out += pieces[below(std::size(pieces))];
        return !attribute && below(4) == 0 ? "<![CDATA[&&<>" + std::string(below(9), '&') + "]]>" : out;
    }

    std::mt19937 random_;
    std::size_t lengths_ = 0;
    std::size_t left_ = 0;
};

TEST(Growth, IsBoundedForEverySource) {
    Sources sources{7622};
    for (int round = 0; round < 150 && !::testing::Test::HasFailure(); ++round) written(sources.make());
}

}  // namespace
}  // namespace sallyport::xml
