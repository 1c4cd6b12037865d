// Several domains of one organisation to one partner: they share a stream (XEP-0220 2.6.1), each is judged on its own,
// and a partner that cannot do it gets a stream a domain.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class TwoDomains : public testing::Test {
protected:
    void SetUp() override {
        f.a.share_streams = true;
        ASSERT_TRUE(f.start()) << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }

    SimUser& users() { return f.a.user(0); }  ///< of a.test
    SimUser& rooms() { return f.a.user(1); }  ///< of rooms.a.test
    s2s::Pool& pool() { return f.a.edge->shards.front()->s2s().pool(); }
    [[nodiscard]] bool arrives(const std::string& id) {
        return f.world.run_until([&] { return f.b.user().got(id); });
    }
    /// Both pairs are ready, on one stream.
    void share() {
        users().message("romeo@a.test", "juliet@b.test", "u0");
        ASSERT_TRUE(arrives("u0"));
        rooms().message("hall@rooms.a.test", "juliet@b.test", "r0");
        ASSERT_TRUE(arrives("r0"));
        ASSERT_EQ(pool().streams().size(), 1U);
        ASSERT_EQ(pool().streams().front().pairs.size(), 2U);
    }

    Federation f;
};

TEST_F(TwoDomains, ShareOneConnectionToAPartner) {
    share();
    EXPECT_EQ(f.a.edge_log.last("s2s.outbound.sharing", "pair"), "rooms.a.test:b.test");
    EXPECT_EQ(f.b.edge_log.count("s2s.pair.ready"), 2U);
    const auto before = f.a.edge_log.count("tcp.connected");
    users().message("romeo@a.test", "juliet@b.test", "u1");
    rooms().message("hall@rooms.a.test", "juliet@b.test", "r1");
    ASSERT_TRUE(arrives("u1") && arrives("r1"));
    EXPECT_EQ(f.a.edge_log.count("tcp.connected"), before);
}

TEST_F(TwoDomains, WaitForTheStreamThatIsOnItsWay) {
    users().message("romeo@a.test", "juliet@b.test", "u0");
    rooms().message("hall@rooms.a.test", "juliet@b.test", "r0");
    ASSERT_TRUE(arrives("u0") && arrives("r0"));
    EXPECT_EQ(f.a.edge_log.count("s2s.outbound.connecting"), 1U);
    EXPECT_EQ(pool().streams().size(), 1U);
}

TEST_F(TwoDomains, KeepOrderAndCountsWhenTheSharedStreamBreaks) {  // XEP-0198: one window, two pairs
    share();
    std::vector<std::string> from_users{"u0"}, from_rooms{"r0"};
    for (int n = 1; n <= 40; ++n) {
        from_users.push_back("u" + std::to_string(n));
        from_rooms.push_back("r" + std::to_string(n));
        users().message("romeo@a.test", "juliet@b.test", from_users.back());
        rooms().message("hall@rooms.a.test", "juliet@b.test", from_rooms.back());
        if (n == 20) f.world.advance(std::chrono::milliseconds{3});  // written to the partner, not acknowledged
    }
    f.world.reset_streams(f.b.edge_public);
    ASSERT_TRUE(arrives("u40") && arrives("r40"));
    const auto once = [](std::vector<std::string> ids) {
        std::vector<std::string> seen;
        for (std::string& id : ids) {
            if (std::find(seen.begin(), seen.end(), id) == seen.end()) seen.push_back(std::move(id));
        }
        return seen;
    };
    EXPECT_EQ(once(f.b.user().ids_from("a.test")), from_users);
    EXPECT_EQ(once(f.b.user().ids_from("rooms.a.test")), from_rooms);
    EXPECT_EQ(pool().streams().size(), 1U);
    f.world.advance(std::chrono::seconds{1});
    for (const auto& destination : pool().destinations()) EXPECT_EQ(destination.unacknowledged, 0U);
}

TEST_F(TwoDomains, AreRefusedOneByOne) {
    f.b.change([](config::Settings& settings) { settings.deny_list = {*config::NamePattern::parse("rooms.a.test")}; });
    users().message("romeo@a.test", "juliet@b.test", "u0");
    ASSERT_TRUE(arrives("u0"));
    rooms().message("hall@rooms.a.test", "juliet@b.test", "r0");
    ASSERT_TRUE(f.world.run_until([&] { return rooms().got("r0"); }));
    EXPECT_EQ(rooms().with_id("r0").front()->type, "error");
    EXPECT_GT(f.a.edge_log.count("s2s.outbound.connecting"), 1U) << "it may have been its company: once more, alone";
    users().message("romeo@a.test", "juliet@b.test", "u1");
    ASSERT_TRUE(arrives("u1"));
    EXPECT_EQ(f.b.edge_log.count("s2s.pair.ready"), 1U) << "the first pair has its stream still";
}

TEST_F(TwoDomains, AreNotReturnedForWhatTheRulesSayOfTheirCompany) {
    users().message("romeo@a.test", "juliet@b.test", "u0");
    rooms().message("hall@rooms.a.test", "juliet@b.test", "r0");
    ASSERT_TRUE(f.world.run_until([&] { return !pool().streams().empty(); }));
    f.a.change([](config::Settings& settings) { std::erase(settings.domains, *config::NamePattern::parse("a.test")); });
    ASSERT_TRUE(arrives("r0"));
    EXPECT_FALSE(f.b.user().got("u0"));
}

