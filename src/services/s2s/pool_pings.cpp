// Signs of life: acknowledgements where the peer gives them, else XEP-0199, whose answers come on another stream and
// perhaps to another shard.
#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/xmpp/namespaces.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

std::string Pool::fresh_ping() const {
    return ping_prefix_ + std::to_string(context_.shard.index) + "-" + context_.shard.fresh_id();
}

/// Life is what only a process that reads can give: words, an answer on another stream, acknowledgements, room made for
/// bytes that waited for it. That its TCP takes what there is room for says nothing, our own questions least of all.
/// Who has a stanza and could acknowledge it, or has our bytes wait, proves with nothing else that he is well.
void Pool::watch(Carrier& carrier, TimePoint now) {
    WayOut& stream = *carrier.out;
    const Duration passed = carrier.watched_at == never ? Duration{0} : now - carrier.watched_at;
    carrier.watched_at = now;
    look_at(carrier);
    carrier.waited_for = std::exchange(carrier.written_before, stream.written());
    if (carrier.taken >= carrier.waited_for) {
        carrier.stuck_since = never;
    } else if (carrier.stuck_since == never) {
        carrier.stuck_since = now;
    }
    const SentWindow::Written* front = carrier.window.front();
    if (front == nullptr || front->end > carrier.taken || !stream.counting()) {
        carrier.owed_since = never;
    } else if (carrier.owed_since == never) {
        carrier.owed_since = now;
    }
    if (stream.left_unread()) return excuse(carrier, passed, now);
    const bool owes = carrier.owed_since != never;
    const TimePoint waits_since = std::min(carrier.owed_since, carrier.stuck_since);
    const TimePoint shown = std::max({stream.heard(), carrier.answered_at, carrier.moved_at});
    const TimePoint life = owes ? waits_since : std::min(shown, waits_since);
    const bool waits = waits_since != never;
    carrier.silent_since = waits && now - waits_since >= context_.dead_after ? waits_since : never;
    if (carrier.probed_at != never) {
        if (life > carrier.probed_at) {
            carrier.probed_at = never;
        } else if (now - carrier.probed_at > context_.dead_after) {
            declare_dead(carrier, owes    ? "it acknowledges nothing"
                                  : waits ? "it does not read"
                                          : "no sign of life after a ping");
        }
        return;
    }
    if (now - life >= context_.ping_after) probe(carrier, now);
}

/// What would show its life lies unread, by our own doing: meanwhile its clocks stand still.
void Pool::excuse(Carrier& carrier, Duration passed, TimePoint now) {
    for (TimePoint* since : {&carrier.owed_since, &carrier.stuck_since, &carrier.probed_at}) {
        if (*since != never) *since = std::min(*since + passed, now);
    }
    const TimePoint life = std::max({carrier.out->heard(), carrier.answered_at, carrier.moved_at});
    carrier.answered_at = std::min(life + passed, now);
    carrier.silent_since = never;
}

void Pool::declare_dead(Carrier& carrier, std::string_view why) {
    const TimePoint now = context_.shard.loop.now();
    log_.write_for(std::string{xmpp::owner_of(carrier.out->pair().remote.text())}, LogLevel::warn, "s2s.peer.dead",
                   {{"pair", carrier.out->pair().text()}, {"why", std::string{why}}});
    carrier.probed_at = now;  // said once; the stream is closing
    carrier.ending = true;
    carrier.out->presume_dead();
}

void Pool::probe(Carrier& carrier, TimePoint now) {
    const auto speaker = std::find_if(carrier.pairs.begin(), carrier.pairs.end(),
                                      [](const Destination* to) { return to->life.ready(); });
    if (speaker == carrier.pairs.end()) return;
    // The peer's own stream is its own to watch, unless we have sent something on it.
    if (!carrier.stream && carrier.window.empty()) return;
    carrier.probed_at = now;
    // Where something waits, a question would only wait behind it: that it moves is the answer.
    if (carrier.stuck_since != never) return;
    if (carrier.out->probe()) return;
    if (!carrier.ping_id.empty()) pings_.erase(carrier.ping_id);
    carrier.ping_id = fresh_ping();
    pings_[carrier.ping_id] = {(*speaker)->pair, now, nullptr};
    send_ping(**speaker, carrier.ping_id);
}

void Pool::send_ping(Destination& to, const std::string& id) {
    const std::string from = to.pair.local.text();
    const std::string remote = to.pair.remote.text();
    const std::string bytes = "<iq type='get' id='" + id + "' from='" + from + "' to='" + remote + "'><ping xmlns='" +
                              std::string{xmpp::ns::ping} + "'/></iq>";
    xmpp::Stanza stanza;
    stanza.bytes = bytes;
    stanza.kind = xmpp::StanzaKind::iq;
    stanza.from = stanza.from_domain = from;
    stanza.to = stanza.to_domain = remote;
    stanza.id = id;
    stanza.type = "get";
    // By the node: the peer's own stream may carry the pair, and on another shard.
    context_.router->route(stanza, {});
}

