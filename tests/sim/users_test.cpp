// Users of a presence node and the world outside: through core and edge, over stops, and with what ends their clients.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "nodes/presence/shard_clients.h"
#include "proto/xmpp/namespaces.h"
#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

class ChatUsers : public testing::TestWithParam<std::uint32_t> {
protected:
    void SetUp() override {
        f.a.limits.offline_stanzas = 400;  // a quarter of it is for a domain of strangers
        f.a.keep_users({"juliet", "romeo"});
        ASSERT_TRUE(f.start()) << f.logs();
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    void send(int from, int to) {
        for (int n = from; n < to; ++n) f.b.user().message("u@b.test", "juliet@chat.a.test", std::to_string(n));
    }
    /// How often each message came; and is forgotten.
    static std::map<std::string, int> messages(SimClient& client) {
        std::map<std::string, int> all;
        for (const xml::Element& element : std::exchange(client.received, {})) {
            if (element.name == "message" && element.attribute("type") != "error") {
                ++all[std::string{element.attribute("id")}];
            }
        }
        return all;
    }
    /// What the next client of juliet is given, and how often.
    std::map<std::string, int> next_client_gets() {
        const auto again = f.a.client("juliet");
        EXPECT_TRUE(again->online());
        f.world.advance(std::chrono::seconds{5});
        return messages(*again);
    }
    void stop_and_start() {
        nodes::PresenceShard& shard = *f.a.presence->shard;
        shard.shut();
        EXPECT_TRUE(f.world.run_until(
            [&] { return shard.over() && shard.hub().connections() == 0 && shard.users()->open_work() == 0; },
            std::chrono::milliseconds{2300}));
        f.a.kill_presence();
        f.world.advance(std::chrono::seconds{1});
        f.a.start_presence();
        f.a.attach_users();
        ASSERT_TRUE(f.world.run_until([&] { return f.a.up(); }));
        f.world.advance(std::chrono::minutes{1});
    }
    Federation f{GetParam(), true};
};
INSTANTIATE_TEST_SUITE_P(Shards, ChatUsers, testing::Values(1U, 2U));

class KnockedAt : public ChatUsers {
protected:
    KnockedAt() { f.a.limits.unauthenticated_connections = 64; }
};
INSTANTIATE_TEST_SUITE_P(Shards, KnockedAt, testing::Values(1U));

/// Strangers with as many addresses as it takes.
TEST_P(KnockedAt, LogInAllTheSame) {
    std::vector<std::unique_ptr<SimNetwork>> hosts;
    std::vector<std::unique_ptr<SimClient>> strangers;
    for (int n = 0; n < 50; ++n) {
        hosts.push_back(
            std::make_unique<SimNetwork>(f.world, std::vector<std::string>{"198.51.101." + std::to_string(n)}));
        for (int times = 0; times < 2; ++times) {
            strangers.push_back(std::make_unique<SimClient>(f.world, *hosts.back(),
                                                            Endpoint{*IpAddress::parse(f.a.presence_address), 5222},
                                                            "chat.a.test", "romeo", "guess"));
            strangers.back()->connect();
        }
    }
    EXPECT_EQ(f.a.presence->shard->users()->status().unauthenticated, 64U);
    f.world.advance(std::chrono::seconds{2});
    const auto juliet = f.a.client("juliet");
    EXPECT_TRUE(juliet->online());
}

TEST_P(ChatUsers, AreToldOnceOfWhatAStopFoundOnItsWayToTheirClients) {
    {
        const auto juliet = f.a.client("juliet");
        ASSERT_TRUE(juliet->online());
        juliet->say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        ASSERT_TRUE(juliet->next("enabled"));
        send(0, 90);
        // All of it is with the client, which acknowledges nothing.
        ASSERT_TRUE(f.world.run_until([&] {
            return std::count_if(juliet->received.begin(), juliet->received.end(),
                                 [](const xml::Element& element) { return element.name == "message"; }) == 90;
        }));
        stop_and_start();
        EXPECT_EQ(messages(*juliet).size(), 90U);
    }
    const auto got = next_client_gets();
    EXPECT_EQ(got.size(), 90U);
    for (const auto& [id, count] : got) EXPECT_EQ(count, 1) << id;
    EXPECT_EQ(f.b.user().received().size(), 0U) << "nothing came back";
}

/// One client that acknowledges nothing, be it there or gone, while its peer goes on writing to another.
class SilentClient : public ChatUsers {
protected:
    void SetUp() override {
        ChatUsers::SetUp();
        silent = f.a.client("juliet");
        romeo = f.a.client("romeo");
        ASSERT_TRUE(romeo->online());
        ASSERT_TRUE(silent->online());
        silent->say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        ASSERT_TRUE(silent->next("enabled"));
    }
    void expect_nobody_waits() {
        send(0, 1);
        for (int n = 1; n <= 200; ++n) {
            f.b.user().message("u@b.test", "romeo@chat.a.test", std::to_string(n));
            f.world.advance(std::chrono::seconds{1});
        }
        const auto got = messages(*romeo);
        EXPECT_EQ(got.size(), 200U);
        for (const auto& [id, count] : got) EXPECT_EQ(count, 1) << id;
        EXPECT_TRUE(f.b.user().received().empty()) << "nothing came back";
        EXPECT_EQ(f.b.edge_log.count("s2s.peer.dead"), 0U);
    }
    std::unique_ptr<SimClient> silent, romeo;
};
INSTANTIATE_TEST_SUITE_P(Shards, SilentClient, testing::Values(1U));

TEST_P(SilentClient, ThatIsThereHoldsUpNobody) {
    expect_nobody_waits();
    EXPECT_EQ(messages(*silent).size(), 1U);
    silent->say("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    f.world.advance(std::chrono::seconds{1});
    silent->cut();
    f.world.advance(std::chrono::minutes{6});
    EXPECT_TRUE(next_client_gets().empty()) << "it has acknowledged it";
}

TEST_P(SilentClient, ThatIsGoneHoldsUpNobodyAndMissesNothing) {
    silent->cut();
    expect_nobody_waits();
    f.world.advance(std::chrono::minutes{6});
    const auto got = next_client_gets();
    EXPECT_EQ(got.size(), 1U);
    for (const auto& [id, count] : got) EXPECT_EQ(count, 1) << id;
}

/// More than one window has room for waits on the disk, and the next client gets all of it.
TEST_P(SilentClient, ThatIsGoneWithAFullWindowLocksNobodyOut) {
    silent->cut();
    f.world.advance(std::chrono::seconds{1});
    for (int n = 0; n < 990; ++n) {
        f.b.user().message("u@b.test", "juliet@chat.a.test", std::to_string(n), std::string(4000, 'x'));
        if (n % 50 == 0) f.world.advance(std::chrono::milliseconds{500});
    }
    f.world.advance(std::chrono::minutes{6});
    EXPECT_TRUE(f.b.user().received().empty()) << "nothing came back";
    const auto again = f.a.client("juliet");
    ASSERT_TRUE(again->login());
    again->say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    ASSERT_TRUE(again->next("enabled"));
    again->say("<presence/>");
    std::map<std::string, int> got;
    std::size_t counted = 0;
    for (int n = 0; n < 60; ++n) {
        f.world.advance(std::chrono::milliseconds{500});
        counted += static_cast<std::size_t>(
            std::count_if(again->received.begin(), again->received.end(), [](const xml::Element& one) {
                return one.name == "message" || one.name == "presence" || one.name == "iq";
            }));
        for (const auto& [id, count] : messages(*again)) got[id] += count;
        again->say("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(counted) + "'/>");
    }
    EXPECT_EQ(got.size(), 990U);
    for (const auto& [id, count] : got) EXPECT_EQ(count, 1) << id;
}

/// What is for the moment is not kept for another client: its sender hears that it has not come.
TEST_P(SilentClient, ThatIsGoneLeavesNoGroupchatBehind) {
    silent->cut();
    const std::string to = silent->jid;
    f.b.user().say("<message from='room@b.test/u' to='" + to + "' id='g' type='groupchat'><body>x</body></message>");
    f.b.user().say("<message from='u@b.test' to='" + to + "' id='h' type='headline'><body>x</body></message>");
    f.world.advance(std::chrono::minutes{6});
    EXPECT_TRUE(f.b.user().got("g")) << "returned";
    EXPECT_TRUE(next_client_gets().empty());
}

TEST_P(SilentClient, TakesNoRoomThatOthersNeed) {
    for (int n = 0; n < 600; ++n) {
        f.b.user().message("u@b.test", "juliet@chat.a.test", "much", std::string(4000, 'x'));
    }
    f.world.advance(std::chrono::seconds{2});
    f.b.user().message("u@b.test", "romeo@chat.a.test", "one");
    EXPECT_TRUE(f.world.run_until([&] { return messages(*romeo).contains("one"); }, std::chrono::seconds{2}));
    EXPECT_FALSE(f.b.user().got("one"));
}

TEST_P(ChatUsers, AreToldOnceOfWhatAStopFoundOnItsWayToTheDisk) {
    send(0, 90);
    f.world.advance(std::chrono::milliseconds{8});
    stop_and_start();
    const auto juliet = f.a.client("juliet");
    ASSERT_TRUE(juliet->online());
    f.world.advance(std::chrono::seconds{5});
    const auto got = messages(*juliet);
    EXPECT_EQ(got.size(), 90U);
    for (const auto& [id, count] : got) EXPECT_EQ(count, 1) << id;
    EXPECT_EQ(f.b.user().received().size(), 0U);
}

TEST_P(ChatUsers, HearAtAStopOfWhatDoesNotLeaveAnyMore) {
    const auto juliet = f.a.client("juliet");
    ASSERT_TRUE(juliet->online());
    f.world.block(f.a.core_address, f.a.presence_address);
    juliet->say("<message to='u@b.test' id='1' type='chat'><body>x</body></message>");
    f.world.advance(std::chrono::milliseconds{500});
    f.a.presence->shard->shut();
    const auto error = juliet->next("message", "error");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->attribute("id"), "1");
    EXPECT_FALSE(f.b.user().got("1"));
}

TEST_P(ChatUsers, LogInWhileTheNodeReadsNothingFromThem) {
    f.a.presence->shard->users()->hold(true);
    const auto juliet = f.a.client("juliet");
    ASSERT_TRUE(juliet->login());
    juliet->say("<message to='u@b.test' id='held' type='chat'><body>x</body></message>");
    f.world.advance(std::chrono::seconds{15});
    EXPECT_FALSE(f.b.user().got("held"));
    f.a.presence->shard->users()->hold(false);
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("held"); }));
}

