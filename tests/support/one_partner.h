// Two organisations' nodes, and beside them the partner c.test whose server says what the test tells it to.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {

/// The parameter: shards of each node.
class OnePartner : public testing::TestWithParam<std::uint32_t> {
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
    /// A stream from there on which its domain is proved.
    RawStream& opened(RawPartner& by) {
        RawStream& stream = by.open(f.a.edge_public, "a.test");
        EXPECT_TRUE(f.world.run_until([&] { return stream.ready(); }));
        return stream;
    }
    RawStream& opened() { return opened(c); }

    Federation f{GetParam()};
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.9"};
};

}  // namespace sallyport::test
