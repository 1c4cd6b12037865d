// What hostile input costs, in steps: the parsers and the writer are built so that each basic block calls the function
// below, which makes a count that is the same on every machine. Four times the bytes may cost little more than four
// times the steps. (What ICU and libidn2 do is not counted; domain.cpp and precis.cpp bound what they are given.)
#include <gtest/gtest.h>

#include "proto/xml/element.h"
#include "proto/xml/reader.h"
#include "proto/xmpp/stanza.h"
#include "support/hostile.h"

namespace {
std::uint64_t steps = 0;
}  // namespace

extern "C" void __sanitizer_cov_trace_pc();
extern "C" void __sanitizer_cov_trace_pc() { ++steps; }

namespace sallyport::test {
namespace {

template <typename Work>
std::uint64_t cost(Work work) {
    const std::uint64_t before = steps;
    work();
    return steps - before;
}

/// Through everything: scanned, built, written afresh.
void take(const std::string& stanza) {
    xml::Reader reader{passed_on_limits};
    const std::string header{hostile_header};
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

TEST(Cost, OfXmlGrowsWithItsBytes) {
    for (const HostileFamily& family : hostile_families) {
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
    for (const HostileFamily& family : hostile_families) {
        std::string small = family.make(2048), large = family.make(8192);
        if (small.find("<h:") != std::string::npos || small.find(" h:") != std::string::npos) continue;
        const std::uint64_t few = cost([&] { feed(small); }), many = cost([&] { feed(large); });
        const double growth = static_cast<double>(large.size()) / static_cast<double>(small.size());
        EXPECT_LT(static_cast<double>(many), 1.5 * growth * static_cast<double>(few)) << family.name;
    }
}

TEST(Cost, OfAddressesGrowsWithTheirBytes) {
    for (const char* piece : hostile_address_pieces) {
        // Some rules look for a character anywhere: it stands at the end.
        for (const char* end : {"", "\u30AB"}) {
            const auto expect_linear = [&](const std::string& before, const std::string& behind) {
                const std::string small = before + filled_with(piece, 250) + end + behind;
                const std::string large = before + filled_with(piece, 1000) + end + behind;
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
    for (const char* piece : hostile_domain_pieces) {
        const std::string small = filled_with(piece, 200), large = filled_with(piece, 1000);
        const std::uint64_t few = cost([&] { (void)xmpp::Domain::parse(small); });
        const std::uint64_t many = cost([&] { (void)xmpp::Domain::parse(large); });
        EXPECT_LT(many, 8 * few + 1000) << piece;
        EXPECT_LT(many / large.size(), 3000U) << piece;
    }
}

}  // namespace
}  // namespace sallyport::test
