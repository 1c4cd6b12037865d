// Which connection has a domain, and what becomes of what it held.
#include "services/components/component_server.h"

#include <algorithm>
#include <utility>

#include "services/components/component_stream.h"

namespace sallyport::components {

namespace {
/// How long a connection that ends with the node waits for the component's end.
constexpr Duration stop_linger = std::chrono::seconds{1};
/// How long what a connection did not take, and what comes meanwhile, waits for the component's next one.
constexpr Duration coming_back = std::chrono::seconds{5};
/// How long an older connection may go on taking what it was given, while the newer one waits.
constexpr Duration handover = std::chrono::seconds{2};
/// Of those who have authenticated too.
constexpr std::size_t most_connections = 1024;

const xmpp::StanzaError away{xmpp::StanzaCondition::service_unavailable, {}, Rule::component_away};
const xmpp::StanzaError not_taken{xmpp::StanzaCondition::service_unavailable,
                                  {},
                                  Rule::component_away,
                                  "its connection closed before it read the stanza, and it did not come back"};
const xmpp::StanzaError full{xmpp::StanzaCondition::resource_constraint, {}, Rule::component_full};
const xmpp::StanzaError too_old{
    xmpp::StanzaCondition::remote_server_timeout, {}, Rule::queue_age, "it waited longer than queue_seconds"};

/// Components mostly run beside the node; any other address is a neighbour's once a component has attached from there.
std::vector<IpNetwork> loopback() { return {*IpNetwork::parse("127.0.0.0/8"), *IpNetwork::parse("::1")}; }
}  // namespace

ComponentServer::ComponentServer(ServerContext context)
    : context_{std::move(context)},
      log_{context_.shard.logger(LogModule::routing)},
      doorway_{loopback()},
      patience_{std::chrono::seconds{std::min<std::uint64_t>(context_.limits.queue_seconds, 1'000'000'000)}},
      returner_{context_.shard.loop.timer([this] { return_unclaimed(); })} {
    for (const auto& [domain, secret] : context_.secrets) {
        desks_.emplace(domain.text(), Desk{nullptr, Queue{context_.limits}});
    }
}

ComponentServer::~ComponentServer() = default;

Result<void> ComponentServer::listen(const Endpoint& at) {
    return listeners_.open(context_.shard.network, at,
                           [this](std::unique_ptr<io::Stream> stream) { accept(std::move(stream)); });
}

void ComponentServer::accept(std::unique_ptr<io::Stream> stream) {
    const Endpoint remote = stream->remote();
    auto place = doorway_.enter(remote.address);
    const bool crowded = streams_.size() >= most_connections;
    if (!place || crowded) {
        log_.write_for(
            log_source(remote.address), LogLevel::warn, "component.stranger",
            {{"remote", remote.text()},
             {"why", crowded ? "too many connections of components" : "too many unauthenticated connections"}});
        return;
    }
    streams_.push_back(std::make_unique<ComponentStream>(*this, std::move(stream), std::move(place)));
}

bool ComponentServer::owns(std::string_view domain) const { return desks_.contains(domain); }

std::vector<xmpp::Domain> ComponentServer::domains() const {
    std::vector<xmpp::Domain> all;
    for (const auto& [domain, secret] : context_.secrets) all.push_back(domain);
    return all;
}

ComponentServer::Desk* ComponentServer::desk(std::string_view domain) {
    const auto at = desks_.find(domain);
    return at == desks_.end() ? nullptr : &at->second;
}

void ComponentServer::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    Desk* to = desk(stanza.to_domain);
    if (to == nullptr || (to->stream == nullptr && !may_come_back(*to))) return context_.bounce(stanza, away, ticket);
    Waiting waiting{xmpp::OwnedStanza{stanza}, ticket, context_.shard.loop.now()};
    if (to->stream != nullptr && to->queue.empty() && !waits_for_another(*to->stream) && to->stream->has_room()) {
        return to->stream->send(std::move(waiting));
    }
    if (to->queue.full(stanza.from_domain)) return context_.bounce(stanza, full, ticket);
    const bool is_first = to->queue.empty();
    to->queue.push(std::move(waiting));
    // The look for room may have found that it is dead.
    if (to->stream != nullptr) return to->stream->look_soon();
    if (is_first) return_unclaimed();
}

bool ComponentServer::may_come_back(const Desk& desk) const {
    return !stopping_ && context_.shard.loop.now() < desk.back_by;
}

bool ComponentServer::waits_for_another(const ComponentStream& stream) const {
    return std::any_of(streams_.begin(), streams_.end(), [&](const auto& other) {
        return other.get() != &stream && other->domain() == stream.domain() && other->still_delivers();
    });
}

void ComponentServer::flush(std::string_view domain) {
    Desk* to = desk(domain);
    if (to == nullptr) return;
    const TimePoint now = context_.shard.loop.now();
    while (!to->queue.empty() && now - to->queue.oldest() > patience_) give_back(to->queue.take_first(), too_old);
    if (to->stream == nullptr || to->queue.empty()) return;
    if (!waits_for_another(*to->stream)) {
        while (!to->queue.empty() && to->stream->has_room()) to->stream->send(to->queue.take_first());
    }
    if (to->stream != nullptr && !to->queue.empty()) to->stream->look_soon();
}

void ComponentServer::hold(bool held) {
    held_ = held;
    for (const auto& stream : streams_) stream->hold(held);
}

void ComponentServer::attached(ComponentStream& stream) {
    if (held_) stream.hold(true);
    Desk& at = *desk(stream.domain().text());
    ComponentStream* older = std::exchange(at.stream, &stream);
    // XEP-0114 leaves it to us which of two has the name. A dead connection looks like one that rests: the newer has
    // it.
    if (older != nullptr) {
        older->end(xmpp::StreamCondition::conflict, "another connection has attached for the domain", handover);
    }
    flush(stream.domain().text());
}

void ComponentServer::ending(ComponentStream& stream) {
    Desk* at = desk(stream.domain().text());
    if (at == nullptr || at->stream != &stream) return;
    at->stream = nullptr;
    at->back_by = context_.shard.loop.now() + coming_back;
}

void ComponentServer::gone(ComponentStream& stream, Held held) {
    ending(stream);
    const auto at = std::find_if(streams_.begin(), streams_.end(), [&](const auto& s) { return s.get() == &stream; });
    if (at == streams_.end()) return;
    dead_.push_back(std::move(*at));
    streams_.erase(at);
    if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
    const std::string domain = stream.domain().text();
    Desk* own = stream.proved() ? desk(domain) : nullptr;
    if (own == nullptr) return;
    const std::optional<Waiting> culprit = culprit_of(held);
    own->queue.put_back(std::move(held.untaken));
    if (own->stream == nullptr) own->back_by = context_.shard.loop.now() + coming_back;
    if (culprit) return_culprit(*culprit, held, domain);
    const xmpp::StanzaError uncertain =
        routing::in_doubt(held.ending, "its connection closed just after the stanza was written to it; " + held.why);
    for (const Waiting& waiting : held.in_doubt) give_back(waiting, uncertain);
    flush(domain);
    return_unclaimed();
}

std::optional<Waiting> ComponentServer::culprit_of(Held& held) {
    if (held.untaken.empty() || held.untaken.front().blame < routing::most_blame) return std::nullopt;
    std::optional<Waiting> culprit = std::move(held.untaken.front());
    held.untaken.pop_front();
    return culprit;
}

void ComponentServer::return_culprit(const Waiting& culprit, const Held& held, std::string_view domain) {
    const std::string why = "the stanza closed connections repeatedly; " + held.why;
    log_.write_for(std::string{xmpp::owner_of(culprit.stanza.view().from_domain)}, LogLevel::warn,
                   "component.stanza.returned",
                   {{"domain", std::string{domain}}, {"bytes", std::to_string(culprit.stanza.size())}, {"why", why}});
    give_back(culprit, routing::not_accepted(held.ending, why));
}

void ComponentServer::return_unclaimed() {
    TimePoint next = never;
    std::deque<Waiting> back;
    for (auto& [domain, at] : desks_) {
        if (at.stream != nullptr || at.queue.empty()) continue;
        if (may_come_back(at)) {
            next = std::min(next, at.back_by);
        } else {
            while (!at.queue.empty()) back.push_back(at.queue.take_first());
        }
    }
    if (next != never) returner_->arm(next);
    for (const Waiting& waiting : back) give_back(waiting, not_taken);
}

void ComponentServer::give_back(const Waiting& waiting, const xmpp::StanzaError& error) {
    // At the end of the node: a sender that waits for an acknowledgement sends it again.
    if (stopping_ && waiting.ticket.kept(context_.shard.loop.now() - waiting.since)) return;
    context_.bounce(waiting.stanza.view(), error, waiting.ticket);
}

void ComponentServer::quiesce() {
    if (std::exchange(stopping_, true)) return;
    return_unclaimed();
}

void ComponentServer::shut() {
    quiesce();
    listeners_.close();
    for (const auto& stream : streams_) stream->stop(stop_linger);
}

bool ComponentServer::idle() const {
    return std::all_of(desks_.begin(), desks_.end(), [](const auto& entry) { return entry.second.queue.empty(); }) &&
           std::all_of(streams_.begin(), streams_.end(),
                       [](const auto& stream) { return !stream->attached() || stream->all_taken(); });
}

void ComponentServer::tables(TableFills& all) const {
    std::uint64_t waiting = 0;
    for (const auto& [domain, at] : desks_) waiting += at.queue.size();
    all.push_back({"components.strangers", doorway_.strangers(), DoorwayBounds{}.strangers});
    // A queue, and before it what a connection held.
    all.push_back(
        {"components.waiting", waiting, 2 * context_.limits.queue_stanzas * std::max<std::size_t>(desks_.size(), 1)});
}

std::vector<Status> ComponentServer::status() const {
    std::vector<Status> all;
    for (const auto& stream : streams_) {
        if (stream->attached()) all.push_back(stream->status());
    }
    return all;
}

}  // namespace sallyport::components
