// What others cause to be logged draws on a budget, on every node: partners that come and go, and nodes next to ours.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/link_end.h"
#include "support/raw_partner.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

std::string names_of(const std::vector<std::string>& events) {
    std::string all;
    for (const std::string& event : std::set<std::string>{events.begin(), events.end()}) all += event + ' ';
    return all;
}

TEST(LinesBudget, IsDrawnOnByPartnersThatComeAndGo) {
    Federation f;
    f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
    ASSERT_TRUE(f.start()) << f.logs();
    RawPartner c{f.world, f.dns, "c.test", "198.51.100.10"};
    const std::size_t at_edge = f.a.edge_log.without_source().size();
    const std::size_t at_core = f.a.core_log.without_source().size();
    for (int n = 0; n < 20; ++n) {
        RawStream& stream = c.open(f.a.edge_public, "a.test");
        ASSERT_TRUE(f.world.run_until([&] { return stream.ready(); }));
        stream.message("u@c.test", "romeo@a.test", "m" + std::to_string(n));
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("m" + std::to_string(n)); }));
        f.a.user().message("romeo@a.test", "u@c.test", "back" + std::to_string(n));
        ASSERT_TRUE(f.world.run_until([&] { return c.got("back" + std::to_string(n)); }));
        for (RawStream* opened : c.accepted()) opened->abort();
        stream.abort();
        f.world.advance(100ms);
    }
    ASSERT_GE(f.a.core_log.count("link.peer"), 20U);
    EXPECT_EQ(f.a.edge_log.without_source().size(), at_edge) << names_of(f.a.edge_log.without_source());
    EXPECT_EQ(f.a.core_log.without_source().size(), at_core) << names_of(f.a.core_log.without_source());
}

TEST(LinesBudget, IsDrawnOnByACoreThatComesAndGoes) {
    Federation f;
    f.a.named_links = false;
    f.a.start_edge();
    SimNetwork host{f.world, {"10.1.0.99"}};
    LinkEnd core{f.world, host, link::End::dialler, "core.a.test", "link secret of a.test"};
    core.remembers = false;
    core.dial({*IpAddress::parse(f.a.edge_link), link_port}, {"a.test"});
    for (int n = 0; n < 20; ++n) {
        ASSERT_TRUE(f.world.run_until([&] { return core.open(); }));
        for (int more = 0; more < 5; ++more) {
            core.say("<bind xmlns='urn:xmpp:component:0'><hostname>a" + std::to_string(more) +
                     ".test</hostname></bind>");
        }
        f.world.advance(10ms);
        core.cut();
        f.world.advance(200ms);
    }
    ASSERT_GE(f.a.edge_log.count("link.bound"), 100U);
    EXPECT_TRUE(f.a.edge_log.without_source().empty()) << names_of(f.a.edge_log.without_source());
}

}  // namespace
}  // namespace sallyport::test
