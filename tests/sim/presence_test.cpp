// The whole trio: a component of the presence node in organisation a talks through core and edge with organisation b,
// while links are cut and processes die.
#include <gtest/gtest.h>

#include <set>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class Trio : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        ASSERT_TRUE(f.start()) << f.logs();
        f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", "first");
        f.b.user().message("juliet@b.test", "romeo@imp.a.test", "first");
        ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("first") && f.a.imp_user.got("first"); }))
            << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }

    void send(int from, int to) {
        for (int n = from; n < to; ++n) {
            f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", std::to_string(n));
            f.b.user().message("juliet@b.test", "romeo@imp.a.test", std::to_string(n));
        }
    }
    [[nodiscard]] std::size_t out() { return f.b.user().ids_from("imp.a.test").size() - 1; }
    [[nodiscard]] std::size_t in() { return f.a.imp_user.ids_from("b.test").size() - 1; }
    /// "first" and the numbers below `end`, in order, once each, both ways.
    void expect_all(int end) {
        std::vector<std::string> expected{"first"};
        for (int n = 0; n < end; ++n) expected.push_back(std::to_string(n));
        EXPECT_EQ(f.b.user().ids_from("imp.a.test"), expected);
        EXPECT_EQ(f.a.imp_user.ids_from("b.test"), expected);
    }
    /// Nothing is lost without a word: each number arrived or came back. Something may arrive twice after a crash.
    void expect_told(int end) {
        const auto told = [](const SimUser& sender, const SimUser& receiver) {
            std::set<std::string> ids;
            for (const auto* user : {&sender, &receiver}) {
                for (const auto& one : user->received()) {
                    if (user == &receiver ? one.type != "error" : one.type == "error") ids.insert(one.id);
                }
            }
            return ids;
        };
        const auto outwards = told(f.a.imp_user, f.b.user()), inwards = told(f.b.user(), f.a.imp_user);
        for (int n = 0; n < end; ++n) {
            EXPECT_TRUE(outwards.contains(std::to_string(n))) << "lost on its way out: " << n;
            EXPECT_TRUE(inwards.contains(std::to_string(n))) << "lost on its way in: " << n;
        }
    }

    Federation f{GetParam(), true};
};
INSTANTIATE_TEST_SUITE_P(Shards, Trio, testing::Values(1U, 2U));

TEST_P(Trio, LosesAndDoublesNothingWhenThePresenceLinkIsCutAtAnyMoment) {
    int next = 0;
    for (int cut = 0; cut < 20; ++cut) {
        send(next, next + 10);
        next += 10;
        f.world.advance(std::chrono::microseconds{250} * (cut % 8 + 4));
        f.world.reset_streams(f.a.core_address);
        // The reset takes the component's stream to the core's host with it, not the one to the presence node.
        f.world.advance(std::chrono::milliseconds{cut % 3 * 400});
    }
    ASSERT_TRUE(f.world.run_until([&] { return out() >= 200 && in() >= 200; }));
    f.world.advance(std::chrono::seconds{10});
    expect_all(200);
    EXPECT_GE(f.a.presence_log.count("link.resumed"), 1U);
}

TEST_P(Trio, LosesNothingWhenTheCableToThePresenceNodeIsCutForAWhile) {
    send(0, 50);
    f.world.advance(std::chrono::microseconds{1500});
    f.world.block(f.a.core_address, f.a.presence_address);
    send(50, 100);
    f.world.advance(std::chrono::seconds{12});
    EXPECT_LT(out(), 100U);
    f.world.heal(f.a.core_address, f.a.presence_address);
    ASSERT_TRUE(f.world.run_until([&] { return out() >= 100 && in() >= 100; }));
    f.world.advance(std::chrono::seconds{10});
    expect_all(100);
}

TEST_P(Trio, HoldsWhatThePresenceNodeSaysWhileItsEdgeIsAway) {
    f.world.advance(std::chrono::seconds{70});
    f.a.kill_edge();
    f.world.advance(std::chrono::seconds{2});
    EXPECT_EQ(f.a.presence->shard->router().obstacle(), presence::Obstacle::unreachable);
    for (int n = 0; n < 50; ++n) f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", std::to_string(n));
    f.world.advance(std::chrono::seconds{5});
    EXPECT_EQ(out(), 0U);
    f.a.start_edge();
    ASSERT_TRUE(f.world.run_until([&] { return out() >= 50; }));
    EXPECT_TRUE(f.a.imp_user.with_id("7").empty()) << "nothing comes back";
}

TEST_P(Trio, TellsTheSenderOfEachStanzaWhatBecameOfItWhenAnyNodeDies) {
    const auto restart = {+[](Organisation& a) { a.kill_presence(), a.start_presence(), a.attach_users(); },
                          +[](Organisation& a) { a.kill_core(), a.start_core(), a.attach_users(); },
                          +[](Organisation& a) { a.kill_edge(), a.start_edge(); }};
    int next = 0;
    for (const auto& die : restart) {
        send(next, next + 30);
        next += 30;
        f.world.advance(std::chrono::seconds{1});
        die(f.a);
        ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); }, std::chrono::seconds{10})) << "not healed within 10 s";
        send(next, next + 30);
        next += 30;
        f.world.advance(std::chrono::minutes{1});
    }
    expect_told(next);
}

