// What the shards of every role take from the node and its file, and what their services are given of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "model/config/node_file.h"
#include "nodes/runtime/certificates.h"
#include "proto/link/neighbour.h"
#include "services/link/hub_context.h"
#include "services/record/desk.h"
#include "services/s2s/context.h"
#include "services/s2s/s2s_shard.h"

namespace sallyport::nodes {

/// Of a shard with router links.
struct LinkParts {
    Limits limits;
    std::shared_ptr<const io::TlsContext> link_tls;
    std::string realm, instance, link_secret;
    link::Neighbours neighbours{};  ///< who may dial; and whether certificates have to say their role
    Duration link_hold{};
    /// On the shard's thread: what a far side tells of nodes.
    std::function<void(const link::NodeNews&)> on_node{};
};

/// Of a shard that speaks S2S as well.
struct S2sParts : LinkParts {
    s2s::Timers timers;
    Duration ping_after{}, dead_after{};
    s2s::DialSettings dial;
    std::shared_ptr<const io::TlsContext> server_tls, direct_server_tls, client_tls, direct_client_tls;
    record::Desk::ToControl to_control{};  ///< absent: handshakes are counted only
    record::Desk::OnHandshake on_handshake{};
};

/// All of it but what the file does not know: `instance` and `link_tls` are the node's.
void fill_link(const config::NodeFile& file, const std::string& instance,
               std::shared_ptr<const io::TlsContext> link_tls, LinkParts& parts);
/// All of S2sParts that is not of LinkParts, but the two callbacks.
void fill_s2s(const config::NodeFile& file, const S2sTls& tls, S2sParts& parts);

/// A hub's context but for what the role decides: far role, router, and the callbacks.
[[nodiscard]] link::HubContext link_context(const LinkParts& parts, link::End end, routing::Shard& shard,
                                            record::Desk& records);
/// The same of S2S.
void fill_context(const S2sParts& parts, record::Desk& records, s2s::S2sContext& context);

/// A file that was read again: for streams from now on. What failures have taught is forgotten.
void renew(const S2sTls& tls, const s2s::DialSettings& dial, s2s::S2sShard& shard);

}  // namespace sallyport::nodes
