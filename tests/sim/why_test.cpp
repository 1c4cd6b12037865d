// `why` agrees with the live path: over random settings, peers, DNS and links, what it says of a stanza is what becomes
// of that stanza on a whole edge.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>

#include "admin/api/journey.h"
#include "support/sim_nodes.h"
#include "support/sim_server.h"
#include "support/test_pki.h"

namespace sallyport::test {
namespace {

/// The admin floor's view of a simulated edge, with real settings.
class SimControl final : public admin::NodeControl {
public:
    SimControl(Federation& federation, Organisation& organisation)
        : f_{federation},
          at_{organisation},
          settings_{{folder_.path(), {}, "edge.toml", [](std::size_t n) { return std::string(n, 'x'); }},
                    f_.world.loop(),
                    Logger{log_, LogModule::settings}},
          board_{f_.world.loop(), Logger{log_, LogModule::node}},
          resolver_{f_.dns.resolver(f_.world.loop())} {
        if (!settings_.open()) std::abort();
        file_.role = config::Role::edge;
        file_.path = "edge.toml";
        file_.s2s.allow_networks = {*IpNetwork::parse("198.51.100.0/24")};
        file_.s2s.listen = {{*IpAddress::parse(at_.edge_public), 5269}};
    }

    void set(const std::vector<config::Change>& changes) {
        const auto done = settings_.set(changes, "test");
        ASSERT_TRUE(done) << done.error().text;
        at_.change([&](config::Settings& settings) {
            const std::string secret = settings.dialback_secret;
            settings = *settings_.snapshot();
            settings.dialback_secret = secret;
        });
    }
    admin::NodeStatus status_now() {
        admin::NodeStatus all;
        all.role = "edge";
        all.shards = static_cast<unsigned>(at_.edge->shards.size());
        for (auto& shard : at_.edge->shards) {
            for (auto& stream : shard->s2s().streams()) all.streams.push_back(stream);
            for (auto& to : shard->s2s().pool().destinations()) all.destinations.push_back(to);
            for (auto& link : shard->hub().sessions()) all.links.push_back(link);
        }
        return all;
    }
    /// As run_why does it.
    boost::json::object why(const std::string& from, const std::string& to) {
        const policy::Contact contact = admin::contact_of(*this, *xmpp::Domain::parse(from), *xmpp::Domain::parse(to));
        const admin::NodeStatus status = status_now();
        if (!admin::asks_dns(*this, status, contact)) return admin::walk({*this, status, contact, from, to});
        std::optional<diag::Survey> found;
        diag::DnsSurvey survey{*resolver_, contact.pair.remote, {}, 8, [&](const diag::Survey& done) { found = done; }};
        survey.start();
        const bool answered = f_.world.run_until([&] { return found.has_value(); });
        return admin::walk({*this, status, contact, from, to, found, !answered});
    }

    [[nodiscard]] const config::NodeFile& file() const override { return file_; }
    [[nodiscard]] services::SettingsService& settings() override { return settings_; }
    [[nodiscard]] services::AlarmBoard& alarms() override { return board_; }
    void status(std::function<void(admin::NodeStatus)> on_status) override { on_status(status_now()); }
    void ping(const xmpp::DomainPair&, std::function<void(Result<Duration>)>) override {}
    void close(const xmpp::Domain&, std::function<void(unsigned)>) override {}
    [[nodiscard]] io::Loop& loop() override { return f_.world.loop(); }
    [[nodiscard]] io::Network& network() override { return at_.edge_host; }
    [[nodiscard]] io::Resolver& resolver() override { return *resolver_; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> client_tls() override { return nullptr; }
    [[nodiscard]] std::shared_ptr<const io::TlsContext> direct_client_tls() override { return nullptr; }
    [[nodiscard]] std::vector<io::LogEvent> events(std::uint64_t, std::size_t) override { return {}; }
    [[nodiscard]] std::vector<std::string> reload() override { return {}; }
    [[nodiscard]] const record::Archive* handshakes() override { return &at_.edge_handshakes; }

private:
    Federation& f_;
    Organisation& at_;
    TemporaryFolder folder_;
    MemorySink log_;
    config::NodeFile file_;
    services::SettingsService settings_;
    services::AlarmBoard board_;
    std::unique_ptr<io::Resolver> resolver_;
};

class Round {
public:
    Round(std::uint32_t shards, std::uint64_t seed) : f_{shards}, dice_{seed} {}

    void run() {
        ASSERT_TRUE(f_.start());
        SimControl control{f_, f_.a};
        f_.dns.srv("_xmpp-server._tcp.absent.test", 0, 0, 0, ".");
        f_.dns.srv("_xmpp-server._tcp.private.test", 0, 0, 5269, "xmpp.private.test");
        f_.dns.address("xmpp.private.test", "10.9.9.9");
        for (int turn = 0; turn < 8 && !testing::Test::HasFailure(); ++turn) {
            const std::string settings = shuffle(control);
            if (testing::Test::HasFatalFailure()) return;
            outbound(control, turn, settings);
            inbound(control, turn, settings);
        }
    }
    unsigned passed = 0, stopped = 0;

private:
    [[nodiscard]] std::uint64_t roll(std::uint64_t below) { return dice_() % below; }
    [[nodiscard]] std::string list(const std::vector<std::string>& names) {
        std::string all = "[";
        for (const std::string& name : names) {
            if (roll(2) == 0) all += (all.size() == 1 ? "\"" : ",\"") + name + "\"";
        }
        return all + "]";
    }

