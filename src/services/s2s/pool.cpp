// Stanzas and their queues.
#include "services/s2s/pool.h"

#include <algorithm>
#include <cstring>

#include "base/counted.h"
#include "base/reason.h"
#include "model/route/targets.h"
#include "services/s2s/inbound_stream.h"

namespace sallyport::s2s {

namespace {
constexpr std::uint64_t most_destinations_ever = 100000;
/// The budgets of a stream's window and of a partner, in queues of one pair.
constexpr std::uint64_t queues_per_window = 2;
constexpr std::uint64_t queues_per_partner = 4;

std::uint64_t times(std::uint64_t bound, std::uint64_t factor) { return std::min(bound, unlimited / factor) * factor; }

SipKey hash_key(routing::Shard& shard) {
    const std::string seed = sha256(shard.fresh_id());
    SipKey key;
    std::memcpy(&key.k0, seed.data(), sizeof key.k0);
    std::memcpy(&key.k1, seed.data() + sizeof key.k0, sizeof key.k1);
    return key;
}

/// The largest stanza finds room whatever `queue_bytes` is.
std::uint64_t most_queue_bytes(const Limits& limits) {
    return std::max(limits.queue_bytes, limits.after_auth.element_bytes * 2);
}

xmpp::StanzaError malformed_address() { return {xmpp::StanzaCondition::jid_malformed, {}, Rule::malformed}; }
}  // namespace

Pool::Pool(S2sContext& context)
    : context_{context},
      log_{context.shard.logger(LogModule::s2s)},
      life_{[this](unsigned failures) { return route::retry_delay(failures, context_.shard.random); }},
      ping_prefix_{"sp-ping-" + context.node_instance.substr(0, 12) + "-"},
      hash_{hash_key(context.shard)},
      destinations_{0, hash_},
      remotes_{0, hash_},
      sweeper_{context.shard.loop.timer([this] { sweep(); })},
      looker_{context.shard.loop.timer([this] { look(); })} {}

Pool::~Pool() {
    for (std::size_t n = destinations_.size(); n > 0; --n) context_.ledger.leave_destination();
}

Destination* Pool::find(const xmpp::DomainPair& pair) const {
    const auto at = destinations_.find(pair);
    return at == destinations_.end() ? nullptr : at->second.get();
}

std::uint64_t Pool::most_destinations(const Limits& limits) {
    return std::min(most_destinations_ever, limits.outbound_streams);
}

void Pool::tables(TableFills& all) const {
    const std::uint64_t most = most_destinations(context_.limits);
    all.push_back({"s2s.destinations", destinations_.size(), most});
    all.push_back({"s2s.remotes", remotes_.size(), most});
    all.push_back({"s2s.sponsors", sponsors_.size(), most});
    std::uint64_t suspended = 0;
    for (const auto& [domain, remote] : remotes_) suspended += remote.suspended.size();
    all.push_back({"s2s.suspended", suspended, most});  // each has a stanza of a destination, and no other has that
    all.push_back({"s2s.crowded-owners", crowded_owners_.size(), most});  // each has several destinations
    all.push_back({"s2s.pings", pings_.size(), most + most_pings_of_operators});
}

void Pool::set_bounds(Destination& to) const {
    const Limits limits = context_.peer_limits(to.pair.remote);
    to.most_stanzas = limits.queue_stanzas;
    to.most_bytes = most_queue_bytes(limits);
    to.patience = std::chrono::seconds{std::min<std::uint64_t>(limits.queue_seconds, 1'000'000'000)};
    to.remote->most_stanzas = times(to.most_stanzas, queues_per_partner);
    to.remote->most_bytes = times(to.most_bytes, queues_per_partner);
    if (to.carrier != nullptr) set_bounds(*to.carrier, to);
}

void Pool::set_bounds(Carrier& carrier, const Destination& to) {
    carrier.window.set_bounds(times(to.most_stanzas, queues_per_window), times(to.most_bytes, queues_per_window));
}

void Pool::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    if (stopping_) {
        if (!ticket.kept()) bounce(stanza, stopping().error(), ticket);
        return;
    }
    if (last_ == nullptr || last_->pair.local.text() != stanza.from_domain ||
        last_->pair.remote.text() != stanza.to_domain) {
        auto local = xmpp::Domain::parse(stanza.from_domain);
        auto remote = xmpp::Domain::parse(stanza.to_domain);
        if (!local || !remote) return bounce(stanza, malformed_address(), ticket);
        const xmpp::DomainPair pair{std::move(*local), std::move(*remote)};
        // Before any look-up or connection (threat T70).
        const Admission admission = context_.rules.admits(pair, Direction::outbound);
        if (!admission.allowed) {
            log_.write_for(log_source_of(stanza), LogLevel::info, "s2s.outbound.refused",
                           {{"pair", pair.text()},
                            {"rule", std::string{text(admission.rule)}},
                            {"why", Reason{admission.why, admission.remedy}.text()},
                            {"verdict", admission.verdict_id}});
            return bounce(stanza,
                          {admission.stanza, admission.text, admission.rule, admission.why, admission.verdict_id,
                           admission.remedy},
                          ticket);
        }
        last_ = find(pair);
        if (last_ == nullptr) {
            look_for_room(!stanza.may_be_answered());
            if (const auto refused = no_place(pair, stanza)) return bounce(stanza, *refused, ticket);
            last_ = &open_for(pair, stanza);
        }
    }
    Destination& to = *last_;
    if (to.unsolicited) solicit(to, stanza);
    if (const auto refused = too_large(to, stanza)) return bounce(stanza, *refused, ticket);
    if (goes_at_once(to)) return write(to, {xmpp::OwnedStanza{stanza}, ticket, context_.shard.loop.now()});
    enqueue(to, stanza, ticket);
}

std::optional<xmpp::StanzaError> Pool::refusal(const xmpp::Stanza& stanza) const {
    if (stopping_) return stopping().error();
    auto local = xmpp::Domain::parse(stanza.from_domain);
    auto remote = xmpp::Domain::parse(stanza.to_domain);
    if (!local || !remote) return malformed_address();
    const xmpp::DomainPair pair{std::move(*local), std::move(*remote)};
    const Destination* const to = find(pair);
    if (to == nullptr) return no_place(pair, stanza);
    if (auto refused = too_large(*to, stanza)) return refused;
    return goes_at_once(*to) ? std::nullopt : no_room(*to, stanza);
}

/// XEP-0478 section 4: what the peer would refuse is returned here.
std::optional<xmpp::StanzaError> Pool::too_large(const Destination& to, const xmpp::Stanza& stanza) {
    const std::uint64_t most = to.peer_max_bytes;
    if (most == 0 || stanza.bytes.size() <= most) return std::nullopt;
    return xmpp::StanzaError{xmpp::StanzaCondition::policy_violation, "too large for the recipient's server",
                             Rule::too_large,
                             std::to_string(stanza.bytes.size()) + " bytes, the peer takes " + std::to_string(most)};
}

/// Not while something waits: nothing may overtake.
bool Pool::goes_at_once(const Destination& to) const {
    return to.writable() && to.queue.empty() && to.carrier->has_room() && !is_full(*to.remote);
}

void Pool::write(Destination& to, Waiting waiting) {
    Carrier& carrier = *to.carrier;
    WayOut& stream = *carrier.out;
    const bool counting = stream.counting();
    const std::uint64_t begin = stream.written();
    const std::uint64_t end = begin + waiting.stanza.size();
    const Use use = is_ping(waiting.stanza.view()) ? Use::sign_of_life : Use::traffic;
    if (use == Use::traffic) to.used_at = context_.shard.loop.now();
    stream.send(waiting.stanza.view(), use);
    if (counting) {
        carrier.window.keep_until_acknowledged(to, std::move(waiting), begin, end);
        return ask_for_acknowledgement(stream);
    }
    context_.shard.settle(std::exchange(waiting.ticket, {}));
    carrier.window.keep_until_taken(to, std::move(waiting), begin, end);
    if (carrier.window.wants_look()) look_at(carrier);
}

/// One `<r/>` a turn: what is delivered is known to be soon after, so that a lost stream sends little twice.
void Pool::ask_for_acknowledgement(WayOut& stream) {
    if (!asking_.empty() && asking_.back() == &stream) return;
    asking_.push_back(&stream);
    if (asking_.size() > 1) return;
    context_.shard.loop.defer([this] {
        std::vector<const WayOut*> now;
        now.swap(asking_);
        for (const WayOut* asked : now) {
            Carrier* carrier = carrier_of(*asked);
            if (carrier == nullptr) continue;
            carrier->asks_later = !carrier->out->has_room();
            if (!carrier->asks_later) (void)carrier->out->probe();
        }
    });
}

/// A server inside is nobody's partner: what leads there is bounded by who sends it, before it comes here.
bool Pool::is_full(const Remote& remote, std::size_t more) const {
    if (context_.leads_inwards) return false;
    return remote.stanzas >= remote.most_stanzas || remote.bytes + more > remote.most_bytes;
}

std::optional<xmpp::StanzaError> Pool::no_room(const Destination& to, const xmpp::Stanza& stanza) const {
    if (to.failure && to.life.hopeless(context_.shard.loop.now(), to.patience)) return to.failure->error();
    const bool full = to.queue.size() >= to.most_stanzas || to.queued_bytes + stanza.bytes.size() > to.most_bytes;
    if (!full && !is_full(*to.remote, stanza.bytes.size())) return std::nullopt;
    const std::string stanzas = counted(full ? to.queue.size() : to.remote->stanzas, "stanza");
    const std::string bytes = counted(full ? to.queued_bytes : to.remote->bytes, "byte");
    return xmpp::StanzaError{xmpp::StanzaCondition::resource_constraint, "the queue for this domain is full",
                             Rule::queue_full,
                             full ? stanzas + " of " + bytes + " are queued"
                                  : stanzas + " of " + bytes + " to this domain are queued or unacknowledged"};
}

void Pool::enqueue(Destination& to, const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    const TimePoint now = context_.shard.loop.now();
    const auto refused = no_room(to, stanza);
    if (to.failure || refused) hurts(to, stanza);
    if (refused) return bounce(stanza, *refused, ticket);
    to.queue.push_back({xmpp::OwnedStanza{stanza}, ticket, now});
    to.queued_bytes += stanza.bytes.size();
    hold(to, stanza.bytes.size());
    if (to.writable() && to.carrier->window.full_of_untaken()) look_soon();
    if (to.life.may_try(now)) tell(to, Pair::On::wanted);
}

void Pool::flush(Destination& to) {
    if (context_.records != nullptr && to.writable() && !to.queue.empty() && to.carrier->has_room()) {
        context_.records->counters().s2s_waiting.add(context_.shard.loop.now() - to.queue.front().since);
    }
    while (to.writable() && !to.queue.empty() && to.carrier->has_room()) {
        Waiting next = take_first(to);
        // It may have come before the peer said what it takes.
        if (const auto refused = too_large(to, next.stanza.view())) {
            bounce(next.stanza.view(), *refused, next.ticket);
            if (next.blame != 0) --to.suspects;
        } else {
            write(to, std::move(next));
        }
    }
    if (to.writable() && to.queue.empty()) heal(to);
    if (to.writable() && !to.queue.empty() && to.carrier->window.full_of_untaken()) look_soon();
}

Waiting Pool::take_first(Destination& to) {
    Waiting first = std::move(to.queue.front());
    to.queue.pop_front();
    to.queued_bytes -= first.stanza.size();
    release(to, first.stanza.size());
    return first;
}

void Pool::bounce(const xmpp::Stanza& stanza, const xmpp::StanzaError& error, const routing::Ticket& ticket) {
    if (take_back(stanza, error)) return;
    xmpp::StanzaError told = error;
    const Rule rule = row_of(error.rule).rule;
    std::string verdict;
    if (context_.records != nullptr) {
        verdict = context_.records->verdicts().keep({rule, record::Subject::stanza, stanza.from_domain,
                                                     stanza.to_domain, error.why, error.verdict, error.remedy},
                                                    context_.shard.loop.wall());
    }
    told.verdict = context_.is_ours && context_.is_ours(stanza.from_domain) ? verdict : std::string{};
    const std::string answer = xmpp::bounce(stanza, told);
    if (log_.wants(LogLevel::debug)) {
        log_.debug(answer.empty() ? "s2s.stanza.undeliverable" : "s2s.stanza.bounced",
                   {{"from", std::string{stanza.from_domain}},
                    {"to", std::string{stanza.to_domain}},
                    {"kind", std::string{xmpp::text(stanza.kind)}},
                    {"condition", std::string{xmpp::text(error.condition)}},
                    {"rule", std::string{text(rule)}},
                    {"why", Reason{error.why, error.remedy}.text()},
                    {"verdict", verdict}});
    }
    if (!answer.empty()) context_.router->route(xmpp::bounce_of(stanza, answer), {});
    context_.shard.settle(ticket);
}

xmpp::Failure Pool::stopping() {
    return {.why = "the node was stopping", .permanent = true, .rule = Rule::shutting_down};
}

bool Pool::idle() const {
    return std::all_of(destinations_.begin(), destinations_.end(),
                       [](const auto& entry) { return !entry.second->waits() && entry.second->unacknowledged == 0; });
}

void Pool::refuse_all(Destination& to, const xmpp::Failure& failure) {
    give_up_suspended(to);
    std::deque<Waiting> all;
    all.swap(to.queue);
    to.queued_bytes = 0;
    for (const Waiting& waiting : all) {
        release(to, waiting.stanza.size());
        if (waiting.blame != 0) --to.suspects;
    }
    for (const Waiting& waiting : all) {
        // At the end of the node: a sender that waits for an acknowledgement sends it again.
        if (stopping_ && context_.shard.desk.kept(waiting.ticket, waiting.since, context_.shard.loop.now())) continue;
        bounce(waiting.stanza.view(), failure.error(), waiting.ticket);
    }
}

/// Where the pool leads out, the sender is ours; where it leads to an inside server, the recipient. What nobody wrote
/// by hand (errors, answers) hurts nobody.
void Pool::hurts(Destination& to, const xmpp::Stanza& stanza) {
    if (!stanza.may_be_answered() || !context_.is_ours) return;
    if (!to.hurt) to.hurt = std::make_unique<HurtUsers>(context_.limits.hurt_users);
    to.hurt->add(context_.is_ours(stanza.from_domain) ? stanza.from : stanza.to);
}

void Pool::hurts_waiting(Destination& to) {
    for (const Waiting& waiting : to.queue) hurts(to, waiting.stanza.view());
    for (const auto& kept : to.remote->suspended) {
        for (const SentWindow::Written& written : kept->held) {
            if (written.to == &to) hurts(to, written.waiting.stanza.view());
        }
    }
}

Destination* Pool::find(const xmpp::Stanza& stanza) const {
    const auto local = xmpp::Domain::parse(stanza.from_domain);
    const auto remote = xmpp::Domain::parse(stanza.to_domain);
    return local && remote ? find({*local, *remote}) : nullptr;
}

bool Pool::carries(const xmpp::Stanza& stanza) {
    const Destination* to = find(stanza);
    return to != nullptr && (to->life.ready() || to->waits());
}

bool Pool::holds(const xmpp::Stanza& stanza) {
    const Destination* to = find(stanza);
    return to != nullptr && (to->waits() || to->unacknowledged > 0 || to->in_windows > 0);
}

std::deque<Waiting> Pool::take_waiting(const xmpp::DomainPair& pair) {
    Destination* to = find(pair);
    if (to == nullptr || to->life.ready()) return {};
    give_up_suspended(*to);
    to->queued_bytes = 0;
    for (const Waiting& waiting : to->queue) {
        release(*to, waiting.stanza.size());
        if (waiting.blame != 0) --to->suspects;
    }
    return std::exchange(to->queue, {});
}

void Pool::rules_changed() {
    last_ = nullptr;
    std::vector<Carrier*> streams;
    for (auto& [stream, carrier] : carriers_) streams.push_back(carrier.get());
    for (Carrier* carrier : streams) {
        if (carrier->stream) carrier->stream->rules_changed();
    }
    for (auto& [domain, remote] : remotes_) remote.unshared = false;
    std::vector<Destination*> all;
    for (auto& [pair, to] : destinations_) all.push_back(to.get());
    for (Destination* to : all) {
        set_bounds(*to);
        if (to->reverse != nullptr && !context_.rules.policy(to->pair.remote).bidi) leave_reverse(*to);
        tell(*to, Pair::On::rules_changed);
    }
}

void Pool::hold_reading() {
    std::vector<Carrier*> streams;
    for (auto& [stream, carrier] : carriers_) streams.push_back(carrier.get());
    for (Carrier* carrier : streams) {
        if (carrier->stream) carrier->stream->hold(context_.must_wait(carrier->stream->carries()));
    }
}

void Pool::shut(const xmpp::StreamError& error) {
    stopping_ = true;
    // What is returned may come back as something to send: the table must not be walked meanwhile.
    std::vector<Destination*> all;
    for (auto& [pair, to] : destinations_) all.push_back(to.get());
    for (Destination* to : all) tell(*to, Pair::On::stop);
    std::vector<Carrier*> streams;
    for (auto& [stream, carrier] : carriers_) streams.push_back(carrier.get());
    for (Carrier* carrier : streams) {
        if (carrier->stream) end(*carrier, error, "shutting down");
    }
}

}  // namespace sallyport::s2s
