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
    Waiting::iterator place;
};

namespace {
/// Of a session without its marks.
constexpr std::uint64_t bytes_of_session = 1024;
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
    slot->place = waiting_.end();
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
    session.counted = std::move(counted);
    session.who = std::move(who);
    session.owner = session.who.pairs.empty() ? "" : xmpp::owner_of(session.who.pairs.front().remote.text());
    if (!resumable) spend(session);
    session.bytes = bytes_of_session + session.counted.bytes();
    make_room(session);
    wait(session);
    tell(session, record::Broken::detached, resumable ? "" : "too much was on its way");
}

void InboundSessions::wait(Session& session) {
    session.place = waiting_.emplace(context_.shard.loop.now() + session.max, &session);
    ++of_owner_[session.owner];
    bytes_ += session.bytes;
    timer_->arm(waiting_.begin()->first);
}

void InboundSessions::stop_waiting(Session& session) {
    if (session.place == waiting_.end()) return;
    waiting_.erase(std::exchange(session.place, waiting_.end()));
    bytes_ -= session.bytes;
    const auto at = of_owner_.find(session.owner);
    if (--at->second == 0) of_owner_.erase(at);
}

/// The oldest goes first: of the same owner, where that one has his part already.
void InboundSessions::make_room(const Session& for_one) {
    const Limits& limits = context_.limits;
    const auto at = of_owner_.find(for_one.owner);
    if (at != of_owner_.end() && at->second >= share(limits.detached_streams_per_peer)) {
        const auto oldest = std::find_if(waiting_.begin(), waiting_.end(),
                                         [&](const auto& entry) { return entry.second->owner == for_one.owner; });
        evict(*oldest->second);
    }
    while (!waiting_.empty() && (waiting_.size() >= share(limits.detached_streams) ||
                                 bytes_ + for_one.bytes > share(limits.detached_bytes))) {
        evict(*waiting_.begin()->second);
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
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        Session& session = *waiting_.begin()->second;
        if (session.h) {
            forget(session);
            continue;
        }
        tell(session, record::Broken::expired, "its peer did not come back in time");
        stop_waiting(session);
        spend(session);
        session.bytes = bytes_of_session;
        wait(session);
    }
    if (!waiting_.empty()) timer_->arm(waiting_.begin()->first);
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
    if (attached) session.counted = session.stream->give_up_session();
    stop_waiting(session);
    if (!whole) {
        session.who = who;
        const std::uint32_t h = session.h ? *session.h : session.counted.resume();
        tell(session, record::Broken::refused, "it is over");
        forget(session);
        return {nullptr, {}, h};
    }
    session.stream = &stream;
    session.who = who;
    tell(session, record::Broken::resumed, "");
    return {&session, std::exchange(session.counted, {}), std::nullopt};
}

void InboundSessions::rules_changed() {
    std::vector<Session*> unwelcome;
    for (const auto& [until, session] : waiting_) {
        const bool welcome =
            std::all_of(session->who.pairs.begin(), session->who.pairs.end(), [&](const xmpp::DomainPair& pair) {
                return context_.rules.serves(pair.local) == Served::yes &&
                       context_.rules.admits(pair, Direction::inbound).allowed;
            });
        if (!welcome) unwelcome.push_back(session);
    }
    for (Session* session : unwelcome) {
        tell(*session, record::Broken::evicted, "no longer admitted");
        forget(*session);
    }
}

void InboundSessions::clear() {
    waiting_.clear();
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
    all.push_back({"s2s.detached-streams", waiting_.size(), context_.limits.detached_streams});
    all.push_back({"s2s.detached-bytes", bytes_, context_.limits.detached_bytes});
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