    std::string shuffle(SimControl& control) {
        const std::vector<std::string> others{"b.test", "*.b.test", "absent.test", "private.test", "rooms.b.test"};
        const std::string modes[] = {"\"off\"", "\"allow_list\"", "\"deny_list\""};
        const std::string security[] = {"\"tls_required\"", "\"tls_optional\""};
        const std::vector<config::Change> changes{
            {"federation.enabled", roll(6) == 0 ? "false" : "true"},
            {"federation.domains", roll(5) == 0 ? "[\"rooms.a.test\"]" : "[\"a.test\",\"rooms.a.test\"]"},
            {"federation.privacy_mode", modes[roll(3)]},
            {"federation.allow_list", list(others)},
            {"federation.deny_list", list(others)},
            {"federation.security_mode", security[roll(2)]},
            {"federation.static_routes",
             roll(3) == 0 ? R"([{"domain":"absent.test","address":"198.51.100.2"}])" : "[]"},
            {"federation.use_static_routes", "true"},
        };
        control.set(changes);
        std::string all;
        for (const config::Change& change : changes) all += change.name + "=" + change.value + " ";
        return all;
    }

    void outbound(SimControl& control, int turn, const std::string& settings) {
        const std::string to[] = {"b.test", "rooms.b.test", "absent.test", "private.test"};
        const std::string wanted = to[roll(4)];
        SimUser& sender = f_.a.user(roll(2));
        const auto answer = control.why(sender.domain(), wanted);
        const std::string id = "o" + std::to_string(turn);
        sender.message("u@" + sender.domain(), "v@" + wanted, id);
        const bool is_b = wanted.ends_with("b.test");
        const auto arrived = [&] { return is_b && f_.b.user(wanted == "b.test" ? 0 : 1).got(id); };
        const bool over = f_.world.run_until([&] { return arrived() || sender.got(id); }, std::chrono::minutes{5});
        judge(answer, arrived(), over, sender.domain() + " -> " + wanted, settings);
    }

    void inbound(SimControl& control, int turn, const std::string& settings) {
        SimUser& sender = f_.b.user(roll(2));
        SimUser& receiver = f_.a.user(roll(2));
        const auto answer = control.why(sender.domain(), receiver.domain());
        if (answer.at("direction").as_string() != "inbound") return;  // not a domain that federates: somebody else's
        const std::string id = "i" + std::to_string(turn);
        // b remembers that it was refused; it asks at once after a change of its own.
        f_.b.change([](config::Settings&) {});
        sender.message("u@" + sender.domain(), "v@" + receiver.domain(), id);
        const bool over =
            f_.world.run_until([&] { return receiver.got(id) || sender.got(id); }, std::chrono::minutes{5});
        judge(answer, receiver.got(id), over, sender.domain() + " -> " + receiver.domain(), settings);
    }

    /// A static route for absent.test leads to b's edge, which does not serve it: the first `why` cannot know what
    /// that server will say.
    void judge(const boost::json::object& answer, bool arrived, bool over, const std::string& what,
               const std::string& settings) {
        const bool passes = answer.at("passes").as_bool();
        (passes ? passed : stopped) += 1;
        const bool to_stranger = what.ends_with("absent.test") && settings.find("198.51.100.2") != std::string::npos;
        EXPECT_TRUE(over) << what << "\n" << settings << "\n" << boost::json::serialize(answer);
        if (to_stranger && passes) return;
        EXPECT_EQ(passes, arrived) << what << "\n" << settings << "\n" << boost::json::serialize(answer);
    }

    Federation f_;
    std::mt19937_64 dice_;
};

void run_rounds(std::uint32_t shards) {
    unsigned passed = 0, stopped = 0;
    for (std::uint64_t seed = 1; seed <= 25 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Round round{shards, seed};
        round.run();
        passed += round.passed;
        stopped += round.stopped;
    }
    // A property of one side only would be none.
    EXPECT_GT(passed, 40U);
    EXPECT_GT(stopped, 40U);
}

TEST(Why, AgreesWithTheLivePath) { run_rounds(1); }
TEST(Why, AgreesWithTheLivePathOfTwoShards) { run_rounds(2); }

TEST(Why, SaysThatAPartnerRefusedOurCertificate) {
    Federation f{1};
    ASSERT_TRUE(f.start());
    SimControl control{f, f.a};
    f.dns.srv("_xmpp-server._tcp.partner.test", 0, 0, 5269, "xmpp.partner.test");
    f.dns.address("xmpp.partner.test", "198.51.100.32");
    SimServer::Habits habits;
    habits.sasl = SimServer::Sasl::closes;
    habits.issuer = "Sim CA";
    SimServer partner{f.world, "198.51.100.32", habits};
    f.a.user().message("romeo@a.test", "juliet@partner.test", "m1");
    ASSERT_TRUE(f.world.run_until([&] { return partner.got("m1"); }));
    const std::string said = boost::json::serialize(control.why("a.test", "partner.test"));
    EXPECT_NE(said.find("partner.test refused our certificate in SASL EXTERNAL"), std::string::npos) << said;
    f.world.advance(std::chrono::minutes{61});
    const std::string later = boost::json::serialize(control.why("a.test", "partner.test"));
    EXPECT_EQ(later.find("refused our certificate"), std::string::npos) << later;
}

}  // namespace
}  // namespace sallyport::test
