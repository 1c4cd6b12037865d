// Which destinations are known: bounded for the node, for one sender, and by what is worth remembering. Names are
// chosen by whoever writes to them (threat T63), so what has failed makes way for what is new, the oldest first; and by
// whoever proves them on a stream of his own, or has us answer: such names never take the place of what people of ours
// write to.
#include <algorithm>
#include <tuple>

#include "base/counted.h"
#include "services/s2s/pool.h"

namespace sallyport::s2s {

namespace {
constexpr Duration remembered = std::chrono::hours{1};
constexpr Duration failure_remembered = std::chrono::minutes{5};  ///< of what has never worked
/// Of the table: what may wait of one sender for domains that have not worked yet.
constexpr std::uint64_t share_of_sender = 16;
constexpr std::uint64_t least_of_sender = 16;
/// Of the table: kept free for what comes next, and made free at once.
constexpr std::uint64_t kept_free = 8;
constexpr Duration look_again = std::chrono::seconds{1};
/// Of the table: what the names below one parent domain may have before they are the first to go.
constexpr std::uint64_t share_of_owner = 16;
constexpr std::uint64_t least_of_owner = 16;
/// Of the table: what may be there of names that only others brought, however many owners they have.
constexpr std::uint64_t share_of_unsolicited = 2;
/// A stream that has carried nothing for so long may be closed where its place is needed.
constexpr Duration rests_after = std::chrono::minutes{1};

bool is_used(const Destination& to) {
    return to.carrier != nullptr || to.reverse != nullptr || to.in_windows != 0 || to.suspended != 0;
}

/// A stream of the peer's (XEP-0288) carries the pair, or may, and nothing is on it: the pair can as well go out on one
/// of ours, when there is something.
bool rests_reversed(const Destination& to, TimePoint now) {
    return to.reverse != nullptr && (to.carrier == nullptr || to.carrier == to.reverse) && to.in_windows == 0 &&
           !to.waits() && (to.unsolicited || now - to.used_at >= rests_after);
}
}  // namespace

Destination& Pool::destination(const xmpp::DomainPair& pair) {
    auto& slot = destinations_[pair];
    if (!slot) {
        slot = std::make_unique<Destination>(pair, life_);
        slot->used_at = context_.shard.loop.now();
        slot->log_source = xmpp::owner_of(pair.remote.text());
        slot->remote = &remotes_[pair.remote];
        slot->remote->pairs.push_back(slot.get());
        set_bounds(*slot);
        context_.ledger.enter_destination();
        ++unsolicited_;
        if (stopping_) tell(*slot, Pair::On::stop);
    }
    arm_sweep();
    return *slot;
}

std::uint64_t Pool::sponsor_of(const xmpp::Stanza& stanza) const {
    const std::string_view bare = stanza.from.substr(0, stanza.from.find('/'));
    return std::max<std::uint64_t>(sip_hash(hash_.key, bare), 1);
}

std::string Pool::log_source_of(const xmpp::Stanza& stanza) {
    constexpr std::size_t most = 256;  // more is kept of nobody, and names that begin alike share a budget
    return std::string{stanza.from.substr(0, std::min(stanza.from.find('/'), most))};
}

void Pool::solicit(Destination& to, const xmpp::Stanza& stanza) {
    if (!stanza.may_be_answered() || is_ping(stanza)) return;
    to.unsolicited = false;
    --unsolicited_;
}

std::uint64_t Pool::most_unsolicited() const {
    const std::uint64_t shards = std::max<std::uint32_t>(context_.shard.count, 1);
    return std::max<std::uint64_t>(most_destinations(context_.limits) / share_of_unsolicited / shards, 1);
}

void Pool::look_for_room(bool unsolicited) {
    const std::uint64_t most = most_unsolicited();
    const bool crowded = nearly_full() || (unsolicited && unsolicited_ + most / kept_free >= most);
    // Not now: somebody up the stack may hold one of those that would go.
    if (!crowded || making_room_ || context_.shard.loop.now() < crowded_until_) return;
    making_room_ = true;
    context_.shard.loop.defer([this] { make_room(); });
}

std::optional<std::string> Pool::table_full(const xmpp::DomainPair& pair, bool unsolicited) const {
    const std::string in_use = counted(context_.ledger.destinations(), "pair") + " of domains " +
                               noun_for(context_.ledger.destinations(), "is", "are") + " in use";
    if (context_.ledger.destinations() >= most_destinations(context_.limits)) return in_use;
    // Of a table of a few places there is none to keep free.
    const bool last_places = nearly_full() && most_destinations(context_.limits) >= kept_free;
    if (unsolicited && (unsolicited_ >= most_unsolicited() || last_places)) {
        return in_use + ", and nobody of ours has written to this one";
    }
    const std::string_view owner = xmpp::owner_of(theirs(pair).text());
    if (!nearly_full() || !crowded_owners_.contains(owner)) return std::nullopt;
    return in_use + ", many of them below " + std::string{owner};
}

std::optional<xmpp::StanzaError> Pool::no_place(const xmpp::DomainPair& pair, const xmpp::Stanza& stanza) const {
    // The table is the node's, and what is counted of a sender each shard's.
    const std::uint64_t shards = std::max<std::uint32_t>(context_.shard.count, 1);
    const std::uint64_t most = std::max(most_destinations(context_.limits) / share_of_sender / shards, least_of_sender);
    if (auto why = table_full(pair, !stanza.may_be_answered())) {
        return xmpp::StanzaError{xmpp::StanzaCondition::resource_constraint, {}, Rule::streams, std::move(*why)};
    }
    const auto at = sponsors_.find(sponsor_of(stanza));
    if (at == sponsors_.end() || at->second < most) return std::nullopt;
    return xmpp::StanzaError{xmpp::StanzaCondition::resource_constraint, "too many domains at once",
                             Rule::streams_of_sender,
                             std::to_string(at->second) + " domains to which this sender writes have not answered yet"};
}

Destination& Pool::open_for(const xmpp::DomainPair& pair, const xmpp::Stanza& stanza) {
    Destination& to = destination(pair);
    to.sponsor = sponsor_of(stanza);
    to.log_source = log_source_of(stanza);
    ++sponsors_[to.sponsor];
    return to;
}

/// It works, nothing waits for it any more, or it is forgotten: its sender is no longer charged.
void Pool::acquit(Destination& to) {
    if (to.sponsor == 0) return;
    to.log_source = xmpp::owner_of(to.pair.remote.text());
    const auto at = sponsors_.find(std::exchange(to.sponsor, 0));
    if (at != sponsors_.end() && --at->second == 0) sponsors_.erase(at);
}

void Pool::forget(Destination& to) {
    acquit(to);
    if (to.unsolicited) --unsolicited_;
    if (last_ == &to) last_ = nullptr;
    std::erase(to.remote->pairs, &to);
    if (to.remote->pairs.empty() && to.remote->carriers.empty()) remotes_.erase(remotes_.find(to.pair.remote));
    context_.ledger.leave_destination();
    const xmpp::DomainPair pair = to.pair;
    destinations_.erase(pair);
}

void Pool::forget_unused(TimePoint now) {
    std::vector<Destination*> unused;
    for (auto& [pair, to] : destinations_) {
        if (is_used(*to) || !to->queue.empty() || to->life.retry_at() != never) continue;
        const bool worked = to->last_success != WallTime{};
        const TimePoint since = to->life.failing_since();
        const bool failed_lately =
            to->failure && since != never && now - since <= (worked ? remembered : failure_remembered);
        if (!failed_lately && (!worked || now - to->used_at > remembered)) unused.push_back(to.get());
    }
    for (Destination* to : unused) forget(*to);
}

/// Of the pair, the domain that is not of our side: on the core the servers inside are the remote ones.
const xmpp::Domain& Pool::theirs(const xmpp::DomainPair& pair) const {
    return context_.is_ours && context_.is_ours(pair.remote.text()) ? pair.local : pair.remote;
}

/// Names by parent domain, where they are many: whoever owns one name has as many below it as he likes.
std::map<std::string_view, std::size_t> Pool::crowd() const {
    std::map<std::string_view, std::size_t> names;
    for (const auto& [pair, to] : destinations_) ++names[xmpp::owner_of(theirs(to->pair).text())];
    const std::uint64_t shards = std::max<std::uint32_t>(context_.shard.count, 1);
    const std::size_t share = std::max(most_destinations(context_.limits) / share_of_owner / shards, least_of_owner);
    std::erase_if(names, [&](const auto& entry) { return entry.second <= share; });
    return names;
}

bool Pool::nearly_full() const {
    const std::uint64_t bound = most_destinations(context_.limits);
    return context_.ledger.destinations() + std::max<std::uint64_t>(bound / kept_free, 1) >= bound;
}

/// The table is the node's: where another shard needs room, this one gives back what it has beyond its share.
void Pool::keep_to_share(TimePoint now) {
    if (!nearly_full()) crowded_owners_.clear();
    const std::uint64_t share = most_destinations(context_.limits) / std::max<std::uint32_t>(context_.shard.count, 1);
    if (destinations_.size() <= share || !nearly_full() || now < crowded_until_) return;
    make_room(destinations_.size() - share);
}

/// The table is nearly full: an eighth of it goes. First what rests: what nobody of ours has written to, then of an
/// owner with many names, then what has never worked, the oldest first; then what waits for a domain that has failed.
/// If that is not enough, streams that rest are closed, and their destinations can go the next time. If nothing rests,
/// owners with many names get no further place. Where only the part of what is unsolicited is taken, only that goes.
void Pool::make_room(std::uint64_t most) {
    making_room_ = false;
    crowded_owners_.clear();
    const TimePoint now = context_.shard.loop.now();
    const std::size_t wanted = std::clamp<std::uint64_t>(most_destinations(context_.limits) / kept_free, 1, most);
    const bool all = nearly_full();
    const std::size_t forgotten = forget_idle(wanted, all, now);
    const std::size_t closed = forgotten < wanted ? end_resting(wanted - forgotten, all, now) : 0;
    if (forgotten + closed == 0) {
        crowded_until_ = now + look_again;
        if (!all) return;
        for (const auto& [owner, names] : crowd()) crowded_owners_.emplace(owner);
    } else {
        log_.info("s2s.destinations.forgotten",
                  {{"count", std::to_string(forgotten)}, {"closed", std::to_string(closed)}});
    }
}

std::size_t Pool::forget_idle(std::size_t wanted, bool all, TimePoint now) {
    struct Candidate {
        std::tuple<bool, bool, bool, bool, TimePoint> rank;
        Destination* to;
    };
    const auto many = crowd();
    std::vector<Candidate> idle;
    for (auto& [pair, to] : destinations_) {
        if (!all && !to->unsolicited) continue;
        const bool idle_now = !is_used(*to) && (to->queue.empty() || (to->life.failures() != 0 && to->failure));
        if (!idle_now && !rests_reversed(*to, now)) continue;
        const bool crowded = many.contains(xmpp::owner_of(theirs(to->pair).text()));
        const TimePoint since = to->life.failing_since();
        const TimePoint age = since == never ? to->used_at : since;
        const bool worked = to->last_success != WallTime{};
        idle.push_back({{!to->queue.empty(), !to->unsolicited, !crowded, worked, age}, to.get()});
    }
    wanted = std::min(wanted, idle.size());
    std::partial_sort(idle.begin(), idle.begin() + static_cast<std::ptrdiff_t>(wanted), idle.end(),
                      [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
    idle.resize(wanted);
    for (const Candidate& one : idle) {
        if (one.to->reverse != nullptr) leave_reverse(*one.to);
        if (one.to->failure) refuse_all(*one.to, *one.to->failure);
        // What was returned may have come back as something to send.
        if (!is_used(*one.to) && one.to->queue.empty()) forget(*one.to);
    }
    return wanted;
}

/// Streams of ours on which nothing is under way, and has not been for a while.
std::size_t Pool::end_resting(std::size_t wanted, bool all, TimePoint now) {
    struct Candidate {
        std::pair<bool, TimePoint> rank;
        Carrier* carrier;
    };
    const auto many = crowd();
    std::vector<Candidate> resting;
    for (auto& [out, carrier] : carriers_) {
        if (!carrier->stream || !carrier->open || carrier->ending || !carrier->window.empty()) continue;
        bool crowded = true, rests = true, unsolicited = true;
        TimePoint used = carrier->opened_at;
        for (const Destination* to : carrier->pairs) {
            rests = rests && to->queue.empty();
            used = std::max(used, to->used_at);
            crowded = crowded && many.contains(xmpp::owner_of(theirs(to->pair).text()));
            unsolicited = unsolicited && to->unsolicited;
        }
        if (!all && !unsolicited) continue;
        // Whoever has many names has few of them open, and so has who only had us answer.
        const bool soon = crowded || unsolicited;
        if (rests && (soon || now - used >= rests_after)) resting.push_back({{!soon, used}, carrier.get()});
    }
    wanted = std::min(wanted, resting.size());
    std::partial_sort(resting.begin(), resting.begin() + static_cast<std::ptrdiff_t>(wanted), resting.end(),
                      [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
    resting.resize(wanted);
    for (const Candidate& one : resting) end(*one.carrier, std::nullopt, "idle, and its place is needed");
    return wanted;
}

void Pool::alive(const xmpp::Domain& remote, Sign sign) {
    if (sign == Sign::opened && context_.learned != nullptr) context_.learned->reached(remote.text());
    const auto at = remotes_.find(remote);
    if (at == remotes_.end() || at->second.barren) return;
    const std::vector<Destination*> pairs = at->second.pairs;
    for (Destination* to : pairs) {
        if (to->life.failures() == 0 || to->life.ready()) continue;
        if (sign == Sign::opened) {
            tell(*to, Pair::On::alive);
        } else if (!to->failure || !to->failure->permanent) {
            tell(*to, Pair::On::heard);  // what is wrong for good is not mended by its talking
        }
    }
}

void Pool::tell_alive(const xmpp::Domain& remote, Sign sign) {
    alive(remote, sign);
    if (context_.on_alive) context_.on_alive(remote, sign);
}

}  // namespace sallyport::s2s
