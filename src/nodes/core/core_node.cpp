// Building a core and answering for it.
#include "nodes/core/core_node.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "io/loop/random.h"
#include "nodes/core/given_domains.h"
#include "nodes/runtime/node_parts.h"
#include "services/provision/router_step.h"

namespace sallyport::nodes {

namespace {

/// What changes is looked at when it does, but not more often than this; the rest is for what nobody tells of.
/// Domains of internal servers that are told of between two looks at everything.
constexpr std::size_t most_inside_named = 256;
constexpr Duration routers_watched_apart = std::chrono::milliseconds{100};
constexpr Duration routers_watched_every = std::chrono::seconds{1};

/// An edge tells every shard of its peers.
void once_each(std::vector<admin::DescribedPeer>& peers) {
    const auto key = [](const admin::DescribedPeer& peer) {
        return std::tie(peer.edge, peer.local, peer.remote, peer.direction);
    };
    std::sort(peers.begin(), peers.end(), [&](const auto& one, const auto& other) { return key(one) < key(other); });
    const auto same = [&](const auto& one, const auto& other) { return key(one) == key(other); };
    peers.erase(std::unique(peers.begin(), peers.end(), same), peers.end());
}

}  // namespace

/// What asks this class for its part of the chain, and for certificates, ends before that.
CoreNode::~CoreNode() {
    stop();
    provisioning_.reset();
    shards_.clear();
}

Result<void> CoreNode::prepare() {
    const config::NodeFile& file = runtime_->file();
    if (file.inside.mint_certificates) {
        auto authority = io::InsideCa::open(file.node.data, runtime_->control());
        if (!authority) return authority.error();
        authority_ = std::make_unique<io::InsideCa>(std::move(*authority));
    }
    if (auto made = make_all_tls(); !made) return made;
    if (auto made = make_provisioner(); !made) return made;

    CoreParts parts;
    fill(parts);
    parts.limits = inside_limits(file.limits);
    // Its servers are where the file says: no port of theirs begins with TLS.
    parts.direct_server_tls = parts.direct_client_tls = nullptr;
    parts.servers = file.inside.servers;
    for (const auto& component : file.components.allowed) parts.components[component.domain] = component.secret;
    parts.dialback_secret = runtime_->settings().snapshot()->dialback_secret;
    parts.federating = runtime_->settings().snapshot()->domains;
    parts.given = given_domains(file.link.dial);
    parts.on_presence = [this] { routers_changed(); };
    for (auto& thread : runtime_->shards()) {
        shards_.push_back(std::make_unique<CoreShard>(*thread->shard, ledger_, parts, shards_));
    }
    if (auto made = make_provisioning(); !made) return made;
    runtime_->settings().subscribe([this](const config::Snapshot& snapshot) {
        for (auto& shard : shards_) {
            runtime_->bus().run_on(shard->shard().index,
                                   [core = shard.get(), domains = snapshot->domains] { core->federate(domains); });
        }
    });
    return {};
}

/// One internal server opens a stream for each pair of a room and a foreign domain, all from one address.
Limits CoreNode::inside_limits(Limits limits) {
    limits.connections_per_address = unlimited;
    limits.unauthenticated_per_address = unlimited;
    limits.new_connections_per_10s = unlimited;
    limits.pending_dialbacks_per_address = unlimited;
    limits.inbound_bytes_per_second = unlimited;
    limits.unauthenticated_bytes_per_second = unlimited;
    return limits;
}

Result<void> CoreNode::make_all_tls() {
    std::function<Result<std::string>(const std::string&)> mint;
    if (authority_) mint = [authority = authority_.get()](const std::string& name) { return authority->mint(name); };
    return make_tls(mint);
}

Result<void> CoreNode::make_provisioner() {
    if (const auto tls = make_axl_client_tls(runtime_->file()); !tls) return tls.error();
    // Traffic does not need it: the edges that the IM&P servers know already stay in force.
    provision_recovery_ =
        std::make_unique<Recovery>(runtime_->control(), runtime_->alarms(), services::AlarmCode::axl_down,
                                   "of this core", Recovery::at_once([this] { return recover_provisioner(); }));
    if (const auto opened = open_provisioner(); !opened) {
        provision_recovery_->begin(opened.error());
    } else if (provisioner_->obstacle()) {
        provision_recovery_->begin(*provisioner_->obstacle());
    }
    return {};
}

Result<void> CoreNode::open_provisioner() {
    auto tls = make_axl_client_tls(runtime_->file());
    if (!tls) return tls.error();
    auto provisioner = provision::Provisioner::open(
        {runtime_->control(), runtime_->network(), runtime_->resolver(), runtime_->alarms(),
         Logger{runtime_->log(), LogModule::axl}, io::random_below, std::move(*tls)},
        runtime_->file().node.data);
    if (!provisioner) return provisioner.error();
    provisioner_ = std::move(*provisioner);
    return {};
}

Result<void> CoreNode::recover_provisioner() {
    const bool is_new = !provisioner_;
    if (is_new) {
        if (auto opened = open_provisioner(); !opened) return opened;
        feed_provisioner();
    }
    if (auto done = provisioner_->overcome(); !done) return done;
    take_first_servers();
    return {};
}

std::vector<provision::EdgeState> CoreNode::own_edges(const config::Settings& settings) const {
    std::vector<provision::EdgeState> edges;
    for (const auto& dial : runtime_->file().link.dial) {
        if (dial.role != Role::edge) continue;
        edges.push_back({dial.name, provision::component_of(realm_of(dial.name)), settings.enabled});
    }
    return edges;
}

/// The servers of the file are first values, like its settings: they count while none is known.
void CoreNode::take_first_servers() {
    if (!provisioner_->list().empty()) return;
    for (const config::AxlServerEntry& server : runtime_->file().axl.servers) {
        const auto added = provisioner_->add(server.address.text(), server.user, server.password, server.tls_verify,
                                             [](const provision::PublisherStatus&) {});
        if (!added) {
            runtime_->alarms().raise(services::AlarmCode::axl_down, server.address.text(), added.error().text);
        }
    }
}

/// The edges say themselves whether they federate; without [ssh] this core's own settings stand for them.
void CoreNode::feed_provisioner() {
    if (provisioning_) {
        provisioner_->on_changed([this] { provisioning_->replicator().report_soon(); });
        // Once the replicas are read: before, nothing is known, and nothing must be taken away.
        provisioning_->replicator().on_edges(
            [this](const services::Replicator::Edges& edges) { provisioner_->set_edges(edges); });
        return;
    }
    runtime_->settings().subscribe(
        [this](const config::Snapshot& snapshot) { provisioner_->set_edges(own_edges(*snapshot)); });
}

std::vector<ChainStep> CoreNode::own_steps() {
    std::vector<ChainStep> steps;
    if (provisioner_) steps = provisioner_->chain();
    const std::vector<std::string> wanted = provision::desired_rows(
        provisioning_ ? provisioning_->replicator().edges() : own_edges(*runtime_->settings().snapshot()));
    std::vector<ChainStep> routers;
    for (const auto& dial : runtime_->file().link.dial) {
        if (dial.role != Role::presence) continue;
        const auto at = routers_.find(realm_of(dial.name));
        routers.push_back(
            provision::router_step(dial.name, wanted, at == routers_.end() ? std::nullopt : std::optional{at->second}));
    }
    for (ChainStep& step : router_steps_.judge(std::move(routers), runtime_->control().now())) {
        steps.push_back(std::move(step));
    }
    return steps;
}

void CoreNode::routers_changed() {
    if (routers_changed_.exchange(true)) return;
    runtime_->control().post([this] {
        routers_changed_ = false;
        const TimePoint soonest = routers_watched_at_ + routers_watched_apart;
        if (router_watch_) router_watch_->arm(std::max(runtime_->control().now(), soonest));
    });
}

void CoreNode::watch_routers() {
    routers_watched_at_ = runtime_->control().now();
    router_watch_->arm(routers_watched_at_ + routers_watched_every);
    runtime_->gather<std::vector<link::SessionStatus>>(
        [this](std::size_t index) { return shards_[index]->presence_hub().sessions(); },
        [this](const std::vector<std::vector<link::SessionStatus>>& parts) {
            const auto loaded = std::exchange(routers_, {});
            const auto before = std::exchange(router_sessions_, {});
            bool is_new = false;
            for (const auto& part : parts) {
                for (const link::SessionStatus& session : part) {
                    if (session.state != link::LinkState::open) continue;
                    routers_[session.far_realm] = session.components;
                    router_sessions_.insert(session.id);
                    is_new |= !before.contains(session.id);
                }
            }
            if (provisioning_) provisioning_->replicator().report_soon();
            // It was away: perhaps it came back with another table. Or it lost rows: perhaps somebody deleted them.
            const bool is_less = std::any_of(routers_.begin(), routers_.end(), [&](const auto& router) {
                const auto was = loaded.find(router.first);
                return was != loaded.end() && router.second.size() < was->second.size();
            });
            if ((is_new || is_less) && provisioner_) std::ignore = provisioner_->refresh("", [](const auto&) {});
        });
}

Result<void> CoreNode::start() {
    start_threads();
    const config::NodeFile& file = runtime_->file();
    Result<void> outcome;
    for (std::size_t index = 0; index < shards_.size() && outcome; ++index) {
        runtime_->on_shard(index, [&] {
            CoreShard& core = *shards_[index];
            for (const Endpoint& at : file.inside.listen) {
                if (outcome) outcome = core.s2s().listen(at, false);
            }
            if (index == 0) {
                for (const Endpoint& at : file.components.listen) {
                    if (outcome) outcome = core.components().listen(at);
                }
            }
            core.announce();
        });
    }
    if (!outcome) return outcome;
    for (std::size_t index = 0; index < shards_.size(); ++index) {
        runtime_->on_shard(index, [&] {
            for (const auto& dial : file.link.dial) {
                link::Hub& hub = dial.role == Role::edge ? shards_[index]->hub() : shards_[index]->presence_hub();
                hub.dial({dial.address, dial.name, realm_of(dial.name), dial.secret});
            }
        });
    }
    if (provisioning_) provisioning_->start();
    const auto& dials = runtime_->file().link.dial;
    if (std::any_of(dials.begin(), dials.end(), [](const auto& dial) { return dial.role == Role::presence; })) {
        router_watch_ = runtime_->control().timer([this] { watch_routers(); });
        watch_routers();
    }
    if (provisioning_) provisioning_->replicator().steps_from([this] { return own_steps(); });
    if (provisioner_) {
        feed_provisioner();
        take_first_servers();
    }
    return {};
}

void CoreNode::tell_nodes(const std::vector<link::NodeNews>& nodes, bool again) {
    for (auto& shard : shards_) {
        runtime_->bus().run_on(shard->shard().index, [core = shard.get(), nodes, again] {
            core->hub().tell_nodes(nodes, again);
            core->presence_hub().tell_nodes(nodes, again);
        });
    }
}

void CoreNode::when_quiet(std::function<void()> on_quiet) {
    for (auto& shard : shards_) runtime_->bus().run_on(shard->shard().index, [core = shard.get()] { core->shut(); });
    watch_until_quiet(
        *runtime_,
        [this](std::size_t index) {
            return shards_[index]->s2s().open_streams() + shards_[index]->hub().connections() +
                   shards_[index]->presence_hub().connections() + shards_[index]->components().connections() +
                   (shards_[index]->over() ? 0 : 1);
        },
        longest_stop, std::move(on_quiet));
}

void CoreNode::gather_status(admin::Depth depth, std::function<void(admin::NodeStatus)> on_status) {
    runtime_->gather<admin::NodeStatus>(
        [this, depth](std::size_t index) {
            CoreShard& core = *shards_[index];
            admin::NodeStatus part = streams_of(index, depth);
            for (const link::Hub* hub : {&core.hub(), &core.presence_hub()}) take_status(*hub, depth, part);
            if (depth == admin::Depth::brief) {
                part.destinations = core.s2s().pool().latest(most_inside_named);
                return part;
            }
            if (index == 0) part.inside_listeners = core.s2s().endpoints();
            for (const auto& component : core.components().status()) {
                part.components.push_back({component.domain, component.remote_address, "attached", component.stanzas_in,
                                           component.stanzas_out});
            }
            for (const auto& [key, described] : core.described()) {
                const link::PeerFacts& facts = described.facts;
                part.described.push_back({described.edge, facts.pair.local.text(), facts.pair.remote.text(),
                                          std::string{in_or_out(facts.direction)}, facts.method, facts.tls,
                                          facts.cipher, facts.address, facts.verdict, described.since});
            }
            return part;
        },
        [this, depth, on_status = std::move(on_status)](std::vector<admin::NodeStatus> parts) {
            admin::NodeStatus all = joined_status(std::move(parts), depth);
            once_each(all.described);
            if (authority_) {
                all.inside_authority = {admin::CertificateUse::inside,
                                        {},
                                        runtime_->file().node.data + "/inside-ca.pem",
                                        authority_->facts()};
            }
            // With [ssh] the chain of the edges' settings, of which ours is the end.
            all.chain = provisioning_ ? provisioning_->chain() : own_steps();
            on_status(std::move(all));
        });
}

std::vector<std::string> CoreNode::reload() {
    if (auto problems = runtime_->reload_file(); !problems.empty()) return problems;
    if (auto made = make_all_tls(); !made) return {made.error().text};
    if (auto tls = make_axl_client_tls(runtime_->file()); !tls) {
        return {tls.error().text};
    } else if (provisioner_) {
        provisioner_->replace_tls(std::move(*tls));
    }
    renew_shards([link = link_tls_](CoreShard& core) {
        core.hub().replace_tls(link);
        core.presence_hub().replace_tls(link);
    });
    return {};
}

}  // namespace sallyport::nodes
