// Building an edge and answering for it.
#include "nodes/edge/edge_node.h"

#include <algorithm>

#include "nodes/runtime/node_parts.h"

namespace sallyport::nodes {

EdgeNode::EdgeNode(std::unique_ptr<Runtime> runtime)
    : runtime_{std::move(runtime)},
      ledger_{runtime_->file().limits},
      handshakes_{runtime_->file().node.data + "/handshakes.db", runtime_->file().limits, runtime_->control(),
                  Logger{runtime_->log(), LogModule::node}} {}

EdgeNode::~EdgeNode() { stop(); }

Result<std::unique_ptr<EdgeNode>> EdgeNode::make(std::unique_ptr<Runtime> runtime) {
    std::unique_ptr<EdgeNode> node{new EdgeNode{std::move(runtime)}};
    if (auto prepared = node->prepare(); !prepared) return prepared.error();
    return node;
}

Result<void> EdgeNode::prepare() {
    const config::NodeFile& file = runtime_->file();
    auto tls = make_s2s_tls(file, nullptr);
    if (!tls) return tls.error();
    tls_ = std::move(*tls);
    auto link_tls = make_link_tls(file);
    if (!link_tls) return link_tls.error();
    link_tls_ = std::move(*link_tls);

    EdgeParts parts;
    parts.settings = runtime_->settings().snapshot();
    parts.timers = timers_of(file);
    parts.ping_after = seconds_of(file.timers.ping);
    parts.dead_after = seconds_of(file.timers.dead_peer);
    parts.limits = file.limits;
    parts.dial = dial_settings_of(file);
    parts.share_streams = file.s2s.share_streams;
    parts.server_tls = tls_.server;
    parts.direct_server_tls = tls_.direct_server;
    parts.client_tls = tls_.client;
    parts.direct_client_tls = tls_.direct_client;
    parts.link_tls = link_tls_;
    parts.realm = file.realm();
    parts.instance = runtime_->instance();
    parts.link_secret = file.link.secret;
    parts.neighbours = neighbours_of(file);
    parts.to_control = [runtime = runtime_.get()](std::function<void()> work) {
        runtime->control().post(std::move(work));
    };
    parts.on_handshake = [this](const record::Handshake& handshake) { handshakes_.add(handshake); };
    parts.link_hold = seconds_of(file.link.hold_seconds);
    for (auto& thread : runtime_->shards()) {
        links_.push_back(std::make_unique<std::atomic<int>>(0));
        parts.link_load = links_.back().get();
        shards_.push_back(std::make_unique<EdgeShard>(*thread->shard, ledger_, parts, shards_));
    }
    for (auto& shard : shards_) shard->connect();
    auto provisioning = Provisioning::make(*runtime_);
    if (!provisioning) return provisioning.error();
    provisioning_ = std::move(*provisioning);
    runtime_->settings().subscribe([this](const config::Snapshot& snapshot) {
        for (auto& shard : shards_) {
            runtime_->bus().run_on(shard->shard().index, [edge = shard.get(), snapshot] { edge->apply(snapshot); });
        }
    });
    return {};
}

Result<void> EdgeNode::start() {
    runtime_->start_threads();
    running_ = true;
    const config::NodeFile& file = runtime_->file();
    Result<void> outcome;
    for (std::size_t index = 0; index < shards_.size() && outcome; ++index) {
        runtime_->on_shard(index, [&] {
            for (const Endpoint& at : file.s2s.listen) {
                if (outcome) outcome = shards_[index]->s2s().listen(at, false);
            }
            for (const Endpoint& at : file.s2s.direct_tls_listen) {
                if (outcome) outcome = shards_[index]->s2s().listen(at, true);
            }
        });
    }
    for (const Endpoint& at : file.link.listen) {
        if (!outcome) break;
        auto listener = runtime_->network().listen(
            at, [this](std::unique_ptr<io::Stream> stream) { place_link(std::move(stream)); });
        if (!listener) {
            outcome = listener.error();
        } else {
            link_endpoints_.push_back((*listener)->endpoint());
            link_listeners_.push_back(std::move(*listener));
        }
    }
    if (outcome && provisioning_) provisioning_->start();
    return outcome;
}

void EdgeNode::place_link(std::unique_ptr<io::Stream> stream) {
    const auto fewest = std::min_element(links_.begin(), links_.end(),
                                         [](const auto& a, const auto& b) { return a->load() < b->load(); });
    const auto index = static_cast<std::size_t>(fewest - links_.begin());
    const int descriptor = io::TcpNetwork::release(std::move(stream));
    if (descriptor < 0) return;
    (*fewest)->fetch_add(1);
    runtime_->bus().run_on(static_cast<std::uint32_t>(index), [this, index, descriptor] {
        shards_[index]->hub().accept(runtime_->shards()[index]->network->adopt(descriptor));
    });
}

void EdgeNode::stop() {
    if (!running_) return;
    running_ = false;
    runtime_->stop_threads();
}

void EdgeNode::when_quiet(std::function<void()> on_quiet) {
    link_listeners_.clear();
    for (auto& shard : shards_) runtime_->bus().run_on(shard->shard().index, [edge = shard.get()] { edge->shut(); });
    watch_until_quiet(
        *runtime_,
        [this](std::size_t index) {
            return shards_[index]->s2s().open_streams() + shards_[index]->hub().connections() +
                   (shards_[index]->over() ? 0 : 1);
        },
        longest_stop, std::move(on_quiet));
}

void EdgeNode::gather_status(std::function<void(admin::NodeStatus)> on_status) {
    runtime_->gather<admin::NodeStatus>(
        [this](std::size_t index) {
            admin::NodeStatus part;
            part.counters = shards_[index]->records().counted();
            part.tables = shards_[index]->tables();
            part.streams = shards_[index]->s2s().streams();
            part.destinations = shards_[index]->s2s().pool().destinations();
            take_status(shards_[index]->hub(), part);
            if (index == 0) part.s2s_listeners = shards_[0]->s2s().endpoints();
            return part;
        },
        [this, on_status = std::move(on_status)](std::vector<admin::NodeStatus> parts) {
            admin::NodeStatus all = joined(std::move(parts));
            fill_common(*runtime_, all);
            all.federation_enabled = runtime_->settings().snapshot()->enabled;
            all.direct_tls_listeners = runtime_->file().s2s.direct_tls_listen;
            all.link_listeners = link_endpoints_;
            all.ledger = ledger_.totals();
            ledger_.tables(all.tables, all.now);
            all.certificates = own_certificates(runtime_->file(), tls_, link_tls_);
            if (provisioning_) all.chain = provisioning_->chain();
            on_status(std::move(all));
        });
}

void EdgeNode::ping(const xmpp::DomainPair& pair, std::function<void(Result<Duration>)> on_pinged) {
    ping_from(*runtime_, shards_, pair, std::move(on_pinged));
}

void EdgeNode::verdict(const std::string& id, std::function<void(std::optional<record::Verdict>)> on_verdict) {
    find_verdict(*runtime_, shards_, id, std::move(on_verdict));
}

void EdgeNode::close(const xmpp::Domain& remote, std::function<void(unsigned)> on_closed) {
    close_on_all(*runtime_, shards_, remote, std::move(on_closed));
}

std::vector<std::string> EdgeNode::reload() {
    if (auto problems = runtime_->reload_file(); !problems.empty()) return problems;
    auto tls = make_s2s_tls(runtime_->file(), nullptr);
    auto link_tls = make_link_tls(runtime_->file());
    if (!tls) return {tls.error().text};
    if (!link_tls) return {link_tls.error().text};
    tls_ = std::move(*tls);
    link_tls_ = std::move(*link_tls);
    const s2s::DialSettings dial = dial_settings_of(runtime_->file());
    const config::NodeFile& file = runtime_->file();
    for (auto& shard : shards_) {
        runtime_->bus().run_on(shard->shard().index,
                               [edge = shard.get(), contexts = tls_, link = link_tls_, dial, realm = file.realm(),
                                secret = file.link.secret, cores = neighbours_of(file)] {
                                   edge->hub().replace_identity(realm, secret, cores);
                                   edge->s2s().context().dial = dial;
                                   edge->s2s().context().server_tls = contexts.server;
                                   edge->s2s().context().direct_server_tls = contexts.direct_server;
                                   edge->s2s().context().client_tls = contexts.client;
                                   edge->s2s().context().direct_client_tls = contexts.direct_client;
                                   edge->s2s().lessons().clear();
                                   edge->hub().replace_tls(link);
                               });
    }
    return {};
}

}  // namespace sallyport::nodes