bool Pool::take_pong(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (stanza.kind != xmpp::StanzaKind::iq || !stanza.id.starts_with(ping_prefix_)) return false;
    if ((stanza.type != "result" && stanza.type != "error") || stanza.to != stanza.to_domain) return false;
    const std::string_view rest = stanza.id.substr(ping_prefix_.size());
    std::uint32_t shard = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), shard);
    if (problem != std::errc{} || shard >= context_.shard.count) return false;
    context_.shard.settle(ticket);
    if (shard == context_.shard.index) {
        pong(std::string{stanza.id}, std::string{stanza.from}, std::string{stanza.to});
    } else if (context_.pong_elsewhere) {
        context_.pong_elsewhere(shard, std::string{stanza.id}, std::string{stanza.from}, std::string{stanza.to});
    }
    return true;
}

void Pool::pong(const std::string& id, const std::string& from, const std::string& to) {
    const auto known = pings_.find(id);
    // An answer counts only from where the question went (threat T48).
    if (known == pings_.end() || known->second.pair.remote.text() != from || known->second.pair.local.text() != to)
        return;
    const Ping ping = std::move(pings_.extract(known).mapped());
    const TimePoint now = context_.shard.loop.now();
    const Destination* destination = find(ping.pair);
    if (Carrier* carrier = destination == nullptr ? nullptr : destination->carrier; carrier != nullptr) {
        carrier->answered_at = now;
        if (carrier->ping_id == id) {
            carrier->probed_at = never;
            carrier->ping_id.clear();
        }
    }
    if (ping.on_pinged) ping.on_pinged(now - ping.since);
}

void Pool::ping(const xmpp::DomainPair& pair, OnPinged on_pinged) {
    const Admission admission = context_.rules.admits(pair, Direction::outbound);
    if (!admission.allowed) return on_pinged(Error{"ping-refused", admission.reason()});
    const auto asked = std::count_if(pings_.begin(), pings_.end(),
                                     [](const auto& entry) { return entry.second.on_pinged != nullptr; });
    if (static_cast<std::uint64_t>(asked) >= most_pings_of_operators) {
        return on_pinged(Error{"ping-refused", std::to_string(asked) + " pings wait for an answer; ask again later"});
    }
    const std::string id = fresh_ping();
    pings_[id] = {pair, context_.shard.loop.now(), std::move(on_pinged)};
    Destination& to = destination(pair);
    tell(to, Pair::On::hurried);
    send_ping(to, id);
}

/// An operator waits to hear of it.
bool Pool::is_pinged(const Destination& to) const {
    return std::any_of(pings_.begin(), pings_.end(),
                       [&](const auto& entry) { return entry.second.on_pinged && entry.second.pair == to.pair; });
}

bool Pool::is_ping(const xmpp::Stanza& stanza) const {
    return stanza.kind == xmpp::StanzaKind::iq && stanza.type == "get" && stanza.id.starts_with(ping_prefix_);
}

/// A ping of ours that could not be sent: whoever asked is told, and nobody inside.
bool Pool::take_back(const xmpp::Stanza& stanza, const xmpp::StanzaError& error) {
    if (!is_ping(stanza)) return false;
    const auto known = pings_.find(std::string{stanza.id});
    if (known == pings_.end()) return true;
    const Ping ping = std::move(pings_.extract(known).mapped());
    const Destination* to = find(ping.pair);
    const std::string why = to != nullptr && to->failure
                                ? std::string{text(to->failure->stage)} + ": " + to->failure->why
                                : std::string{xmpp::text(error.condition)};
    if (ping.on_pinged) ping.on_pinged(Error{"ping-no-answer", why});
    return true;
}

void Pool::answer_late_pings(TimePoint now) {
    std::vector<std::string> late;
    for (const auto& [id, ping] : pings_) {
        if (ping.on_pinged && now - ping.since > context_.timers.negotiation) late.push_back(id);
    }
    for (const auto& id : late) answer_without_pong(id);
}

void Pool::answer_pings(const Destination& to) {
    std::vector<std::string> failed;
    for (const auto& [id, ping] : pings_) {
        if (ping.on_pinged && ping.pair == to.pair) failed.push_back(id);
    }
    for (const auto& id : failed) answer_without_pong(id);
}

void Pool::answer_without_pong(const std::string& id) {
    const Ping ping = std::move(pings_.extract(id).mapped());
    const Destination* to = find(ping.pair);
    ping.on_pinged(Error{"ping-no-answer", to != nullptr && to->failure
                                               ? std::string{text(to->failure->stage)} + ": " + to->failure->why
                                               : "no answer in time"});
}

}  // namespace sallyport::s2s
