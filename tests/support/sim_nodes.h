// Whole nodes in the simulated world: the same EdgeShard, CoreShard and PresenceShard that run on real loops, over
// simulated time, network and DNS. An organisation is an edge, a core, and one component (XEP-0114) a domain as its
// users' end; with a presence node, also imp.<name>, whose component is attached there:
//
//     Federation f;                       // a.test and b.test, one shard a node
//     f.start();                          // links up, components attached
//     f.a.user().message("one@a.test", "two@b.test", "1", "hello");
//     ASSERT_TRUE(f.world.run_until([&] { return f.b.user().got("1"); }));
//
// A node can die like a process (kill_edge, kill_core, kill_presence): nothing more is sent, its connections break,
// work it had posted never runs. A new one comes with another instance.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "nodes/core/core_shard.h"
#include "nodes/edge/edge_shard.h"
#include "nodes/presence/presence_shard.h"
#include "services/im/directory.h"
#include "services/record/archive.h"
#include "support/sim_client.h"
#include "support/sim_dns.h"
#include "support/sim_log.h"
#include "support/sim_network.h"
#include "support/sim_tls.h"
#include "support/sim_world.h"

namespace sallyport::test {

/// Where the nodes of a simulation take router links.
inline constexpr std::uint16_t link_port = 5275;

/// A component on a raw connection: says what it is told to, keeps what it receives.
class SimUser final : public io::StreamOwner {
public:
    struct Received {
        xmpp::StanzaKind kind{};
        std::string from, to, id, type, bytes;
    };
    /// How it ends a connection by itself.
    enum class End {
        error,   ///< stream error `ends_with`, closing tag, FIN
        footer,  ///< closing tag, FIN
        fin,
        reset,
    };

    SimUser(SimNetwork& host, std::string domain, std::string secret);
    void attach(const Endpoint& core);
    [[nodiscard]] bool attached() const { return attached_; }
    [[nodiscard]] const std::string& domain() const { return domain_; }

    void message(const std::string& from, const std::string& to, const std::string& id, const std::string& body = {});
    void say(const std::string& bytes);
    /// Reads nothing more, like a process that hangs.
    void hang(bool hung) { stream_->pause(hung); }
    /// Reads once, and hangs again.
    void sip() {
        sips_ = true;
        if (stream_) stream_->pause(false);
    }
    /// The condition of the stream error that it was told last.
    [[nodiscard]] const std::string& stream_error() const { return stream_error_; }

    [[nodiscard]] const std::vector<Received>& received() const { return received_; }
    [[nodiscard]] std::vector<const Received*> with_id(const std::string& id) const;
    [[nodiscard]] bool got(const std::string& id) const { return !with_id(id).empty(); }
    /// The bodies' order: ids of messages that are no errors, from `from_domain`, as they came.
    [[nodiscard]] std::vector<std::string> ids_from(const std::string& from_domain) const;

    /// A stanza of more bytes ends its connection, and so does one with this id.
    std::size_t most_bytes = passed_on_limits.element_bytes;
    std::string ends_at;
    End ends = End::error;
    std::string ends_with = "policy-violation";
    /// How often it has ended one.
    [[nodiscard]] unsigned endings() const { return endings_; }

    void on_bytes(std::string_view bytes) override;
    void on_tls(const TlsFacts&) override {}
    void on_drained() override {}
    void on_closed(io::CloseReason reason, const std::string& text) override;

private:
    void take_element();
    void end();

    SimNetwork& host_;
    std::string domain_, secret_;
    std::unique_ptr<io::Dial> dial_;
    std::unique_ptr<io::Stream> stream_;
    std::unique_ptr<xml::Reader> reader_;
    xmpp::StanzaIntake intake_;
    std::vector<Received> received_;
    std::string stream_error_;
    unsigned endings_ = 0;
    bool attached_ = false, sips_ = false, ended_ = false;
};

/// The loop of one process: when it dies, nothing that it posted runs any more.
class ProcessLoop final : public io::Loop {
public:
    explicit ProcessLoop(SimLoop& loop) : loop_{loop} {}
    [[nodiscard]] TimePoint now() const override { return loop_.now(); }
    [[nodiscard]] WallTime wall() const override { return loop_.wall() + ahead; }
    [[nodiscard]] std::unique_ptr<io::Timer> timer(std::function<void()> on_expiry) override;
    void post(std::function<void()> work) override;
    void defer(std::function<void()> work) override;

    std::chrono::seconds ahead{0};  ///< the clock of this host is wrong by this much
    Duration mailbox{0};            ///< what shards post to each other is taken so much later

private:
    SimLoop& loop_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// What the shards of one simulated process stand on.
struct SimProcess {
    SimProcess(SimWorld& world, SimNetwork& host, SimDns& dns, MemorySink& log, std::uint32_t shards,
               std::string instance_, const Limits& limits = Limits{});

