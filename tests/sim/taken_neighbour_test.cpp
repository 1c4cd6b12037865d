// What a linked node in bad hands can do to those that are linked to it: a presence node that names what is not its
// own, an edge, a presence node or a core that keeps to no budget (threats T85, T90).
#include <gtest/gtest.h>

#include <algorithm>

#include "base/limits.h"
#include "proto/link/machine.h"
#include "proto/xml/reader.h"
#include "support/link_end.h"
#include "support/sim_nodes.h"
#include "support/sim_server.h"
#include "support/sim_tls.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

class TakenPresenceNode : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().substr(0, 20000).c_str(), stderr);
    }
    /// What the node says that it serves, beside its own domain.
    void name(const std::vector<std::string>& domains) {
        link::Serves serves;
        serves.components = f.a.table.components;
        serves.domains.push_back(*xmpp::Domain::parse("imp.a.test"));
        for (const std::string& domain : domains) serves.domains.push_back(*xmpp::Domain::parse(domain));
        f.a.presence->shard->hub().serve(std::move(serves));
        f.world.advance(2s);
    }
    Federation f{1, true};
};

TEST_F(TakenPresenceNode, TakesNoDomainOfAPartner) {
    name({"b.test"});
    for (int n = 0; n < 5; ++n) {
        const std::string id = std::to_string(n);
        f.b.user().message("juliet@b.test", "ceo@a.test", id);
        f.a.user().message("ceo@a.test", "juliet@b.test", id);
        f.world.advance(2s);
        EXPECT_TRUE(f.a.user().got(id)) << "what the partner says still comes in";
        EXPECT_TRUE(f.b.user().got(id)) << "and what is said to it goes to it, not to the presence node";
    }
    EXPECT_EQ(f.a.core_log.count("link.down"), 0U) << "no link of others ends for it";
}

