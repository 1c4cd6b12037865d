// Sessions of streams that peers opened: kept, found, dropped.
#include "services/s2s/inbound_sessions.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "services/s2s/inbound_stream.h"

namespace sallyport::s2s {

class InboundSessions::Session {
public:
    std::string name;
    Duration max{0};
    routing::Ticket source;           ///< who is told what has become of its stanzas; opened with the first
    InboundStream* stream = nullptr;  ///< null: it waits for its peer

    // While it waits.
    ReceivedCounter counted;
    ProvedIdentity who;
    std::optional<std::uint32_t> h;  ///< it cannot be resumed any more; its peer may ask how much has arrived
    std::string owner;               ///< of the first of its domains
    std::uint64_t bytes = 0;
    std::optional<Waiting::iterator> place;  ///< in the list of those of its kind, while it waits
};

namespace {
/// Of a session without its marks, and of a pair beside its names.
constexpr std::uint64_t bytes_of_session = 1024, bytes_of_pair = 64;
/// A session that would take more of the memory than one of so many parts is not kept whole: it would drive out all
/// others.
constexpr std::uint64_t parts_of_memory = 4;
}  // namespace

InboundSessions::InboundSessions(S2sContext& context)
    : context_{context}, log_{context.shard.logger(LogModule::s2s)}, timer_{context.shard.loop.timer([this] {
          expire();
      })} {}

InboundSessions::~InboundSessions() { clear(); }

std::string InboundSessions::fresh_name() const {
    return std::to_string(context_.shard.index) + "-" + context_.shard.fresh_id();
}

std::optional<std::uint32_t> InboundSessions::home_of(std::string_view name) const {
    std::uint32_t shard = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), shard);
    const bool named = problem == std::errc{} && end != name.data() + name.size() && *end == '-';
    return named && shard < context_.shard.count ? std::optional{shard} : std::nullopt;
}

InboundSessions::Session& InboundSessions::begin(InboundStream& stream, std::string name, Duration max) {
    auto& slot = sessions_[name];
    slot = std::make_unique<Session>();
    slot->name = std::move(name);
    slot->max = max;
    slot->stream = &stream;
    return *slot;
}

routing::Ticket InboundSessions::ticket(Session& session, std::uint64_t number) {
    if (!session.source.wanted()) {
        session.source = context_.shard.desk.open([&session](std::uint64_t handled) {
            if (session.stream != nullptr) return session.stream->handled(handled);
            session.counted.handle(handled);
        });
        session.source.of_stream = true;
    }
    routing::Ticket ticket = session.source;
    ticket.sequence = number;
    return ticket;
}

std::uint64_t InboundSessions::share(std::uint64_t of_node) const {
    return std::max<std::uint64_t>(of_node / std::max<std::uint32_t>(context_.shard.count, 1), 1);
}

void InboundSessions::detach(Session& session, ReceivedCounter counted, ProvedIdentity who, bool resumable) {
    session.stream = nullptr;
    context_.shard.desk.pause(session.source, context_.shard.loop.now());
    session.counted = std::move(counted);
    session.who = std::move(who);
    session.owner = session.who.pairs.empty() ? "" : xmpp::owner_of(session.who.pairs.front().remote.text());
    const bool whole = resumable && bytes_of(session) <= share(context_.limits.detached_bytes) / parts_of_memory;
    if (!whole) spend(session);
    make_room(session);
    wait(session);
    tell(session, record::Broken::detached, whole ? "" : "too much was on its way");
}

/// What is kept of it while it waits.
std::uint64_t InboundSessions::bytes_of(const Session& session) {
    std::uint64_t bytes = bytes_of_session + session.counted.bytes();
    for (const xmpp::DomainPair& pair : session.who.pairs) {
        bytes += bytes_of_pair + pair.local.text().size() + pair.remote.text().size();
    }
    return bytes;
}

InboundSessions::Waiting& InboundSessions::list_of(const Session& session) { return session.h ? spent_ : waiting_; }

void InboundSessions::arm() {
    TimePoint first = never;
    for (const Waiting* list : {&waiting_, &spent_}) {
        if (!list->empty()) first = std::min(first, list->begin()->first);
    }
    if (first != never) timer_->arm(first);
}

void InboundSessions::wait(Session& session) {
    session.bytes = bytes_of(session);
    session.place = list_of(session).emplace(context_.shard.loop.now() + session.max, &session);
    ++of_owner_[session.owner];
    bytes_ += session.bytes;
    arm();
}

void InboundSessions::stop_waiting(Session& session) {
    if (!session.place) return;
    list_of(session).erase(*std::exchange(session.place, std::nullopt));
    bytes_ -= session.bytes;
    const auto at = of_owner_.find(session.owner);
    if (--at->second == 0) of_owner_.erase(at);
}

/// Of all, or of those of `owner`: what is over already before what can be resumed, and of each the oldest.
InboundSessions::Session* InboundSessions::first_to_go(const std::string* owner) const {
    for (const Waiting* list : {&spent_, &waiting_}) {
        const auto at = std::find_if(list->begin(), list->end(), [&](const auto& entry) {
            return owner == nullptr || entry.second->owner == *owner;
        });
        if (at != list->end()) return at->second;
    }
    return nullptr;
}

