// What the pools of a node say to a message that is only asked about (`why`): the judge is Pool::refusal, which is the
// live path's own. Each shard is asked, since a pair belongs to one of them, and the peer's own stream on another may
// carry it (XEP-0288).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/xml/element.h"
#include "proto/xmpp/stanza.h"
#include "services/routing/shard.h"

namespace sallyport::s2s {

/// The smallest message between two addresses.
struct AskedMessage {
    AskedMessage(const xmpp::Jid& sender, const xmpp::Jid& recipient)
        : from{sender.text()},
          to{recipient.text()},
          from_domain{sender.domain().text()},
          to_domain{recipient.domain().text()},
          bytes{"<message from='" + xml::escaped(from) + "' to='" + xml::escaped(to) + "'/>"} {}

    [[nodiscard]] xmpp::Stanza view() const {
        return {bytes, xmpp::StanzaKind::message, to, from, to_domain, from_domain, {}, {}};
    }

    std::string from, to, from_domain, to_domain, bytes;
};

/// Of one shard.
struct PoolWord {
    std::uint32_t taker = 0;                     ///< the shard whose pool takes it, as far as this one knows
    std::optional<xmpp::StanzaError> refusal{};  ///< of its own pool
};

/// The one that counts: of the pool that the shard which owns the pair gives the message to. `words` by shard.
[[nodiscard]] inline std::optional<xmpp::StanzaError> refusal_among(const std::vector<PoolWord>& words,
                                                                    const AskedMessage& message) {
    const auto shards = static_cast<std::uint32_t>(words.size());
    return words.at(words.at(routing::owner(message.from_domain, message.to_domain, shards)).taker).refusal;
}

}  // namespace sallyport::s2s