TEST_F(TakenPresenceNode, NamesNoMoreThanTheEdgesTake) {
    std::vector<std::string> many;
    for (std::uint64_t n = 0; n + 3 < passed_on_limits.elements; ++n)
        many.push_back("n" + std::to_string(n) + ".a.test");
    f.a.core->shards.front()->federate({*config::NamePattern::parse("*.a.test")});
    name(many);
    f.world.advance(20s);
    EXPECT_EQ(f.a.core_log.count("link.down"), 0U) << "the links to the edges stand";
    EXPECT_LT(f.a.edge->shards.front()->hub().reached().domains.size(), 10'000U);
}

TEST_F(TakenPresenceNode, ChangesWhatItServesWithoutKeepingTheEdgesBusy) {
    f.a.edge_log.forget();
    link::Serves few, more;
    few.domains = {*xmpp::Domain::parse("imp.a.test")};
    more.domains = {*xmpp::Domain::parse("imp.a.test"), *xmpp::Domain::parse("more.a.test")};
    f.a.core->shards.front()->federate({*config::NamePattern::parse("*.a.test")});
    for (int n = 0; n < 500; ++n) f.a.presence->shard->hub().serve(n % 2 == 0 ? few : more);
    f.world.advance(3s);
    EXPECT_LT(f.a.edge_log.count("link.bound"), 100U);
    const auto reached = f.a.edge->shards.front()->hub().reached().domains;
    EXPECT_TRUE(std::find(reached.begin(), reached.end(), more.domains.back()) != reached.end())
        << "the last word counts";
}

class TakenEdgeAtTheCore : public testing::Test {
protected:
    TakenEdgeAtTheCore() {
        f.a.named_links = false;
        edge.remembers = true;
    }
    void come_up() {
        edge.listen({*IpAddress::parse("10.1.0.9"), link_port});
        f.a.start_core(false);
        f.a.attach_users();
        f.a.core->shards.front()->hub().dial({{"10.1.0.9", link_port}, "edge2.a.test", "edge2-a-test", {}});
        ASSERT_TRUE(f.world.run_until([&] { return edge.open() && f.a.user().attached(); }));
    }
    Federation f;
    SimNetwork host{f.world, {"10.1.0.9"}};
    LinkEnd edge{f.world, host, link::End::listener, "edge2.a.test", "link secret of a.test"};
};

TEST_F(TakenEdgeAtTheCore, FillsNoMoreOfTheCoreThanALinkMayHaveUnderWay) {
    constexpr std::uint64_t bound = 4 << 20;
    f.a.limits.link_bytes = bound;
    config::InsideServer inside;
    inside.domains = {*xmpp::Domain::parse("inside.test")};
    inside.address = {"10.1.0.50", 5269};
    inside.tls = config::InsideTls::none;
    f.a.servers.push_back(inside);
    SimServer slow{f.world, "10.1.0.50", {.stops_at = SimServer::Stop::connected}};
    come_up();
    const std::string body(100'000, 'x');
    for (int sender = 0; sender < 20; ++sender) {
        for (int n = 0; n < 10; ++n) {
            edge.say("<message from='u@s" + std::to_string(sender) + ".test' to='v@inside.test'><body>" + body +
                     "</body></message>");
        }
        f.world.advance(100ms);
    }
    std::uint64_t waiting = 0;
    for (const auto& to : f.a.core->shards.front()->s2s().pool().destinations()) waiting += to.queued_bytes;
    EXPECT_GT(waiting, bound / 8) << "what is within the budget waits";
    EXPECT_LE(waiting, 2 * bound);
}

TEST_F(TakenEdgeAtTheCore, HasNoMoreLinksThanANodeHasShards) {
    edge.shards = 1024;
    come_up();
    f.world.advance(1s);
    EXPECT_LE(f.a.core->shards.front()->hub().dials().size(), 256U);
}

TEST_F(TakenEdgeAtTheCore, HasFewerLinksWhenItHasFewerShards) {
    edge.shards = 4;
    come_up();
    f.world.advance(1s);
    EXPECT_EQ(f.a.core->shards.front()->hub().dials().size(), 4U);
    edge.shards = 1;
    edge.cut();
    f.world.advance(60s);
    EXPECT_EQ(f.a.core->shards.front()->hub().dials().size(), 1U);
}

TEST_F(TakenEdgeAtTheCore, HasAMinuteForAnElement) {
    come_up();
    edge.say("<message from='u@b.test' to='v@a.test'><body>");
    for (int second = 0; second < 90; ++second) {
        edge.say("x");
        f.world.advance(1s);
    }
    EXPECT_NE(f.a.core_log.dump().find("an element was not complete in time"), std::string::npos);
}

TEST_F(TakenEdgeAtTheCore, ChangesWhatItServesWithoutFillingTheLog) {
    come_up();
    for (int n = 0; n < 500; ++n) {
        edge.say("<bind xmlns='urn:xmpp:component:0'><hostname>n" + std::to_string(n) + ".test</hostname></bind>");
    }
    f.world.advance(1s);
    EXPECT_LT(f.a.core_log.count("link.bound"), 100U) << "each looks at all that is held";
    f.world.advance(2s);
    const auto sessions = f.a.core->shards.front()->hub().sessions();
    ASSERT_EQ(sessions.size(), 1U);
    EXPECT_EQ(sessions.front().bound, std::vector<std::string>{"n499.test"}) << "the last word counts";
}

/// An edge that has as many links as the core dials, and itself chooses what their sessions are called.
class NamingEdge {
public:
    NamingEdge(SimWorld& world, SimNetwork& host) : world_{world} {
        auto listener =
            host.listen({*IpAddress::parse("10.1.0.9"), link_port}, [this](std::unique_ptr<io::Stream> stream) {
                if (!deaf) links.push_back(std::make_unique<Link>(*this, std::move(stream)));
            });
        listener_ = std::move(*listener);
    }
    class Link final : public io::StreamOwner {
    public:
        Link(NamingEdge& edge, std::unique_ptr<io::Stream> stream)
            : edge_{edge}, stream_{std::move(stream)}, machine_{settings(edge), edge.world_.loop().now()} {
            stream_->set_owner(this);
            SimTlsSettings tls;
            tls.identities = {sim_certificate({"edge2.a.test"})};
            tls.require_peer = true;
            stream_->start_tls(sim_tls_context(tls), io::TlsRole::server, {});
        }
        void say(const std::string& bytes) { stream_->write(bytes); }
        void cut() { stream_->abort(); }
        [[nodiscard]] bool open() const { return machine_.open() && !closed_; }
        [[nodiscard]] const std::string& heard() const { return heard_; }

        void on_tls(const TlsFacts&) override {
            link::Actions actions;
            machine_.on_connected(actions);
            carry_out(actions);
        }
        void on_bytes(std::string_view bytes) override {
            heard_ += bytes;
            reader_.feed(bytes);
            while (!machine_.closed()) {
                link::Actions actions;
                const xml::Kind kind = reader_.next();
                if (kind == xml::Kind::need_more) return;
                if (kind == xml::Kind::header) machine_.on_header(reader_.header(), edge_.world_.loop().now(), actions);
                if (kind == xml::Kind::element) machine_.on_element(reader_.tree(), edge_.world_.loop().now(), actions);
                if (kind == xml::Kind::footer) machine_.on_footer(actions);
                carry_out(actions);
            }
        }
        void on_drained() override {}
        void on_closed(io::CloseReason, const std::string&) override { closed_ = true; }

    private:
        static link::MachineSettings settings(const NamingEdge& edge) {
            link::MachineSettings settings;
            settings.end = link::End::listener;
            settings.realm = "edge2-a-test";
            settings.node = "edge2";
            settings.secret = "link secret of a.test";
            settings.stream_id = "stream";
            settings.shards = edge.shards;
            return settings;
        }
        void carry_out(const link::Actions& actions) {
            for (const link::Action& action : actions) {
                link::Actions answer;
                if (const auto* send = std::get_if<link::Send>(&action)) {
                    stream_->write(send->bytes);
                } else if (const auto* wanted = std::get_if<link::SessionWanted>(&action)) {
                    if (!edge_.before_answer.empty()) say(edge_.before_answer);
                    wanted->previous.empty() ? machine_.enabled(edge_.id, answer)
                                             : machine_.resumed(wanted->previous, wanted->h, answer);
                } else if (std::holds_alternative<link::CountWanted>(action)) {
                    machine_.acknowledge(0, edge_.world_.loop().wall(), answer);
                } else if (std::holds_alternative<link::Close>(action)) {
                    stream_->close(std::chrono::seconds{1});
                }
                carry_out(answer);
            }
        }

        NamingEdge& edge_;
        std::unique_ptr<io::Stream> stream_;
        link::Machine machine_;
        xml::Reader reader_{Limits{}.after_auth};
        std::string heard_;
        bool closed_ = false;
    };

    std::string id = "the same";
    std::string before_answer;  ///< is said before each answer to what the core wants
    std::uint32_t shards = 1;
    bool deaf = false;  ///< to new connections
    std::vector<std::unique_ptr<Link>> links;

private:
    SimWorld& world_;
    std::unique_ptr<io::Listener> listener_;
};

class EdgeThatNamesSessions : public testing::Test {
protected:
    void come_up() {
        f.a.named_links = false;
        f.a.start_core(false);
        f.a.attach_users();
        f.a.core->shards.front()->hub().dial({{"10.1.0.9", link_port}, "edge2.a.test", "edge2-a-test", {}});
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().attached(); }));
        f.world.advance(2s);
    }
    [[nodiscard]] std::size_t sessions() const { return f.a.core->shards.front()->hub().sessions().size(); }
    Federation f;
    SimNetwork host{f.world, {"10.1.0.9"}};
    NamingEdge edge{f.world, host};
};

