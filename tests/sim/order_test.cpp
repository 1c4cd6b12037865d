// The order of what a partner writes to one domain, where its streams come to one shard of the edge after another.
#include <gtest/gtest.h>

#include "support/numbered.h"
#include "support/raw_partner.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

/// Partner c.test, and organisation b, whose edge and core have several links.
class OrderOverLinks : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        f.b.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
        f.world.set_latency(f.b.core_address, f.b.edge_link, 20ms);
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.b.edge_log.dump().c_str(), stderr);
    }
    /// Streams of partners on each shard of the edge.
    [[nodiscard]] std::vector<std::size_t> streams() const {
        std::vector<std::size_t> all;
        for (const auto& shard : f.b.edge->shards) {
            const auto here = shard->s2s().streams();
            all.push_back(static_cast<std::size_t>(std::count_if(here.begin(), here.end(), [](const auto& one) {
                return one.direction == Direction::inbound && !one.pairs.empty();
            })));
        }
        return all;
    }
    /// A stream that comes to another shard than the one before.
    void open_elsewhere() {
        for (const std::size_t before = shard;;) {
            const auto there = streams();
            stream = &c.open(f.b.edge_public, "b.test");
            ASSERT_TRUE(f.world.run_until([&] { return stream->ready(); })) << c.streams().back()->heard();
            const auto now = streams();
            for (shard = 0; shard < now.size() && now[shard] <= there[shard];) ++shard;
            if (shard != before) return;
            stream->close();
            f.world.advance(2ms);
        }
    }

    Federation f{GetParam()};
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
    RawStream* stream = nullptr;  ///< the latest, and
    std::size_t shard = 99;       ///< where it came
};
INSTANTIATE_TEST_SUITE_P(Shards, OrderOverLinks, testing::Values(2U, 3U));

TEST_P(OrderOverLinks, OfAPairIsKeptWhenThePartnersStreamMovesWhileALinkIsBehind) {
    std::vector<std::string> expected;
    open_elsewhere();
    for (int round = 0; round < 4; ++round) {
        for (int n = 0; n < 60; ++n) {
            stream->message("u@c.test", "juliet@b.test", expected.emplace_back(std::to_string(expected.size())),
                            std::string(10000, 'x'));
        }
        f.world.advance(60ms);  // the edge has it all, and its core has not
        stream->close();
        open_elsewhere();
        for (int n = 0; n < 5; ++n) {
            stream->message("u@c.test", "juliet@b.test", expected.emplace_back(std::to_string(expected.size())));
        }
        f.world.advance(round % 2 == 0 ? 100ms : 3s);
    }
    f.world.advance(10s);
    EXPECT_EQ(f.b.user().ids_from("c.test"), expected);
    EXPECT_TRUE(c.ids().empty()) << "nothing was returned";
}

}  // namespace
}  // namespace sallyport::test
