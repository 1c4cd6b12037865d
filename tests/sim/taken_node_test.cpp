// A node in other hands is one node: with an edge's key, certificate and secrets nobody passes for a core, and what an
// edge says for the inside goes nowhere (threats T72, T85). Through whole nodes: a core of the attacker's dials the
// listeners that the organisation has.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "support/sim_nodes.h"
#include "support/sim_server.h"

namespace sallyport::test {
namespace {

/// What the taken edge has, or what the attacker makes of it.
struct Loot {
    std::string certificate_of, role, secret;
};

/// A whole core of the attacker's, in the network of organisation a.
class FalseCore {
public:
    FalseCore(Federation& f, const Loot& loot, const std::string& address = "10.1.0.66")
        : f_{f}, host_{f.world, {address}}, process_{f.world, host_, f.dns, log, 1, "false-core"} {
        nodes::CoreParts parts;
        parts.components[*xmpp::Domain::parse("a.test")] = "s";
        parts.components[*xmpp::Domain::parse("imp.a.test")] = "s";
        parts.link_tls = link_tls(loot.certificate_of, loot.role);
        parts.realm = "core-a-test";
        parts.instance = "false-core";
        parts.link_secret = loot.secret;
        shards_.push_back(
            std::make_unique<nodes::CoreShard>(*process_.shards.front(), process_.ledger, parts, shards_));
        shards_.front()->announce();
    }

    void dial_edge() { core().hub().dial({{f_.a.edge_link, link_port}, "edge.a.test", "edge-a-test"}); }
    void dial_presence() {
        core().presence_hub().dial({{f_.a.presence_address, link_port}, "imp.a.test", "imp-a-test"});
    }
    [[nodiscard]] nodes::CoreShard& core() { return *shards_.front(); }
    [[nodiscard]] bool linked() {
        return !core().hub().sessions().empty() || !core().presence_hub().sessions().empty();
    }

    MemorySink log;

private:
    Federation& f_;
    SimNetwork host_;
    SimProcess process_;
    std::vector<std::unique_ptr<nodes::CoreShard>> shards_;
};

class TakenEdge : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(f.start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    /// Messages still go both ways between b.test and a.test, and between b.test and the presence node.
    void expect_health(const std::string& id) {
        f.b.user().message("juliet@b.test", "ceo@a.test", id);
        f.b.user().message("juliet@b.test", "romeo@imp.a.test", id);
        f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", id);
        EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got(id) && f.a.imp_user.got(id) && f.b.user().got(id); }))
            << id;
    }
    /// The attacker dials the edge and the presence node, and neither link comes up.
    void expect_shut(const Loot& loot, const std::string& why) {
        FalseCore attacker{f, loot};
        attacker.dial_edge();
        attacker.dial_presence();
        f.world.advance(std::chrono::seconds{12});
        EXPECT_FALSE(attacker.linked()) << why << attacker.log.dump();
        for (int n = 0; n < 12; ++n) {
            const std::string id = why + std::to_string(n);
            f.b.user().message("juliet@b.test", "ceo@a.test", id);
            EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got(id); })) << id;
        }
        expect_health(why + "after");
    }

    Federation f{1, true};
};

TEST_F(TakenEdge, IsNoCoreWithItsOwnCertificate) {
    for (const std::string& secret : {f.a.secret_of("edge"), f.a.secret_of("presence")}) {
        expect_shut({"edge.a.test", "edge", secret}, "edge");
    }
    EXPECT_GE(f.a.edge_log.count("link.stranger"), 1U);
    EXPECT_GE(f.a.presence_log.count("link.stranger"), 1U);
    EXPECT_NE(f.a.presence_log.dump().find("no [[link.accept]] names"), std::string::npos);
}

TEST_F(TakenEdge, IsNoCoreWithTheCoresNameButAnotherRole) {
    expect_shut({"core.a.test", "edge", f.a.secret_of("edge")}, "role");
    expect_shut({"core.a.test", "", f.a.secret_of("edge")}, "none");
}

