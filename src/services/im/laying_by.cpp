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

}  // namespace

void Inside::arm_laying(Session& session, TimePoint at) {
    if (!session.laying) {
        session.laying =
            context_.shard.loop.timer([this, bare = session.account->bare.text(), serial = session.serial] {
                Session* const there = this->session(bare, serial);
                if (there == nullptr) return;
                there->lays_by = there->disk_fails = false;
                lay_by(*there, now() - patience);
            });
    }
    if (!std::exchange(session.lays_by, true)) session.laying->arm(at);
}

void Inside::lay_by_later(Session& session) {
    // Not again and again while the disk does not take it.
    if (session.waiting_bytes() > most_waiting_bytes && !session.disk_fails) return lay_by(session, now());
    arm_laying(session, now() + patience);
}

void Inside::lay_by(Session& session, TimePoint came_until) {
    for (; session.laid < session.window.size() && session.window[session.laid].since <= came_until; ++session.laid) {
        const std::shared_ptr<Copies>& copies = session.window[session.laid].of;
        if (!copies || lay_by_one(session, copies)) continue;
        session.disk_fails = true;
        break;
    }
    if (session.laid == session.window.size()) return;
    arm_laying(session, std::max(session.window[session.laid].since + patience, now() + patience / 10));
}

bool Inside::lay_by_one(Session& session, const std::shared_ptr<Copies>& copies) {
    const SharedLetter letter = copies->letter;
    if (!letter || copies->is_being_kept || (!copies->told && !letter->ticket().wanted())) return true;
    if (!outlives_its_session(*letter)) {
        tell(*copies);
        return true;
    }
    Account& account = *session.account;
    const std::uint64_t bytes = letter->bytes().size() + delay_bytes;
    // All sessions of a user together lay by what one of them may hold.
    if (account.laid_stanzas >= context_.limits.client_queue_stanzas ||
        account.laid_bytes + bytes >
            context_.limits.client_queue_bytes + context_.limits.client_queue_stanzas * delay_bytes) {
        const auto heavier = [](const auto& one, const auto& other) { return one->weight() < other->weight(); };
        Session& heaviest = **std::max_element(account.sessions.begin(), account.sessions.end(), heavier);
        log_.write_for(account.bare.text(), LogLevel::warn, "im.limit",
                       {{"limit", "client_queue_stanzas, client_queue_bytes"}, {"user", heaviest.full.text()}});
        overflow(heaviest);
        return false;
    }
    copies->is_being_kept = true;
    copies->laid_bytes = bytes;
    ++account.laying_by;
    ++account.laid_stanzas;
    account.laid_bytes += bytes;
    // As much as the sessions of the user may hold, and they hold it anyway.
    io::KeptRoom room = room_on_disk(account);
    room.is_shared = false;
    room.stanzas += context_.limits.client_queue_stanzas;
    room.bytes += context_.limits.client_queue_bytes;
    put_on_disk(account, letter, copies->blame, room,
                [this, copies, key = account.bare.text(), serial = session.serial](const Result<std::int64_t>& number) {
                    copies->is_being_kept = false;
                    const auto at = accounts_.find(key);
                    if (at == accounts_.end()) return;
                    --at->second->laying_by;
                    if (number) {
                        laid_by(*at->second, *copies, *number);
                    } else {
                        not_laid_by(*at->second, *copies, serial, number.error());
                    }
                    tidy(key);
                });
    return true;
}

/// It is on the disk, like what comes for a user who is away: until a client acknowledges it.
void Inside::laid_by(Account& account, Copies& copies, std::int64_t number) {
    account.on_the_way.insert(number);  // whoever reads the disk now does not hand it out
    // Meanwhile a client acknowledged it, or all of their sessions are over and it went another way.
    if (copies.is_over()) return forget_kept(account, {number});
    copies.kept = number;
    tell(copies);
    copies.letter.reset();
}

void Inside::no_longer_laid_by(Account& account, Copies& copies) {
    const std::uint64_t bytes = std::exchange(copies.laid_bytes, 0);
    if (bytes == 0) return;
    --account.laid_stanzas;
    account.laid_bytes -= bytes;
}

io::KeptRoom Inside::room_on_disk(const Account& account) const {
    const Limits& limits = context_.limits;
    io::KeptRoom room;
    room.stanzas = limits.offline_stanzas + account.laid_stanzas;
    room.bytes = limits.offline_bytes + account.laid_bytes;
    room.of_strangers_stanzas = std::max<std::uint64_t>(1, limits.offline_stanzas / 2);
    room.of_strangers_bytes = limits.offline_bytes / 2;
    return room;
}

io::KeptFrom Inside::kept_from(const Account& account, const SharedLetter& letter) const {
    const std::string from = bare(letter->from()).text();
    const auto contact = account.contacts.find(from);
    const bool is_known = contact != account.contacts.end() && contact->second.listed;
    return {is_known ? from : payer_of(letter), !is_known && !serves(letter->from().domain().text())};
}

void Inside::not_laid_by(Account& account, Copies& copies, std::uint64_t asked, const Error& error) {
    no_longer_laid_by(account, copies);
    if (copies.is_over()) return;
    const std::string user = account.bare.text();
    const bool is_full = error.code == "offline-full";
    if (putting_down_) {  // there is no later
        const SharedLetter letter = take_letter(copies);
        return is_full ? refuse_to_keep(letter) : refuse(letter, store_failed(user, error));
    }
    if (is_full) {
        log_.write_for(user, LogLevel::warn, "im.limit", {{"limit", "offline_stanzas, offline_bytes"}, {"user", user}});
    } else {
        (void)store_failed(user, error);
    }
    for (const auto& session : account.sessions) {
        const auto at = std::find_if(session->window.begin(), session->window.end(),
                                     [&](const Unacknowledged& one) { return one.of.get() == &copies; });
        if (at == session->window.end()) continue;
        if (is_full && session->serial == asked) {
            overflow(*session);
            continue;
        }
        session->laid = std::min(session->laid, static_cast<std::size_t>(at - session->window.begin()));
        session->disk_fails = true;
        arm_laying(*session, now() + patience);
    }
}

}  // namespace sallyport::im
