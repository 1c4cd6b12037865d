// The end of a node takes as long as what it has under way, whoever else is connected: strangers at any of its
// listeners are not waited for, and those that it knows for a second.
#include <gtest/gtest.h>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A listener of the trio.
enum class Door {
    edge_s2s,
    edge_link,
    core_s2s,
    core_components,
    presence_link,
    presence_clients,
    presence_components
};
struct Knock {
    Door door;
    bool speaks;  ///< begins a stream, or a TLS handshake, and leaves it at that
};

std::string name_of_knock(const testing::TestParamInfo<Knock>& info) {
    std::string name;
    switch (info.param.door) {
        case Door::edge_s2s: name = "EdgeS2s"; break;
        case Door::edge_link: name = "EdgeLink"; break;
        case Door::core_s2s: name = "CoreS2s"; break;
        case Door::core_components: name = "CoreComponents"; break;
        case Door::presence_link: name = "PresenceLink"; break;
        case Door::presence_clients: name = "PresenceClients"; break;
        case Door::presence_components: name = "PresenceComponents"; break;
    }
    return name + (info.param.speaks ? "Speaking" : "Silent");
}

std::vector<Knock> all_knocks() {
    std::vector<Knock> all;
    for (const Door door : {Door::edge_s2s, Door::edge_link, Door::core_s2s, Door::core_components, Door::presence_link,
                            Door::presence_clients, Door::presence_components}) {
        for (const bool speaks : {false, true}) all.push_back({door, speaks});
    }
    return all;
}

/// A trio that stops node by node.
class StoppedTrio {
protected:
    bool start() {
        f.a.keep_users({"juliet"});
        if (!f.start()) return false;
        for (auto& shard : f.a.core->shards) {
            if (!shard->s2s().listen({*IpAddress::parse(f.a.core_address), 5269}, false)) return false;
        }
        return true;
    }
    void shut_edge() {
        for (auto& shard : f.a.edge->shards) shard->shut();
    }
    void shut_core() {
        for (auto& shard : f.a.core->shards) shard->shut();
    }
    [[nodiscard]] bool edge_gone() const {
        return std::all_of(f.a.edge->shards.begin(), f.a.edge->shards.end(), [](const auto& shard) {
            return shard->over() && shard->s2s().open_streams() + shard->hub().connections() == 0;
        });
    }
    [[nodiscard]] bool core_gone() const {
        return std::all_of(f.a.core->shards.begin(), f.a.core->shards.end(), [](const auto& shard) {
            return shard->over() && shard->s2s().open_streams() + shard->hub().connections() +
                                            shard->presence_hub().connections() + shard->components().connections() ==
                                        0;
        });
    }
    [[nodiscard]] bool presence_gone() const {
        nodes::PresenceShard& shard = *f.a.presence->shard;
        return shard.over() &&
               shard.hub().connections() + shard.components().connections() + shard.users()->open_work() == 0;
    }

    Federation f{2, true};
};

