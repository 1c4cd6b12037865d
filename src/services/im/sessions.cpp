// Sessions and their streams: what was sent and not acknowledged, clients that fall silent and come back, and what
// becomes of stanzas when they do not (XEP-0198 4 to 6).
#include <algorithm>
#include <utility>

#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StreamCondition;

Session* Inside::session(const std::string& bare, std::uint64_t serial) {
    const auto at = accounts_.find(bare);
    if (at == accounts_.end()) return nullptr;
    for (const auto& known : at->second->sessions) {
        if (known->serial == serial) return known.get();
    }
    return nullptr;
}

void Inside::enable(Session& session, bool resumable) {
    session.received.enable();
    session.sent.enable();
    if (!resumable) return;
    session.resume_id = context_.shard.fresh_id();
    resumable_[session.resume_id] = &session;
}

void Inside::acknowledge(Session& session) {
    session.stream->write(s2s::wire::ack(session.received.h()));
    session.received.owe();
}

void Inside::acknowledged(Session& session, std::uint32_t h) {
    const auto fresh = session.sent.acknowledge(h);
    if (!fresh) {  // XEP-0198 6
        if (session.stream != nullptr) {
            session.stream->end(xmpp::StreamError{StreamCondition::undefined_condition,
                                                  {},
                                                  std::string{xmpp::ns::stream_management},
                                                  "handled-count-too-high"},
                                "the client acknowledged more than was sent");
        }
        return;
    }
    std::vector<std::int64_t> kept;
    for (std::uint64_t i = 0; i < *fresh && !session.window.empty(); ++i) {
        Unacknowledged entry = std::move(session.window.front());
        session.window.pop_front();
        session.window_bytes -= entry.bytes.size();
        if (entry.letter) settle(entry.letter);
        if (entry.kept) kept.push_back(*entry.kept);
    }
    if (!kept.empty()) forget_kept(*session.account, std::move(kept));
    session.asked = false;
    if (!session.window.empty() && session.stream != nullptr) ask(session);
}

void Inside::ask(Session& session) {
    if (session.asked) return;
    session.asked = true;
    session.stream->write(s2s::wire::ack_request);
}

void Inside::resend(Session& session) {
    for (const Unacknowledged& entry : session.window) session.stream->write(entry.bytes);
    if (!session.window.empty()) ask(session);
}

bool Inside::has_room(const Session& session) const {
    return !session.overflown && (session.stream == nullptr || session.stream->has_room());
}

bool Inside::has_room_in_window(const Session& session) const {
    return has_room(session) && session.window.size() < context_.limits.client_queue_stanzas / 2 &&
           session.window_bytes < context_.limits.client_queue_bytes / 2;
}

void Inside::send(Session& session, std::string bytes, SharedLetter letter, std::optional<std::int64_t> kept) {
    ++session.stanzas_out;
    if (session.stream != nullptr) session.stream->write(bytes);
    if (!session.sent.enabled()) {
        if (letter) settle(letter);
        if (kept) forget_kept(*session.account, {*kept});
        return;
    }
    session.window_bytes += bytes.size();
    session.window.push_back({std::move(bytes), std::move(letter), kept});
    (void)session.sent.send();
    if (session.stream != nullptr) ask(session);
    const bool full = session.window.size() > context_.limits.client_queue_stanzas ||
                      session.window_bytes > context_.limits.client_queue_bytes;
    if (!full || session.overflown) return;
    session.overflown = true;
    log_.warn("im.limit", {{"limit", "client_queue_stanzas, client_queue_bytes"}, {"user", session.full.text()}});
    context_.shard.loop.defer([this, bare = session.account->bare.text(), serial = session.serial] {
        Session* at = this->session(bare, serial);
        if (at == nullptr) return;
        ClientStream* stream = at->stream;
        if (stream != nullptr) stream->let_go();
        end_session(*at);
        if (stream != nullptr) stream->end(StreamCondition::resource_constraint, "too much is not acknowledged");
    });
}

void Inside::left(Session& session, bool may_come_back) {
    session.stream = nullptr;
    if (may_come_back && !session.resume_id.empty() && !shutting_) return detach(session);
    end_session(session);
}

void Inside::detach(Session& session) {
    const std::string bare = session.account->bare.text();
    session.expiry = context_.shard.loop.timer([this, bare, serial = session.serial] {
        if (Session* at = this->session(bare, serial)) end_session(*at);
    });
    const auto seconds =
        static_cast<std::int64_t>(std::min<std::uint64_t>(context_.limits.client_resume_seconds, 86400));
    session.expiry->arm(now() + std::chrono::seconds{seconds});
    log_.info("im.session.away", {{"user", session.full.text()}});
}

void Inside::end_session(Session& session) {
    Account& account = *session.account;
    become_unavailable(session, nullptr);
    const auto at = std::find_if(account.sessions.begin(), account.sessions.end(),
                                 [&](const auto& known) { return known.get() == &session; });
    if (at == account.sessions.end()) return;
    dead_sessions_.push_back(std::move(*at));
    account.sessions.erase(at);
    if (dead_sessions_.size() == 1) context_.shard.loop.defer([this] { dead_sessions_.clear(); });
    if (!session.resume_id.empty()) resumable_.erase(session.resume_id);
    context_.shard.desk.close(session.source);
    log_.info("im.session.ended", {{"user", session.full.text()},
                                   {"in", std::to_string(session.stanzas_in)},
                                   {"out", std::to_string(session.stanzas_out)}});
    rescue(account, std::exchange(session.window, {}));
    tidy(account.bare.text());
}

/// What the client never confirmed goes to the user's other clients or to the disk; requests are answered.
void Inside::rescue(Account& account, std::deque<Unacknowledged> window) {
    bool was_kept = false;
    for (const Unacknowledged& entry : window) {
        if (!entry.kept) continue;
        account.on_the_way.erase(*entry.kept);
        was_kept = true;
    }
    const auto other = std::find_if(account.sessions.begin(), account.sessions.end(),
                                    [](const auto& known) { return known->available && known->priority >= 0; });
    // Before what came later.
    if (was_kept && other != account.sessions.end()) deliver_kept(**other);
    for (Unacknowledged& entry : window) {
        if (!entry.letter) continue;
        if (entry.letter->kind() == xmpp::StanzaKind::presence) {
            settle(entry.letter);
        } else if (entry.letter->kind() == xmpp::StanzaKind::iq) {
            refuse(entry.letter, xmpp::StanzaCondition::service_unavailable);
        } else if (!with(account.bare, [this, letter = entry.letter](Account* there) {
                       if (there == nullptr) return refuse(letter, xmpp::StanzaCondition::service_unavailable);
                       if (!waits(*there, letter, true)) message_to_user(*there, letter);
                   })) {
            refuse(entry.letter, xmpp::StanzaCondition::resource_constraint);
        }
    }
}

}  // namespace sallyport::im