TEST_F(TakenEdge, HasNoSecretOfAnotherLink) {
    FalseCore attacker{f, {"core.a.test", "core", f.a.secret_of("edge")}};
    attacker.dial_presence();
    f.world.advance(std::chrono::seconds{12});
    EXPECT_FALSE(attacker.linked());
    EXPECT_NE(f.a.presence_log.dump().find("wrong handshake"), std::string::npos);
    expect_health("secret");
}

TEST_F(TakenEdge, IsNoPresenceNodeToTheCore) {
    // Somebody answers at the presence node's address with the edge's certificate, even with its name in it.
    f.a.kill_presence();
    for (const auto& [name, role] : {std::pair{"edge.a.test", "edge"}, std::pair{"imp.a.test", "edge"}}) {
        SimNetwork host{f.world, {"10.1.0.99"}};
        nodes::PresenceParts parts;
        parts.link_tls = link_tls(name, role);
        parts.realm = "imp-a-test";
        parts.instance = "false-presence";
        parts.link_secret = f.a.secret_of("presence");
        MemorySink log;
        SimProcess process{f.world, host, f.dns, log, 1, "false-presence"};
        nodes::PresenceShard shard{*process.shards.front(), parts};
        auto listener = f.a.presence_host.listen({*IpAddress::parse(f.a.presence_address), link_port},
                                                 [&](auto stream) { shard.hub().accept(std::move(stream)); });
        ASSERT_TRUE(listener);
        f.world.advance(std::chrono::seconds{12});
        EXPECT_TRUE(shard.hub().sessions().empty()) << name << log.dump();
        for (const auto& dial : f.a.core->shards.front()->presence_hub().dials()) {
            EXPECT_NE(dial.why.find(std::string{name} == "imp.a.test" ? "is for the role edge, not presence"
                                                                      : "is not for imp.a.test"),
                      std::string::npos)
                << dial.why;
        }
    }
}

/// A core's end of one connection, word by word.
class RawCore final : public io::StreamOwner {
public:
    RawCore(Federation& f, SimNetwork& host, const std::string& name, std::string secret)
        : f_{f}, tls_{link_tls(name, "core")}, secret_{std::move(secret)} {
        dial_ = host.dial({*IpAddress::parse(f.a.edge_link), link_port}, nullptr, std::chrono::seconds{5},
                          [this](auto result) {
                              if (!result) return;
                              stream_ = std::move(*result);
                              stream_->set_owner(this);
                              stream_->start_tls(tls_, io::TlsRole::client, "edge.a.test");
                          });
    }
    /// Says `bytes` once the handshake has passed, and waits for the answer.
    std::string ask(const std::string& bytes) {
        EXPECT_TRUE(f_.world.run_until([&] { return heard.find("</stream:features>") != std::string::npos; }));
        const std::size_t at = heard.find(" id='") + 5;
        const std::string digest = to_hex(sha1(heard.substr(at, heard.find("'", at) - at) + secret_));
        stream_->write("<handshake>" + digest + "</handshake>");
        EXPECT_TRUE(f_.world.run_until([&] { return heard.find("<handshake/>") != std::string::npos; })) << heard;
        heard.clear();
        stream_->write(bytes);
        f_.world.advance(std::chrono::seconds{1});
        return heard;
    }
    void on_bytes(std::string_view bytes) override { heard += bytes; }
    void on_tls(const TlsFacts&) override {
        stream_->write(
            "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
            "xmlns:sp='urn:sallyport:link:0' to='edge-a-test' from='core-a-test' version='1.0' sp:node='raw'>");
    }
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {}
    std::string heard;

private:
    Federation& f_;
    std::shared_ptr<const io::TlsContext> tls_;
    std::string secret_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

TEST_F(TakenEdge, TwoCoresResumeEachTheirOwnSessions) {
    const std::string second_secret = "a secret of the second core";
    link::Neighbours two = f.a.cores("edge");
    two.listed.push_back({"core2.a.test", second_secret, {}});
    f.a.edge->shards.front()->hub().replace_identity("edge-a-test", {}, two);
    SimNetwork host{f.world, {"10.1.0.88"}};
    RawCore first{f, host, "core.a.test", f.a.secret_of("edge")};
    const std::string enabled = first.ask("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    const std::size_t at = enabled.find(" id='") + 5;
    ASSERT_NE(enabled.find("<enabled"), std::string::npos) << enabled;
    const std::string resume =
        "<resume xmlns='urn:xmpp:sm:3' previd='" + enabled.substr(at, enabled.find("'", at) - at) + "' h='0'/>";
    // Whatever it calls itself, its certificate says who it is: a session of the first core does not exist for it.
    RawCore second{f, host, "core2.a.test", second_secret};
    EXPECT_NE(second.ask(resume).find("<failed"), std::string::npos) << second.heard;
    RawCore again{f, host, "core.a.test", f.a.secret_of("edge")};
    EXPECT_NE(again.ask(resume).find("<resumed"), std::string::npos) << again.heard;
}

/// A core in other hands that answers pings: the operator takes its entry away and reloads.
TEST_F(TakenEdge, DropsACoreThatNoEntryNamesAnyMore) {
    expect_health("before");
    link::Hub& hub = f.a.edge->shards.front()->hub();
    hub.replace_identity("edge-a-test", {}, {{{"core2.a.test", "secret of the second core", {}}}, true});
    f.world.advance(std::chrono::seconds{1});
    EXPECT_TRUE(hub.sessions().empty());
    f.b.user().message("juliet@b.test", "ceo@a.test", "meanwhile");
    f.world.advance(std::chrono::seconds{12});
    EXPECT_FALSE(f.a.user().got("meanwhile"));
    hub.replace_identity("edge-a-test", {}, f.a.cores("edge"));
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("meanwhile"); }));
    expect_health("after");
}

