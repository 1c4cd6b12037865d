// Seven days of partners that come and go, resets, restarts and strangers; then every table is back to its size. The
// list of tables that outlive a stream is here: a new one is added to it, and to tables() of its owner. That it has
// each table of which a real node tells is shown by tests/node/test_tables.py, which reads it; that each container of
// the code has its row or a reason, by the ctest `tables`.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "support/sim_nodes.h"

namespace sallyport::test {
namespace {

/// What a table holds when nothing is under way. A memory keeps what was, within its bound; links are there as before.
/// What a process has around its shards is not in this simulation.
enum class Rest { empty, memory, as_before, of_process };
const std::map<std::string_view, Rest> tables{
    {"s2s.destinations", Rest::empty},
    {"s2s.remotes", Rest::empty},
    {"s2s.sponsors", Rest::empty},
    {"s2s.crowded-owners", Rest::empty},
    {"s2s.slow-domains", Rest::empty},
    {"s2s.pings", Rest::empty},
    {"s2s.suspended", Rest::empty},
    {"s2s.detached-streams", Rest::empty},
    {"s2s.detached-bytes", Rest::empty},
    {"s2s.inquiries", Rest::empty},
    {"s2s.unreachable", Rest::empty},
    {"s2s.useless-targets", Rest::empty},
    {"s2s.refused-certificates", Rest::empty},
    {"s2s.reversed", Rest::empty},
    {"s2s.straying", Rest::empty},
    {"s2s.held-for-strays", Rest::empty},
    {"link.facts", Rest::empty},
    {"link.held", Rest::empty},
    {"link.lanes", Rest::empty},
    {"link.newcomers", Rest::empty},
    {"link.elsewhere", Rest::empty},
    {"link.strangers", Rest::empty},
    {"components.strangers", Rest::empty},
    {"components.waiting", Rest::empty},
    {"link.untold", Rest::empty},
    {"link.windows", Rest::empty},
    {"link.holes", Rest::empty},
    {"link.taken", Rest::empty},
    {"link.unfinished", Rest::empty},
    {"link.intakes", Rest::as_before},
    {"core.presence-domains", Rest::as_before},
    {"link.partners", Rest::empty},
    {"link.sessions", Rest::as_before},
    {"link.connections", Rest::as_before},
    {"link.culprits", Rest::memory},
    {"link.receipts", Rest::empty},
    {"link.processes", Rest::memory},
    {"link.copies", Rest::empty},
    {"core.described", Rest::empty},
    {"core.paced-senders", Rest::empty},
    {"core.brisk", Rest::empty},
    {"core.brisk-components", Rest::empty},
    {"presence.brisk", Rest::empty},
    {"record.verdicts", Rest::memory},
    {"dns.questions", Rest::empty},
    {"dns.silent", Rest::empty},
    {"connections.addresses", Rest::empty},
    {"connections.proven", Rest::memory},
    {"connections.authenticated", Rest::empty},
    {"users.accounts", Rest::empty},
    {"users.away", Rest::empty},
    {"users.disk", Rest::empty},
    {"users.refused-logins", Rest::memory},
    {"users.failures", Rest::empty},
    {"users.strangers", Rest::empty},
    {"users.stranger-domains", Rest::empty},
    {"users.probing", Rest::empty},
    {"users.probing-domains", Rest::empty},
    {"users.probes", Rest::empty},
    {"admin.answers", Rest::of_process},
    {"admin.downloads", Rest::of_process},
    {"admin.failures", Rest::of_process},
    {"admin.followers", Rest::of_process},
    {"admin.handovers", Rest::of_process},
    {"admin.handovers-audited", Rest::of_process},
    {"admin.handovers-issued", Rest::of_process},
    {"admin.sessions", Rest::of_process},
    {"admin.used-codes", Rest::of_process},
    {"axl.hashing", Rest::of_process},
    {"axl.proved", Rest::of_process},
    {"dns.known", Rest::of_process},
    {"history.peers", Rest::of_process},
    {"history.waiting", Rest::of_process},
    {"http.addresses", Rest::of_process},
    {"http.connections", Rest::of_process},
    {"log.repeated", Rest::of_process},
    {"record.handshake-kib", Rest::of_process},
    {"record.handshake-peers", Rest::of_process},
};

/// A stranger's connection: says something and never proves anything.
class Stranger final : public io::StreamOwner {
public:
    Stranger(SimNetwork& host, const std::string& edge, std::string words) {
        dial_ = host.dial({*IpAddress::parse(edge), 5269}, nullptr, std::chrono::seconds{5},
                          [this, words = std::move(words)](Result<std::unique_ptr<io::Stream>> result) {
                              if (!result) return;
                              stream_ = std::move(*result);
                              stream_->set_owner(this);
                              if (!words.empty()) stream_->write(words);
                          });
    }
    void on_bytes(std::string_view) override {}
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason, const std::string&) override {}
    void hang_up(bool hard) {
        if (stream_) hard ? stream_->abort() : stream_->close({});
    }

private:
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
};

class Soak : public testing::Test {
protected:
    void SetUp() override {
        for (Organisation* one : {&f.a, &f.b}) one->settings.security_mode = s2s::SecurityMode::tls_optional;
        f.a.limits.scram_iterations = 64;  // of log-ins there are many
        f.a.keep_users({"juliet", "romeo"});
        ASSERT_TRUE(f.start()) << f.logs();
        for (int number = 1; number <= 40; ++number) {
            const std::string address = number % 2 == 0 ? "203.0.113." + std::to_string(number)
                                                        : "2001:db8:5:" + std::to_string(number) + "::1";
            hosts.push_back(std::make_unique<SimNetwork>(f.world, std::vector<std::string>{address}));
        }
    }
    std::size_t pick(std::size_t below) { return dice() % below; }