TEST_P(Trio, ReturnsWhatIsForOtherDomainsWhileNothingIsLoaded) {
    f.a.load({{}, 1, false});
    f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", "lost");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.imp_user.got("lost"); }));
    const SimUser::Received& error = *f.a.imp_user.with_id("lost").front();
    EXPECT_EQ(error.type, "error");
    EXPECT_NE(error.bytes.find("<remote-server-not-found"), std::string::npos) << error.bytes;
    EXPECT_EQ(error.bytes.find("edge"), std::string::npos) << "no host is named: " << error.bytes;
    EXPECT_NE(f.a.presence_log.dump().find("xmpps2snodes has 1 row, 0 loaded; restart the router"), std::string::npos);
    f.a.load({{"cm-2_s2scp-1.edge-a-test"}, 1, false});
    f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", "found");
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("found"); }));
}

TEST_P(Trio, ReachesTheDomainsOfItsCoreWithoutAnyEdge) {
    f.a.load({});
    f.a.imp_user.message("romeo@imp.a.test", "ana@a.test", "inside");
    f.a.user().message("ana@a.test", "romeo@imp.a.test", "inside");
    EXPECT_TRUE(f.world.run_until([&] { return f.a.user().got("inside") && f.a.imp_user.got("inside"); }));
}

TEST_P(Trio, RestartsTheRouterWithoutLosingOrDoublingAnything) {
    send(0, 100);
    f.world.advance(std::chrono::microseconds{1500});
    f.a.presence->shard->restart_links("imp-a-test", f.a.common_secret(), f.a.cores("presence"),
                                       link_tls("imp.a.test", "presence"));
    send(100, 200);
    ASSERT_TRUE(f.world.run_until([&] { return out() >= 200 && in() >= 200; }));
    expect_all(200);
    EXPECT_TRUE(f.a.imp_user.attached());
    EXPECT_GE(f.a.presence_log.count("link.resumed"), 1U);
}

/// A message as the hub takes it.
struct Forged {
    Forged(const std::string& from_, const std::string& to_)
        : from{from_}, to{to_}, bytes{"<message from='" + from_ + "' to='" + to_ + "' id='forged'/>"} {}
    [[nodiscard]] xmpp::Stanza stanza() const {
        xmpp::Stanza stanza;
        stanza.bytes = bytes;
        stanza.from = from;
        stanza.to = to;
        stanza.from_domain = stanza.from.substr(from.find('@') + 1);
        stanza.to_domain = stanza.to.substr(to.find('@') + 1);
        stanza.id = "forged";
        return stanza;
    }
    std::string from, to, bytes;
};

TEST_P(Trio, EndsTheLinkOfAPresenceNodeThatSpeaksForOthers) {
    f.a.presence->shard->hub().send(Forged{"ana@a.test", "juliet@b.test"}.stanza(), {});
    ASSERT_TRUE(f.world.run_until([&] { return f.a.core_log.count("link.refused") >= 1; }));
    f.world.advance(std::chrono::seconds{2});
    EXPECT_FALSE(f.b.user().got("forged"));
    EXPECT_NE(f.a.presence_log.dump().find("invalid-from"), std::string::npos);
}

TEST_P(Trio, EndsTheLinkOfACoreThatSpeaksForThePresenceNode) {
    f.a.core->shards.front()->presence_hub().send(Forged{"mercutio@imp.a.test", "romeo@imp.a.test"}.stanza(), {});
    ASSERT_TRUE(f.world.run_until([&] { return f.a.presence_log.count("link.refused") >= 1; }));
    f.world.advance(std::chrono::seconds{2});
    EXPECT_FALSE(f.a.imp_user.got("forged"));
    EXPECT_NE(f.a.core_log.dump().find("invalid-from"), std::string::npos);
}

/// The id in the error that came back for the stanza `id`; empty: none.
std::string verdict_in(const SimUser& user, const std::string& id) {
    for (const auto* one : user.with_id(id)) {
        const std::size_t at = one->bytes.find("id='v-");
        if (one->type == "error" && at != std::string::npos) return one->bytes.substr(at + 4, 14);
    }
    return {};
}

TEST_P(Trio, RefusalsOfThePresenceNodeHaveAnIdThatExplainsThem) {
    record::Verdicts& known = f.a.presence->shard->records().verdicts();
    f.a.load({{}, 0, false});
    f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", "lost");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.imp_user.got("lost"); }));
    const std::string id = verdict_in(f.a.imp_user, "lost");
    const auto verdict = known.find(id);
    ASSERT_TRUE(verdict) << f.a.imp_user.with_id("lost").at(0)->bytes;
    EXPECT_EQ(verdict->rule, Rule::no_rows);
    EXPECT_EQ(verdict->from, "imp.a.test");
    EXPECT_EQ(verdict->to, "b.test");
    EXPECT_NE(verdict->why.find("xmpps2snodes has 0 rows"), std::string::npos) << verdict->why;

    f.a.load({{}, 1, false});
    f.a.imp_user.message("romeo@imp.a.test", "juliet@b.test", "again");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.imp_user.got("again"); }));
    EXPECT_EQ(known.find(verdict_in(f.a.imp_user, "again"))->rule, Rule::not_loaded);
}

/// Whoever writes where nobody is may fill his own part of the log.
TEST_P(Trio, WhatIsWrittenToNobodyDrawsOnTheBudgetOfItsSender) {
    const auto ours = f.a.presence_log.without_source();
    xmpp::Stanza stanza;
    stanza.bytes = "<message from='u@b.test' to='v@gone.a.test'/>";
    stanza.kind = xmpp::StanzaKind::message;
    stanza.from = "u@b.test";
    stanza.from_domain = "b.test";
    stanza.to = "v@gone.a.test";
    stanza.to_domain = "gone.a.test";
    // As it would come over the link.
    f.a.presence->shard->router().from_link().route(stanza, {});
    EXPECT_EQ(f.a.presence_log.count("router.stanza.undeliverable"), 1U);
    EXPECT_EQ(f.a.presence_log.without_source(), ours);
}

}  // namespace
}  // namespace sallyport::test