    ProcessLoop loop;
    std::string instance;
    std::shared_ptr<std::uint64_t> ids = std::make_shared<std::uint64_t>(0);
    std::shared_ptr<std::mt19937_64> dice;
    std::unique_ptr<io::ResolverService> names;
    std::vector<std::unique_ptr<io::Resolver>> resolvers;
    routing::Bus bus;
    routing::Ledger ledger;
    std::vector<std::unique_ptr<routing::Shard>> shards;
};

struct SimEdge {
    SimProcess process;
    std::vector<std::unique_ptr<nodes::EdgeShard>> shards;
    std::unique_ptr<io::Listener> link_listener;
    std::size_t next_shard = 0;
    bool one_shard_has_all_links = false;  ///< those accepted from now on
};
struct SimCore {
    SimProcess process;
    std::vector<std::unique_ptr<nodes::CoreShard>> shards;
};

struct SimPresence {
    SimProcess process;
    std::unique_ptr<nodes::PresenceShard> shard;
    std::unique_ptr<io::Listener> link_listener;
};

/// The router link's, with a certificate of the authority that all nodes of an organisation know; `role` empty: none.
[[nodiscard]] std::shared_ptr<const io::TlsContext> link_tls(const std::string& name, const std::string& role);

/// Addresses of an organisation with number n: 198.51.100.n (edge, Internet), 10.n.0.1 (edge, link), 10.n.0.2 (core),
/// 10.n.0.3 (users), 10.n.0.4 (presence node).
class Organisation {
public:
    Organisation(SimWorld& world, SimDns& dns, const std::string& name, unsigned number, std::uint32_t shards);
    ~Organisation();
    Organisation(const Organisation&) = delete;
    Organisation& operator=(const Organisation&) = delete;

    void start_edge();
    /// `dialling` false: dial_edge() later, when users are attached.
    void start_core(bool dialling = true);
    void dial_edge();
    /// A presence node for imp.<name>; from now on the core dials it too. Its router has loaded `table`.
    void start_presence();
    void load(presence::LoadedTable loaded);
    /// The presence node has users of chat.<name>, on a real disk, each with the password "pencil". Before start().
    void keep_users(const std::vector<std::string>& names);
    /// Who connects there.
    [[nodiscard]] std::unique_ptr<SimClient> client(const std::string& user);
    void attach_users();
    void kill_edge() { edge.reset(); }
    void kill_core() { core.reset(); }
    void kill_presence() { presence.reset(); }
    /// Links open on every shard, users attached.
    [[nodiscard]] bool up() const;
    /// A changed copy of the settings, in force at once.
    void change(const std::function<void(config::Settings&)>& edit);

    [[nodiscard]] SimUser& user(std::size_t index = 0) { return *users.at(index); }
    [[nodiscard]] std::size_t resumptions() const;

    std::string name;
    std::string edge_public, edge_link, core_address, user_address, presence_address;
    SimNetwork edge_host, core_host, user_host, presence_host;
    MemorySink edge_log, core_log, presence_log;
    record::Archive edge_handshakes{Limits{}};  ///< of every edge that this organisation had
    config::Settings settings;
    std::vector<config::InsideServer> servers;  ///< of the core, beside the components
    Limits limits;
    bool share_streams = false;  ///< of the edge
    /// As `sallyport init` writes it: roles in certificates, cores named on the listeners, a secret for each link.
    bool named_links = true;
    Duration core_hold = std::chrono::seconds{30};  ///< hold_seconds of the link at the core
    std::vector<std::unique_ptr<SimUser>> users;    ///< of <name> and rooms.<name>
    std::unique_ptr<SimEdge> edge;
    std::unique_ptr<SimCore> core;
    bool has_presence = false;
    presence::LoadedTable table;
    SimUser imp_user;                          ///< of imp.<name>
    std::unique_ptr<im::Directory> directory;  ///< null: no users
    std::unique_ptr<SimPresence> presence;

    /// Of the link to that node, and who may connect to it there.
    [[nodiscard]] std::string secret_of(const std::string& far) const;
    [[nodiscard]] std::string common_secret() const;
    [[nodiscard]] link::Neighbours cores(const std::string& at) const;

private:
    void serve(const std::string& domain);
    [[nodiscard]] nodes::EdgeParts edge_parts(const std::string& instance) const;
    [[nodiscard]] nodes::CoreParts core_parts(const std::string& instance) const;
    [[nodiscard]] nodes::PresenceParts presence_parts(const std::string& instance) const;

    SimWorld& world_;
    SimDns& dns_;
    std::uint32_t shards_;
    unsigned starts_ = 0;
    std::string users_folder_;
};

struct Federation {
    /// `trio`: organisation a has a presence node.
    explicit Federation(std::uint32_t shards = 1, bool trio = false);
    /// False when it did not come up within a minute.
    [[nodiscard]] bool start();
    /// What the nodes logged, for a failing test.
    [[nodiscard]] std::string logs() const;

    SimWorld world;
    SimDns dns{world};
    Organisation a, b;
};

}  // namespace sallyport::test
