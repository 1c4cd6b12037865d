// The public face, and the streams: accepted under the bounds of the ledger, destroyed from the loop.
#include "services/im/service.h"

#include <algorithm>

#include "services/im/inside.h"

namespace sallyport::im {

namespace {
/// How long a client's stream that ends with the node waits for the client's end.
constexpr Duration stop_linger = std::chrono::seconds{1};
}  // namespace

Service::Service(ServiceContext context) : inside_{std::make_unique<Inside>(std::move(context))} {}
Service::~Service() = default;

Result<void> Service::listen(const Endpoint& at) { return inside_->listen(at); }
const std::vector<Endpoint>& Service::endpoints() const { return inside_->endpoints(); }
bool Service::owns(std::string_view domain) const { return inside_->serves(domain); }
std::vector<xmpp::Domain> Service::domains() const { return inside_->context().domains; }
void Service::send(const xmpp::Stanza& stanza, const routing::Ticket& ticket) {
    inside_->from_elsewhere(stanza, ticket);
}
void Service::hold(bool held) { inside_->hold(held); }
void Service::replace_tls(std::shared_ptr<const io::TlsContext> tls) { inside_->context().tls = std::move(tls); }
void Service::account_changed(const io::UserName& user) { inside_->account_changed(user); }
void Service::requests_forgotten(const io::UserName& user, const std::vector<std::string>& contacts) {
    inside_->requests_forgotten(user, contacts);
}
void Service::put_down() { inside_->put_down(); }
bool Service::put_down_done() const { return inside_->put_down_done(); }
void Service::shut() { inside_->shut(); }
std::size_t Service::open_work() const { return inside_->open_work(); }
ServiceStatus Service::status() const { return inside_->status(); }
void Service::tables(TableFills& all) const { inside_->tables(all); }

Inside::Inside(ServiceContext context)
    : context_{std::move(context)},
      log_{context_.shard.logger(LogModule::users)},
      ledger_{context_.limits},
      failures_{context_.limits.login_failures_per_minute},
      refused_logins_{context_.limits.refused_logins} {}

Inside::~Inside() {
    for (const auto& [key, account] : accounts_) {
        for (const auto& session : account->sessions) context_.shard.desk.close(session->source);
    }
}

bool Inside::serves(std::string_view domain) const {
    return std::any_of(context_.domains.begin(), context_.domains.end(),
                       [&](const xmpp::Domain& d) { return d.text() == domain; });
}

c2s::Settings Inside::machine_settings() {
    c2s::Settings settings;
    settings.timers = {context_.timers.negotiation, context_.timers.idle, context_.timers.answer,
                       context_.timers.stanza, context_.timers.closing};
    settings.sasl_failures = context_.limits.sasl_failures;
    settings.serves = [this](const xmpp::Domain& domain) { return serves(domain.text()); };
    if (!context_.domains.empty()) settings.default_domain = context_.domains.front();
    settings.fresh_id = context_.shard.fresh_id;
    return settings;
}

Result<void> Inside::listen(const Endpoint& at) {
    return listeners_.open(context_.shard.network, at,
                           [this](std::unique_ptr<io::Stream> stream) { accept(std::move(stream)); });
}

void Inside::accept(std::unique_ptr<io::Stream> stream) {
    const IpAddress address = stream->remote().address;
    auto counted = ledger_.enter(address, now());
    if (!counted) {
        log_.write_for(log_source(address), LogLevel::warn, "c2s.turned-away", {{"remote", stream->remote().text()}});
        return stream->abort();
    }
    streams_.push_back(std::make_unique<ClientStream>(*this, ++serials_, std::move(stream), std::move(*counted)));
    ClientStream& fresh = *streams_.back();
    fresh.counted().make_way_by([this, serial = fresh.serial()] {
        // Not while another one is being accepted.
        context_.shard.loop.post([this, serial] {
            ClientStream* const oldest = this->stream(serial);
            if (oldest == nullptr || oldest->authenticated()) return;
            oldest->end(xmpp::StreamCondition::resource_constraint, "too many connections without a login");
        });
    });
}

ClientStream* Inside::stream(std::uint64_t serial) {
    const auto at =
        std::find_if(streams_.begin(), streams_.end(), [&](const auto& known) { return known->serial() == serial; });
    return at == streams_.end() ? nullptr : at->get();
}

void Inside::gone(ClientStream& stream) {
    const auto at =
        std::find_if(streams_.begin(), streams_.end(), [&](const auto& known) { return known.get() == &stream; });
    if (at == streams_.end()) return;
    stream.counted().let_go();
    dead_streams_.push_back(std::move(*at));
    streams_.erase(at);
    if (dead_streams_.size() == 1) context_.shard.loop.defer([this] { dead_streams_.clear(); });
}

void Inside::hold(bool held) {
    held_ = held;
    for (const auto& stream : streams_) stream->hold(held);
}

void Inside::shut() {
    shutting_ = true;
    listeners_.close();
    for (const auto& stream : streams_) stream->stop(stop_linger);
}

ServiceStatus Inside::status() const {
    ServiceStatus status;
    status.connections = streams_.size();
    status.unauthenticated = ledger_.totals().unauthenticated;
    status.accounts_loaded = accounts_.size();
    for (const auto& [key, account] : accounts_) {
        for (const auto& session : account->sessions) {
            status.sessions.push_back({session->full.text(), session->remote_address, session->tls_version,
                                       session->mechanism, session->available, !session->resume_id.empty(),
                                       session->stream == nullptr, session->priority, session->stanzas_in,
                                       session->stanzas_out, session->waiting(), session->since});
        }
    }
    return status;
}

}  // namespace sallyport::im
