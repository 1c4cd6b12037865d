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

/// What is read of it at a time, at most: a disk reads for others too.
constexpr std::uint64_t most_read_stanzas = 500, most_read_bytes = 1 << 20;

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
    // What is on the disk for one who is there comes before this.
    for (const auto& session : account.sessions) {
        if (has_room_in_window(*session)) catch_up(*session, true);
    }
    if (waits(account, letter, false, 0)) return;
    const std::string& resource = letter->to().resource();
    if (resource.empty() || puts_down(letter)) return message_to_user(account, letter, 0);
    if (Session* session = account.find(resource)) {  // RFC 6121 8.5.3.1
        if (!has_room(*session)) return to_session(*session, letter);
        const auto copies = std::make_shared<Copies>(Copies{letter});
        if (letter->type() != "error") copy_received(account, copies, {session});
        return send(*session, {letter->bytes(), copies});
    }
    if (letter->type() == "chat") return message_to_user(account, letter, 0);  // RFC 6121 8.5.3.2.1
    refuse(letter, StanzaCondition::service_unavailable);
}

/// What is read from the disk just now is older.
bool Inside::waits(Account& account, const SharedLetter& letter, bool to_user, unsigned blame) {
    if (!account.reading_kept || account.kept_is_late) return false;
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
    const auto copies = std::make_shared<Copies>(Copies{letter, std::nullopt, blame});
    if (!headline) copy_received(account, copies, chosen);
    for (Session* session : chosen) send(*session, {letter->bytes(), copies, blame});
}

