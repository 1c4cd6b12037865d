// Building a presence node and answering for it.
#include "nodes/presence/presence_node.h"

#include <algorithm>
#include <filesystem>

#include "base/hash.h"
#include "io/loop/random.h"
#include "io/tls/files.h"
#include "nodes/presence/presence_chain.h"
#include "nodes/runtime/node_parts.h"
#include "services/presence/federation_status.h"

namespace sallyport::nodes {

namespace {

/// Verbs about users whose password is being hashed, or which wait for the database.
constexpr std::size_t most_of_users_beside = 32;

/// Tells key material that was replaced from that in force; nothing of it can be read from the digest.
std::string material_of(const config::NodeFile& file) {
    std::string all;
    for (const std::string& path : {file.link.certificate, file.link.key, file.link.trust}) {
        const auto text = io::read_file(path);
        all += path + '\n' + (text ? *text : std::string{}) + '\n';
    }
    return sha256(all);
}

admin::RouterStatus router_status(const presence::Router& router) {
    admin::RouterStatus status;
    status.rows = router.table().rows;
    status.loaded = router.table().components;
    status.gateways = router.gateways();
    for (const auto& domain : router.domains()) status.domains.push_back(domain.text());
    status.obstacle = presence::explain(router.obstacle(), router.table());
    status.obstacle_is_step = router.obstacle() == presence::Obstacle::unreachable;
    status.to_local = router.counts().to_local;
    status.to_link = router.counts().to_link;
    status.returned = router.counts().returned;
    return status;
}

}  // namespace

Result<void> PresenceNode::prepare() {
    const config::NodeFile& file = runtime_->file();
    if (auto made = make_tls(nullptr); !made) return made;
    link_material_ = material_of(file);
    if (auto opened = open_store(); !opened) return opened;

    auto users = open_users();
    if (!users) return users.error();

    PresenceParts parts;
    if (*users) parts.users.emplace(std::move(**users));
    for (const auto& component : file.components.allowed) parts.components[component.domain] = component.secret;
    fill_link(file, runtime_->instance(), link_tls_, parts);
    parts.on_node = hears_of_nodes();
    parts.on_obstacle = [this](presence::Obstacle obstacle) {
        runtime_->control().post([this, obstacle] { router_->obstacle(obstacle); });
    };
    shard_ = std::make_unique<PresenceShard>(*runtime_->shards().front()->shard, parts);
    if (directory_) {
        clients_ = std::make_unique<ShardClients>(*shard_, runtime_->control(),
                                                  [this](std::function<void()> work) { on_data(std::move(work)); });
    }
    make_router();
    return {};
}

Result<std::optional<UserParts>> PresenceNode::open_users() {
    const config::NodeFile& file = runtime_->file();
    if (file.clients.domains.empty()) return std::optional<UserParts>{};
    auto tls = make_client_tls(file);
    if (!tls) return tls.error();
    im::Directory::Options options;
    options.path = file.node.data + "/users.db";
    options.domains = file.clients.domains;
    options.limits = file.limits;
    options.random_bytes = io::random_bytes;
    options.wall = [this] { return runtime_->control().wall(); };
    for (auto* thread : {&users_hashing_, &users_writing_, &users_reading_})
        *thread = std::make_unique<io::WorkThread>(runtime_->control(), most_of_users_beside);
    options.hashing = [this](auto work, auto then) { return users_hashing_->run(std::move(work), std::move(then)); };
    options.disk = [this](auto work, auto then) { return users_writing_->run(std::move(work), std::move(then)); };
    const std::string path = options.path;
    auto directory = im::Directory::open(std::move(options));
    if (!directory) return directory.error();
    directory_ = std::move(*directory);
    auto reader = io::UserStore::open(path, directory_->store()->secret());
    if (!reader) return reader.error();
    users_reader_ = std::make_shared<io::UserStore>(std::move(*reader));
    directory_->on_changed(
        [this](const io::UserName& user) { on_data([this, user] { shard_->users()->account_changed(user); }); });
    directory_->on_forgotten([this](const io::UserName& user, const std::vector<std::string>& contacts) {
        on_data([this, user, contacts] { shard_->users()->requests_forgotten(user, contacts); });
    });
    UserParts users;
    users.writing.emplace(im::Storage::Disk{users_writing_->loop(), directory_->store()});
    users.reading.emplace(im::Storage::Disk{users_reading_->loop(), users_reader_});
    users.domains = file.clients.domains;
    users.tls = std::move(*tls);
    users.channel_binding = file.clients.channel_binding;
    users.timers.negotiation = seconds_of(file.timers.negotiation);
    users.timers.idle = seconds_of(file.timers.idle);
    users.timers.answer = seconds_of(file.timers.ping);
    users.timers.stanza = seconds_of(file.timers.stanza);
    users.timers.closing = seconds_of(file.timers.closing);
    users.version = SALLYPORT_VERSION;
    const std::string key = "users.db";
    users_recovery_ =
        std::make_unique<Recovery>(runtime_->control(), runtime_->alarms(), services::AlarmCode::presence_store, key,
                                   [this](const Recovery::OnTried& on_tried) { try_users(on_tried); });
    for (const auto* store : {directory_->store().get(), users_reader_.get()}) {
        if (store->obstacle()) users_recovery_->begin(*store->obstacle());
    }
    users.on_trouble = [this, key](const Error* trouble) {
        runtime_->control().post([this, key, why = trouble == nullptr ? std::string{} : trouble->text] {
            if (!why.empty()) return runtime_->alarms().raise(services::AlarmCode::presence_store, key, why);
            if (!users_recovery_->is_under_way()) runtime_->alarms().lower(services::AlarmCode::presence_store, key);
        });
    };
    return std::optional{std::move(users)};
}

/// First the connection that writes, then the one that reads, each on its own thread.
void PresenceNode::try_users(const Recovery::OnTried& on_tried) {
    struct Attempt {
        Result<void> writing = Error{"store-busy", "users.db: the disk is too slow"};
        Result<void> reading = writing;
    };
    auto attempt = std::make_shared<Attempt>();
    const auto prove = [](const std::shared_ptr<io::UserStore>& store, Result<void>& outcome) {
        outcome = store->obstacle() ? store->prove_writable() : Result<void>{};
    };
    const bool begun =
        users_writing_->run([prove, attempt, store = directory_->store()] { prove(store, attempt->writing); },
                            [this, prove, attempt, on_tried] {
                                if (!attempt->writing) return on_tried(attempt->writing);
                                const bool goes_on = users_reading_->run(
                                    [prove, attempt, store = users_reader_] { prove(store, attempt->reading); },
                                    [attempt, on_tried] { on_tried(attempt->reading); });
                                if (!goes_on) on_tried(attempt->reading);
                            });
    if (!begun) on_tried(attempt->writing);
}

Result<void> PresenceNode::open_store() {
    const std::string path = runtime_->file().node.data + "/presence.db";
    auto store = io::PresenceStore::open(path);
    if (!store && store.error().code == "store-corrupt") {
        if (auto away = put_aside(path, store.error()); !away) return away;
        store = io::PresenceStore::open(path);
    }
    if (!store) return store.error();
    store_ = std::move(*store);
    auto axl = AxlPart::make(*runtime_, *store_);
    if (!axl) return axl.error();
    axl_ = std::move(*axl);
    store_recovery_ =
        std::make_unique<Recovery>(runtime_->control(), runtime_->alarms(), services::AlarmCode::presence_store,
                                   "presence.db", Recovery::at_once([this] {
                                       auto writable = store_->prove_writable();
                                       return writable ? fill_store() : writable;
                                   }));
    if (const auto filled = fill_store(); !filled) {
        if (!filled.error().code.starts_with("store-")) return filled;
        axl_->sql().note_failed_change();
        store_recovery_->begin(filled.error());
    }
    notifications_ = std::make_unique<presence::Notifications>(*store_, runtime_->control(),
                                                               Logger{runtime_->log(), LogModule::node});
    return {};
}

Result<void> PresenceNode::fill_store() {
    if (auto known = store_->set_process_nodes({runtime_->file().node.name}); !known) return known;
    return axl_->take_first_users();
}

/// A damaged database does not keep users away: what it holds is put there again, by the core (rows), the file (users
/// of AXL) and the node itself. The damaged one is kept for whoever wants to know what else was in it.
Result<void> PresenceNode::put_aside(const std::string& path, const Error& damage) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(runtime_->control().wall().time_since_epoch());
    const std::string aside = path + ".damaged-" + std::to_string(now.count());
    for (const char* part : {"", "-wal", "-shm"}) {
        std::error_code problem;
        std::filesystem::rename(path + part, aside + part, problem);
        const bool is_absent = problem == std::errc::no_such_file_or_directory;
        if (problem && !is_absent) return damage;
    }
    runtime_->alarms().raise(
        services::AlarmCode::presence_store, aside,
        damage.text +
            " It was moved aside and a new one was created: the core writes its rows again; add AXL users "
            "that are not in the file again.");
    return {};
}

