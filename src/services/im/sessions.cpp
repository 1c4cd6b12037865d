// Sessions and their streams: what was sent and not acknowledged, clients that fall silent and come back, and what
// becomes of stanzas when they do not (XEP-0198 4 to 6).
#include <algorithm>
#include <utility>

#include "proto/s2s/wire.h"
#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StreamCondition;

namespace {

/// So long a client that lives may take to acknowledge a stanza that is tried alone.
constexpr Duration longest_trial = std::chrono::seconds{10};

}  // namespace

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
    // XEP-0198 3: it counts what is written from here on.
    session.uncounted = session.written;
    for (std::size_t i = session.written; i < session.window.size(); ++i) (void)session.sent.send();
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
    // Who has what came later has what came before.
    const std::uint64_t all = *fresh == 0 ? 0 : *fresh + session.uncounted;
    for (std::uint64_t i = 0; i < all && !session.window.empty(); ++i) {
        has_read(*session.account, pop(session), kept);
    }
    if (!kept.empty()) forget_kept(*session.account, std::move(kept));
    session.asked = false;
    if (session.stream == nullptr) return;
    write_on(session);
    if (session.written != 0) ask(session);
    catch_up(session);
}

Unacknowledged Inside::pop(Session& session) {
    Unacknowledged entry = std::move(session.window.front());
    session.window.pop_front();
    session.window_bytes -= entry.bytes.size();
    if (session.written != 0) --session.written;
    if (session.uncounted != 0) --session.uncounted;
    if (session.taken != 0) {
        --session.taken;
        session.taken_bytes -= entry.bytes.size();
    }
    if (session.laid != 0) --session.laid;
    if (entry.is_suspect()) --session.suspects;
    if (entry.of) --entry.of->holders;
    return entry;
}

void Inside::ask(Session& session) {
    if (session.asked) return;
    session.asked = true;
    session.stream->write(s2s::wire::ack_request);
}

void Inside::resend(Session& session) {
    // Only the first can bear so much: it was alone on its way. The client does not count it.
    while (!session.window.empty() && session.window.front().blame >= most_blame) {
        const Unacknowledged culprit = pop(session);
        session.sent.withdraw();
        take_out(*session.account, culprit);
    }
    session.outlived = false;
    write_on(session);
}

/// While there are suspects one stanza is on its way at a time, so that the next ending tells which it was.
void Inside::write_on(Session& session) {
    const auto waits = [&] { return session.suspects != 0 && !session.outlived && session.written != 0; };
    const std::size_t before = session.written;
    while (session.written < session.window.size() && !waits()) {
        Unacknowledged& next = session.window[session.written++];
        next.begin = session.stream->written();
        session.stream->write(next.bytes);
        next.end = session.stream->written();
    }
    const bool wrote = session.written != before;
    if (wrote && session.sent.enabled()) ask(session);
    if (wrote && session.uncounted != 0) look_soon(session);
    if (session.written == session.window.size()) {
        session.trying = false;
        return;
    }
    if (session.trying && !wrote) return;
    session.trying = true;
    if (!session.trial) {
        session.trial = context_.shard.loop.timer([this, bare = session.account->bare.text(), serial = session.serial] {
            if (Session* at = this->session(bare, serial)) outlived(*at);
        });
    }
    session.trial->arm(now() + longest_trial);
}

/// A client that lives on and acknowledges nothing must not wait for what is behind.
void Inside::outlived(Session& session) {
    if (session.stream == nullptr || !session.trying) return;
    session.outlived = true;
    write_on(session);
}