    void strangers_call() {
        const std::string name = "s" + std::to_string(pick(1000)) + ".test";
        const std::string header =
            "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
            "xmlns:db='jabber:server:dialback' from='" +
            name + "' to='a.test' version='1.0'>";
        for (const std::string& words :
             {std::string{}, header, header.substr(0, 50),
              header + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
              header + "<db:result from='" + name + "' to='a.test'>00</db:result>",
              header + "<db:verify from='" + name + "' to='a.test' id='1'>00</db:verify>",
              header + "<message from='u@" + name + "' to='v@a.test'/>", std::string{"GET / HTTP/1.1\r\n\r\n"}}) {
            callers.push_back(std::make_unique<Stranger>(*hosts[pick(hosts.size())], f.a.edge_public, words));
        }
        f.world.advance(std::chrono::milliseconds{200 + pick(3000)});
        for (const auto& caller : callers) caller->hang_up(pick(2) == 0);
        f.world.advance(std::chrono::seconds{1});
        callers.clear();
    }
    void partners_talk() {
        const std::string id = "m" + std::to_string(++messages);
        f.a.user().message("romeo@a.test", "juliet@b.test", id);
        f.b.user(1).message("room@rooms.b.test", "romeo@a.test", id);
        f.b.user().message("juliet@b.test", "mercutio@imp.a.test", id);
        f.a.imp_user.message("mercutio@imp.a.test", "juliet@b.test", id + "p");
        f.a.user(1).message("room@rooms.a.test", "nobody@" + std::to_string(pick(500)) + ".nowhere.test", id);
    }
    /// Clients with the right password and with a wrong one, of which some come back and some do not.
    void users_talk() {
        for (const char* user : {"juliet", "romeo"}) {
            clients.push_back(f.a.client(user));
            SimClient& client = *clients.back();
            if (pick(3) == 0) client.password = "wrong";
            // A link that is down, a node that is busy: not each log-in gets through.
            if (!client.online("r" + std::to_string(pick(3)))) continue;
            client.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
            const std::string stranger = std::to_string(pick(500)) + "@b.test";
            client.say("<presence type='subscribe' to='" + stranger + "'/><message to='u@b.test' id='c'/>");
            client.say("<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>" + std::string(user) +
                       "</FN></vCard></iq>");
            f.b.user().message(stranger, std::string(user) + "@chat.a.test", "k" + std::to_string(messages));
            f.b.user().message(stranger, "nobody" + std::to_string(pick(500)) + "@chat.a.test", "k");
            f.b.user().say("<iq from='" + stranger + "' to='" + user +
                           "@chat.a.test' type='get' id='v'><vCard xmlns='vcard-temp'/></iq>");
        }
        f.world.advance(std::chrono::milliseconds{200 + pick(3000)});
        for (const auto& client : clients) {
            if (!client->closed && pick(2) == 0) client->cut();
        }
        f.world.advance(std::chrono::seconds{1});
        clients.clear();
    }
    void something_breaks() {
        switch (pick(7)) {
            case 0: f.world.reset_streams(f.a.edge_link); break;
            case 1: f.world.reset_streams(f.a.edge_public); break;
            case 2: f.world.reset_streams(f.b.edge_public); break;
            case 6: f.world.reset_streams(f.a.presence_address); break;
            case 3:
                f.b.kill_edge();
                f.world.advance(std::chrono::seconds{pick(90)});
                f.b.start_edge();
                break;
            case 4:
                f.world.block(f.a.edge_public, f.b.edge_public);
                partners_talk();
                f.world.advance(std::chrono::seconds{pick(400)});
                f.world.heal(f.a.edge_public, f.b.edge_public);
                break;
            case 5:
                f.a.kill_presence();
                f.world.advance(std::chrono::seconds{pick(90)});
                f.a.start_presence();
                f.a.attach_users();
                break;
            default:
                f.world.block(f.a.core_address, f.a.edge_link);
                partners_talk();
                f.world.advance(std::chrono::seconds{pick(120)});
                f.world.heal(f.a.core_address, f.a.edge_link);
        }
    }
    /// Of organisation a, by name and node.
    [[nodiscard]] std::map<std::string, TableFill> fills() {
        std::map<std::string, TableFill> all;
        const auto add = [&](const std::string& node, const TableFills& of) {
            for (const TableFill& table : of) {
                TableFill& sum = all[node + " " + std::string{table.name}];
                sum = {table.name, sum.entries + table.entries, sum.bound + table.bound};
            }
        };
        for (const auto& shard : f.a.edge->shards) add("edge", shard->tables());
        for (const auto& shard : f.a.core->shards) add("core", shard->tables());
        add("presence", f.a.presence->shard->tables());
        TableFills at_edge, at_core;
        f.a.edge->process.ledger.tables(at_edge, f.world.loop().now());
        f.a.edge->process.names->tables(at_edge);
        f.a.core->process.ledger.tables(at_core, f.world.loop().now());
        f.a.core->process.names->tables(at_core);
        add("edge", at_edge);
        add("core", at_core);
        return all;
    }
    [[nodiscard]] std::size_t sources() const {
        std::size_t all = 0;
        for (const auto& shard : f.a.edge->process.shards) all += shard->desk.sources();
        for (const auto& shard : f.a.core->process.shards) all += shard->desk.sources();
        for (const auto& shard : f.a.presence->process.shards) all += shard->desk.sources();
        return all;
    }

