// One partner among several is stalled, slow, flooding, resetting …: what goes to the others, and comes from them,
// takes less than twice the time that it takes when all are well.
#include <gtest/gtest.h>

#include <map>
#include <ostream>

#include "support/raw_partner.h"
#include "support/sim_nodes.h"
#include "support/sim_partner.h"
#include "support/sim_server.h"

namespace sallyport::test {
namespace {

using namespace std::chrono_literals;

/// What the bad one does, and what is done with it all the while.
struct Manner {
    const char* name;
    void (*begin)(Federation&, SimPartner&);
    void (*tick)(Federation&, SimPartner&, int round);
};
void PrintTo(const Manner& manner, std::ostream* out) { *out << manner.name; }
void nothing(Federation&, SimPartner&, int) {}

const Manner manners[] = {
    {"Stalled", [](Federation&, SimPartner& bad) { bad.set_reads(false); }, nothing},
    {"StalledWithout0198",
     [](Federation&, SimPartner& bad) {
         bad.manages = false;
         bad.end(SimPartner::End::footer);
         bad.reads = false;
     },
     nothing},
    {"Slow", [](Federation&, SimPartner& bad) { bad.bytes_per_second = 30000; }, nothing},
    {"Unacknowledging", [](Federation&, SimPartner& bad) { bad.acks = SimPartner::Acks::none; }, nothing},
    {"AcknowledgingNothingNew", [](Federation&, SimPartner& bad) { bad.acks = SimPartner::Acks::zero; }, nothing},
    {"Resetting", [](Federation&, SimPartner&) {},
     [](Federation&, SimPartner& bad, int round) {
         if (round % 3 == 0) bad.end(SimPartner::End::reset);
     }},
    {"EndingAtEachStanza", [](Federation&, SimPartner& bad) { bad.most_bytes = 1; }, nothing},
    {"Gone",
     [](Federation&, SimPartner& bad) {
         bad.deafen();
         bad.end(SimPartner::End::reset);
     },
     nothing},
    {"Flooding", [](Federation&, SimPartner&) {},
     [](Federation& f, SimPartner&, int) {
         for (int n = 0; n < 20; ++n) {
             f.b.user().message("u@b.test", "romeo@a.test", "flood", std::string(10000, 'x'));
         }
     }},
};

class Fairness : public testing::TestWithParam<Manner> {
protected:
    void SetUp() override {
        f.a.settings.security_mode = s2s::SecurityMode::tls_optional;
        ASSERT_TRUE(f.start()) << f.logs();
        for (SimPartner* good : {&c, &d}) {
            good->on_stanza = [this](const std::string& id) { arrived_[id] = f.world.loop().now(); };
        }
        in_ = &e.open(f.a.edge_public, "a.test");
        ASSERT_TRUE(f.world.run_until([&] { return in_->ready(); })) << f.logs();
        round(0);  // all streams are open
        f.world.advance(5s);
    }

    void round(int number) {
        for (SimPartner* good : {&c, &d}) {
            const std::string id = good->name() + std::to_string(number);
            sent_[id] = f.world.loop().now();
            f.a.user().message("romeo@a.test", "juliet@" + good->name(), id);
        }
        for (int n = 0; n < 3; ++n) {
            f.a.user().message("romeo@a.test", "x@bad.test", "b" + std::to_string(n), std::string(10000, 'x'));
        }
        inward_ = "in" + std::to_string(number);
        in_->message("ines@e.test", "romeo@a.test", inward_);
    }
    /// Lets `span` pass, and sees when what comes from outside arrives.
    void pass(Duration span) {
        const TimePoint begin = f.world.loop().now();
        const auto& all = f.a.user().received();
        std::size_t seen = all.size();
        const bool came = f.world.run_until(
            [&] {
                for (; seen < all.size(); ++seen) {
                    if (all[seen].id == inward_) return true;
                }
                return false;
            },
            span);
        if (!came) ADD_FAILURE() << inward_ << " has not arrived";
        most_inward_ = std::max(most_inward_, f.world.loop().now() - begin);
        f.world.advance(begin + span - f.world.loop().now());
    }
    struct Ways {
        Duration out, in;
    };
    /// The longest way of a message to and from partners that are well.
    Ways longest(const Manner* manner, int first, int rounds) {
        most_inward_ = {};
        for (int number = first; number < first + rounds; ++number) {
            round(number);
            if (manner != nullptr) manner->tick(f, bad, number);
            pass(200ms);
        }
        Duration most{0};
        for (const auto& [id, when] : sent_) {
            const auto at = arrived_.find(id);
            if (at == arrived_.end()) {
                ADD_FAILURE() << id << " has not arrived";
                return {};
            }
            most = std::max(most, at->second - when);
        }
        sent_.clear();
        return {most, most_inward_};
    }

