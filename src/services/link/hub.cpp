// The hub and its connections.
#include "services/link/hub.h"

#include <algorithm>
#include <utility>

namespace sallyport::link {

namespace {
/// Of what may be under way, one domain may have an eighth.
constexpr std::uint64_t partners_share = 8;

Budget budget_of(const HubContext& context) {
    const Limits& limits = context.limits;
    const std::uint64_t one_stanza = 2 * limits.after_auth.element_bytes;  // with what it takes beside its bytes
    return {limits.link_bytes, std::max(limits.link_bytes / partners_share, one_stanza), one_stanza,
            context.leads_inwards, Hub::newcomers_stanzas * one_stanza};
}

std::vector<IpNetwork> addresses_of(const Neighbours& neighbours) {
    std::vector<IpNetwork> all;
    for (const Neighbour& one : neighbours.listed) all.insert(all.end(), one.addresses.begin(), one.addresses.end());
    return all;
}

DialCause cause_of(const Connection& connection) {
    if (connection.is_objected() || connection.broke_off()) return DialCause::certificate;
    return connection.why_closed() == secrets_differ ? DialCause::secret : DialCause::other;
}

}  // namespace

Hub::Hub(HubContext context)
    : context_{std::move(context)},
      log_{context_.shard.logger(LogModule::link)},
      doorway_{addresses_of(context_.neighbours)},
      life_{.end = context_.end, .hold = context_.hold},
      lanes_{budget_of(context_), SipKey{context_.shard.random(unlimited), context_.shard.random(unlimited)},
             [this](const Partner& partner) {
                 if (context_.on_pace) context_.on_pace(partner);
             }},
      held_{context_.shard.desk, [this](const Elsewhere& there) { done_elsewhere(there); }},
      sweeper_{context_.shard.loop.timer([this] { sweep(); })},
      teller_{context_.shard.loop.timer([this] { tell_more(); })},
      binder_{context_.shard.loop.timer([this] { take_latest(); })},
      receiver_{context_.shard.loop.timer([this] { look_at_receipts(); })} {}

Hub::~Hub() {
    for (const auto& session : sessions_) context_.shard.desk.close(session->source);
}

MachineSettings Hub::machine_settings(const DialTarget* target) const {
    MachineSettings settings;
    settings.end = context_.end;
    settings.realm = context_.realm;
    settings.far_realm = target != nullptr ? target->realm : std::string{};
    settings.node = context_.node_instance;
    settings.secret = target != nullptr && !target->secret.empty() ? target->secret : context_.secret;
    settings.stream_id = context_.shard.fresh_id();
    settings.shard = context_.shard.index;
    settings.shards = context_.shard.count;
    return settings;
}

void Hub::accept(std::unique_ptr<io::Stream> stream) {
    if (stopping_) {
        stream.reset();
        count_load(-1);
        return;
    }
    log_.debug("link.accepted", {{"remote", stream->remote().text()}, {"local", stream->local().text()}});
    auto place = doorway_.enter(stream->remote().address);
    const bool full = connections_.size() >= most_connections;
    if (!place || full) {
        log_stranger(stream->remote(), full ? "too many links" : "too many unauthenticated connections");
        stream.reset();
        count_load(-1);
        return;
    }
    connections_.push_back(
        std::make_unique<Connection>(*this, context_, std::move(stream), machine_settings(nullptr), std::string{}, 0));
    connections_.back()->start(std::move(place));
}

void Hub::log_stranger(const Endpoint& remote, const std::string& why) {
    log_.write_for(log_source(remote.address), LogLevel::warn, "link.stranger",
                   {{"remote", remote.text()}, {"why", why}});
}

void Hub::replace_identity(std::string realm, std::string secret, Neighbours neighbours) {
    context_.realm = std::move(realm);
    context_.secret = std::move(secret);
    context_.neighbours = std::move(neighbours);
    doorway_.replace_neighbours(addresses_of(context_.neighbours));
    drop_unlisted();
}

void Hub::drop_unlisted() {
    const std::vector<Neighbour>& listed = context_.neighbours.listed;
    if (context_.end == End::dialler || listed.empty()) return;
    std::vector<Session*> over;
    for (const auto& session : sessions_) {
        const bool named = std::any_of(listed.begin(), listed.end(), [&](const Neighbour& neighbour) {
            return realm_of(neighbour.name) == session->far_realm;
        });
        if (!named) over.push_back(session.get());
    }
    std::vector<Connection*> unwelcome;
    for (const auto& connection : connections_) {
        const auto& certificate = connection->tls().peer;
        if (certificate && named_by(*certificate, listed) == nullptr) unwelcome.push_back(connection.get());
    }
    for (Session* session : over) tell(*session, SessionLife::On::given_up);
    for (Connection* connection : unwelcome) {
        connection->close(xmpp::stream_error(xmpp::StreamCondition::not_authorized),
                          "no [[link.accept]] names it any more");
    }
    if (over.empty()) return;
    advertise();
    flush_held();
}

void Hub::count_load(int more) {
    if (context_.load != nullptr) context_.load->fetch_add(more);
}

/// TLS failed: we do not accept the certificate, or it was a neighbour who does not go on. Where it is known from where
/// nodes connect, whoever comes from elsewhere is none of them, and says nothing in their name.
void Hub::note_refused(const Connection& connection) {
    if (context_.end != End::listener || stopping_) return;
    const IpAddress& address = connection.remote().address;
    const std::vector<IpNetwork> near = addresses_of(context_.neighbours);
    const bool is_near =
        std::any_of(near.begin(), near.end(), [&](const IpNetwork& one) { return one.contains(address); });
    const std::vector<Neighbour>& listed = context_.neighbours.listed;
    const bool all_known = !listed.empty() && std::none_of(listed.begin(), listed.end(),
                                                           [](const auto& one) { return one.addresses.empty(); });
    const bool tells = connection.is_objected() ? is_near || !all_known : connection.broke_off() && is_near;
    if (!tells) return;
    Refused refused{{}, address, connection.why_closed(), context_.shard.loop.now(), DialCause::certificate};
    refused.by_far_side = !connection.is_objected();
    keep(std::move(refused));
}

/// Whoever connects may be refused: he neither hides a known node's trouble, nor has what is told change all the time.
void Hub::keep(Refused refused) {
    const TimePoint now = refused.first = refused.since;
    const bool stands = refused_ && now - refused_->since < Refused::told;
    if (stands && refused_->proven && !refused.proven) return;
    if (stands && refused_->proven == refused.proven) {
        if (refused.address == refused_->address && refused.why == refused_->why) {
            refused_->since = now;
            return;
        }
        if (now - refused_->first < Refused::told) return;
    }
    refused_ = std::move(refused);
}

void Hub::closed(Connection& connection) {
    Session* session = connection.session();
    if (connection.proven()) {
        const std::string& far = session != nullptr ? session->far_realm : connection.machine().far_realm();
        // Before its header came, a listener knows only what the certificate proved.
        const std::string source = far.empty() ? log_source(connection.remote().address) : far;
        log_.write_for(source, LogLevel::warn, "link.down",
                       {{"far", far},
                        {"why", connection.why_closed()},
                        {"waiting", std::to_string(session != nullptr ? session->out.size() : 0)}});
        if (session == nullptr && context_.end == End::listener && !stopping_) {
            keep({far, connection.remote().address, connection.why_closed(), context_.shard.loop.now(),
                  cause_of(connection), false, true});
        }
    } else {
        log_stranger(connection.remote(), connection.why_closed());
        note_refused(connection);
    }
    if (session != nullptr && session->connection == &connection) {
        session->connection = nullptr;
        session->out.broken(connection.blame());
        session->why_broken = connection.why_closed();
        tell(*session, SessionLife::On::lost);
        arm_sweep();
    }
    const auto at =
        std::find_if(connections_.begin(), connections_.end(), [&](const auto& c) { return c.get() == &connection; });
    if (at != connections_.end()) {
        dead_.push_back(std::move(*at));
        connections_.erase(at);
        if (dead_.size() == 1) context_.shard.loop.defer([this] { dead_.clear(); });
    }
    if (context_.end == End::dialler) {
        Dialling& dialling = *diallings_.at(connection.dial_index());
        if (dialling.connection == &connection) {
            dialling.connection = nullptr;
            retry_later(dialling, connection.why_closed(), cause_of(connection), connection.machine().is_unwanted());
        }
    }
    count_load(-1);
    weigh();
    advertise();
    if (context_.on_change) context_.on_change(nullptr);
}

Intake& Hub::intake_of(const std::string& far_realm) {
    auto& intake = intakes_[far_realm];
    if (!intake) {
        Budget budget = budget_of(context_);
        budget.of_senders = !context_.leads_inwards;  // the far side counts from its own end
        const SipKey key{context_.shard.random(unlimited), context_.shard.random(unlimited)};
        const std::uint64_t left_for = std::min<std::uint64_t>(context_.limits.queue_seconds, 300);
        intake = std::make_unique<Intake>(budget, key, std::chrono::seconds{left_for});
    }
    return *intake;
}

Session* Hub::find_session(const std::string& id) {
    if (id.empty()) return nullptr;
    for (const auto& session : sessions_) {
        if (session->id == id) return session.get();
    }
    return nullptr;
}

/// A session is resumed by the node that it was opened by, and by nobody else who learned its id.
Session* Hub::session_of(Connection& connection, const std::string& id) {
    Session* session = find_session(id);
    return session != nullptr && session->far_realm == connection.machine().far_realm() ? session : nullptr;
}

void Hub::restart() {
    std::vector<Connection*> open;
    for (const auto& connection : connections_) open.push_back(connection.get());
    for (Connection* connection : open) {
        connection->close(xmpp::stream_error(xmpp::StreamCondition::reset), "the router is restarting");
    }
}

}  // namespace sallyport::link
