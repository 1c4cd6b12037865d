// What hostile input costs, in steps: the parsers and the writer are built so that each basic block calls the function
// below, which makes a count that is the same on every machine. Four times the bytes may cost little more than four
// times the steps. (What ICU and libidn2 do is not counted; domain.cpp and precis.cpp bound what they are given.)
#include <gtest/gtest.h>

#include "proto/xml/element.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"

namespace {
std::uint64_t steps = 0;
}  // namespace

extern "C" void __sanitizer_cov_trace_pc();
extern "C" void __sanitizer_cov_trace_pc() { ++steps; }

namespace sallyport {
namespace {

std::string repeated(const std::string& text, std::size_t bytes) {
    std::string out;
    while (out.size() + text.size() <= bytes) out += text;
    return out;
}

std::string number(std::size_t n) {
    std::string out = std::to_string(n);
    return std::string(6 - out.size(), '0') + out;
}

template <typename Work>
std::uint64_t cost(Work work) {
    const std::uint64_t before = steps;
    work();
    return steps - before;
}

/// Through everything: scanned, built, written afresh.
void take(const std::string& stanza) {
    xml::Reader reader{passed_on_limits};
    const std::string header =
        "<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams' xmlns:h='urn:h'>";
    reader.feed(header);
    ASSERT_EQ(reader.next(), xml::Kind::header);
    ASSERT_EQ(reader.next(), xml::Kind::need_more);
    reader.feed(stanza);
    ASSERT_EQ(reader.next(), xml::Kind::element) << reader.explanation() << stanza.substr(0, 300);
    xmpp::StanzaIntake intake;
    xmpp::Stanza out;
    xmpp::StanzaProblem problem;
    ASSERT_TRUE(intake.read(reader, "en", out, problem)) << stanza.substr(0, 300);
}

/// A message of about `bytes` bytes.
using Family = std::string (*)(std::size_t bytes);

std::string message(const std::string& attributes, const std::string& content) {
    return "<message to='B@b.test' from='a@a.test'" + attributes + ">" + content + "</message>";
}

std::string declarations(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += " xmlns:p" + number(i) + "='urn:" + number(i) + "'";
    return out;
}

struct Named {
    const char* name;
    Family make;
};

constexpr Named families[] = {
    {"text", [](std::size_t bytes) { return message({}, repeated("&amp;>\u00E4'", bytes)); }},
    {"siblings", [](std::size_t bytes) { return message({}, repeated("<x/>", bytes)); }},
    {"depth",
     [](std::size_t bytes) {
         const std::size_t depth = std::min<std::size_t>(bytes / 7, passed_on_limits.depth);
         return message({}, repeated("<x>", depth * 3) + repeated("</x>", depth * 4));
     }},
    {"one attribute", [](std::size_t bytes) { return message(" a=\"" + repeated("'&gt;", bytes) + "\"", {}); }},
    {"attributes",
     [](std::size_t bytes) {
         std::string content;
         while (content.size() < bytes) {
             content += "<x";
             for (std::size_t i = 0; i < 100; ++i) content += " a" + number(i) + "=''";
             content += "/>";
         }
         return message({}, content);
     }},
    {"prefixes on one element",
     [](std::size_t bytes) {
         const std::size_t count = bytes / 40;
         std::string content;
         for (std::size_t i = 0; i < count; ++i) content += "<p" + number(i) + ":x/>";
         return message(declarations(count), content);
     }},
    {"the outermost of many prefixes",
     [](std::size_t bytes) {
         return message(declarations(bytes / 48), repeated("<p000000:x p000001:y=''/>", bytes / 2));
     }},
    {"an element's prefixes one within another",
     [](std::size_t bytes) {
         std::string begins, ends;
         for (std::size_t i = 0; begins.size() < bytes / 2; ++i) {
             begins += "<x" + declarations(8) + " p000000:a='' p000007:a=''>";
             ends += "</x>";
         }
         return message({}, begins + ends);
     }},
    {"equal names in other namespaces",
     [](std::size_t bytes) {
         const std::string spaces = " xmlns:a='" + std::string(bytes / 4, 'u') + "1' xmlns:b='" +
                                    std::string(bytes / 4, 'u') + "2' xmlns:h2='urn:h2'";
         return message(spaces, repeated("<x a:y='' b:y='' h:y='' h2:y=''/>", bytes / 2));
     }},
    {"one long namespace",
     [](std::size_t bytes) {
         return message(" xmlns:a='" + std::string(bytes / 2, 'u') + "'", repeated("<a:x/>", bytes / 2));
     }},
    {"namespaces that alternate",
     [](std::size_t bytes) {
         const std::string u(bytes / 4, 'u');
         return message(" xmlns:a='" + u + "' xmlns:b='" + u + "b'", repeated("<a:x><b:x/></a:x>", bytes / 2));
     }},
    {"namespaces of their own",
     [](std::size_t bytes) {
         std::string content;
         for (std::size_t i = 0; content.size() < bytes; ++i) {
             content += "<x xmlns='urn:" + number(i) + "' xmlns:a='urn:a" + number(i) + "' a:y=''/>";
         }
         return message({}, content);
     }},
    {"long prefixes that begin alike",
     [](std::size_t bytes) {
         const std::string prefix(200, 'p');
         std::string spaces, content;
         for (std::size_t i = 0; i < bytes / 800; ++i) {
             spaces += " xmlns:" + prefix + number(i) + "='urn:x'";
             content += "<" + prefix + number(i) + ":x/>";
         }
         return message(spaces, content);
     }},
};

TEST(Cost, OfXmlGrowsWithItsBytes) {
    for (const Named& family : families) {
        const std::string small = family.make(8192), large = family.make(32768);
        const std::uint64_t few = cost([&] { take(small); }), many = cost([&] { take(large); });
        ASSERT_GT(few, 0U) << "nothing is counted";
        const double growth = static_cast<double>(large.size()) / static_cast<double>(small.size());
        EXPECT_LT(static_cast<double>(many), 1.5 * growth * static_cast<double>(few)) << family.name;
        // The dearest is short tags with several prefixes.
        EXPECT_LT(many / large.size(), 600U) << family.name;
    }
}

TEST(Cost, OfXmlInSmallPiecesGrowsWithItsBytes) {
    const auto feed = [](const std::string& stanza) {
        xml::Reader reader{passed_on_limits};
        const std::string header = "<s xmlns='jabber:server'>";
        reader.feed(header);
        ASSERT_EQ(reader.next(), xml::Kind::header);
        for (std::size_t at = 0; at < stanza.size(); at += 7) {
            reader.feed(std::string_view{stanza}.substr(at, 7));
            const xml::Kind kind = reader.next();
            ASSERT_NE(kind, xml::Kind::problem) << reader.explanation();
        }
    };
    for (const Named& family : families) {
        std::string small = family.make(2048), large = family.make(8192);
        if (small.find("<h:") != std::string::npos || small.find(" h:") != std::string::npos) continue;
        const std::uint64_t few = cost([&] { feed(small); }), many = cost([&] { feed(large); });
        const double growth = static_cast<double>(large.size()) / static_cast<double>(small.size());
        EXPECT_LT(static_cast<double>(many), 1.5 * growth * static_cast<double>(few)) << family.name;
    }
}

TEST(Cost, OfAddressesGrowsWithTheirBytes) {
    for (const char* piece : {"a", "A", "\u00E9", "\u30FB", "\u30AB\u30FB", "\u0661", "\u06F1", "\u05D0\u05F3",
                              "\u0375\u03B1", "l\u00B7l", "\u0915\u094D\u200D", "\u200D", "\u05D0", "a\u0301\u0323",
                              "\u0301\u0323", "\uFF21", "\u0130", "\u2163", "\u1100"}) {
        // Some rules look for a character anywhere: it stands at the end.
        for (const char* end : {"", "\u30AB"}) {
            const auto expect_linear = [&](const std::string& before, const std::string& behind) {
                const std::string small = before + repeated(piece, 250) + end + behind;
                const std::string large = before + repeated(piece, 1000) + end + behind;
                const std::uint64_t few = cost([&] { (void)xmpp::Jid::parse(small); });
                const std::uint64_t many = cost([&] { (void)xmpp::Jid::parse(large); });
                EXPECT_LT(many, 6 * few + 1000) << piece << end << behind;
                EXPECT_LT(many / large.size(), 3000U) << piece << end << behind;
            };
            expect_linear("", "@b.test");
            expect_linear("a@b.test/", "");
        }
    }
}

TEST(Cost, OfDomainsGrowsWithTheirBytes) {
    const std::string encoded = "xn--" + std::string(50, 'a') + ".";
    for (const std::string& piece : {std::string{"\u30FB"}, std::string{"\u30AB\u30FB"}, std::string{"\u30AB."},
                                     std::string{"a."}, std::string{"xn--a."}, std::string{"\u05D0."}, encoded,
                                     std::string{"\u3002"}, std::string{"\u0301\u0323"}, std::string{"\u0661"}}) {
        const std::string small = repeated(piece, 200), large = repeated(piece, 1000);
        const std::uint64_t few = cost([&] { (void)xmpp::Domain::parse(small); });
        const std::uint64_t many = cost([&] { (void)xmpp::Domain::parse(large); });
        EXPECT_LT(many, 8 * few + 1000) << piece;
        EXPECT_LT(many / large.size(), 3000U) << piece;
    }
}

}  // namespace
}  // namespace sallyport
