// What a client does not acknowledge for long is laid by: a message goes to the disk, anything else is answered for.
// One client that is away, or that acknowledges nothing, must not hold up what others know of their stanzas: all the
// way back to a partner, which takes us for dead when it hears of nothing for a minute (threats T60, T85).
#include <algorithm>
#include <utility>

#include "services/im/inside.h"

namespace sallyport::im {

namespace {

/// So long a client may take. More than a bad network, less than anybody's patience with a whole stream.
constexpr Duration patience = std::chrono::seconds{10};
/// More than this waits for one client for no time at all: senders have budgets that it would fill.
constexpr std::size_t most_waiting_bytes = 256 << 10;

/// What XEP-0203 adds on the disk, at most.
constexpr std::uint64_t delay_bytes = 512;

/// RFC 6121 8.5, XEP-0160 3: what would be kept for a user who is away.
bool outlives_its_session(const Letter& letter) {
    const std::string_view type = letter.type();
    const bool is_for_now = type == "error" || type == "groupchat" || type == "headline";
    return letter.kind() == xmpp::StanzaKind::message && !is_for_now && is_worth_keeping(letter.tree());
}

/// The same for its session's end; its sender has been told.
SharedLetter without_ticket(const SharedLetter& letter) {
    return Letter::from_tree(letter->tree(), letter->from(), letter->to(), {});
}

}  // namespace

void Inside::lay_by_later(Session& session) {
    if (!session.laying) {
        session.laying =
            context_.shard.loop.timer([this, bare = session.account->bare.text(), serial = session.serial] {
                Session* const at = this->session(bare, serial);
                if (at == nullptr) return;
                at->lays_by = at->disk_fails = false;
                lay_by(*at, now() - patience);
            });
    }
    // Not again and again while the disk does not take it.
    if (session.window_bytes > most_waiting_bytes && !session.disk_fails) return lay_by(session, now());
    if (std::exchange(session.lays_by, true)) return;
    session.laying->arm(now() + patience);
}

void Inside::lay_by(Session& session, TimePoint came_until) {
    for (; session.laid < session.window.size() && session.window[session.laid].since <= came_until; ++session.laid) {
        lay_by_one(session, session.window[session.laid]);
    }
    if (session.laid == session.window.size() || std::exchange(session.lays_by, true)) return;
    session.laying->arm(std::max(session.window[session.laid].since + patience, now() + patience / 10));
}

void Inside::lay_by_one(Session& session, Unacknowledged& entry) {
    if (!entry.letter || entry.put || !entry.letter->ticket().wanted()) return;
    const SharedLetter letter = entry.letter;
    if (!outlives_its_session(*letter)) {
        entry.letter = without_ticket(letter);
        return settle(letter);
    }
    const auto put = std::make_shared<PutDown>();
    entry.put = put;
    entry.laid_by = true;
    ++session.account->laying_by;
    ++session.account->laid_stanzas;
    session.account->laid_bytes += entry.bytes.size() + delay_bytes;
    // As much as the sessions of the user may hold, and they hold it anyway.
    DiskRoom room = room_on_disk(*session.account);
    room.stanzas += context_.limits.client_queue_stanzas;
    room.bytes += context_.limits.client_queue_bytes;
    put_on_disk(*session.account, letter, entry.blame, room,
                [this, letter, put, key = session.account->bare.text(),
                 serial = session.serial](const Result<std::int64_t>& number) {
                    const auto account = accounts_.find(key);
                    if (account == accounts_.end()) return;
                    --account->second->laying_by;
                    Session* const at = this->session(key, serial);
                    if (number) {
                        laid_by(*account->second, at, *put, letter, *number);
                    } else if (at != nullptr) {
                        not_laid_by(*at, *put, number.error());
                    }
                    tidy(key);
                });
}

/// It is on the disk, like what comes for a user who is away: until the client acknowledges it.
void Inside::laid_by(Account& account, Session* session, const PutDown& put, const SharedLetter& letter,
                     std::int64_t number) {
    Unacknowledged* const entry = session == nullptr ? nullptr : session->put_as(put);
    // Meanwhile the client acknowledged it, or its session is over and it went another way.
    if (entry == nullptr) {
        account.on_the_way.insert(number);  // whoever reads the disk now does not hand it out
        return forget_kept(account, {number});
    }
    entry->kept = number;
    entry->put.reset();
    entry->letter.reset();
    account.on_the_way.insert(number);
    settle(letter);
}

void Inside::no_longer_laid_by(Account& account, Unacknowledged& entry) {
    if (!std::exchange(entry.laid_by, false)) return;
    --account.laid_stanzas;
    account.laid_bytes -= entry.bytes.size() + delay_bytes;
}

Inside::DiskRoom Inside::room_on_disk(const Account& account) const {
    return {context_.limits.offline_stanzas + account.laid_stanzas, context_.limits.offline_bytes + account.laid_bytes};
}

void Inside::not_laid_by(Session& session, const PutDown& put, const Error& error) {
    Unacknowledged* const entry = session.put_as(put);
    if (entry == nullptr) return;
    entry->put.reset();
    no_longer_laid_by(*session.account, *entry);
    const std::string user = session.account->bare.text();
    if (error.code == "offline-full") {
        log_.write_for(user, LogLevel::warn, "im.limit", {{"limit", "offline_stanzas, offline_bytes"}, {"user", user}});
        return overflow(session);
    }
    (void)store_failed(user, error);
    const auto index = static_cast<std::size_t>(
        std::find_if(session.window.begin(), session.window.end(), [&](const auto& one) { return &one == entry; }) -
        session.window.begin());
    session.laid = std::min(session.laid, index);
    session.disk_fails = true;
    if (!std::exchange(session.lays_by, true)) session.laying->arm(now() + patience);
}

}  // namespace sallyport::im
