// Acknowledgements on streams with partners of every kind, through whole nodes: what is counted, kept, sent again and
// returned (XEP-0198), also on streams that carry both directions (XEP-0288).
#include <gtest/gtest.h>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class Acknowledgements : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.settings.bidi = true;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    SimUser& romeo() { return f.a.user(); }
    RawStream& opened() {
        RawStream& stream = c.open(f.a.edge_public, "a.test");
        EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); }));
        return stream;
    }

    Federation f{GetParam()};
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
};
INSTANTIATE_TEST_SUITE_P(Shards, Acknowledgements, testing::Values(1U, 2U));

TEST_P(Acknowledgements, CountFromEnableOnWhateverCameBefore) {
    RawStream& stream = opened();
    for (int n = 0; n < 5; ++n) stream.message("u@c.test", "romeo@a.test", "before" + std::to_string(n));
    stream.enable();
    for (int n = 0; n < 3; ++n) stream.message("u@c.test", "romeo@a.test", "after" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("after2"); }));
    f.world.advance(std::chrono::seconds{1});
    stream.request();
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(stream.acknowledged(), 3);
    EXPECT_FALSE(stream.closed());
}

TEST_P(Acknowledgements, CountFromEnabledOnWhereTheStreamIsOursAndCarriesBothDirections) {
    c.habits.bidi = true;
    c.habits.sm = false;  // <enabled/> is said by the test
    c.habits.features = "<sm xmlns='urn:xmpp:sm:3'/>";
    romeo().message("romeo@a.test", "u@c.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return c.got("first"); }));
    RawStream& stream = *c.accepted().front();
    for (int n = 0; n < 5; ++n) stream.message("u@c.test", "romeo@a.test", "before" + std::to_string(n));
    stream.say("<enabled xmlns='urn:xmpp:sm:3'/>");
    for (int n = 0; n < 3; ++n) stream.message("u@c.test", "romeo@a.test", "after" + std::to_string(n));
    ASSERT_TRUE(f.world.run_until([&] { return romeo().got("after2"); }));
    f.world.advance(std::chrono::seconds{1});
    stream.request();
    f.world.advance(std::chrono::seconds{1});
    EXPECT_EQ(stream.acknowledged(), 3);
    EXPECT_FALSE(stream.closed());
}

}  // namespace
}  // namespace sallyport::test
