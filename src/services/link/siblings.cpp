// The hubs of a node's other shards (docs/protocol/link.md, sections 3 and 9; decision record 0015): connections that
// go to where their session lives, stanzas that a shard without a link lends to one that has a link, and what all
// shards have to hear. Whatever is done to another hub is done on its thread; only advertises() and links() are asked
// from here.
#include <algorithm>
#include <utility>

#include "services/link/hub.h"

namespace sallyport::link {

void Hub::stand_beside(std::vector<Hub*> all) { siblings_ = std::move(all); }

/// The connection goes to where the session is, not the other way round: so tickets, windows and the order of what they
/// hold have one place.
void Hub::move(Connection& connection, std::uint32_t shard, const SessionWanted& wanted) {
    connection.prepare_to_move();
    // Not in the middle of a call of its own stream; it may be gone by then.
    context_.shard.loop.defer([this, key = &connection, shard, wanted] {
        const auto at =
            std::find_if(connections_.begin(), connections_.end(), [&](const auto& c) { return c.get() == key; });
        if (at == connections_.end()) return;
        auto moved = std::make_shared<MovedConnection>();
        moved->connection = std::move(*at);
        moved->wanted = wanted;
        connections_.erase(at);
        count_load(-1);
        moved->stream = moved->connection->leave();
        if (!moved->stream) return;
        context_.shard.bus.run_on(shard, [there = siblings_[shard], moved] { there->join(std::move(*moved)); });
    });
}

/// Another shard's connection resumes a session that lives here.
void Hub::join(MovedConnection moved) {
    connections_.push_back(std::move(moved.connection));
    Connection& connection = *connections_.back();
    count_load(1);
    connection.join(*this, context_, std::move(moved.stream), [&] {
        if (shutting_) return shut(connection);
        if (Session* known = session_of(connection, moved.wanted.previous)) {
            return resume(connection, *known, moved.wanted.h);
        }
        Actions actions;
        connection.machine().resume_failed(actions);
        connection.carry_out(actions);
    });
}

void Hub::give_up_at(std::uint32_t shard, const std::string& id, const std::string& far_realm) {
    context_.shard.bus.run_on(shard, [there = siblings_[shard], id, far_realm] { there->give_up(id, far_realm); });
}

void Hub::replace_elsewhere(const FarNode& alive) {
    for (std::uint32_t shard = 0; shard < siblings_.size(); ++shard) {
        Hub* sibling = siblings_[shard];
        if (sibling != this) context_.shard.bus.run_on(shard, [sibling, alive] { sibling->replace(alive); });
    }
}

bool Hub::is_linked_elsewhere(const FarNode& node) const {
    return std::any_of(siblings_.begin(), siblings_.end(),
                       [&](const Hub* sibling) { return sibling != this && sibling->links(node); });
}

std::optional<std::uint32_t> Hub::lend(const xmpp::Stanza& stanza, const Lent& with,
                                       std::optional<std::uint32_t> shard) {
    for (std::uint32_t index = 0; index < siblings_.size(); ++index) {
        const Hub* sibling = siblings_[index];
        if (sibling == this || (shard ? index != *shard : !sibling->advertises(stanza.to_domain))) continue;
        routing::Forwarded message{xmpp::OwnedStanza{stanza}, with.ticket, with.since, with.strikes, with.apart};
        if (!context_.shard.bus.forward(context_.shard, index, std::move(message))) return std::nullopt;
        return index;
    }
    return std::nullopt;
}

/// Until that shard has heard of it, what it lends may overtake this; so nothing is taken from it before.
void Hub::hand_back(std::uint32_t shard, std::vector<GivenBack> stanzas) {
    ++giving_back_[shard];
    // std::function wants a copyable callable.
    const auto shared = std::make_shared<std::vector<GivenBack>>(std::move(stanzas));
    context_.shard.bus.run_on(shard, [there = siblings_[shard], shared, here = context_.shard.index] {
        there->take_back(std::move(*shared));
        there->confirm_return(here);
    });
}

void Hub::confirm_return(std::uint32_t shard) {
    // Behind all that has been lent to it until now.
    context_.shard.bus.run_behind(context_.shard, shard, [there = siblings_[shard], here = context_.shard.index] {
        if (--there->giving_back_[here] == 0) there->giving_back_.erase(here);
    });
}

}  // namespace sallyport::link
