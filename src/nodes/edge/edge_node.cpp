// Building an edge and answering for it.
#include "nodes/edge/edge_node.h"

#include <algorithm>

#include "nodes/runtime/node_parts.h"

namespace sallyport::nodes {

Result<void> EdgeNode::prepare() {
    const config::NodeFile& file = runtime_->file();
    if (auto made = make_tls(nullptr); !made) return made;

    EdgeParts parts;
    fill(parts);
    parts.settings = runtime_->settings().snapshot();
    parts.share_streams = file.s2s.share_streams;
    for (auto& thread : runtime_->shards()) {
        links_.push_back(std::make_unique<std::atomic<int>>(0));
        parts.link_load = links_.back().get();
        shards_.push_back(std::make_unique<EdgeShard>(*thread->shard, ledger_, parts, shards_));
    }
    for (auto& shard : shards_) shard->connect();
    if (auto made = make_provisioning(); !made) return made;
    runtime_->settings().subscribe([this](const config::Snapshot& snapshot) {
        for (auto& shard : shards_) {
            runtime_->bus().run_on(shard->shard().index, [edge = shard.get(), snapshot] { edge->apply(snapshot); });
        }
    });
    return {};
}

Result<void> EdgeNode::start() {
    start_threads();
    const config::NodeFile& file = runtime_->file();
    Result<void> outcome;
    for (std::size_t index = 0; index < shards_.size() && outcome; ++index) {
        runtime_->on_shard(index, [&] {
            for (const Endpoint& at : file.s2s.listen) {
                if (outcome) outcome = shards_[index]->s2s().listen(at, false, file.s2s.proxies);
            }
            for (const Endpoint& at : file.s2s.direct_tls_listen) {
                if (outcome) outcome = shards_[index]->s2s().listen(at, true, file.s2s.proxies);
            }
        });
    }
    for (const Endpoint& at : file.link.listen) {
        if (!outcome) break;
        outcome = link_listeners_.open(runtime_->network(), at,
                                       [this](std::unique_ptr<io::Stream> stream) { place_link(std::move(stream)); });
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

void EdgeNode::tell_nodes(const std::vector<link::NodeNews>& nodes, bool again) {
    for (auto& shard : shards_) {
        runtime_->bus().run_on(shard->shard().index,
                               [edge = shard.get(), nodes, again] { edge->hub().tell_nodes(nodes, again); });
    }
}

void EdgeNode::when_quiet(std::function<void()> on_quiet) {
    link_listeners_.close();
    for (auto& shard : shards_) runtime_->bus().run_on(shard->shard().index, [edge = shard.get()] { edge->shut(); });
    watch_until_quiet(
        *runtime_,
        [this](std::size_t index) {
            return shards_[index]->s2s().open_streams() + shards_[index]->hub().connections() +
                   (shards_[index]->over() ? 0 : 1);
        },
        longest_stop, std::move(on_quiet));
}

void EdgeNode::gather_status(admin::Depth depth, std::function<void(admin::NodeStatus)> on_status) {
    runtime_->gather<admin::NodeStatus>(
        [this, depth](std::size_t index) {
            admin::NodeStatus part = streams_of(index, depth);
            take_status(shards_[index]->hub(), depth, part);
            if (index == 0) part.s2s_listeners = shards_[0]->s2s().endpoints();
            return part;
        },
        [this, depth, on_status = std::move(on_status)](std::vector<admin::NodeStatus> parts) {
            admin::NodeStatus all = joined_status(std::move(parts), depth);
            all.direct_tls_listeners = runtime_->file().s2s.direct_tls_listen;
            all.link_listeners = link_listeners_.endpoints();
            if (provisioning_) all.chain = provisioning_->chain();
            on_status(std::move(all));
        });
}

std::vector<std::string> EdgeNode::reload() {
    if (auto problems = runtime_->reload_file(); !problems.empty()) return problems;
    if (auto made = make_tls(nullptr); !made) return {made.error().text};
    const config::NodeFile& file = runtime_->file();
    renew_shards([realm = file.realm(), secret = file.link.secret, cores = neighbours_of(file),
                  link = link_tls_](EdgeShard& edge) {
        edge.hub().replace_identity(realm, secret, cores);
        edge.hub().replace_tls(link);
    });
    return {};
}

}  // namespace sallyport::nodes
