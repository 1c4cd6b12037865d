// What came over a link and is not done, counted a second time.
#include "services/link/intake.h"

#include <gtest/gtest.h>

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

/// One sender, and more and more recipients inside that hang: the far side knows that, and goes on admitting others.
TEST(Intake, TakesWhateverTheFarSideAdmits) {
    const link::Budget budget{64 << 20, 8 << 20, 1 << 20, true, 8 << 20};
    link::Lanes far{budget, SipKey{1, 2}, [](const link::Partner&) {}};
    link::Intake here{budget, SipKey{3, 4}, 30s};
    link::Intake::Session session;
    TimePoint now{1h};
    std::uint64_t number = 0, refused = 0;
    const std::string bytes(10000, 'x');
    for (int n = 0; n < 60; ++n) {
        const std::string domain = "d" + std::to_string(n) + ".a.test";
        xmpp::Stanza stanza;
        stanza.bytes = bytes;
        stanza.from_domain = "b.test";
        stanza.to_domain = domain;
        link::Lane& lane = far.lane(stanza.from_domain, stanza.to_domain);
        EXPECT_TRUE(far.admits(lane, bytes.size() + 512)) << domain;
        while (far.admits(lane, bytes.size() + 512)) {
            far.add(lane, bytes.size() + 512, now);
            if (!here.take(session, ++number, stanza, now)) ++refused;
        }
        for (int look = 0; look < 20; ++look) {
            now += 500ms;
            far.look(now, [](const link::Lane&) { return true; });
            here.sweep(now);
        }
    }
    EXPECT_GT(far.weight(), 16U << 20) << "more than twice a sender's share";
    EXPECT_EQ(refused, 0U) << "of " << number;
}

}  // namespace
}  // namespace sallyport::test
