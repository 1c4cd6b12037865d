// Which destinations are known: bounded for the node, for one sender, and by what is worth remembering. Names are
// chosen by whoever writes to them (threat T63), so what has failed makes way for what is new, the oldest first.
#include <algorithm>

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

bool is_used(const Destination& to) { return to.carrier != nullptr || to.reverse != nullptr || to.in_windows != 0; }
}  // namespace

Destination& Pool::destination(const xmpp::DomainPair& pair) {
    auto& slot = destinations_[pair];
    if (!slot) {
        slot = std::make_unique<Destination>();
        slot->pair = pair;
        slot->used_at = context_.shard.loop.now();
        slot->remote = &remotes_[pair.remote];
        slot->remote->pairs.push_back(slot.get());
        set_bounds(*slot);
        context_.ledger.enter_destination();
    }
    arm_sweep();
    return *slot;
}

std::uint64_t Pool::sponsor_of(const xmpp::Stanza& stanza) const {
    const std::string_view bare = stanza.from.substr(0, stanza.from.find('/'));
    return std::max<std::uint64_t>(sip_hash(hash_.key, bare), 1);
}

std::optional<xmpp::StanzaError> Pool::no_place(const xmpp::Stanza& stanza) {
    const std::uint64_t bound = most_destinations(context_.limits);
    const std::uint64_t known = context_.ledger.destinations();
    // Not now: somebody up the stack may hold one of those that would go.
    if (known + std::max<std::uint64_t>(bound / kept_free, 1) >= bound && !making_room_ &&
        context_.shard.loop.now() >= crowded_until_) {
        making_room_ = true;
        context_.shard.loop.defer([this] { make_room(); });
    }
    if (known >= bound) {
        return xmpp::StanzaError{xmpp::StanzaCondition::resource_constraint,
                                 {},
                                 "streams",
                                 std::to_string(known) + " pairs of domains are in use"};
    }
    const auto at = sponsors_.find(sponsor_of(stanza));
    if (at == sponsors_.end() || at->second < std::max(bound / share_of_sender, least_of_sender)) return std::nullopt;
    return xmpp::StanzaError{xmpp::StanzaCondition::resource_constraint, "too many domains at once",
                             "streams-of-sender",
                             std::to_string(at->second) + " domains to which this sender writes have not answered yet"};
}

Destination& Pool::open_for(const xmpp::DomainPair& pair, const xmpp::Stanza& stanza) {
    Destination& to = destination(pair);
    to.sponsor = sponsor_of(stanza);
    ++sponsors_[to.sponsor];
    return to;
}

/// It works, nothing waits for it any more, or it is forgotten: its sender is no longer charged.
void Pool::acquit(Destination& to) {
    if (to.sponsor == 0) return;
    const auto at = sponsors_.find(std::exchange(to.sponsor, 0));
    if (at != sponsors_.end() && --at->second == 0) sponsors_.erase(at);
}

void Pool::forget(Destination& to) {
    acquit(to);
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
        if (is_used(*to) || !to->queue.empty() || now < to->retry_at) continue;
        const bool worked = to->last_success != WallTime{};
        const bool failed_lately = to->failure && now - to->failing_since <= (worked ? remembered : failure_remembered);
        if (!failed_lately && (!worked || now - to->used_at > remembered)) unused.push_back(to.get());
    }
    for (Destination* to : unused) forget(*to);
}

/// The table is nearly full: an eighth of it goes, first what rests, then what waits for a domain that has failed.
void Pool::make_room() {
    making_room_ = false;
    const TimePoint now = context_.shard.loop.now();
    std::vector<Destination*> idle;
    for (auto& [pair, to] : destinations_) {
        if (!is_used(*to) && (to->queue.empty() || to->failures > 0)) idle.push_back(to.get());
    }
    const auto age = [](const Destination& to) { return to.failing_since == never ? to.used_at : to.failing_since; };
    const auto rank = [&](const Destination* to) {
        return std::tuple{!to->queue.empty(), to->last_success != WallTime{}, age(*to)};
    };
    const std::size_t wanted =
        std::min<std::size_t>(idle.size(), std::max<std::uint64_t>(most_destinations(context_.limits) / kept_free, 1));
    std::partial_sort(idle.begin(), idle.begin() + static_cast<std::ptrdiff_t>(wanted), idle.end(),
                      [&](const Destination* a, const Destination* b) { return rank(a) < rank(b); });
    idle.resize(wanted);
    if (wanted == 0) crowded_until_ = now + look_again;
    for (Destination* to : idle) {
        if (to->failure) refuse_all(*to, *to->failure);
        // What was returned may have come back as something to send.
        if (!is_used(*to)) forget(*to);
    }
    if (wanted > 0) log_.info("s2s.destinations.forgotten", {{"count", std::to_string(wanted)}});
}

void Pool::alive(const xmpp::Domain& remote) {
    constexpr Duration at_most_every = std::chrono::seconds{5};
    const auto at = remotes_.find(remote);
    if (at == remotes_.end()) return;
    const TimePoint now = context_.shard.loop.now();
    const std::vector<Destination*> pairs = at->second.pairs;
    for (Destination* to : pairs) {
        if (to->failures == 0 || (to->revived_at != TimePoint{} && now - to->revived_at < at_most_every)) continue;
        to->revived_at = now;
        to->failures = 0;
        to->failing_since = never;
        to->retry_at = {};
        if (to->carrier == nullptr && !to->queue.empty()) connect(*to);
    }
}

}  // namespace sallyport::s2s
