// Sessions as an administrator sees them, a page at a time, and the end of one.
#include "services/im/online.h"

#include <algorithm>
#include <array>

#include "base/whole_text.h"
#include "services/im/inside.h"

namespace sallyport::im {

namespace {

constexpr std::size_t longest_client = 200;
constexpr std::string_view entity_capabilities = "http://jabber.org/protocol/caps";

/// The words of RFC 6121 4.7.2.1, and no others: the client chooses the text.
std::string show_of(const xml::Element& presence) {
    constexpr std::array<std::string_view, 4> words{"away", "chat", "dnd", "xa"};
    const xml::Element* show = presence.child(xmpp::ns::client, "show");
    if (show == nullptr) return {};
    const std::string text = show->text();
    return std::find(words.begin(), words.end(), text) == words.end() ? std::string{} : text;
}

std::string client_of(const xml::Element& presence) {
    const xml::Element* told = presence.child(entity_capabilities, "c");
    return told == nullptr ? std::string{} : whole_text(told->attribute("node"), longest_client);
}

bool is_wanted(const Session& session, OnlineQuery::Which which) {
    switch (which) {
        case OnlineQuery::Which::all: return true;
        case OnlineQuery::Which::connected: return session.stream != nullptr;
        case OnlineQuery::Which::away: return session.stream == nullptr;
    }
    return false;
}

}  // namespace

OnlineClient Inside::shown_to_administrator(const Session& session) const {
    OnlineClient client;
    client.user = session.account->bare.text();
    client.resource = session.full.resource();
    client.number = session.serial;
    client.remote_address = session.remote_address;
    client.since = context_.shard.loop.wall() - std::chrono::duration_cast<WallTime::duration>(now() - session.since);
    client.tls = session.tls_version;
    client.mechanism = session.mechanism;
    client.binding = session.binding;
    client.available = session.available;
    if (session.presence) {
        client.show = show_of(session.presence->tree());
        client.client = client_of(session.presence->tree());
    }
    client.priority = session.priority;
    client.connected = session.stream != nullptr;
    if (!client.connected) client.resumable_for = std::max(Duration{0}, session.ends_at - now());
    client.unacknowledged = session.waiting();
    client.unacknowledged_bytes = session.waiting_bytes();
    client.laid_by = session.account->laid_stanzas;
    client.stanzas_in = session.stanzas_in;
    client.stanzas_out = session.stanzas_out;
    return client;
}

/// What is left when there were enough looks waits for the next question, and stanzas come between.
OnlinePage Inside::online(const OnlineQuery& query) const {
    OnlinePage page;
    page.sessions = sessions_;
    page.away = away_.size();
    page.connections = streams_.size();
    page.unauthenticated = ledger_.totals().unauthenticated;
    std::size_t looked_at = 0;
    OnlineCursor here = query.after;
    for (auto at = accounts_.lower_bound(std::max(query.user, query.after.user)); at != accounts_.end(); ++at) {
        const auto& [user, account] = *at;
        if (!user.starts_with(query.user)) return page;
        ++looked_at;
        for (const auto& session : account->sessions) {
            const bool is_behind = user != query.after.user || session->serial > query.after.number;
            if (!is_behind) continue;
            if (page.clients.size() >= query.most || looked_at >= query.looks) {
                page.next = here;
                return page;
            }
            ++looked_at;
            here = {user, session->serial};
            if (is_wanted(*session, query.which)) page.clients.push_back(shown_to_administrator(*session));
        }
        // Of a user whose sessions have all been seen nothing is seen again.
        if (looked_at >= query.looks) {
            page.next = OnlineCursor{user, serials_};
            return page;
        }
    }
    return page;
}

/// As after a change of the password, but the user may come back: what was not acknowledged goes the usual ways.
Result<void> Inside::end_client(const xmpp::Jid& full, std::uint64_t number) {
    const auto at = accounts_.find(bare(full).text());
    Session* session = at == accounts_.end() ? nullptr : at->second->find(full.resource());
    if (session == nullptr) return Error{"client-unknown", "no such session: " + full.text() + " is not online"};
    if (number != 0 && session->serial != number) {
        return Error{"client-changed", full.text() + " has begun another session meanwhile"};
    }
    log_.write_for(at->first, LogLevel::info, "im.session.closed",
                   {{"user", full.text()}, {"remote", session->remote_address}});
    ClientStream* stream = std::exchange(session->stream, nullptr);
    if (stream != nullptr) stream->let_go();
    end_session(*session);
    if (stream != nullptr) {
        stream->end(xmpp::StreamCondition::policy_violation, "an administrator has ended the session");
    }
    return {};
}

void Inside::note_refused(const Endpoint& remote, const c2s::LoginRefused& refused) {
    refused_logins_.note({{},
                          context_.shard.loop.wall(),
                          remote.address,
                          refused.claimed.text(),
                          refused.mechanism,
                          refused.condition,
                          whole_text(refused.why)});
}

OnlinePage Service::online(const OnlineQuery& query) const { return inside_->online(query); }
Result<void> Service::end_client(const xmpp::Jid& full, std::uint64_t number) {
    return inside_->end_client(full, number);
}
std::vector<RefusedLogin> Service::refused_logins(std::size_t most) const { return inside_->refused_logins(most); }

}  // namespace sallyport::im