    Federation f;
    SimPartner c{f.world, f.dns, "c.test", 31}, d{f.world, f.dns, "d.test", 32}, bad{f.world, f.dns, "bad.test", 33};
    RawPartner e{f.world, f.dns, "e.test", "198.51.100.34"};
    RawStream* in_ = nullptr;
    std::map<std::string, TimePoint> sent_, arrived_;
    std::string inward_;  ///< what is on its way in
    Duration most_inward_{};
};
INSTANTIATE_TEST_SUITE_P(Manners, Fairness, testing::ValuesIn(manners),
                         [](const auto& about) { return about.param.name; });

TEST_P(Fairness, OfTheGatewayToThosePartnersThatAreWell) {
    sent_.clear();
    const Ways undisturbed = longest(nullptr, 1000, 50);
    GetParam().begin(f, bad);
    const Ways disturbed = longest(&GetParam(), 2000, 500);
    EXPECT_LT(disturbed.out, 2 * undisturbed.out);
    EXPECT_LT(disturbed.in, 2 * undisturbed.in);
    EXPECT_GT(undisturbed.out, 0s);
    EXPECT_GT(undisturbed.in, 0s);
}

config::InsideServer inside_server() {
    config::InsideServer server;
    server.domains = {*xmpp::Domain::parse("inside.a.test")};
    server.address = {"10.1.0.51", 5269};
    server.tls = config::InsideTls::optional;
    return server;
}

/// A server inside is everybody's recipient: its partners have a queue each, and what some of them fill leaves the
/// others theirs.
class InsideServer : public testing::Test {
protected:
    void SetUp() override {
        f.a.servers = {inside_server()};
        ASSERT_TRUE(f.start()) << f.logs();
    }
    /// What the core gets from the edge.
    void comes(const std::string& domain, const std::string& id) {
        const std::string from = "u@" + domain, to = "romeo@inside.a.test";
        const std::string bytes = "<message from='" + from + "' to='" + to + "' id='" + id + "'><body>" +
                                  std::string(10000, 'x') + "</body></message>";
        xmpp::Stanza stanza;
        stanza.bytes = bytes;
        stanza.from = from;
        stanza.to = to;
        stanza.from_domain = domain;
        stanza.to_domain = "inside.a.test";
        stanza.id = id;
        f.a.core->shards.front()->route(stanza, {});
    }

    Federation f;
};

TEST_F(InsideServer, ThatIsAwayHasRoomForEachPartner) {
    // Six full queues, where the queues of one remote domain are four at most.
    for (int n = 0; n < 6; ++n) {
        for (int m = 0; m < 500; ++m) comes("d" + std::to_string(n) + ".test", "flood");
    }
    EXPECT_GT(f.a.core_log.count("s2s.stanza.bounced"), 300U);
    EXPECT_LT(f.a.core_log.count("s2s.stanza.bounced"), 1000U);
    const std::size_t before = f.a.core_log.count("s2s.stanza.bounced");
    comes("healthy.test", "healthy");
    EXPECT_EQ(f.a.core_log.count("s2s.stanza.bounced"), before);
    SimServer back{f.world, "10.1.0.51"};
    EXPECT_TRUE(f.world.run_until([&] { return back.got("healthy"); }, 25s)) << f.a.core_log.dump();
}

/// It reads slowly what some partners write. Who has a stream of his own there that is read goes on.
TEST_F(InsideServer, ThatLeavesSomeStreamsUnreadHearsOfTheOthers) {
    RawPartner inside{f.world, f.dns, "inside.a.test", "10.1.0.51"};
    const auto flooder = [](int n) { return "d" + std::to_string(n) + ".test"; };
    for (int n = 0; n < 6; ++n) {
        comes(flooder(n), "hello" + std::to_string(n));
        ASSERT_TRUE(f.world.run_until([&] { return inside.got("hello" + std::to_string(n)); })) << f.a.core_log.dump();
    }
    std::vector<RawStream*> unread = inside.accepted();
    ASSERT_EQ(unread.size(), 6U) << "a stream for each";
    comes("healthy.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return inside.got("first"); }));
    for (RawStream* stream : unread) stream->pause(true);
    for (int m = 0; m < 800; ++m) {
        for (int n = 0; n < 6; ++n) comes(flooder(n), "flood");
    }
    comes("healthy.test", "second");
    EXPECT_TRUE(f.world.run_until([&] { return inside.got("second"); }, 2s));
    EXPECT_FALSE(inside.got("flood"));
}

/// A recipient inside that hangs, as a component and as a server: what a partner writes to others there goes on.
class Inside : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        f.a.servers = {inside_server()};
        f.a.settings.domains.push_back(*config::NamePattern::parse("inside.a.test"));
        f.dns.srv("_xmpp-server._tcp.inside.a.test", 0, 0, 5269, "xmpp.a.test");
        ASSERT_TRUE(f.start()) << f.logs();
        f.a.user(1).hang(true);  // rooms.a.test
    }
    [[nodiscard]] std::size_t bounced() const { return f.a.core_log.count("s2s.stanza.bounced"); }

    Federation f;
    SimServer hanging{f.world, "10.1.0.51", {.stops_at = SimServer::Stop::connected}};
};
INSTANTIATE_TEST_SUITE_P(Kinds, Inside, testing::Values("rooms.a.test", "inside.a.test"));

TEST_P(Inside, ThatHangsHoldsBackNothingElseOfAPartner) {
    const std::string hangs = GetParam();
    Duration longest{0};
    f.b.user().message("u@b.test", "romeo@a.test", "first");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got("first"); })) << f.logs();
    for (int round = 0; round < 200; ++round) {
        // Ten times as much as there is room for.
        for (int n = 0; n < 10; ++n) f.b.user().message("u@b.test", "x@" + hangs, "hung", std::string(10000, 'x'));
        const std::string id = "m" + std::to_string(round);
        const TimePoint sent = f.world.loop().now();
        f.b.user().message("u@b.test", "romeo@a.test", id);
        ASSERT_TRUE(f.world.run_until([&] { return f.a.user().got(id); }, 60s)) << round << f.logs();
        longest = std::max(longest, f.world.loop().now() - sent);
        f.world.advance(100ms);
    }
    EXPECT_LT(longest, 8s) << "once: then it is known that the recipient hangs, and not the link";
    EXPECT_TRUE(f.b.user().got("hung")) << "who writes to it is told";
}

}  // namespace
}  // namespace sallyport::test