/// A message as the hub takes it, from the edge's own hands.
void forge(Federation& f, const std::string& from, const std::string& to) {
    const std::string bytes = "<message from='" + from + "' to='" + to + "' id='forged'><body>pay</body></message>";
    xmpp::Stanza stanza;
    stanza.bytes = bytes;
    stanza.from = from;
    stanza.to = to;
    stanza.from_domain = stanza.from.substr(from.find('@') + 1);
    stanza.to_domain = stanza.to.substr(to.find('@') + 1);
    stanza.id = "forged";
    f.a.edge->shards.front()->hub().send(stanza, {});
}

TEST_F(TakenEdge, SpeaksForNobodyInside) {
    for (const std::string from : {"ceo@a.test", "room@rooms.a.test", "romeo@imp.a.test"}) {
        const std::size_t before = f.a.core_log.count("link.refused");
        forge(f, from, "clerk@a.test");
        ASSERT_TRUE(f.world.run_until([&] { return f.a.core_log.count("link.refused") > before; })) << from;
        ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); })) << "the core dials again";
    }
    f.world.advance(std::chrono::seconds{2});
    EXPECT_FALSE(f.a.user().got("forged"));
    EXPECT_NE(f.a.edge_log.dump().find("invalid-from"), std::string::npos);
    expect_health("inside");
}

TEST_F(TakenEdge, SpeaksForNobodyOfAPresenceNodeThatIsAway) {
    f.a.kill_presence();
    f.a.kill_core();
    f.a.start_core();
    f.a.user().attach({*IpAddress::parse(f.a.core_address), 5347});
    ASSERT_TRUE(f.world.run_until(
        [&] { return f.a.user().attached() && !f.a.core->shards.front()->hub().open_realms().empty(); }));
    forge(f, "romeo@imp.a.test", "clerk@a.test");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.core_log.count("link.refused") > 0; }));
    f.world.advance(std::chrono::seconds{2});
    EXPECT_FALSE(f.a.user().got("forged"));
}

