// The machine of a session of the router link: what its table says, and what holds after any events in any order.
#include "proto/link/session_life.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <set>

#include "support/session_world.h"

namespace sallyport::test {
namespace {

using On = SessionWorld::On;

TEST(LinkSessionLife, HearsInEachPhaseOfWhatCanHappenThere) {
    std::map<std::string, std::set<std::string>> hears;
    for (const machine::RowText& row : link::SessionLife::table()) hears[std::string{row.in}].emplace(row.on);
    const std::set<std::string> connected{"resumed",  "miscounted", "lost",    "bound",
                                          "replaced", "given-up",   "quiesce", "shut"};
    std::set<std::string> named = connected;
    named.insert("latest");
    EXPECT_EQ(hears["unnamed"], connected);
    EXPECT_EQ(hears["sorting"], connected);
    EXPECT_EQ(hears["named"], named);
    EXPECT_EQ(hears["broken"], (std::set<std::string>{"resumed", "renewed", "replaced", "given-up", "surplus", "look",
                                                      "quiesce", "shut"}));
    EXPECT_FALSE(hears.contains("closed"));
}

TEST(LinkSessionLife, NamesASectionOfItsSpecificationInEveryRow) {
    std::ifstream file{SALLYPORT_SOURCE_DIR "/docs/protocol/link.md"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    ASSERT_FALSE(text.empty());
    for (const machine::RowText& row : link::SessionLife::table()) {
        ASSERT_TRUE(row.says.starts_with("section "));
        EXPECT_NE(text.find("\n## " + std::string{row.says.substr(8)} + ". "), std::string::npos) << row.says;
        EXPECT_FALSE(row.in.empty() || row.on.empty() || row.next.empty());
    }
}

TEST(LinkSessionLife, LosesNothingWhateverHappensInWhateverOrder) {
    for (unsigned seed = 0; seed < 400; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 chance{seed};
        const auto one_in = [&](unsigned n) { return chance() % n == 0; };
        SessionWorld with{seed % 2 == 0 ? link::End::dialler : link::End::listener};
        for (int n = 0; n < 200 && !HasFailure() && !with.over(); ++n) {
            with.others = one_in(4);
            with.serves_all = !one_in(3);
            const bool broken = with.life().broken();
            const bool open = with.connection() == SessionWorld::Connection::open;
            switch (chance() % 9) {
                case 0:
                case 1: with.send(one_in(3), one_in(3)); break;
                case 2: with.done(); break;
                case 3:
                    if (open) with.bind();
                    break;
                case 4:
                    if (!broken && one_in(2)) with.lose();
                    break;
                case 5:
                    if (broken) with.resume(!one_in(20));
                    break;
                case 6:
                    if (broken && seed % 2 == 0) with.renew();
                    break;
                case 7: with.after(std::chrono::milliseconds{chance() % 4000}); break;
                default:
                    // Rarely: most of them end it.
                    if (one_in(8)) with.fails(static_cast<SessionWorld::Fault>(chance() % SessionWorld::faults));
                    break;
            }
        }
        with.see_to_the_end();
    }
}

}  // namespace
}  // namespace sallyport::test
