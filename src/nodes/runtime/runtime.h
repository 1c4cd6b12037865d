// What the nodes have in common as processes: the log, the control loop, settings, the resolver, and the shards with
// their threads. Composition only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "admin/access/access_desk.h"
#include "admin/judge/host_facts.h"
#include "io/dns/resolver.h"
#include "io/log/log_budget.h"
#include "io/log/node_log.h"
#include "io/loop/asio_loop.h"
#include "io/loop/work_thread.h"
#include "io/net/tcp_network.h"
#include "model/config/file_changes.h"
#include "model/config/node_file.h"
#include "nodes/runtime/recovery.h"
#include "proto/s2s/inbound.h"
#include "services/alarms/alarm_board.h"
#include "services/diagnostics/diagnostics.h"
#include "services/history/history.h"
#include "services/routing/shard.h"
#include "services/s2s/dialer.h"
#include "services/settings/settings_service.h"

namespace sallyport::nodes {

/// One shard with its thread.
struct ShardThread {
    io::AsioLoop loop;
    std::unique_ptr<io::TcpNetwork> network;
    std::unique_ptr<io::Resolver> resolver;
    std::unique_ptr<routing::Shard> shard;
    std::thread thread;
};

class Runtime {
public:
    /// Log, data folder, settings, resolver and shards; no thread runs yet. Errors of any of them.
    static Result<std::unique_ptr<Runtime>> make(config::NodeFile file);
    ~Runtime();

    [[nodiscard]] const config::NodeFile& file() const { return file_; }
    [[nodiscard]] io::AsioLoop& control() { return control_; }
    [[nodiscard]] io::TcpNetwork& network() { return *network_; }
    [[nodiscard]] io::Resolver& resolver() { return *resolver_; }
    /// Of all that the process has once: DNS, log, history, accounts, and what on_tables() was given.
    void tables(TableFills& all);
    /// Adds those of somebody who knows the runtime, and whom it does not know; null: of nobody any longer.
    void on_tables(std::function<void(TableFills&)> add) { more_tables_ = std::move(add); }
    [[nodiscard]] io::NodeLog& log() { return *log_; }
    /// The same log for whatever hears strangers: they draw on a budget.
    [[nodiscard]] io::LogBudget& lines() { return *lines_; }
    [[nodiscard]] services::SettingsService& settings() { return *settings_; }
    [[nodiscard]] services::AlarmBoard& alarms() { return *alarms_; }
    [[nodiscard]] admin::AccessDesk& access() { return *access_; }
    [[nodiscard]] services::Diagnostics& diagnostics() { return *diagnostics_; }
    [[nodiscard]] history::History& history() { return *history_; }
    /// Runs `work` on the thread that waits for the disk of the data folder, then `then` on the control thread. False:
    /// too much is under way.
    [[nodiscard]] bool beside(std::function<void()> work, std::function<void()> then) {
        return history_disk_->run(std::move(work), std::move(then));
    }
    /// What the watch saw of the host last; it is the only one that changes it.
    [[nodiscard]] admin::HostFacts& host() { return host_; }
    [[nodiscard]] routing::Bus& bus() { return *bus_; }
    [[nodiscard]] std::vector<std::unique_ptr<ShardThread>>& shards() { return shards_; }
    [[nodiscard]] const std::string& instance() const { return instance_; }
    [[nodiscard]] WallTime started() const { return started_; }

    /// Reads the node's file again. Taken over: log levels, certificates and trust, [s2s] allow_networks; the rest
    /// needs a restart. Errors, one sentence each; then nothing changed.
    [[nodiscard]] std::vector<std::string> reload_file();
    /// What that changed, as file_changes() tells it.
    [[nodiscard]] const std::vector<config::FileChange>& reload_changes() const { return reload_changes_; }
    /// Asked after every such reading; its error becomes one of reload_file().
    void on_reload(std::function<Result<void>()> renew) { renew_ = std::move(renew); }
    /// The file as it was read last. A presence node takes over name and link only with a restart of its router.
    [[nodiscard]] const config::NodeFile& latest_file() const { return latest_; }
    void take_over_link();

