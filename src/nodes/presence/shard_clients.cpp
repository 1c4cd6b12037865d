// Values go to and fro.
#include "nodes/presence/shard_clients.h"

#include <iterator>
#include <utility>

namespace sallyport::nodes {

void ShardClients::page(im::OnlineQuery query, OnPage on_page) { look(std::move(query), {}, std::move(on_page)); }

/// Each look is a turn of its own on the shard, and stanzas come between.
void ShardClients::look(im::OnlineQuery query, im::OnlinePage so_far, OnPage on_page) {
    on_data_([this, query = std::move(query), so_far = std::move(so_far), on_page = std::move(on_page)]() mutable {
        im::OnlinePage found = shard_.users()->online(query);
        control_.post([this, query = std::move(query), so_far = std::move(so_far), found = std::move(found),
                       on_page = std::move(on_page)]() mutable {
            query.most -= found.clients.size();
            std::move(found.clients.begin(), found.clients.end(), std::back_inserter(so_far.clients));
            found.clients = std::move(so_far.clients);
            if (!found.next || query.most == 0) return on_page(std::move(found));
            query.after = *found.next;
            look(std::move(query), std::move(found), std::move(on_page));
        });
    });
}

/// What is called back moves with its answer: its last copy must not die on the shard's thread.
void ShardClients::end(std::string_view jid, std::uint64_t number, OnEnded on_ended) {
    auto full = xmpp::Jid::parse(jid);
    if (!full || full->local().empty() || full->resource().empty()) {
        return on_ended(Error{"client-malformed", "a session is user@domain/resource, as shown by `clients list`"});
    }
    on_data_([this, full = std::move(*full), number, on_ended = std::move(on_ended)]() mutable {
        auto done = shard_.users()->end_client(full, number);
        control_.post([done = std::move(done), on_ended = std::move(on_ended)] { on_ended(done); });
    });
}

void ShardClients::refused(std::size_t most, OnRefused on_refused) {
    on_data_([this, most, on_refused = std::move(on_refused)]() mutable {
        auto all = shard_.users()->refused_logins(most);
        control_.post([all = std::move(all), on_refused = std::move(on_refused)] { on_refused(all); });
    });
}

}  // namespace sallyport::nodes