/// What the core held for a domain of the presence node that the node has not any more after its restart.
TEST_P(ChatUsers, OfADomainThatIsGoneAfterARestartAreNotWrittenToInVain) {
    const auto returned = [&](const std::string& id) {
        const auto all = f.b.user().with_id(id);
        return !all.empty() && all.front()->type == "error";
    };
    f.a.imp_user.message("mercutio@imp.a.test", "u@b.test", "before");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("before"); }));
    f.a.kill_presence();
    send(0, 5);
    f.b.user().message("u@b.test", "mercutio@imp.a.test", "stays");
    f.world.advance(std::chrono::seconds{3});
    f.a.directory.reset();
    f.a.start_presence();
    f.a.attach_users();
    ASSERT_TRUE(f.world.run_until([&] { return f.a.imp_user.got("stays"); }));
    EXPECT_TRUE(f.world.run_until([&] { return returned("0") && returned("4"); }));
    for (const char* id : {"0", "1", "2", "3", "4"}) EXPECT_TRUE(returned(id)) << id;
    EXPECT_EQ(f.a.presence_log.count("router.stanza.undeliverable"), 0U);
}

/// The same for what comes just when the new process is there and has not said yet what it serves.
TEST_P(ChatUsers, OfADomainThatIsGoneAreNotWrittenToInVainWhileItsNodeIsSilent) {
    f.world.advance(std::chrono::seconds{5});
    f.a.kill_presence();
    f.world.advance(std::chrono::seconds{1});
    f.a.directory.reset();
    f.world.set_latency(f.a.core_address, f.a.presence_address, std::chrono::milliseconds{300});
    f.a.start_presence();
    // Nothing is under way until the link is there.
    ASSERT_TRUE(f.world.run_until([&] { return f.a.core->shards.front()->presence_hub().open_realms().size() == 1; }));
    send(0, 5);
    f.world.advance(std::chrono::seconds{60});
    for (const char* id : {"0", "1", "2", "3", "4"}) {
        const auto all = f.b.user().with_id(id);
        ASSERT_FALSE(all.empty()) << id;
        EXPECT_EQ(all.front()->type, "error") << id;
    }
}