    void start_threads();
    void stop_threads();
    /// Runs `work` on a shard and waits for it; control thread only, never while serving.
    void on_shard(std::size_t index, const std::function<void()>& work);
    /// Runs `read` on every shard, gathers what it returns, and hands all of it to `then` on the control loop.
    template <typename Part>
    void gather(std::function<Part(std::size_t)> read, std::function<void(std::vector<Part>)> then);

private:
    explicit Runtime(config::NodeFile file) : file_{std::move(file)}, latest_{file_} {}
    [[nodiscard]] Result<void> prepare();
    void make_diagnostics();
    [[nodiscard]] Result<void> open_access();
    void make_history();
    [[nodiscard]] Result<void> open_log();
    [[nodiscard]] Result<void> make_resolver();
    void make_shards();
    void apply_log_levels(const config::Settings& settings);
    void end_secret_overlap(const config::Settings& settings);

    config::NodeFile file_, latest_;
    config::KeysInForce keys_;
    std::vector<config::FileChange> reload_changes_;
    io::AsioLoop control_;
    std::string instance_;
    WallTime started_{};
    std::unique_ptr<io::NodeLog> log_;
    std::unique_ptr<io::LogBudget> lines_;
    std::unique_ptr<io::Timer> lines_timer_;
    std::unique_ptr<services::AlarmBoard> alarms_;
    std::unique_ptr<services::Diagnostics> diagnostics_;
    std::unique_ptr<io::WorkThread> events_disk_, events_reading_;  ///< end before what they answer to
    std::unique_ptr<history::History> history_;
    std::unique_ptr<io::WorkThread> history_disk_;  ///< likewise
    admin::HostFacts host_;
    std::unique_ptr<io::TcpNetwork> network_;
    std::unique_ptr<services::SettingsService> settings_;
    std::unique_ptr<admin::AccessDesk> access_;
    std::unique_ptr<Recovery> access_recovery_;
    std::function<Result<void>()> renew_;
    std::function<void(TableFills&)> more_tables_;
    std::unique_ptr<io::Timer> overlap_timer_;
    std::unique_ptr<io::ResolverService> resolver_service_;
    std::unique_ptr<io::Resolver> resolver_;
    std::unique_ptr<routing::Bus> bus_;
    std::vector<std::unique_ptr<ShardThread>> shards_;
};

template <typename Part>
void Runtime::gather(std::function<Part(std::size_t)> read, std::function<void(std::vector<Part>)> then) {
    struct Gathering {
        std::vector<Part> parts;
        std::size_t missing = 0;
        std::function<void(std::vector<Part>)> then;
    };
    auto gathering = std::make_shared<Gathering>();
    gathering->parts.resize(shards_.size());
    gathering->missing = shards_.size();
    gathering->then = std::move(then);
    for (std::size_t index = 0; index < shards_.size(); ++index) {
        shards_[index]->loop.post([this, gathering, read, index]() mutable {
            auto part = std::make_shared<Part>(read(index));
            // Moved: what `then` holds ends on the control thread.
            control_.post([gathering = std::move(gathering), part, index] {
                gathering->parts[index] = std::move(*part);
                if (--gathering->missing == 0) gathering->then(std::move(gathering->parts));
            });
        });
    }
}

/// `[timers]` as the stream machines want them.
[[nodiscard]] s2s::Timers timers_of(const config::NodeFile& file);
[[nodiscard]] Duration seconds_of(double seconds);
/// `[s2s]` and `[limits]` as the dialler wants them. `own` are the endpoints that must never be dialled.
[[nodiscard]] s2s::DialSettings dial_settings_of(const config::NodeFile& file);
/// Reads and checks a node's file; prints every error to standard error. Empty: exit with 2.
[[nodiscard]] std::optional<config::NodeFile> load_node_file(const std::string& path, config::Role role);

}  // namespace sallyport::nodes
