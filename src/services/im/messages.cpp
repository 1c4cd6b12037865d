// Messages to users (RFC 6121 8.5), copies for the user's other clients (XEP-0280), and what waits for an absent user
// (XEP-0160, XEP-0203).
#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

using xmpp::StanzaCondition;
namespace ns = xmpp::ns;

namespace {

/// Between two attempts to read what is kept from a disk that failed.
constexpr Duration disk_rest = std::chrono::seconds{15};

/// A disk that answers later than this holds up nothing new.
constexpr Duration longest_wait_for_kept = std::chrono::seconds{5};

constexpr std::string_view chat_states = "http://jabber.org/protocol/chatstates";
constexpr std::string_view room_user = "http://jabber.org/protocol/muc#user";

bool has_body(const xml::Element& tree) { return tree.child(ns::client, "body") != nullptr; }

/// XEP-0280 6.1 and 9: what somebody else wrapped up must never travel as if we had.
bool may_be_copied(const Letter& letter) {
    const xml::Element& tree = letter.tree();
    const std::string_view type = letter.type();
    const bool wanted = type == "chat" || ((type.empty() || type == "normal") && has_body(tree));
    return wanted && tree.child(ns::carbons, "private") == nullptr && tree.child(ns::carbons, "sent") == nullptr &&
           tree.child(ns::carbons, "received") == nullptr && tree.child(ns::hints, "no-copy") == nullptr &&
           tree.child(room_user, "x") == nullptr;
}

std::string copy_for(const Session& session, const Letter& letter, std::string_view direction) {
    std::string out{"<message from='"};
    xml::append_escaped(out, session.account->bare.text());
    out.append("' to='");
    xml::append_escaped(out, session.full.text());
    out.append("' type='").append(letter.type() == "chat" ? "chat" : "normal").append("'><");
    out.append(direction).append(" xmlns='").append(ns::carbons).append("'><forwarded xmlns='").append(ns::forward);
    out.append("'>").append(letter.enclosed()).append("</forwarded></").append(direction).append("></message>");
    return out;
}

/// XEP-0082.
std::string stamp(WallTime time) {
    const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(time);
    const std::time_t count = seconds.time_since_epoch().count();
    std::tm parts{};
    gmtime_r(&count, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

bool is_worth_keeping(const xml::Element& tree) {
    if (tree.child(ns::hints, "no-store") != nullptr) return false;
    return std::any_of(tree.children.begin(), tree.children.end(), [](const xml::Element::Child& child) {
        const auto* element = std::get_if<xml::Element>(&child);
        return element != nullptr && element->space != chat_states && element->space != ns::hints &&
               !element->is(ns::client, "thread");
    });
}

void Inside::message(Account& account, const SharedLetter& letter) {
    for (const auto& session : account.sessions) catch_up(*session);
    if (waits(account, letter, false, 0)) return;
    const std::string& resource = letter->to().resource();
    if (resource.empty() || puts_down(letter)) return message_to_user(account, letter, 0);
    if (Session* session = account.find(resource)) {  // RFC 6121 8.5.3.1
        if (letter->type() != "error") copy_received(account, letter, {session});
        return to_session(*session, letter);
    }
    if (letter->type() == "chat") return message_to_user(account, letter, 0);  // RFC 6121 8.5.3.2.1
    refuse(letter, StanzaCondition::service_unavailable);
}

/// What is read from the disk just now is older.
bool Inside::waits(Account& account, const SharedLetter& letter, bool to_user, unsigned blame) {
    if (account.reading_kept == 0 || account.kept_is_late) return false;
    if (const std::string payer = payer_of(letter); has_share(account.behind_kept, payer)) {
        account.behind_kept.push_back({letter, to_user, blame, payer});
        if (account.behind_timer) return true;
        account.behind_timer = context_.shard.loop.timer([this, key = account.bare.text()] {
            const auto at = accounts_.find(key);
            if (at == accounts_.end()) return;
            at->second->kept_is_late = true;
            deliver_behind(*at->second);
        });
        account.behind_timer->arm(now() + longest_wait_for_kept);
    } else {
        log_.write_for(account.bare.text(), LogLevel::warn, "im.limit",
                       {{"limit", "account_jobs"}, {"user", account.bare.text()}, {"from", payer_of(letter)}});
        refuse(letter, StanzaCondition::resource_constraint);
    }
    return true;
}

/// RFC 6121 8.5.1 allows silence. Somebody elsewhere hears what he would hear of a user who is absent, so that nobody
/// finds out by messages which users there are; a user of ours is told of his mistake.
void Inside::message_to_nobody(const SharedLetter& letter) {
    const bool is_kept = letter->type() == "chat" || letter->to().resource().empty();
    const bool is_silent = letter->type() == "error" || (is_kept && letter->type() != "groupchat");
    if (!is_silent || serves(letter->from().domain().text())) {
        return refuse(letter, StanzaCondition::service_unavailable);
    }
    log_.debug("im.nobody", {{"from", letter->from().text()}, {"to", letter->to().text()}});
    settle(letter);
}

void Inside::message_to_user(Account& account, const SharedLetter& letter, unsigned blame) {
    const std::string_view type = letter->type();
    if (type == "error") return settle(letter);
    if (type == "groupchat") return refuse(letter, StanzaCondition::service_unavailable);
    const bool headline = type == "headline";
    int highest = 0;
    for (const auto& session : account.sessions) {
        if (session->available) highest = std::max(highest, session->priority);
    }
    std::vector<Session*> chosen;
    for (const auto& session : account.sessions) {
        const bool wanted = headline ? session->priority >= 0 : session->priority == highest;
        if (session->available && wanted && has_room(*session)) chosen.push_back(session.get());
    }
    if (chosen.empty() || puts_down(letter)) {
        const bool there = std::any_of(account.sessions.begin(), account.sessions.end(), [](const auto& session) {
            return session->available && session->priority >= 0;
        });
        account.kept_while_there |= there && !headline;
        return headline ? settle(letter) : keep(account, letter, blame, nullptr);
    }
    if (!headline) copy_received(account, letter, chosen);
    // The first one answers for the ticket; the others get what it gets.
    for (Session* session : chosen)
        send(*session, {letter->bytes(), session == chosen.front() ? letter : nullptr, std::nullopt, blame});
}

void Inside::copy_received(Account& account, const SharedLetter& letter, const std::vector<Session*>& had_it) {
    if (!may_be_copied(*letter)) return;
    for (const auto& session : account.sessions) {
        const bool had = std::find(had_it.begin(), had_it.end(), session.get()) != had_it.end();
        if (session->carbons && !had && has_room(*session)) send(*session, {copy_for(*session, *letter, "received")});
    }
}

void Inside::copy_sent(Session& session, const SharedLetter& letter) {
    if (!may_be_copied(*letter)) return;
    // To oneself: the copy of what is received is enough.
    if (bare(letter->to()) == session.account->bare) return;
    for (const auto& other : session.account->sessions) {
        if (other.get() == &session || !other->carbons || !has_room(*other)) continue;
        send(*other, {copy_for(*other, *letter, "sent")});
    }
}

void Inside::put_on_disk(const Account& account, const SharedLetter& letter, unsigned blame, DiskRoom room,
                         OnDisk then) {
    const std::string delay = "<delay xmlns='" + std::string{ns::delay} + "' from='" + account.name.domain +
                              "' stamp='" + stamp(context_.shard.loop.wall()) + "'/>";
    auto number = std::make_shared<std::int64_t>(0);
    Storage::Work work = [user = account.name, bytes = letter->with(delay), blame, number,
                          room](io::UserStore& store) -> Result<void> {
        const auto kept = store.keep(user, bytes, blame, room.stanzas, room.bytes);
        if (!kept) return kept.error();
        *number = *kept;
        return {};
    };
    context_.storage.run(payer_of(letter), std::move(work), [number, then = std::move(then)](const Result<void>& done) {
        done ? then(*number) : then(done.error());
    });
}

void Inside::keep(Account& account, const SharedLetter& letter, unsigned blame, std::shared_ptr<PutDown> put) {
    if (!is_worth_keeping(letter->tree())) return settle(letter);
    put_on_disk(account, letter, blame, room_on_disk(account),
                [this, letter, put = std::move(put)](const Result<std::int64_t>& number) {
                    const std::string user = bare(letter->to()).text();
                    if (number) {
                        if (put) put->number = *number;
                        if (const auto at = accounts_.find(user); put && put->acknowledged && at != accounts_.end()) {
                            forget_kept(*at->second, {*number});
                        }
                        return settle(letter);
                    }
                    if (number.error().code != "offline-full")
                        return refuse(letter, store_failed(user, number.error()));
                    log_.write_for(user, LogLevel::warn, "im.limit",
                                   {{"limit", "offline_stanzas, offline_bytes"}, {"user", user}});
                    refuse(letter, StanzaCondition::service_unavailable);
                });
}

void Inside::deliver_kept(Session& session) {
    // One reading at a time: a client that comes and goes in one breath would fill the memory with them.
    session.read_kept_again = std::exchange(session.reading_kept, true);
    if (session.read_kept_again) return;
    const std::string key = session.account->bare.text();
    ++session.account->reading_kept;
    context_.storage.kept(session.account->name,
                          [this, key, serial = session.serial](Result<std::vector<io::StoredStanza>> rows) {
                              const auto account = accounts_.find(key);
                              if (account == accounts_.end()) return;
                              Session* at = this->session(key, serial);
                              const bool once_more = at != nullptr && std::exchange(at->read_kept_again, false);
                              if (at != nullptr) at->reading_kept = false;
                              if (!rows) {
                                  (void)store_failed(key, rows.error());
                                  account->second->kept_while_there = true;
                                  ask_disk_again(*account->second);
                              } else if (once_more) {
                                  deliver_kept(*at);
                              } else if (at != nullptr && at->available && at->priority >= 0) {
                                  hand_out(*at, std::move(*rows));
                              }
                              Account& there = *account->second;
                              if (--there.reading_kept != 0) return;
                              there.behind_timer.reset();
                              there.kept_is_late = false;
                              deliver_behind(there);
                              tidy(key);
                          });
}

void Inside::catch_up(Session& session) {
    if (!session.account->kept_while_there || session.account->disk_rests || putting_down_) return;
    if (!session.available || session.priority < 0 || !has_room_in_window(session)) return;
    session.account->kept_while_there = false;
    deliver_kept(session);
}

void Inside::hand_out(Session& session, std::vector<io::StoredStanza> rows) {
    for (io::StoredStanza& row : rows) {
        // What is laid by may be more than a window. The rest is read when the client has acknowledged some of it.
        if (!has_room_in_window(session)) {
            session.account->kept_while_there = true;
            return;
        }
        if (!session.account->on_the_way.insert(row.number).second) continue;
        Unacknowledged stanza{std::move(row.bytes), nullptr, row.number, row.blame};
        // The process that found it out did not live to take it out.
        if (stanza.blame >= most_blame) {
            take_out(*session.account, stanza);
        } else {
            send(session, std::move(stanza));
        }
    }
}

void Inside::deliver_behind(Account& account) {
    for (const Account::Behind& next : std::exchange(account.behind_kept, {})) {
        next.to_user ? message_to_user(account, next.letter, next.blame) : message(account, next.letter);
    }
}

void Inside::forget_kept(Account& account, std::vector<std::int64_t> numbers) {
    Storage::Work work = [user = account.name, numbers](io::UserStore& store) { return store.forget(user, numbers); };
    context_.storage.run({}, std::move(work), [this, key = account.bare.text(), numbers](const Result<void>& done) {
        if (!done) (void)store_failed(key, done.error());
        const auto at = accounts_.find(key);
        if (at == accounts_.end()) return;
        Account& there = *at->second;
        if (!done && done.error().code != "user-unknown") {  // the client has them: they must not come again
            there.on_the_way.insert(numbers.begin(), numbers.end());
            there.unforgotten.insert(there.unforgotten.end(), numbers.begin(), numbers.end());
            return ask_disk_again(there);
        }
        for (const std::int64_t number : numbers) there.on_the_way.erase(number);
        tidy(key);
    });
}

void Inside::ask_disk_again(Account& account) {
    if (std::exchange(account.disk_rests, true)) return;
    if (!account.disk_timer) {
        account.disk_timer = context_.shard.loop.timer([this, key = account.bare.text()] {
            const auto at = accounts_.find(key);
            if (at == accounts_.end()) return;
            Account& there = *at->second;
            there.disk_rests = false;
            if (!there.unforgotten.empty()) forget_kept(there, std::exchange(there.unforgotten, {}));
            for (const auto& session : there.sessions) catch_up(*session);
        });
    }
    account.disk_timer->arm(now() + disk_rest);
}

}  // namespace sallyport::im