TEST_F(EdgeThatNamesSessions, AlikeLeavesNoLinkWithAnothersSession) {
    edge.shards = 2;
    come_up();
    ASSERT_FALSE(edge.links.empty());
    ASSERT_TRUE(edge.links.front()->open());
    // What the second resumes would be the first one's.
    for (int n = 0; n < 2; ++n) {
        edge.links.back()->cut();
        if (n == 0) f.world.advance(10s);
    }
    edge.deaf = true;
    f.world.advance(400s);
    for (const auto& link : edge.links) {
        if (link->open()) link->say("<message from='u@b.test' to='romeo@a.test' id='m1'><body>1</body></message>");
    }
    f.world.advance(2s);
    EXPECT_LE(sessions(), 1U);
    EXPECT_TRUE(f.a.user().got("m1")) << "the first link stands";
}

TEST_F(EdgeThatNamesSessions, NotAtAllFillsNoTableWithThem) {
    edge.id.clear();
    come_up();
    for (int n = 0; n < 50; ++n) {
        if (!edge.links.empty()) edge.links.back()->cut();
        f.world.advance(6s);
    }
    EXPECT_LE(sessions(), 1U);
}

TEST_F(EdgeThatNamesSessions, IsAskedForANewOneOnce) {
    for (int n = 0; n < 1000; ++n) edge.before_answer += "<failed xmlns='urn:xmpp:sm:3'/>";
    come_up();
    ASSERT_FALSE(edge.links.empty());
    std::size_t asked = 0;
    const std::string& heard = edge.links.front()->heard();
    for (auto at = heard.find("<enable "); at != std::string::npos; at = heard.find("<enable ", at + 1)) ++asked;
    EXPECT_LE(asked, 2U) << "a short word must not fetch a longer one again and again";
}

