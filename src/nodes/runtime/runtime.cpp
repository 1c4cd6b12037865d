// Building and ending the common parts of a node.
#include "nodes/runtime/runtime.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <future>

#include "io/loop/random.h"
#include "io/store/folder.h"
#include "services/settings/node_file_on_disk.h"

namespace sallyport::nodes {

namespace {

/// How long keys made with the previous dialback secret are still vouched for after a change.
constexpr Duration secret_overlap = std::chrono::hours{1};
/// Writes to the event log on disk that are under way.
constexpr std::size_t most_of_events_beside = 16;
/// Writes and questions of the history that are under way.
constexpr std::size_t most_of_history_beside = 16;
constexpr Duration lines_settle_every = std::chrono::seconds{2};

/// Each stream takes a descriptor; the hard limit is what the service manager granted. How many there are.
std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return unlimited;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::make(config::NodeFile file) {
    // The rest is for our own streams, links, files and whoever administers the node.
    const std::uint64_t descriptors = raise_descriptor_limit();
    file.limits.connections = std::min(file.limits.connections, descriptors / 2);
    // Each question to DNS may take two.
    file.limits.dns_questions = std::min(file.limits.dns_questions, descriptors / 16);
    std::unique_ptr<Runtime> runtime{new Runtime{std::move(file)}};
    if (auto prepared = runtime->prepare(); !prepared) return prepared.error();
    return runtime;
}

Result<void> Runtime::prepare() {
    std::signal(SIGPIPE, SIG_IGN);
    instance_ = io::fresh_id();
    keys_ = {file_.keys, file_.keys, file_.keys};
    started_ = control_.wall();

    if (auto opened = open_log(); !opened) return opened;
    alarms_ = std::make_unique<services::AlarmBoard>(control_, Logger{*log_, LogModule::node});
    for (const std::string& warning : file_.all_warnings()) {
        Logger{*log_, LogModule::node}.warn("node.file.weak", {{"file", file_.path}, {"what", warning}});
    }

    // A disk that nobody can write to stops no traffic: what needs it says so itself.
    if (auto folder = io::private_folder(file_.node.data); !folder) return folder.error();
    make_diagnostics();
    make_history();
    services::SettingsService::Options options;
    options.folder = file_.node.data;
    options.first_values = file_.settings;
    options.file = file_.path;
    options.random_bytes = io::random_bytes;
    options.role = file_.role;
    if (file_.replicates())
        options.owner = file_.role == config::Role::edge ? config::Owner::edge : config::Owner::core;
    settings_ =
        std::make_unique<services::SettingsService>(std::move(options), control_, Logger{*log_, LogModule::settings});
    if (auto opened = settings_->open(); !opened) return opened.error();
    if (auto opened = open_access(); !opened) return opened;
    overlap_timer_ = control_.timer([this] {
        if (auto forgotten = settings_->forget_previous_secret(); !forgotten) {
            Logger{*log_, LogModule::settings}.warn("settings.degraded", {{"why", forgotten.error().text}});
        }
    });
    settings_->subscribe([this](const config::Snapshot& snapshot) {
        apply_log_levels(*snapshot);
        end_secret_overlap(*snapshot);
    });

    network_ = std::make_unique<io::TcpNetwork>(control_);
    if (auto made = make_resolver(); !made) return made;
    make_shards();
    return {};
}

Result<void> Runtime::make_resolver() {
    io::DnsSettings dns;
    dns.servers = file_.dns.servers;
    dns.trust_anchor_file = file_.dns.trust_anchor;
    dns.hosts_file = file_.dns.hosts_file;
    dns.timeout = seconds_of(file_.timers.dns);
    dns.questions = file_.limits.dns_questions;
    auto resolver = io::make_resolver_service(dns);
    if (!resolver) return resolver.error();
    resolver_service_ = std::move(*resolver);
    resolver_ = resolver_service_->resolver(control_);
    return {};
}

void Runtime::make_shards() {
    const unsigned most = file_.role == config::Role::presence ? 1U : std::max(1U, std::thread::hardware_concurrency());
    const unsigned count = file_.node.threads != 0 ? file_.node.threads : most;
    bus_ = std::make_unique<routing::Bus>(count);
    for (unsigned index = 0; index < count; ++index) {
        auto thread = std::make_unique<ShardThread>();
        thread->network =
            std::make_unique<io::TcpNetwork>(thread->loop, [log = log_.get()](const std::string& problem) {
                Logger{*log, LogModule::tcp}.error("tcp.trouble", {{"why", problem}});
            });
        thread->resolver = resolver_service_->resolver(thread->loop);
        thread->shard = std::make_unique<routing::Shard>(
            routing::Shard{index, count, thread->loop, *thread->network, *thread->resolver, *lines_,
                           routing::TicketDesk{index}, *bus_, io::fresh_id, io::random_below});
        shards_.push_back(std::move(thread));
    }
}

Runtime::~Runtime() { stop_threads(); }

void Runtime::tables(TableFills& all) {
    resolver_service_->tables(all);
    all.push_back(lines_->table());
    for (const TableFill& table : history_->tables()) all.push_back(table);
    access_->tables(all, file_.admin.nodes.size());
    if (more_tables_) more_tables_(all);
}

Result<void> Runtime::open_access() {
    auto access = admin::AccessDesk::open({file_.node.data, file_.admin.limits, io::random_bytes}, control_,
                                          Logger{*lines_, LogModule::admin});
    if (!access) return access.error();
    access_ = std::move(*access);
    access_recovery_ =
        std::make_unique<Recovery>(control_, *alarms_, services::AlarmCode::admin_store, file_.node.data + "/admin.db",
                                   Recovery::at_once([this] { return access_->retry(); }));
    const auto begin = [this] { access_recovery_->begin({"store-failed", access_->trouble()}); };
    access_->on_trouble(begin);
    if (!access_->trouble().empty()) begin();
    return {};
}

Result<void> Runtime::open_log() {
    io::LogSettings log_settings;
    log_settings.origin.program = "sallyport-" + std::string{config::text(file_.role)};
    log_settings.form = file_.log.json ? io::LogForm::json : io::LogForm::text;
    log_settings.level = file_.log.level;
    log_settings.most_waiting = file_.limits.log_bytes;
    auto log = io::NodeLog::open(std::move(log_settings), control_);
    if (!log) return log.error();
    log_ = std::move(*log);
    log_->write_before_fatal_ends();
    lines_ = std::make_unique<io::LogBudget>(
        *log_, control_, io::LogBudget::Bounds{file_.limits.repeated_events, file_.limits.event_sources});
    lines_timer_ = control_.timer([this] {
        lines_->settle();
        lines_timer_->arm(control_.now() + lines_settle_every);
    });
    lines_timer_->arm(control_.now() + lines_settle_every);
    return {};
}

void Runtime::make_diagnostics() {
    const std::string& data = file_.node.data;
    services::JournalOptions journal;
    journal.file = data + "/events.db";
    journal.rows = file_.log.events;
    journal.days = file_.log.event_days;
    events_disk_ = std::make_unique<io::WorkThread>(control_, most_of_events_beside);
    journal.disk = [this](auto work, auto then) { return events_disk_->run(std::move(work), std::move(then)); };
    events_reading_ = std::make_unique<io::WorkThread>(control_, services::EventJournal::most_searches);
    journal.reading = [this](auto work, auto then) { return events_reading_->run(std::move(work), std::move(then)); };
    for (const config::SyslogTarget& target : file_.log.syslog) {
        journal.syslog.push_back(
            {static_cast<io::SyslogAddress::Kind>(target.kind), target.endpoint, target.path, target.text()});
    }
    diagnostics_ = std::make_unique<services::Diagnostics>(std::move(journal), data, services::ports_of(file_),
                                                           "Sallyport " SALLYPORT_VERSION,
                                                           services::DiagnosticsSeams{control_, *log_, *alarms_});
}

void Runtime::make_history() {
    history::Options options;
    options.file = file_.node.data + "/history.db";
    options.peers = file_.limits.history_peers;
    history_disk_ = std::make_unique<io::WorkThread>(control_, most_of_history_beside);
    options.disk = [this](auto work, auto then) { return history_disk_->run(std::move(work), std::move(then)); };
    history_ = std::make_unique<history::History>(std::move(options), control_, Logger{*log_, LogModule::node});
}

void Runtime::apply_log_levels(const config::Settings& settings) {
    services::LogLevels::Levels levels;
    for (const auto& [name, level] : settings.log_modules) levels[name] = log_level(level, file_.log.level);
    diagnostics_->levels.configure(file_.log.level, file_.log.modules, levels);
}

void Runtime::end_secret_overlap(const config::Settings& settings) {
    if (settings.previous_dialback_secret.empty()) {
        overlap_timer_->disarm();
    } else {
        overlap_timer_->arm(control_.now() + secret_overlap);
    }
}

std::vector<std::string> Runtime::reload_file() {
    config::NodeFile fresh;
    std::vector<std::string> problems;
    for (const auto& error : services::read_node_file(file_.path, file_.role, fresh))
        problems.push_back(error.sentence());
    if (!problems.empty()) return problems;
    file_.log = fresh.log;
    file_.tls = fresh.tls;
    file_.admin.certificate = fresh.admin.certificate;
    file_.admin.key = fresh.admin.key;
    file_.axl.certificate = fresh.axl.certificate;
    file_.axl.key = fresh.axl.key;
    file_.axl.trust = fresh.axl.trust;
    if (file_.role != config::Role::presence) {
        file_.link.certificate = fresh.link.certificate;
        file_.link.key = fresh.link.key;
        file_.link.trust = fresh.link.trust;
        file_.link.accept = fresh.link.accept;
        file_.link.require_roles = fresh.link.require_roles;
    }
    file_.warnings = fresh.warnings;
    file_.weak_links = fresh.weak_links;
    file_.s2s.allow_networks = fresh.s2s.allow_networks;
    latest_ = std::move(fresh);
    reload_changes_ = config::file_changes(keys_, latest_);
    keys_.at_reload = latest_.keys;
    apply_log_levels(*settings_->snapshot());
    if (renew_) {
        if (const auto renewed = renew_(); !renewed) return {renewed.error().text};
    }
    return {};
}

void Runtime::take_over_link() {
    file_.node.name = latest_.node.name;
    file_.link = latest_.link;
    keys_.at_router_restart = latest_.keys;
}

void Runtime::start_threads() {
    for (auto& shard : shards_) shard->thread = std::thread{[loop = &shard->loop] { loop->run(); }};
}

void Runtime::stop_threads() {
    for (auto& shard : shards_) {
        if (!shard->thread.joinable()) continue;
        shard->loop.stop();
        shard->thread.join();
    }
}

void Runtime::on_shard(std::size_t index, const std::function<void()>& work) {
    std::promise<void> done;
    shards_[index]->loop.post([&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

Duration seconds_of(double seconds) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

s2s::Timers timers_of(const config::NodeFile& file) {
    s2s::Timers timers;
    timers.negotiation = seconds_of(file.timers.negotiation);
    timers.dialback = seconds_of(file.timers.dialback);
    timers.idle = seconds_of(file.timers.idle);
    timers.stanza = seconds_of(file.timers.stanza);
    timers.closing = seconds_of(file.timers.closing);
    timers.sasl = seconds_of(file.timers.target);
    return timers;
}

s2s::DialSettings dial_settings_of(const config::NodeFile& file) {
    s2s::DialSettings dial;
    dial.allowed = file.s2s.allow_networks;
    dial.own = file.s2s.listen;
    dial.own.insert(dial.own.end(), file.s2s.direct_tls_listen.begin(), file.s2s.direct_tls_listen.end());
    dial.own.insert(dial.own.end(), file.link.listen.begin(), file.link.listen.end());
    dial.own.insert(dial.own.end(), file.inside.listen.begin(), file.inside.listen.end());
    dial.sources = file.s2s.source_addresses;
    dial.most_targets = file.limits.srv_targets;
    dial.most_addresses = file.limits.addresses;
    dial.connect_timeout = seconds_of(file.timers.connect);
    dial.patience = seconds_of(file.timers.negotiation);
    dial.target_patience = seconds_of(file.timers.target);
    return dial;
}

std::optional<config::NodeFile> load_node_file(const std::string& path, config::Role role) {
    config::NodeFile file;
    const auto errors = services::read_node_file(path, role, file);
    for (const auto& error : errors) std::fprintf(stderr, "%s\n", error.sentence().c_str());
    if (!errors.empty()) return std::nullopt;
    return file;
}

}  // namespace sallyport::nodes