void PresenceNode::make_router() {
    presence::RouterControl::Context context{.store = *store_,
                                             .notifications = *notifications_,
                                             .log = Logger{runtime_->log(), LogModule::routing},
                                             .node_name = runtime_->file().node.name};
    context.load = [this](std::shared_ptr<const presence::LoadedTable> table) {
        on_data([this, table] { shard_->router().load(table); });
    };
    context.restart = [this] { return restart_links(); };
    router_ = std::make_unique<presence::RouterControl>(std::move(context), *runtime_->settings().snapshot());
    store_->on_s2s_nodes_changed([this] { router_->table_changed(); });
    runtime_->settings().guard([this](const config::Settings& now, const config::Settings& next) -> Result<void> {
        const auto rows = router_->rows();
        if (!rows) return rows.error();
        return presence::may_change(now, next, *rows);
    });
}

Result<void> PresenceNode::start() {
    start_threads();
    Result<void> outcome;
    runtime_->on_shard(0, [&] {
        for (const Endpoint& at : runtime_->file().components.listen) {
            if (outcome) outcome = shard_->components().listen(at);
        }
        for (const Endpoint& at : runtime_->file().clients.listen) {
            if (outcome && shard_->users() != nullptr) outcome = shard_->users()->listen(at);
        }
    });
    if (!outcome) return outcome;
    router_->start();
    runtime_->settings().subscribe([this](const config::Snapshot& snapshot) { router_->apply(*snapshot); });
    if (auto listening = axl_->start(); !listening) return listening;
    return listen_for_links(runtime_->file().link.listen);
}