/// So much more than a link may have under way, by as many senders and to as many domains as one likes.
constexpr std::uint64_t link_bound = 4 << 20;
constexpr int flooding_domains = 20, stanzas_each = 10;
constexpr std::size_t stanza_bytes = 100'000;

TEST(TakenPresenceNodeAtTheCore, FillsNoMoreOfTheCoreThanALinkMayHaveUnderWay) {
    Federation f;
    f.a.named_links = false;
    f.a.limits.link_bytes = link_bound;
    config::InsideServer inside;
    for (int n = 0; n < flooding_domains; ++n) {
        inside.domains.push_back(*xmpp::Domain::parse("d" + std::to_string(n) + ".test"));
    }
    inside.address = {"10.1.0.50", 5269};
    inside.tls = config::InsideTls::none;
    f.a.servers.push_back(inside);
    SimServer slow{f.world, "10.1.0.50", {.stops_at = SimServer::Stop::connected}};
    SimNetwork host{f.world, {"10.1.0.9"}};
    LinkEnd node{f.world, host, link::End::listener, "imp.a.test", "link secret of a.test"};
    node.listen({*IpAddress::parse("10.1.0.9"), link_port});
    f.a.start_core(false);
    f.a.core->shards.front()->presence_hub().dial({{"10.1.0.9", link_port}, "imp.a.test", "imp-a-test", {}});
    ASSERT_TRUE(f.world.run_until([&] { return node.open(); }));
    node.say("<bind xmlns='urn:xmpp:component:0'><hostname>imp.a.test</hostname></bind>");
    f.world.advance(1s);
    const std::string body(stanza_bytes, 'x');
    for (int to = 0; to < flooding_domains; ++to) {
        for (int n = 0; n < stanzas_each; ++n) {
            node.say("<message from='u@imp.a.test' to='v@d" + std::to_string(to) + ".test'><body>" + body +
                     "</body></message>");
        }
        f.world.advance(100ms);
    }
    std::uint64_t waiting = 0;
    for (const auto& to : f.a.core->shards.front()->s2s().pool().destinations()) waiting += to.queued_bytes;
    EXPECT_GT(waiting, link_bound / 8) << "what is within the budget waits";
    EXPECT_LE(waiting, 2 * link_bound);
    EXPECT_TRUE(node.open());
}

TEST(TakenCoreAtThePresenceNode, FillsNoMoreOfItThanALinkMayHaveUnderWay) {
    Federation f{1, true};
    f.a.named_links = false;
    f.a.limits.link_bytes = link_bound;
    f.a.limits.queue_bytes = 1 << 28;
    f.a.start_presence();
    f.a.imp_user.attach({*IpAddress::parse(f.a.presence_address), 5347});
    SimNetwork host{f.world, {"10.1.0.9"}};
    LinkEnd core{f.world, host, link::End::dialler, "core.a.test", "link secret of a.test"};
    std::vector<std::string> senders;
    for (int n = 0; n < flooding_domains; ++n) senders.push_back("s" + std::to_string(n) + ".test");
    core.dial({*IpAddress::parse(f.a.presence_address), link_port}, senders);
    ASSERT_TRUE(f.world.run_until([&] { return core.open() && f.a.imp_user.attached(); }));
    f.a.imp_user.hang(true);
    const std::string body(stanza_bytes, 'x');
    for (const std::string& sender : senders) {
        for (int n = 0; n < stanzas_each; ++n) {
            core.say("<message from='u@" + sender + "' to='v@imp.a.test' id='flood'><body>" + body +
                     "</body></message>");
        }
        f.world.advance(100ms);
    }
    // Who waits for the component has no answer yet.
    const auto answered = static_cast<std::uint64_t>(std::count(core.received.begin(), core.received.end(), "flood"));
    const std::uint64_t waiting = (flooding_domains * stanzas_each - answered) * stanza_bytes;
    EXPECT_GT(waiting, link_bound / 8) << "what is within the budget waits";
    EXPECT_LE(waiting, 2 * link_bound);
    EXPECT_TRUE(core.open());
}

}  // namespace
}  // namespace sallyport::test
