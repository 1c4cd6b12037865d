// Joining what the shards know, and ending quietly.
#include "nodes/runtime/node_parts.h"

#include <algorithm>

namespace sallyport::nodes {

namespace {

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

admin::NodeStatus joined(std::vector<admin::NodeStatus> parts) {
    admin::NodeStatus all;
    for (auto& part : parts) {
        append(all.streams, part.streams);
        append(all.destinations, part.destinations);
        append(all.links, part.links);
        append(all.dials, part.dials);
        append(all.described, part.described);
        append(all.tables, part.tables);
        append(all.components, part.components);
        append(all.s2s_listeners, part.s2s_listeners);
        append(all.inside_listeners, part.inside_listeners);
        all.held_for_link += part.held_for_link;
        append(all.slow_partners, part.slow_partners);
        append(all.link_culprits, part.link_culprits);
        append(all.link_copies, part.link_copies);
        append(all.link_refused, part.link_refused);
        all.counters += part.counters;
        if (part.router) all.router = std::move(part.router);
    }
    s2s::forget_overtaken(all.destinations);
    return all;
}

void take_status(const link::Hub& hub, admin::Depth depth, admin::NodeStatus& part) {
    for (auto& session : hub.sessions()) part.links.push_back(std::move(session));
    for (auto& dial : hub.dials()) part.dials.push_back(std::move(dial));
    if (depth == admin::Depth::whole) {
        for (auto& partner : hub.slow_partners()) part.slow_partners.push_back(std::move(partner));
    }
    part.link_culprits.insert(part.link_culprits.end(), hub.culprits().begin(), hub.culprits().end());
    part.link_copies.insert(part.link_copies.end(), hub.copies().begin(), hub.copies().end());
    if (hub.refused()) part.link_refused.push_back(*hub.refused());
    part.held_for_link += hub.held();
}

void fill_common(Runtime& runtime, admin::Depth depth, admin::NodeStatus& status) {
    status.role = config::text(runtime.file().role);
    status.name = runtime.file().node.name;
    status.realm = runtime.file().realm();
    status.version = SALLYPORT_VERSION;
    status.instance = runtime.instance();
    status.started = runtime.started();
    status.uptime = runtime.control().wall() - runtime.started();
    status.shards = static_cast<unsigned>(runtime.shards().size());
    status.revision = runtime.settings().snapshot()->revision;
    status.settings_trouble = runtime.settings().trouble();
    status.history_trouble = runtime.history().trouble();
    status.host = runtime.host();
    status.admin_open = !runtime.file().admin.listen.empty();
    status.admin_listeners = runtime.file().admin.listen;
    status.alarms = runtime.alarms().standing();
    status.now = runtime.control().now();
    if (depth == admin::Depth::brief) return;
    const auto accounts = runtime.access().accounts();
    status.has_accounts = !accounts || !accounts->empty();
    runtime.tables(status.tables);
}

link::Neighbours neighbours_of(const config::NodeFile& file) {
    link::Neighbours neighbours;
    neighbours.roles_required = file.link.require_roles;
    for (const config::LinkAccept& core : file.link.accept) {
        neighbours.listed.push_back({core.name, core.secret.empty() ? file.link.secret : core.secret, core.addresses});
    }
    return neighbours;
}

void watch_until_quiet(Runtime& runtime, std::function<std::size_t(std::size_t)> open, Duration most,
                       std::function<void()> on_quiet) {
    struct Poll {
        std::unique_ptr<io::Timer> timer;
        std::function<void()> ask;
        TimePoint until{};
        bool over = false;
    };
    auto poll = std::make_shared<Poll>();
    poll->until = runtime.control().now() + most;
    poll->timer = runtime.control().timer([poll] { poll->ask(); });
    poll->ask = [&runtime, weak = std::weak_ptr<Poll>(poll), open, on_quiet] {
        runtime.gather<std::size_t>(open, [&runtime, weak, on_quiet](const std::vector<std::size_t>& counts) {
            const auto held = weak.lock();
            if (!held || held->over) return;
            const bool quiet = std::all_of(counts.begin(), counts.end(), [](std::size_t count) { return count == 0; });
            if (!quiet && runtime.control().now() < held->until) {
                held->timer->arm(runtime.control().now() + std::chrono::milliseconds{50});
                return;
            }
            held->over = true;
            on_quiet();
            runtime.control().post([held] { held->timer.reset(); });
        });
    };
    poll->ask();
}

}  // namespace sallyport::nodes