void Inside::blame(Session& session, Ended ended) {
    const std::size_t on_their_way = std::exchange(session.written, 0);
    session.trying = false;
    if (ended == Ended::by_us) return;
    const unsigned weight = ended == Ended::by_loss ? blame_of_loss : blame_of_client;
    // Where its TCP tells: it cannot have ended at what that had nothing of.
    const auto reached = [&](std::size_t i) {
        return i >= session.uncounted || (ended != Ended::in_order && session.window[i].begin < session.with_tcp);
    };
    std::size_t all = 0;
    for (std::size_t i = 0; i < on_their_way; ++i) all += reached(i) ? 1 : 0;
    std::vector<io::UserStore::Blamed> blamed;
    for (std::size_t i = 0; i < on_their_way; ++i) {
        if (!reached(i)) continue;
        Unacknowledged& entry = session.window[i];
        const bool was_suspect = entry.is_suspect();
        if (all == 1) {
            entry.blame = std::min(most_blame, entry.blame + weight);
        } else if (!was_suspect) {  // one of several may be innocent
            entry.blame = std::min(suspicious_blame, entry.blame + weight / 2);
        }
        if (!was_suspect && entry.is_suspect()) ++session.suspects;
        if (!entry.of) continue;
        entry.of->blame = std::max(entry.of->blame, entry.blame);
        if (entry.of->kept) blamed.push_back({*entry.of->kept, entry.of->blame});
    }
    if (blamed.empty()) return;
    // On the disk at once: the client comes back to another process just as well.
    Storage::Work work = [user = session.account->name, blamed = std::move(blamed)](io::UserStore& store) {
        return store.blame(user, blamed);
    };
    context_.storage.run({}, std::move(work), [this, user = session.account->bare.text()](const Result<void>& done) {
        if (!done) (void)store_failed(user, done.error());
    });
}

bool Inside::has_room(const Session& session) const {
    if (session.overflown || (session.stream != nullptr && !session.stream->has_room())) return false;
    // Who acknowledges nothing may be slow, and is no worse for it: the rest waits on the disk.
    return session.sent.enabled() || (session.waiting() < context_.limits.client_queue_stanzas &&
                                      session.waiting_bytes() < context_.limits.client_queue_bytes);
}

bool Inside::has_room_in_window(const Session& session) const {
    if (!session.sent.enabled()) {
        // The room of the connection is enough: what comes from the disk is bounded there, and comes before what is
        // new.
        return !session.overflown && (session.stream == nullptr || session.stream->has_room());
    }
    return has_room(session) && session.waiting() < context_.limits.client_queue_stanzas / 2 &&
           session.waiting_bytes() < context_.limits.client_queue_bytes / 2;
}

void Inside::send(Session& session, Unacknowledged stanza) {
    ++session.stanzas_out;
    const bool counts = session.sent.enabled();
    // Nobody asks what becomes of it, and nothing that still waits to be written comes before it.
    if (!counts && !stanza.of && session.stream != nullptr && session.written == session.window.size()) {
        return session.stream->write(stanza.bytes);
    }
    session.window_bytes += stanza.bytes.size();
    if (session.away != 0) {
        away_bytes_ += stanza.bytes.size() + Session::overhead;
        bound_away();
    }
    if (stanza.is_suspect()) ++session.suspects;
    if (stanza.of) ++stanza.of->holders;
    stanza.since = now();
    session.window.push_back(std::move(stanza));
    if (counts) {
        (void)session.sent.send();
    } else {
        ++session.uncounted;
    }
    if (session.stream != nullptr) write_on(session);
    const bool full = counts && (session.waiting() > context_.limits.client_queue_stanzas ||
                                 session.waiting_bytes() > context_.limits.client_queue_bytes);
    if (!full) return lay_by_later(session);
    if (session.overflown) return;
    log_.write_for(session.account->bare.text(), LogLevel::warn, "im.limit",
                   {{"limit", "client_queue_stanzas, client_queue_bytes"}, {"user", session.full.text()}});
    overflow(session);
}

void Inside::overflow(Session& session) {
    if (std::exchange(session.overflown, true)) return;
    context_.shard.loop.defer([this, bare = session.account->bare.text(), serial = session.serial] {
        Session* at = this->session(bare, serial);
        if (at == nullptr) return;
        ClientStream* stream = at->stream;
        if (stream != nullptr) stream->let_go();
        end_session(*at);
        if (stream != nullptr) stream->end(StreamCondition::resource_constraint, "too much is unacknowledged");
    });
}

void Inside::left(Session& session, Ended ended, bool may_come_back) {
    (void)take_stock(session);
    session.stream = nullptr;
    blame(session, ended);
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
    session.ends_at = now() + std::chrono::seconds{seconds};
    session.expiry->arm(session.ends_at);
    session.away = ++serials_;
    away_.emplace(session.away, &session);
    away_bytes_ += session.weight();
    log_.write_for(bare, LogLevel::info, "im.session.away", {{"user", session.full.text()}});
    bound_away();
}