Result<void> PresenceNode::listen_for_links(const std::vector<Endpoint>& wanted) {
    std::vector<LinkListener> fresh;
    for (const Endpoint& at : wanted) {
        const auto is_open = [&](const LinkListener& open) { return open.wanted == at; };
        if (std::any_of(link_listeners_.begin(), link_listeners_.end(), is_open)) continue;
        auto listener = runtime_->network().listen(at, [this](std::unique_ptr<io::Stream> stream) {
            const int descriptor = io::TcpNetwork::release(std::move(stream));
            if (descriptor < 0) return;
            on_data(
                [this, descriptor] { shard_->hub().accept(runtime_->shards().front()->network->adopt(descriptor)); });
        });
        if (!listener) return listener.error();
        fresh.push_back({at, std::move(*listener)});
    }
    std::erase_if(link_listeners_, [&](const LinkListener& open) {
        return std::find(wanted.begin(), wanted.end(), open.wanted) == wanted.end();
    });
    std::move(fresh.begin(), fresh.end(), std::back_inserter(link_listeners_));
    return {};
}

Result<void> PresenceNode::restart_links() {
    const config::NodeFile& latest = runtime_->latest_file();
    auto link_tls = make_link_tls(latest);
    if (!link_tls) return link_tls.error();
    if (auto listening = listen_for_links(latest.link.listen); !listening) return listening;
    runtime_->take_over_link();
    link_tls_ = std::move(*link_tls);
    link_material_ = material_of(latest);
    on_data([this, realm = latest.realm(), secret = latest.link.secret, cores = neighbours_of(latest),
             tls = link_tls_] { shard_->restart_links(realm, secret, cores, tls); });
    return {};
}

void PresenceNode::on_data(std::function<void()> work) { runtime_->bus().run_on(0, std::move(work)); }

void PresenceNode::when_quiet(std::function<void()> on_quiet) {
    link_listeners_.clear();
    axl_->shut();
    on_data([this] { shard_->shut(); });
    watch_until_quiet(
        *runtime_,
        [this](std::size_t) {
            const std::size_t users = shard_->users() == nullptr ? 0 : shard_->users()->open_work();
            return shard_->hub().connections() + shard_->components().connections() + users + (shard_->over() ? 0 : 1);
        },
        longest_stop, std::move(on_quiet));
}