/// One of the same owner goes, where that one has his part already.
void InboundSessions::make_room(const Session& for_one) {
    const Limits& limits = context_.limits;
    const auto at = of_owner_.find(for_one.owner);
    if (at != of_owner_.end() && at->second >= share(limits.detached_streams_per_peer)) {
        if (Session* const first = first_to_go(&for_one.owner)) evict(*first);
    }
    const std::uint64_t bytes = bytes_of(for_one);
    while (waiting() != 0 &&
           (waiting() >= share(limits.detached_streams) || bytes_ + bytes > share(limits.detached_bytes))) {
        evict(*first_to_go(nullptr));
    }
}

/// It is over; what had arrived is remembered. What is on its way is answered for: the peer must not send that again.
void InboundSessions::spend(Session& session) {
    session.h = session.counted.resume();
    session.counted = {};
    context_.shard.desk.close(std::exchange(session.source, {}));
}

void InboundSessions::forget(Session& session) {
    stop_waiting(session);
    context_.shard.desk.close(session.source);
    sessions_.erase(sessions_.find(session.name));
}

void InboundSessions::evict(Session& session) {
    if (!session.h) tell(session, record::Broken::evicted, "others need its place");
    forget(session);
}

void InboundSessions::end(Session& session) { forget(session); }

/// Two times as long as it can be resumed, its peer can ask what has arrived.
void InboundSessions::expire() {
    const TimePoint now = context_.shard.loop.now();
    while (!spent_.empty() && spent_.begin()->first <= now) forget(*spent_.begin()->second);
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        Session& session = *waiting_.begin()->second;
        tell(session, record::Broken::expired, "its peer did not come back in time");
        stop_waiting(session);
        spend(session);
        wait(session);
    }
    arm();
}

InboundSessions::Found InboundSessions::resume(const std::string& name, const ProvedIdentity& who,
                                               InboundStream& stream) {
    const auto at = sessions_.find(name);
    if (at == sessions_.end()) return {};
    Session& session = *at->second;
    const bool attached = session.stream != nullptr;
    // Nobody learns of a session that is not his.
    if ((attached ? session.stream->identity() : session.who) != who) {
        tell(session, record::Broken::refused, "another identity asked for it");
        return {};
    }
    // The old connection is as good as dead: its peer says so.
    const bool whole = attached ? session.stream->resumable() : !session.h;
    if (attached) session.counted = std::exchange(session.stream, nullptr)->give_up_session();
    session.who = who;
    if (!whole) {
        tell(session, record::Broken::refused, "it is over");
        if (attached) {
            session.owner = xmpp::owner_of(session.who.pairs.front().remote.text());
            spend(session);
            make_room(session);
            wait(session);
        }
        // The answer may be lost, and its peer ask again.
        return {nullptr, {}, session.h};
    }
    stop_waiting(session);
    session.stream = &stream;
    context_.shard.desk.go_on(session.source);
    tell(session, record::Broken::resumed, "");
    return {&session, std::exchange(session.counted, {}), std::nullopt};
}

void InboundSessions::rules_changed() {
    std::vector<Session*> unwelcome;
    for (const Waiting* list : {&waiting_, &spent_}) {
        for (const auto& [until, session] : *list) {
            const bool welcome =
                std::all_of(session->who.pairs.begin(), session->who.pairs.end(), [&](const xmpp::DomainPair& pair) {
                    return context_.rules.serves(pair.local) == Served::yes &&
                           context_.rules.admits(pair, Direction::inbound).allowed;
                });
            if (!welcome) unwelcome.push_back(session);
        }
    }
    for (Session* session : unwelcome) {
        tell(*session, record::Broken::evicted, "no longer admitted");
        forget(*session);
    }
}

void InboundSessions::clear() {
    waiting_.clear();
    spent_.clear();
    of_owner_.clear();
    bytes_ = 0;
    for (auto& [name, session] : sessions_) {
        if (session->stream != nullptr) session->stream->lose_session();
        context_.shard.desk.close(session->source);
    }
    sessions_.clear();
    timer_->disarm();
}

void InboundSessions::tables(TableFills& all) const {
    // The limits are the node's, and what is counted here each shard's.
    all.push_back({"s2s.detached-streams", waiting(), share(context_.limits.detached_streams)});
    all.push_back({"s2s.detached-bytes", bytes_, share(context_.limits.detached_bytes)});
}

void InboundSessions::tell(const Session& session, record::Broken what, std::string_view why) {
    if (context_.records != nullptr) ++context_.records->counters().broken_streams[{Direction::inbound, what}];
    const std::string pair = session.who.pairs.empty() ? std::string{} : session.who.pairs.front().text();
    std::vector<LogFact> facts{{"pair", pair}, {"direction", "IN"}, {"what", std::string{text(what)}}};
    if (!why.empty()) facts.push_back({"why", std::string{why}});
    // Names cost a peer nothing, and so do connections that break.
    log_.write_for(session.owner, LogLevel::info, "s2s.stream.broken", std::move(facts));
}

}  // namespace sallyport::s2s