    Federation f{2, true};
    std::vector<std::unique_ptr<SimNetwork>> hosts;
    std::vector<std::unique_ptr<Stranger>> callers;
    std::vector<std::unique_ptr<SimClient>> clients;
    std::mt19937_64 dice{42};
    std::uint64_t messages = 0;
};

TEST_F(Soak, EveryTableIsBackToItsSizeAfterAWeek) {
    f.world.advance(std::chrono::seconds{10});
    const std::size_t sources_before = sources();
    const auto before = fills();
    for (int day = 0; day < 7; ++day) {
        for (int burst = 0; burst < 5; ++burst) {
            partners_talk();
            strangers_call();
            users_talk();
            something_breaks();
            f.world.advance(std::chrono::minutes{1 + pick(3)});
        }
        // The rest of the day is quiet: all that is remembered is forgotten by then, and the hours after it are alike.
        f.world.advance(std::chrono::hours{4});
        for (const auto& [name, table] : fills()) ASSERT_LE(table.entries, table.bound) << name;
    }
    f.world.advance(std::chrono::hours{4});
    std::set<std::string_view> seen;
    for (const auto& [name, table] : fills()) {
        seen.insert(table.name);
        EXPECT_LT(table.bound, 10'000'000U) << name << " has no bound";
        const auto row = tables.find(table.name);
        ASSERT_NE(row, tables.end()) << name << " is missing in the list of this test";
        if (row->second == Rest::empty) {
            EXPECT_EQ(table.entries, 0U) << name;
        } else if (row->second == Rest::as_before) {
            EXPECT_EQ(table.entries, before.at(name).entries) << name;
        }
    }
    for (const auto& [name, rest] : tables) EXPECT_EQ(seen.contains(name), rest != Rest::of_process) << name;
    EXPECT_EQ(sources(), sources_before) << "sources of tickets";
    const std::string last = "m" + std::to_string(messages + 1);
    partners_talk();
    EXPECT_TRUE(f.world.run_until([&] { return f.b.user().got(last) && f.a.user().got(last); }));
}

}  // namespace
}  // namespace sallyport::test
