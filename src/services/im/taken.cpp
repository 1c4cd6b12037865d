// What is on its way to a client without XEP-0198. Only its TCP tells of it: what that took is told to whoever waits,
// and counts as read when the client has lived on for a while; the rest is kept, and goes another way when the stream
// ends (docs/decisions/0034-clients-without-acknowledgements.md). What was sent before `<enable/>` is no different:
// XEP-0198 does not count it.
#include <algorithm>
#include <utility>

#include "services/im/inside.h"
#include "services/routing/taken.h"

namespace sallyport::im {

namespace {

namespace taken = routing::taken;

/// The kernel says nothing by itself.
constexpr Duration look_after = std::chrono::milliseconds{50}, look_at_stuck = std::chrono::seconds{1};

}  // namespace

void Inside::look_later(Session& session, TimePoint at) {
    if (at >= session.look_at) return;
    if (!session.looking) {
        session.looking =
            context_.shard.loop.timer([this, bare = session.account->bare.text(), serial = session.serial] {
                Session* const there = this->session(bare, serial);
                if (there == nullptr) return;
                there->look_at = never;
                look(*there);
            });
    }
    session.look_at = at;
    session.looking->arm(at);
}

void Inside::look_soon(Session& session) { look_later(session, now() + look_after); }

void Inside::look(Session& session) {
    if (session.stream == nullptr) return;
    const bool stuck = take_stock(session);
    // What waited for a suspect to be read.
    write_on(session);
    catch_up(session);
    if (session.uncounted == 0) return;
    const bool waits = session.taken < std::min(session.uncounted, session.written);
    if (!stuck && !waits && session.taken != 0) {
        return look_later(session, session.window.front().taken_at + taken::settling);
    }
    look_later(session, now() + (stuck ? look_at_stuck : look_after));
}

bool Inside::take_stock(Session& session) {
    if (session.stream == nullptr || session.uncounted == 0) return false;
    const std::uint64_t has = session.stream->taken();
    const bool stuck = taken::is_stuck(has, std::exchange(session.with_tcp, has), session.stream->written());
    for (; session.taken < std::min(session.uncounted, session.written); ++session.taken) {
        Unacknowledged& entry = session.window[session.taken];
        if (entry.end > has) break;
        entry.taken_at = now();
        session.taken_bytes += entry.bytes.size();
        if (entry.of) tell(*entry.of);
    }
    std::vector<std::int64_t> kept;
    while (session.taken > 0) {
        const bool settled = !stuck && now() - session.window.front().taken_at >= taken::settling;
        if (!settled && session.taken <= taken::most_stanzas && session.taken_bytes <= taken::most_bytes) break;
        has_read(*session.account, pop(session), kept);
    }
    if (!kept.empty()) forget_kept(*session.account, std::move(kept));
    return stuck;
}

/// Whoever waits for it, not for how it ends.
void Inside::tell(Copies& copies) {
    if (copies.letter && !std::exchange(copies.told, true)) settle(copies.letter);
}

SharedLetter Inside::take_letter(Copies& copies) {
    SharedLetter letter = std::exchange(copies.letter, nullptr);
    return letter && copies.told ? without_ticket(letter) : letter;
}

void Inside::has_read(Account& account, const Unacknowledged& entry, std::vector<std::int64_t>& kept) {
    if (!entry.of) return;
    if (const auto number = has_got(account, *entry.of)) kept.push_back(*number);
}

void Inside::count_all(Session& session) {
    for (; session.uncounted != 0; --session.uncounted) (void)session.sent.send();
    session.taken = session.taken_bytes = 0;
    session.with_tcp = 0;
}

void Inside::rescue_rest(const xmpp::Jid& bare, std::deque<Unacknowledged> window, std::uint64_t taken, bool has_read) {
    const auto rest = std::make_shared<std::deque<Unacknowledged>>(std::move(window));
    const auto lost = [rest](const auto& goes_back) {
        for (const Unacknowledged& entry : *rest) {
            if (!entry.of || --entry.of->holders != 0 || entry.of->acknowledged) continue;
            if (const SharedLetter letter = take_letter(*entry.of)) goes_back(letter);
        }
    };
    const bool taken_over = with(bare, {}, [this, rest, lost, taken, has_read](const Found& found) {
        if (!found || *found == nullptr) {
            return lost([&](const SharedLetter& letter) { at_account(found, letter); });
        }
        std::vector<std::int64_t> kept;
        for (; has_read && !rest->empty() && rest->front().end <= taken; rest->pop_front()) {
            if (rest->front().of) --rest->front().of->holders;
            this->has_read(**found, rest->front(), kept);
        }
        if (!kept.empty()) forget_kept(**found, std::move(kept));
        rescue(**found, std::move(*rest));
    });
    if (taken_over) return;
    lost([this](const SharedLetter& letter) { refuse(letter, xmpp::StanzaCondition::resource_constraint); });
}

}  // namespace sallyport::im