/// The internal servers' and the clients' parsers are mostly expat's.
TEST_P(ChatUsers, AreSentNoNameThatFewParsersKnow) {
    const auto juliet = f.a.client("juliet");
    ASSERT_TRUE(juliet->online());
    f.b.user().say("<message from='u@b.test' to='juliet@chat.a.test' id='in'><x\u2070 xmlns='urn:x'/></message>");
    ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("in"); }));
    EXPECT_NE(f.b.user().with_id("in").front()->bytes.find("<not-acceptable"), std::string::npos);
    juliet->say("<message to='u@b.test' id='out'><x\u2070 xmlns='urn:x'/></message>");
    const auto error = juliet->next("message", "error");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->attribute("id"), "out");
    EXPECT_EQ(error->child(xmpp::ns::client, "error")->first_child()->name, "not-acceptable");
    EXPECT_FALSE(f.b.user().got("out"));
    juliet->say("<message to='u@b.test' id='behind'><body>x</body></message>");
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got("behind"); })) << "its stream goes on";
}

/// What a question of an administrator brought with it: it belongs to the control thread, and has to end there.
struct Brought {
    Brought(const bool& on_shard, unsigned& ended_there) : on_shard_{on_shard}, ended_there_{ended_there} {}
    ~Brought() { ended_there_ += on_shard_ ? 1 : 0; }
    Brought(const Brought&) = delete;
    Brought& operator=(const Brought&) = delete;

private:
    const bool& on_shard_;
    unsigned& ended_there_;
};

TEST_P(ChatUsers, LeaveNothingOfAnAdministratorsQuestionOnTheirShard) {
    bool on_shard = false;
    unsigned ended_there = 0, answered = 0;
    nodes::ShardClients desk{*f.a.presence->shard, f.world.loop(), [&](std::function<void()> work) {
                                 work();
                                 // The control thread is the faster one: it has answered before the work is gone.
                                 f.world.advance(std::chrono::milliseconds{1});
                                 on_shard = true;
                                 work = nullptr;
                                 on_shard = false;
                             }};
    const auto brought = [&] { return std::make_shared<Brought>(on_shard, ended_there); };
    desk.end("juliet@chat.a.test/none", 1, [&, held = brought()](const Result<void>&) { ++answered; });
    desk.refused(10, [&, held = brought()](const auto&) { ++answered; });
    desk.page({}, [&, held = brought()](const auto&) { ++answered; });
    EXPECT_EQ(answered, 3U);
    EXPECT_EQ(ended_there, 0U);
}

}  // namespace
}  // namespace sallyport::test