/// Connects, perhaps says something, and is never heard of again.
class Knocker final : public io::StreamOwner {
public:
    Knocker(SimNetwork& host, const Endpoint& to, std::string words) : words_{std::move(words)} {
        dial_ = host.dial(to, nullptr, seconds{5}, [this](Result<std::unique_ptr<io::Stream>> made) {
            if (!made) return;
            stream_ = std::move(*made);
            stream_->set_owner(this);
            stream_->write(words_);
        });
    }
    [[nodiscard]] bool connected() const { return stream_ != nullptr; }
    void hang() { stream_->pause(true); }
    void on_bytes(std::string_view) override {}
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {}

private:
    std::string words_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

class StopAtEachDoor : public testing::TestWithParam<Knock>, protected StoppedTrio {
protected:
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
    [[nodiscard]] Endpoint door() const {
        const auto at = [](const std::string& address, std::uint16_t port) {
            return Endpoint{*IpAddress::parse(address), port};
        };
        switch (GetParam().door) {
            case Door::edge_s2s: return at(f.a.edge_public, 5269);
            case Door::edge_link: return at(f.a.edge_link, link_port);
            case Door::core_s2s: return at(f.a.core_address, 5269);
            case Door::core_components: return at(f.a.core_address, 5347);
            case Door::presence_link: return at(f.a.presence_address, link_port);
            case Door::presence_clients: return at(f.a.presence_address, 5222);
            case Door::presence_components: return at(f.a.presence_address, 5347);
        }
        return {};
    }
    [[nodiscard]] std::string words() const {
        if (!GetParam().speaks) return {};
        const auto header = [](const std::string& content, const std::string& to) {
            return "<stream:stream xmlns='" + content + "' xmlns:stream='http://etherx.jabber.org/streams' to='" + to +
                   "' version='1.0'>";
        };
        switch (GetParam().door) {
            case Door::edge_s2s:
            case Door::core_s2s: return header("jabber:server", "a.test");
            case Door::core_components: return header("jabber:component:accept", "a.test");
            case Door::presence_clients: return header("jabber:client", "chat.a.test");
            case Door::presence_components: return header("jabber:component:accept", "imp.a.test");
            case Door::edge_link:
            case Door::presence_link: return "\x16\x03\x01";  // TLS follows, never whole
        }
        return {};
    }
    void shut() {
        switch (GetParam().door) {
            case Door::edge_s2s:
            case Door::edge_link: return shut_edge();
            case Door::core_s2s:
            case Door::core_components: return shut_core();
            case Door::presence_link:
            case Door::presence_clients:
            case Door::presence_components: return f.a.presence->shard->shut();
        }
    }
    [[nodiscard]] bool gone() const {
        switch (GetParam().door) {
            case Door::edge_s2s:
            case Door::edge_link: return edge_gone();
            case Door::core_s2s:
            case Door::core_components: return core_gone();
            case Door::presence_link:
            case Door::presence_clients:
            case Door::presence_components: return presence_gone();
        }
        return false;
    }
};
INSTANTIATE_TEST_SUITE_P(Doors, StopAtEachDoor, testing::ValuesIn(all_knocks()), name_of_knock);

TEST_P(StopAtEachDoor, IsNotStretchedByStrangers) {
    ASSERT_TRUE(start()) << f.logs();
    SimNetwork host{f.world, {"198.51.100.9"}};
    Knocker stranger{host, door(), words()};
    ASSERT_TRUE(f.world.run_until([&] { return stranger.connected(); }));
    f.world.advance(seconds{1});
    stranger.hang();
    shut();
    EXPECT_TRUE(f.world.run_until([&] { return gone(); }, milliseconds{500}));
}

class Stopped : public testing::Test, protected StoppedTrio {
protected:
    void SetUp() override { ASSERT_TRUE(start()) << f.logs(); }
    void TearDown() override {
        if (HasFailure()) std::fputs(f.logs().c_str(), stderr);
    }
};

TEST_F(Stopped, PresenceNodeWaitsASecondForWhoDoesNotClose) {
    const auto juliet = f.a.client("juliet");
    ASSERT_TRUE(juliet->online());
    juliet->read(false);
    f.a.imp_user.hang(true);
    f.a.presence->shard->shut();
    EXPECT_TRUE(f.world.run_until([&] { return presence_gone(); }, milliseconds{2300}));
}

/// They were about to end when the node was told to, and had five seconds for it.
TEST_F(Stopped, PresenceNodeWaitsASecondForWhoIsClosingAlready) {
    const auto juliet = f.a.client("juliet");
    ASSERT_TRUE(juliet->online());
    juliet->read(false);
    juliet->say("</stream:stream>");
    f.a.imp_user.hang(true);
    f.a.imp_user.say("<message from='one@elsewhere.test' to='u@b.test'/>");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.presence_log.last("component.closed", "domain") == "imp.a.test"; }));
    f.a.presence->shard->shut();
    EXPECT_TRUE(f.world.run_until([&] { return presence_gone(); }, milliseconds{2300}));
}

TEST_F(Stopped, CoreWaitsASecondForAComponentThatDoesNotClose) {
    f.a.user().hang(true);
    f.a.user(1).hang(true);
    f.a.user(1).say("<message from='one@elsewhere.test' to='u@b.test'/>");
    ASSERT_TRUE(f.world.run_until([&] { return f.a.core_log.count("component.closed") == 1; }));
    shut_core();
    EXPECT_TRUE(f.world.run_until([&] { return core_gone(); }, milliseconds{2300}));
}

}  // namespace
}  // namespace sallyport::test
