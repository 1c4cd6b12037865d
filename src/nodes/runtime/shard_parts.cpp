// From a node's file to what its shards are given.
#include "nodes/runtime/shard_parts.h"

#include <utility>

#include "nodes/runtime/node_parts.h"
#include "nodes/runtime/runtime.h"

namespace sallyport::nodes {

void fill_link(const config::NodeFile& file, const std::string& instance,
               std::shared_ptr<const io::TlsContext> link_tls, LinkParts& parts) {
    parts.limits = file.limits;
    parts.link_tls = std::move(link_tls);
    parts.realm = file.realm();
    parts.instance = instance;
    parts.link_secret = file.link.secret;
    parts.neighbours = neighbours_of(file);
    parts.link_hold = seconds_of(file.link.hold_seconds);
}

void fill_s2s(const config::NodeFile& file, const S2sTls& tls, S2sParts& parts) {
    parts.timers = timers_of(file);
    parts.ping_after = seconds_of(file.timers.ping);
    parts.dead_after = seconds_of(file.timers.dead_peer);
    parts.dial = dial_settings_of(file);
    parts.server_tls = tls.server;
    parts.direct_server_tls = tls.direct_server;
    parts.client_tls = tls.client;
    parts.direct_client_tls = tls.direct_client;
}

link::HubContext link_context(const LinkParts& parts, link::End end, routing::Shard& shard, record::Desk& records) {
    link::HubContext context{.shard = shard};
    context.end = end;
    context.realm = parts.realm;
    context.node_instance = parts.instance;
    context.secret = parts.link_secret;
    context.neighbours = parts.neighbours;
    context.limits = parts.limits;
    context.hold = parts.link_hold;
    context.tls = parts.link_tls;
    context.on_node = parts.on_node;
    context.delivery = &records.counters().link_delivery;
    return context;
}

void fill_context(const S2sParts& parts, record::Desk& records, s2s::S2sContext& context) {
    context.node_instance = parts.instance;
    context.timers = parts.timers;
    context.ping_after = parts.ping_after;
    context.dead_after = parts.dead_after;
    context.limits = parts.limits;
    context.dial = parts.dial;
    context.server_tls = parts.server_tls;
    context.direct_server_tls = parts.direct_server_tls;
    context.client_tls = parts.client_tls;
    context.direct_client_tls = parts.direct_client_tls;
    context.records = &records;
}

void renew(const S2sTls& tls, const s2s::DialSettings& dial, s2s::S2sShard& shard) {
    s2s::S2sContext& context = shard.context();
    context.dial = dial;
    const auto renew_one = [](std::shared_ptr<const io::TlsContext>& in_use, const auto& fresh) {
        if (in_use) in_use = fresh;  // a role does without some of them
    };
    renew_one(context.server_tls, tls.server);
    renew_one(context.direct_server_tls, tls.direct_server);
    renew_one(context.client_tls, tls.client);
    renew_one(context.direct_client_tls, tls.direct_client);
    shard.lessons().clear();
}

}  // namespace sallyport::nodes