void PresenceNode::gather_status(admin::Depth depth, std::function<void(admin::NodeStatus)> on_status) {
    runtime_->gather<admin::NodeStatus>(
        [this, depth](std::size_t) {
            admin::NodeStatus part;
            take_status(shard_->hub(), depth, part);
            part.router = router_status(shard_->router());
            if (depth == admin::Depth::brief) return part;
            part.counters = shard_->records().counted();
            part.tables = shard_->tables();
            for (const auto& component : shard_->components().status()) {
                part.components.push_back({component.domain, component.remote_address, "attached", component.stanzas_in,
                                           component.stanzas_out});
            }
            return part;
        },
        [this, depth, on_status = std::move(on_status)](std::vector<admin::NodeStatus> parts) {
            admin::NodeStatus all = joined(std::move(parts));
            fill_common(*runtime_, depth, all);
            for (const LinkListener& open : link_listeners_) all.link_listeners.push_back(open.listener->endpoint());
            if (depth == admin::Depth::whole) {
                axl_->tables(all.tables);
                if (const auto standing = notifications_->list()) all.notifications = standing->size();
            }
            all.certificates = certificates();
            const presence::RouterState state = router_->state();
            all.router->live_changes = state.live_changes;
            all.router->pending = state.pending;
            all.router->table_trouble = state.trouble;
            all.chain = chain(all);
            on_status(std::move(all));
        });
}

std::vector<ChainStep> PresenceNode::chain(const admin::NodeStatus& status) {
    std::vector<std::string> rows;
    if (const auto nodes = store_->s2s_nodes()) {
        for (const auto& node : *nodes) rows.push_back(node.cp_id);
    }
    return steps_.judge(presence_chain(status, rows, axl_->users().refused_lately()), status.now);
}

void PresenceNode::tell_nodes(const std::vector<link::NodeNews>& nodes, bool again) {
    on_data([this, nodes, again] { shard_->hub().tell_nodes(nodes, again); });
}

void PresenceNode::ping(const xmpp::DomainPair&, std::function<void(Result<Duration>)> on_pinged) {
    on_pinged(Error{"ping-elsewhere", "a presence node has no streams with peers; run this on the edge"});
}

void PresenceNode::verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) {
    using Found = std::optional<record::Verdict>;
    runtime_->gather<Found>(
        [this, id](std::size_t) { return shard_->records().verdicts().find(id); },
        [on_verdict = std::move(on_verdict)](std::vector<Found> all) { on_verdict(std::move(all.front())); });
}

void PresenceNode::close(const xmpp::Domain&, std::function<void(unsigned)> on_closed) { on_closed(0); }

std::vector<std::string> PresenceNode::reload() {
    if (auto problems = runtime_->reload_file(); !problems.empty()) return problems;
    if (auto renewed = axl_->reload(); !renewed) return {renewed.error().text};
    const config::NodeFile& now = runtime_->file();
    const config::NodeFile& latest = runtime_->latest_file();
    if (const auto link_tls = make_link_tls(latest); !link_tls) return {link_tls.error().text};
    if (directory_) {
        auto client_tls = make_client_tls(latest);
        if (!client_tls) return {client_tls.error().text};
        on_data([this, tls = std::move(*client_tls)] { shard_->users()->replace_tls(tls); });
    }
    const std::pair<const char*, bool> changes[] = {
        {"node.name", now.node.name != latest.node.name},
        {"link.listen", now.link.listen != latest.link.listen},
        {"link.secret", now.link.secret != latest.link.secret},
        {"link.accept", now.link.accept != latest.link.accept},
        {"link.require_roles", now.link.require_roles != latest.link.require_roles},
        {"link key material", link_material_ != material_of(latest)}};
    const bool any =
        std::any_of(std::begin(changes), std::end(changes), [](const auto& change) { return change.second; });
    if (!any) router_->file_unchanged();
    for (const auto& [what, changed] : changes) {
        if (changed) router_->file_changed(what);
    }
    router_->table_changed();
    return {};
}

}  // namespace sallyport::nodes