TEST_F(TakenEdge, SendsNothingThroughTheCoreToTheOutside) {
    SimServer outside{f.world, "198.51.100.40", {.names = {"elsewhere.test"}}};
    f.dns.srv("_xmpp-server._tcp.elsewhere.test", 0, 0, 5269, "xmpp.elsewhere.test");
    f.dns.address("xmpp.elsewhere.test", "198.51.100.40");
    for (const std::string from : {"juliet@b.test", "ceo@nowhere.test"}) forge(f, from, "anybody@elsewhere.test");
    f.world.advance(std::chrono::seconds{40});
    EXPECT_EQ(outside.accepted(), 0U) << "nobody dials it for that";
    EXPECT_EQ(f.a.edge_log.dump().find("pair=nowhere.test:elsewhere.test"), std::string::npos)
        << "it did not come back";
    EXPECT_FALSE(outside.got("forged"));
    EXPECT_EQ(f.a.core_log.count("link.refused"), 0U) << "a wrong setting must not end the link";
    expect_health("relay");
    EXPECT_FALSE(f.b.user().got("forged"));
    // It can be reached: what the core itself has for it comes there.
    f.a.user().message("ceo@a.test", "anybody@elsewhere.test", "true");
    EXPECT_TRUE(f.world.run_until([&] { return outside.got("true"); }));
    EXPECT_FALSE(outside.got("forged"));
}

/// A file from before cores had names: it works, and a certificate that says another role is still refused.
TEST(CommonSecret, WorksAsBeforeAndTakesNoOtherRole) {
    Federation f{1, true};
    f.a.named_links = f.b.named_links = false;
    ASSERT_TRUE(f.start()) << f.logs();
    FalseCore attacker{f, {"edge.a.test", "edge", f.a.common_secret()}};
    attacker.dial_edge();
    attacker.dial_presence();
    f.world.advance(std::chrono::seconds{12});
    EXPECT_FALSE(attacker.linked()) << attacker.log.dump();
    EXPECT_NE(f.a.edge_log.dump().find("is for the role edge, not core"), std::string::npos) << f.logs();
    // Without a role nothing tells it from the core: that is what check-config and status warn of.
    FalseCore before{f, {"edge.a.test", "", f.a.common_secret()}, "10.1.0.67"};
    before.dial_presence();
    EXPECT_TRUE(f.world.run_until([&] { return before.linked(); }, std::chrono::seconds{5})) << f.logs();
}