void Inside::not_away(Session& session) {
    if (away_.erase(std::exchange(session.away, 0)) != 0) away_bytes_ -= session.weight();
}

/// Of too many the one that is away longest ends; of those in which too much waits the one with most, so that who is
/// flooded costs the others nothing.
void Inside::bound_away() {
    const auto is_too_much = [this] {
        return away_.size() > context_.away.sessions || away_bytes_ > context_.away.bytes;
    };
    if (!is_too_much() || std::exchange(bounding_away_, true)) return;
    context_.shard.loop.defer([this, is_too_much] {
        bounding_away_ = false;
        while (is_too_much()) {
            const bool many = away_.size() > context_.away.sessions;
            const auto largest = [](const auto& one, const auto& other) {
                return one.second->weight() < other.second->weight();
            };
            const auto at = many ? away_.begin() : std::max_element(away_.begin(), away_.end(), largest);
            log_.write_for(
                at->second->account->bare.text(), LogLevel::warn, "im.limit",
                {{"limit", many ? "sessions of disconnected clients" : "bytes in sessions of disconnected clients"},
                 {"user", at->second->full.text()}});
            end_session(*at->second);
        }
    });
}

bool Inside::end_longest_away(Account& account) {
    Session* longest = nullptr;
    for (const auto& session : account.sessions) {
        if (session->away != 0 && (longest == nullptr || session->away < longest->away)) longest = session.get();
    }
    if (longest != nullptr) end_session(*longest);
    return longest != nullptr;
}

void Inside::end_session(Session& session) {
    Account& account = *session.account;
    not_away(session);
    become_unavailable(session, nullptr);
    const auto at = std::find_if(account.sessions.begin(), account.sessions.end(),
                                 [&](const auto& known) { return known.get() == &session; });
    if (at == account.sessions.end()) return;
    dead_sessions_.push_back(std::move(*at));
    account.sessions.erase(at);
    --sessions_;
    if (dead_sessions_.size() == 1) context_.shard.loop.defer([this] { dead_sessions_.clear(); });
    if (!session.resume_id.empty()) resumable_.erase(session.resume_id);
    context_.shard.desk.close(session.source);
    log_.write_for(account.bare.text(), LogLevel::info, "im.session.ended",
                   {{"user", session.full.text()},
                    {"in", std::to_string(session.stanzas_in)},
                    {"out", std::to_string(session.stanzas_out)}});
    std::deque<Unacknowledged> window = std::exchange(session.window, {});
    // Without XEP-0198 the stream tells what the client took until its end.
    const bool is_told = !session.sent.enabled() && !window.empty() && session.stream_serial != 0;
    if (ClientStream* const at_end = is_told ? this->stream(session.stream_serial) : nullptr;
        at_end != nullptr && at_end->keep_rest(account.bare, window)) {
        return;
    }
    rescue(account, std::move(window));
    tidy(account.bare.text());
}

void Inside::put_down() {
    putting_down_ = true;
    std::vector<Session*> away;
    for (const auto& [key, account] : accounts_) {
        for (const auto& session : account->sessions) {
            if (session->stream == nullptr) away.push_back(session.get());
        }
    }
    for (Session* session : away) end_session(*session);
    struct Waiting {
        SharedLetter letter;
        std::shared_ptr<Copies> copies;
        Account* account;
    };
    std::vector<Waiting> all;
    for (const auto& [key, account] : accounts_) {
        for (const auto& session : account->sessions) {
            for (const Unacknowledged& entry : session->window) {
                // What is on its way to the disk is settled there.
                if (!entry.of || !entry.of->letter || entry.of->is_being_kept) continue;
                if (!entry.of->told && !entry.of->letter->ticket().wanted()) continue;
                all.push_back({take_letter(*entry.of), entry.of, account.get()});
            }
        }
    }
    for (const Waiting& one : all) {
        switch (one.letter->kind()) {
            case xmpp::StanzaKind::message: keep(*one.account, one.letter, one.copies->blame, one.copies); break;
            case xmpp::StanzaKind::presence: settle(one.letter); break;
            // Its client is not heard any more.
            case xmpp::StanzaKind::iq: refuse(one.letter, xmpp::StanzaCondition::service_unavailable); break;
        }
    }
}

}  // namespace sallyport::im