TEST_F(TwoDomains, LoseTheStreamOneByOne) {
    share();
    const auto domains = f.a.settings.domains;
    f.a.change(
        [](config::Settings& settings) { std::erase(settings.domains, *config::NamePattern::parse("rooms.a.test")); });
    EXPECT_EQ(pool().streams().size(), 1U);
    EXPECT_EQ(pool().streams().front().pairs.size(), 1U);
    rooms().message("hall@rooms.a.test", "juliet@b.test", "r1");
    users().message("romeo@a.test", "juliet@b.test", "u1");
    ASSERT_TRUE(arrives("u1"));
    EXPECT_FALSE(f.b.user().got("r1"));
    EXPECT_EQ(f.a.edge_log.count("s2s.outbound.connecting"), 1U);

    f.a.change([&](config::Settings& settings) { settings.domains = domains; });
    rooms().message("hall@rooms.a.test", "juliet@b.test", "r2");
    ASSERT_TRUE(arrives("r2"));
    EXPECT_EQ(pool().streams().size(), 1U);
}

/// A partner without TLS that accepts every key, but only the first one of a stream as it should.
class OldPartner final {
public:
    enum class Manner { announces_nothing, never_answers, closes };

    OldPartner(SimNetwork& host, Manner manner) : manner_{manner} {
        auto listener =
            host.listen({*IpAddress::parse("198.51.100.9"), 5269}, [this](std::unique_ptr<io::Stream> stream) {
                lines_.push_back(std::make_unique<Line>(*this, std::move(stream)));
            });
        if (listener) listener_ = std::move(*listener);
    }
    [[nodiscard]] std::size_t connections() const { return lines_.size(); }
    [[nodiscard]] bool got(const std::string& id) const {
        return received_.find("id='" + id + "'") != std::string::npos;
    }

private:
    struct Line final : io::StreamOwner {
        Line(OldPartner& partner_, std::unique_ptr<io::Stream> stream_)
            : partner{partner_}, stream{std::move(stream_)}, reader{Limits{}.after_auth} {
            stream->set_owner(this);
        }
        void on_bytes(std::string_view bytes) override {
            reader.feed(bytes);
            while (true) {
                const xml::Kind kind = reader.next();
                if (kind == xml::Kind::header) {
                    const bool silent = partner.manner_ == Manner::announces_nothing;
                    stream->write(
                        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
                        "xmlns:db='jabber:server:dialback' from='old.test' id='old' version='1.0'><stream:features>" +
                        std::string{silent ? "" : "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"} +
                        "</stream:features>");
                } else if (kind == xml::Kind::element) {
                    element();
                } else {
                    return;
                }
            }
        }
        void element() {
            const xml::Element element = reader.tree();
            if (element.name != "result") {
                partner.received_ += "id='" + std::string{element.attribute("id")} + "' ";
            } else if (++keys == 1) {
                stream->write("<db:result from='old.test' to='" + std::string{element.attribute("from")} +
                              "' type='valid'/>");
            } else if (partner.manner_ == Manner::closes) {
                stream->write("</stream:stream>");
                stream->close(std::chrono::seconds{1});
            }
        }
        void on_tls(const TlsFacts&) override {}
        void on_drained() override {}
        void on_closed(io::CloseReason, const std::string&) override {}
        OldPartner& partner;
        std::unique_ptr<io::Stream> stream;
        xml::Reader reader;
        unsigned keys = 0;
    };

    Manner manner_;
    std::unique_ptr<io::Listener> listener_;
    std::vector<std::unique_ptr<Line>> lines_;
    std::string received_;
};

class OldPartners : public TwoDomains, public testing::WithParamInterface<OldPartner::Manner> {};
INSTANTIATE_TEST_SUITE_P(Manners, OldPartners,
                         testing::Values(OldPartner::Manner::announces_nothing, OldPartner::Manner::never_answers,
                                         OldPartner::Manner::closes));

TEST_P(OldPartners, GetAStreamADomain) {
    SimNetwork host{f.world, {"198.51.100.9"}};
    f.dns.srv("_xmpp-server._tcp.old.test", 0, 0, 5269, "xmpp.old.test");
    f.dns.address("xmpp.old.test", "198.51.100.9");
    f.a.change([](config::Settings& settings) { settings.security_mode = s2s::SecurityMode::tls_optional; });
    OldPartner partner{host, GetParam()};
    const auto reaches = [&](const std::string& id) { return f.world.run_until([&] { return partner.got(id); }); };

    users().message("romeo@a.test", "juliet@old.test", "u0");
    rooms().message("hall@rooms.a.test", "juliet@old.test", "r0");
    ASSERT_TRUE(reaches("u0"));
    ASSERT_TRUE(reaches("r0"));
    users().message("romeo@a.test", "juliet@old.test", "u1");
    rooms().message("hall@rooms.a.test", "juliet@old.test", "r1");
    ASSERT_TRUE(reaches("u1"));
    ASSERT_TRUE(reaches("r1"));
    EXPECT_EQ(pool().streams().size(), 2U);
    EXPECT_TRUE(users().received().empty()) << "nothing came back";
    EXPECT_TRUE(rooms().received().empty());
}

}  // namespace
}  // namespace sallyport::test