/// A connection that says nothing.
class Silent final : public io::StreamOwner {
public:
    Silent(SimNetwork& host, const IpAddress& from, const Endpoint& to)
        : dial_{host.dial(to, &from, std::chrono::seconds{5}, [this](auto result) {
              if (!result) return;
              stream_ = std::move(*result);
              stream_->set_owner(this);
          })} {}
    void on_bytes(std::string_view) override {}
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { stream_.reset(); }

private:
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

/// Says one thing and waits for the end.
class Babbler final : public io::StreamOwner {
public:
    Babbler(SimNetwork& host, const Endpoint& to, std::string says)
        : says_{std::move(says)}, dial_{host.dial(to, nullptr, std::chrono::seconds{5}, [this](auto result) {
              if (!result) return;
              stream_ = std::move(*result);
              stream_->set_owner(this);
              stream_->write(says_);
          })} {}
    void on_bytes(std::string_view) override {}
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override { closed = true; }
    /// The connection is cut, whatever is under way.
    void cut() { stream_.reset(); }
    bool closed = false;

private:
    std::string says_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

/// CVE-2018-0409: one packet to port 7400 ended the router.
TEST_F(TakenEdge, GarbageAtTheLinkIsClosedAndHurtsNobody) {
    SimNetwork stranger{f.world, {"10.1.0.77"}};
    std::string noise(65536, '\0');
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * 2654435761U >> 13U);
    const std::string header =
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
        "to='edge-a-test' "
        "from='core-a-test' version='1.0'>";
    std::vector<std::unique_ptr<Babbler>> babblers;
    for (const std::string& to : {f.a.edge_link, f.a.presence_address}) {
        for (const std::string& says :
             {noise, noise.substr(7, 1024), std::string{"GET / HTTP/1.0\r\n\r\n"}, std::string(1 << 20, 'x'), header,
              header + "<handshake>wrong</handshake>", std::string{"\x16\x03\x01\xff\xff"}}) {
            babblers.push_back(std::make_unique<Babbler>(stranger, Endpoint{*IpAddress::parse(to), link_port}, says));
        }
    }
    expect_health("beside");
    ASSERT_TRUE(f.world.run_until(
        [&] { return std::all_of(babblers.begin(), babblers.end(), [](const auto& one) { return one->closed; }); }));
    f.world.advance(std::chrono::seconds{5});
    EXPECT_EQ(f.a.edge->shards.front()->hub().connections(), 1U);
    EXPECT_EQ(f.a.core_log.count("link.down"), 0U) << "the core's own links stand";
    expect_health("after");
}

/// CVE-2026-43506: what connections that never authenticate leave behind, in every style of leaving.
TEST_F(TakenEdge, NothingIsLeftOfConnectionsThatNeverAuthenticate) {
    SimNetwork stranger{f.world, {"198.51.100.66"}};
    const std::string header =
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback' from='attacker.test' to='a.test' version='1.0'>";
    const std::string styles[] = {"",
                                  header,
                                  header + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                                  header + "<db:result from='attacker.test' to='a.test'>00</db:result>",
                                  header + "</stream:stream>",
                                  "nonsense",
                                  header.substr(0, 60)};
    const std::size_t before = f.a.edge->shards.front()->s2s().open_streams();
    for (int round = 0; round < 60; ++round) {
        std::vector<std::unique_ptr<Babbler>> some;
        for (const std::string& style : styles) {
            some.push_back(
                std::make_unique<Babbler>(stranger, Endpoint{*IpAddress::parse(f.a.edge_public), 5269}, style));
        }
        f.world.advance(std::chrono::milliseconds{round % 7 * 30 + 20});
        if (round % 2 == 0) f.world.reset_streams("198.51.100.66");
        for (auto& one : some) one->cut();
        f.world.advance(std::chrono::seconds{2});
    }
    f.world.advance(std::chrono::minutes{2});
    EXPECT_EQ(f.a.edge->shards.front()->s2s().open_streams(), before);
    EXPECT_EQ(f.a.edge->process.ledger.totals().unauthenticated, 0U);
    EXPECT_EQ(f.a.edge->process.ledger.totals().dialbacks, 0U);
    expect_health("afterwards");
}

TEST_F(TakenEdge, StrangersKeepTheCoreOutOfNoListener) {
    f.a.kill_core();
    f.world.advance(std::chrono::seconds{1});
    std::vector<std::string> addresses;
    for (int n = 100; n < 200; ++n) addresses.push_back("10.1.7." + std::to_string(n));
    SimNetwork strangers{f.world, addresses};
    std::vector<std::unique_ptr<Silent>> flood;
    for (const std::string& to : {f.a.edge_link, f.a.presence_address}) {
        for (int n = 0; n < 500; ++n) {
            flood.push_back(std::make_unique<Silent>(strangers, *IpAddress::parse(addresses[n % addresses.size()]),
                                                     Endpoint{*IpAddress::parse(to), link_port}));
        }
    }
    f.world.advance(std::chrono::seconds{1});
    EXPECT_LE(f.a.edge->shards.front()->hub().connections(), DoorwayBounds{}.strangers);
    EXPECT_LE(f.a.presence->shard->hub().connections(), DoorwayBounds{}.strangers);
    f.a.start_core();
    f.a.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); }, std::chrono::seconds{5}));
    expect_health("flooded");
    const auto unbounded = f.a.edge_log.without_source();
    EXPECT_EQ(std::count(unbounded.begin(), unbounded.end(), "link.stranger"), 0)
        << "what strangers cause to be logged draws on a budget";
    f.world.advance(std::chrono::seconds{30});
    EXPECT_EQ(f.a.edge->shards.front()->hub().connections(), 1U) << "who says nothing is let go";
}

}  // namespace
}  // namespace sallyport::test
