// `domains` of [[link.dial]]: domains that the core's file gives to one presence node, and to no other.
#include "nodes/core/given_domains.h"

#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

xmpp::Domain domain(const std::string& text) { return *xmpp::Domain::parse(text); }

class GivenDomains : public testing::Test {
protected:
    void SetUp() override {
        f.a.settings.domains.push_back(*config::NamePattern::parse("chat.a.test"));
        ASSERT_TRUE(f.start()) << f.logs();
        f.a.kill_core();
        start_core();
        f.a.attach_users();
        ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); })) << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// One whose file gives domains to its presence node and to another one, which is away.
    void start_core() {
        nodes::CoreParts parts;
        for (const auto& user : f.a.users) parts.components[domain(user->domain())] = "component secret";
        parts.link_tls = link_tls("core.a.test", "core");
        parts.server_tls = parts.client_tls = parts.link_tls;
        parts.realm = "core-a-test";
        parts.instance = "core-with-given-domains";
        parts.neighbours.roles_required = true;
        parts.federating = f.a.settings.domains;
        parts.given = nodes::given_domains(
            {{{}, "imp.a.test", Role::presence, {}, {domain("own.test")}},
             {{}, "imp2.a.test", Role::presence, {}, {domain("other.test"), domain("chat.a.test")}}});
        parts.link_hold = 30s;
        f.a.core.reset(new SimCore{{f.world, f.a.core_host, f.dns, f.a.core_log, 1, parts.instance}, {}});
        auto& shards = f.a.core->shards;
        shards.push_back(std::make_unique<nodes::CoreShard>(*f.a.core->process.shards.front(), f.a.core->process.ledger,
                                                            parts, shards));
        static_cast<void>(shards.front()->components().listen(Endpoint{*IpAddress::parse(f.a.core_address), 5347}));
        shards.front()->announce();
        f.a.dial_edge();
    }
    /// What the presence node says that it serves, beside its own domain.
    void name(const std::vector<std::string>& domains) {
        link::Serves serves;
        serves.components = f.a.table.components;
        serves.domains.push_back(domain("imp.a.test"));
        for (const std::string& one : domains) serves.domains.push_back(domain(one));
        f.a.presence->shard->hub().serve(std::move(serves));
        f.world.advance(2s);
    }
    [[nodiscard]] bool at_the_edge(const std::string& one) const {
        return f.a.edge->shards.front()->hub().advertises(one);
    }
    nodes::CoreShard& core() { return *f.a.core->shards.front(); }

    Federation f{1, true};
};

TEST_F(GivenDomains, AreServedByThatNodeBesideThoseOfTheSettings) {
    name({"own.test"});
    EXPECT_TRUE(at_the_edge("own.test"));
    EXPECT_TRUE(at_the_edge("imp.a.test"));
    EXPECT_EQ(f.a.core_log.count("link.domain.refused"), 0U);
    const auto sent = [&] { return core().presence_hub().sessions().front().sent; };
    const std::uint64_t before = sent();
    f.a.user().message("ceo@a.test", "juliet@own.test", "hello");
    f.world.advance(1s);
    EXPECT_EQ(sent(), before + 1) << "what is for it goes there";
}

TEST_F(GivenDomains, AreServedByNoOtherNode) {
    name({"other.test", "chat.a.test"});
    EXPECT_FALSE(at_the_edge("other.test"));
    EXPECT_FALSE(at_the_edge("chat.a.test")) << "although federation.domains has it";
    EXPECT_EQ(f.a.core_log.count("link.domain.refused"), 2U);
    core().federate({*config::NamePattern::parse("*.test")});
    f.world.advance(1s);
    EXPECT_FALSE(at_the_edge("other.test")) << "other settings change nothing in that";
}

}  // namespace
}  // namespace sallyport::test