void Inside::copy_received(Account& account, const std::shared_ptr<Copies>& copies,
                           const std::vector<Session*>& had_it) {
    const SharedLetter letter = copies->letter;
    if (!may_be_copied(*letter)) return;
    for (const auto& session : account.sessions) {
        const bool had = std::find(had_it.begin(), had_it.end(), session.get()) != had_it.end();
        if (!session->carbons || had || !has_room(*session)) continue;
        send(*session, {copy_for(*session, *letter, "received"), copies, copies->blame, true});
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

void Inside::put_on_disk(const Account& account, const SharedLetter& letter, unsigned blame, const io::KeptRoom& room,
                         OnDisk then) {
    const std::string delay = "<delay xmlns='" + std::string{ns::delay} + "' from='" + account.name.domain +
                              "' stamp='" + stamp(context_.shard.loop.wall()) + "'/>";
    auto number = std::make_shared<std::int64_t>(0);
    Storage::Work work = [user = account.name, bytes = letter->with(delay), blame, number, room,
                          from = kept_from(account, letter)](io::UserStore& store) -> Result<void> {
        const auto kept = store.keep(user, bytes, blame, from, room);
        if (!kept) return kept.error();
        *number = *kept;
        return {};
    };
    context_.storage.run(payer_of(letter), std::move(work), [number, then = std::move(then)](const Result<void>& done) {
        done ? then(*number) : then(done.error());
    });
}

void Inside::keep(Account& account, const SharedLetter& letter, unsigned blame, std::shared_ptr<Copies> copies) {
    if (!is_worth_keeping(letter->tree())) return settle(letter);
    const std::size_t size = letter->bytes().size();
    const std::string payer = kept_from(account, letter).payer;
    if (const auto refused = account.refused.find(payer); refused != account.refused.end() && size >= refused->second) {
        return refuse_to_keep(letter);
    }
    if (account.reading_kept) account.read_kept_again = true;
    put_on_disk(account, letter, blame, room_on_disk(account),
                [this, letter, size, payer, copies = std::move(copies)](const Result<std::int64_t>& number) {
                    const std::string user = bare(letter->to()).text();
                    const auto at = accounts_.find(user);
                    Account* const there = at == accounts_.end() ? nullptr : at->second.get();
                    if (number) {
                        if (copies && there != nullptr && copies->acknowledged) {
                            there->on_the_way.insert(*number);
                            forget_kept(*there, {*number});
                        } else if (copies && there != nullptr && copies->holders != 0) {
                            there->on_the_way.insert(*number);
                            copies->kept = *number;
                        }
                        return settle(letter);
                    }
                    if (number.error().code != "offline-full")
                        return refuse(letter, store_failed(user, number.error()));
                    if (there != nullptr) there->refuse(payer, size);
                    refuse_to_keep(letter);
                });
}

void Inside::refuse_to_keep(const SharedLetter& letter) {
    const std::string user = bare(letter->to()).text();
    log_.write_for(user, LogLevel::warn, "im.limit", {{"limit", "offline_stanzas, offline_bytes"}, {"user", user}});
    refuse(letter, StanzaCondition::service_unavailable);
}

void Inside::deliver_kept(Session& session) {
    Account& account = *session.account;
    account.kept_for = session.serial;
    // One reading at a time, whoever asks for it: as many as a user has clients would fill the memory.
    if (!std::exchange(account.reading_kept, true)) read_kept(account);
}

Session* Inside::takes_kept(const Account& account) const {
    Session* found = nullptr;
    for (const auto& session : account.sessions) {
        if (!session->available || session->priority < 0 || !has_room_in_window(*session)) continue;
        if (found == nullptr || session->serial == account.kept_for) found = session.get();
    }
    return found;
}

void Inside::read_kept(Account& account) {
    const Session* const taker = takes_kept(account);
    account.read_kept_again = false;
    account.kept_while_there = taker == nullptr;
    if (taker == nullptr) return end_reading(account);
    io::KeptBounds most{most_read_stanzas, most_read_bytes};
    if (taker->sent.enabled()) {
        most.stanzas = std::min(most.stanzas, context_.limits.client_queue_stanzas / 2 - taker->waiting());
        most.bytes = std::min(most.bytes, context_.limits.client_queue_bytes / 2 - taker->waiting_bytes());
    }
    context_.storage.kept(account.name, account.on_the_way, most,
                          [this, key = account.bare.text()](Result<io::KeptPart> part) {
                              const auto at = accounts_.find(key);
                              if (at == accounts_.end()) return;
                              Account& there = *at->second;
                              if (part) {
                                  hand_out(there, std::move(part->stanzas));
                                  if (!part->is_all || there.read_kept_again) return read_kept(there);
                              } else {
                                  (void)store_failed(key, part.error());
                                  there.kept_while_there = true;
                                  ask_disk_again(there);
                              }
                              end_reading(there);
                          });
}

void Inside::end_reading(Account& account) {
    account.reading_kept = false;
    account.behind_timer.reset();
    account.kept_is_late = false;
    deliver_behind(account);
    tidy(account.bare.text());
}

void Inside::catch_up(Session& session, bool before_another) {
    if (!session.account->kept_while_there || session.account->disk_rests || putting_down_) return;
    if (session.account->reading_kept || !session.available || session.priority < 0 || !has_room(session)) return;
    // Not for every stanza that a client acknowledges: a quarter of a window comes at a time.
    const bool has_much = session.sent.enabled() && (session.waiting() >= context_.limits.client_queue_stanzas / 4 ||
                                                     session.waiting_bytes() >= context_.limits.client_queue_bytes / 4);
    if (has_much && !before_another) return;
    deliver_kept(session);
}

void Inside::hand_out(Account& account, std::vector<io::StoredStanza> rows) {
    for (io::StoredStanza& row : rows) {
        Session* const taker = takes_kept(account);
        // The rest is read when a client has acknowledged some of it.
        if (taker == nullptr) {
            account.kept_while_there = true;
            return;
        }
        if (!account.on_the_way.insert(row.number).second) continue;
        const auto copies = std::make_shared<Copies>(Copies{nullptr, row.number, row.blame});
        Unacknowledged stanza{std::move(row.bytes), copies, row.blame};
        // The process that found it out did not live to take it out.
        if (stanza.blame >= most_blame) {
            take_out(account, stanza);
        } else {
            send(*taker, std::move(stanza));
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
        there.refused.clear();
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
