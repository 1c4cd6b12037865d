// Settings in agreement between edge and core over the provisioning channel (docs/protocol/replication.md). Each
// setting has one owner; its value flows from there to the other side, where it is checked, stored and put in force
// like any other change. What a far node holds of ours and what we hold of its values survives restarts of either side.
//
// The first far node (the first [[ssh.dial]] of a core, the first authorised key of an edge) is the one whose values
// are put in force; of the others a replica is kept, and an alarm stands while they differ. Control thread only.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/loop/loop.h"
#include "io/ssh/byte_channel.h"
#include "io/store/replica_store.h"
#include "model/config/node_file.h"
#include "model/provision/edge_state.h"
#include "proto/replication/machine.h"
#include "services/alarms/alarm_board.h"
#include "services/settings/settings_service.h"

namespace sallyport::services {

/// Who is at the other end of a channel, as far as SSH proved it.
struct FarIdentity {
    std::string name;       ///< which node it must be; empty: any
    std::string key;        ///< fingerprint
    std::size_t place = 0;  ///< 0: its values are put in force
    std::string address;
};

class Replicator {
public:
    struct Options {
        config::Role role = config::Role::edge;
        std::string node, realm, instance;
        std::string folder;             ///< node.data
        std::vector<std::string> fars;  ///< core: the edges, in the order of the file
    };
    using Edges = std::vector<provision::EdgeState>;

    Replicator(Options options, SettingsService& settings, AlarmBoard& alarms, io::Loop& loop, Logger log);
    ~Replicator();
    Replicator(const Replicator&) = delete;
    Replicator& operator=(const Replicator&) = delete;

    /// Once. A store that cannot be read is an alarm; everything is asked for again then.
    void open();
    void attach(std::unique_ptr<io::ByteChannel> channel, const FarIdentity& identity);
    /// Why there is no channel to a far node at the moment; for status and alarm. The code chooses the remedy: those of
    /// Network::dial and SshClientEvents.
    void trouble(const std::string& far, const Error& why);
    /// Edge: somebody at that address was refused, for the key is not among the authorised ones; its fingerprint.
    void turned_away(const std::string& address, const std::string& key);
    /// Who hears that the channel to a far node with a name of its own has ended.
    void on_down(std::function<void(const std::string& far, const std::string& why)> on_down) {
        on_down_ = std::move(on_down);
    }

    /// Core: what the edges want of the presence node, by the order of the file; one that was never heard from is not
    /// known.
    [[nodiscard]] Edges edges() const;
    /// Called at once and after each change.
    void on_edges(std::function<void(const Edges&)> on_edges);
    /// Core: further steps of the chain (AXL), shown here and on the edges.
    void steps_from(std::function<std::vector<ChainStep>()> source) { more_steps_ = std::move(source); }
    /// Core: a step or an alarm may have changed; the edges are told now, not at the next tick.
    void report_soon();
    /// The chain as this node knows it.
    [[nodiscard]] std::vector<ChainStep> chain() const;

private:
    struct Far;
    class Channel;

    [[nodiscard]] Far& far_of(const std::string& name);
    void log_fields(const Far& far, std::string_view direction, const replication::Values& values) const;
    [[nodiscard]] replication::Values owned() const;
    [[nodiscard]] bool owns(const config::SettingRow& row, config::Role role) const;
    void offer_all();
    void refresh();
    /// Puts values of a far node in force or keeps them as a replica.
    [[nodiscard]] Result<Far*> meet(Channel& channel, const replication::Hello& hello);
    void forget_former_names(const std::string& key, const std::string& name);
    void agreed(Channel& channel, std::uint64_t revision);
    void refused(Channel& channel, const replication::Refusal& refusal);
    void ended(Channel& channel, const Error& why);
    [[nodiscard]] Result<void> take_over(Far& far, const replication::Apply& apply);
    [[nodiscard]] Result<std::vector<config::Change>> check(const replication::Values& values) const;
    [[nodiscard]] Result<void> save(Far& far, const replication::Apply& apply);
    void compare();
    void tell_edges();
    void show_notices(Far& far, const replication::Report& report);
    void channel_over(Channel& channel, const std::string& why);
    [[nodiscard]] ChainStep step_of(const Far& far) const;
    [[nodiscard]] ChainStep step_from(const Far& far) const;
    [[nodiscard]] std::string told_by(std::initializer_list<AlarmCode> codes, const std::string& key) const;
    void steps_of(const Far& far, std::vector<ChainStep>& out) const;
    [[nodiscard]] replication::Report report_for_edges() const;
    void tell_report();

    Options options_;
    SettingsService* settings_;
    AlarmBoard* alarms_;
    io::Loop* loop_;
    Logger log_;
    std::optional<io::ReplicaStore> store_;
    std::map<std::string, std::unique_ptr<Far>> fars_;
    std::vector<std::unique_ptr<Channel>> channels_;
    replication::Values own_;
    std::uint64_t own_revision_ = 0;
    std::function<void(const Edges&)> on_edges_;
    Edges told_edges_;
    std::function<std::vector<ChainStep>()> more_steps_;
    std::function<void(const std::string&, const std::string&)> on_down_;
    std::unique_ptr<io::Timer> refresh_, report_timer_;
    /// Edge: who was refused last.
    struct TurnedAway {
        std::string address, key;
        TimePoint since{};
    };
    std::optional<TurnedAway> turned_away_;
    TimePoint reported_at_{};
    bool report_due_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>();  ///< posted work looks whether we are still there
    TimePoint started_{};
};

}  // namespace sallyport::services
