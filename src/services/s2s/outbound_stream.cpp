// The driver of one outbound stream.
#include "services/s2s/outbound_stream.h"

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "services/s2s/stream_seal.h"
#include "services/s2s/stream_text.h"

namespace sallyport::s2s {

OutboundStream::OutboundStream(S2sContext& context, OutboundOwner& owner, xmpp::DomainPair pair, bool verify_only)
    : context_{context},
      owner_{owner},
      pair_{std::move(pair)},
      verify_only_{verify_only},
      log_{context.shard.logger(LogModule::s2s)},
      log_source_{verify_only ? pair_.remote.text() : std::string{}},
      record_{context, Direction::outbound, verify_only},
      timer_{context.shard.loop.timer([this] { expire(); })},
      heard_{context.shard.loop.now()},
      since_{heard_},
      last_stanza_{heard_} {}

OutboundStream::~OutboundStream() { context_.shard.desk.close(source_); }

void OutboundStream::start() {
    std::optional<ConfiguredTargets> configured;
    if (context_.configured) configured = context_.configured(pair_.remote);
    record_.begin(pair_);
    job_ = std::make_unique<DialJob>(
        context_.shard, context_.dial, pair_.remote, std::move(configured),
        context_.direct_client_tls != nullptr && context_.rules.policy(pair_.remote).security != SecurityMode::no_tls,
        [this](Dialled dialled_stream) { dialled(std::move(dialled_stream)); },
        [this](const DialFailure& failure) { dial_failed(failure); },
        [this](std::string_view name, record::Facts facts, bool good) { record_.step(name, std::move(facts), good); },
        [this](const DnsAnswer& answer) {
            if (context_.records != nullptr) context_.records->counters().dns[text(answer.status)].add(answer.took);
        });
    job_->log_for(log_source_);
    job_->start();
}

void OutboundStream::dialled(Dialled dialled) {
    stream_ = std::move(dialled.stream);
    target_ = dialled.target;
    local_ = stream_->local();
    remote_ = stream_->remote();
    record_.connected(remote_);
    reader_ = std::make_unique<xml::Reader>(context_.limits.before_auth);
    const TimePoint now = context_.shard.loop.now();
    heard_ = now;
    machine_ = std::make_unique<Outbound>(
        OutboundSettings{context_.timers, target_.direct_tls, context_.peer_limits(pair_.remote),
                         [this](std::string_view id) { return is_sealed(id, context_.node_instance); }},
        context_.rules, pair_, verify_only_, now);
    stream_->set_owner(this);
    Actions actions;
    machine_->on_connected(now, actions);
    for (const Verify& request : waiting_verifies_) machine_->verify(request, now, actions);
    waiting_verifies_.clear();
    carry_out(actions);
    arm();
}

void OutboundStream::dial_failed(const DialFailure& failure) {
    // What the stream itself said is more to the point than that no further target was left.
    finish(failure_ ? *failure_ : failure);
}

void OutboundStream::verify(const Verify& request) {
    if (!machine_) {
        waiting_verifies_.push_back(request);
        return;
    }
    Actions actions;
    machine_->verify(request, context_.shard.loop.now(), actions);
    carry_out(actions);
    arm();
}

bool OutboundStream::shareable() const { return machine_ && !finished_ && machine_->shareable(); }

bool OutboundStream::add_pair(const xmpp::DomainPair& pair) {
    if (!machine_ || finished_ || machine_->closed()) return false;
    Actions actions;
    const bool taken = machine_->add_pair(pair, context_.shard.loop.now(), actions);
    carry_out(actions);
    arm();
    return taken;
}

bool OutboundStream::ready(const xmpp::DomainPair& pair) const {
    return machine_ && !finished_ && !machine_->closed() && machine_->ready(pair);
}

bool OutboundStream::has_room() const {
    return stream_ && machine_ && !finished_ && !machine_->closed() && stream_->pending() < io::Stream::high_water;
}
bool OutboundStream::counting() const { return machine_ && machine_->counting(); }
bool OutboundStream::bidi() const { return machine_ && machine_->bidi(); }

void OutboundStream::send(const xmpp::Stanza& stanza) {
    ++stanzas_out_;
    bytes_out_ += stanza.bytes.size();
    last_stanza_ = context_.shard.loop.now();
    stream_->write(stanza.bytes);
    Actions actions;
    machine_->on_sent(last_stanza_, actions);
    if (!actions.empty()) carry_out(actions);
}

bool OutboundStream::probe() {
    if (!machine_ || finished_) return false;
    Actions actions;
    const bool possible = machine_->probe(context_.shard.loop.now(), actions);
    carry_out(actions);
    return possible;
}

void OutboundStream::rules_changed() {
    if (!machine_ || finished_) return;
    Actions actions;
    machine_->on_rules_changed(context_.shard.loop.now(), actions);
    carry_out(actions);
    arm();
}

void OutboundStream::presume_dead() {
    if (finished_ || !stream_) return;
    presumed_dead_ = true;
    // Not closed: what its TCP still holds must not arrive after it was returned, or sent again on another stream.
    stream_->abort();
}

void OutboundStream::shut(std::optional<xmpp::StreamError> error, const std::string& why) {
    if (finished_) return;
    if (!machine_) return finish({xmpp::StanzaCondition::remote_server_timeout, false, "stream", why});
    Actions actions;
    machine_->shut(std::move(error), why, context_.shard.loop.now(), actions);
    carry_out(actions);
    arm();
}

void OutboundStream::on_bytes(std::string_view bytes) {
    bytes_in_ += bytes.size();
    heard_ = context_.shard.loop.now();
    switching_ = false;
    reader_->feed(bytes);
    while (!switching_ && !finished_ && !machine_->closed()) {
        Actions actions;
        const xml::Kind kind = reader_->next();
        if (kind == xml::Kind::need_more) break;
        switch (kind) {
            case xml::Kind::need_more: break;
            case xml::Kind::header: machine_->on_header(reader_->header(), heard_, actions); break;
            case xml::Kind::element: element(); continue;
            case xml::Kind::excess:
                if (is_stanza(*reader_)) {
                    stanza();
                    continue;
                }
                [[fallthrough]];
            case xml::Kind::footer: machine_->on_footer(heard_, actions); break;
            case xml::Kind::problem:
                machine_->on_problem(reader_->problem(), reader_->explanation(), heard_, actions);
                break;
        }
        carry_out(actions);
        // The reader says so for ever; a machine that waits for the peer's end would be asked for ever.
        if (kind != xml::Kind::header) break;
    }
    if (!finished_ && !unread_ && stream_->pending() > most_unread) {  // threat T61
        unread_ = true;
        stream_->pause(true);
    }
    arm();
}

void OutboundStream::element() {
    if (is_stanza(*reader_)) return stanza();
    Actions actions;
    machine_->on_element(reader_->tree(), reader_->unread(), heard_, actions);
    carry_out(actions);
}

void OutboundStream::stanza() {
    xmpp::Stanza stanza;
    xmpp::StanzaProblem problem;
    std::uint64_t sequence = 0;
    Actions actions;
    const bool read = intake_.read(*reader_, {}, stanza, problem);
    if (!read && stanza.to_domain.empty()) stanza.to_domain = machine_->local_for(stanza.from_domain);
    if (!read && problem.stream) {
        machine_->shut(xmpp::StreamError{*problem.stream, {}, {}, {}}, std::string{problem.why}, heard_, actions);
    } else if (machine_->on_stanza(stanza, heard_, sequence, actions)) {
        ++stanzas_in_;
        routing::Ticket ticket;
        if (machine_->managed()) {
            if (!source_.wanted()) {
                source_ = context_.shard.desk.open([this](std::uint64_t handled) {
                    Actions acknowledgements;
                    machine_->on_handled(handled, acknowledgements);
                    carry_out(acknowledgements);
                });
            }
            ticket = source_;
            ticket.sequence = sequence;
        }
        if (!read) {
            owner_.outbound_refused(stanza, xmpp::refusal(problem), ticket);
        } else if (!owner_.outbound_answered(stanza, ticket)) {
            context_.router->route(stanza, ticket);
        }
    }
    carry_out(actions);
}

void OutboundStream::on_tls(const TlsFacts& facts) {
    heard_ = context_.shard.loop.now();
    record_.tls(facts, pair_.remote.ascii());
    Actions actions;
    machine_->on_tls(facts, heard_, actions);
    carry_out(actions);
    certificate_check_ = next_certificate_check(machine_->tls(), context_.shard.loop);
    arm();
}

void OutboundStream::on_drained() {
    if (finished_) return;
    if (unread_) {
        unread_ = false;
        stream_->pause(false);
    }
    owner_.outbound_drained(*this);
}

void OutboundStream::begin_tls(const std::string& name) {
    switching_ = true;
    reader_ = std::make_unique<xml::Reader>(context_.limits.before_auth);
    const auto& base = target_.direct_tls ? context_.direct_client_tls : context_.client_tls;
    stream_->start_tls(io::with_identity(base, pair_.local.ascii()), io::TlsRole::client, name);
}

void OutboundStream::carry_out(Actions& actions) {
    for (Action& action : actions) {
        if (finished_) return;
        if (auto* send = std::get_if<Send>(&action)) {
            bytes_out_ += send->bytes.size();
            stream_->write(send->bytes);
        } else if (auto* tls = std::get_if<StartTls>(&action)) {
            begin_tls(tls->name);
        } else if (std::holds_alternative<RestartXml>(action)) {
            switching_ = true;
            reader_ = std::make_unique<xml::Reader>(context_.limits.before_auth);
        } else if (auto* ready_pair = std::get_if<PairReady>(&action)) {
            was_ready_ = true;
            if (machine_->bidi()) {
                reader_->set_limits(context_.peer_limits(pair_.remote).after_auth);
                reader_->pass_over_excess();
            }
            const TlsFacts* facts = machine_->tls();
            log_.info("s2s.pair.ready", {{"detail", "Connection state change: PENDING->CONNECTED"},
                                         {"pair", ready_pair->pair.text()},
                                         {"direction", "OUT"},
                                         {"method", std::string{text(ready_pair->method)}},
                                         {"tls", facts != nullptr ? facts->version : "none"},
                                         {"stream", machine_->id()},
                                         {"connection", connection_text()}});
            owner_.outbound_ready(*this, *ready_pair);
        } else if (auto* failed = std::get_if<PairFailed>(&action)) {
            // The machine's text names the step; what the peer or the check said is in the note before it.
            if (!said_.empty() && said_ != failed->text) failed->text += ": " + said_;
            if (!was_ready_) failure_ = DialFailure{failed->condition, false, failed->step, failed->text};
            owner_.outbound_failed(*this, *failed);
        } else if (auto* answer = std::get_if<Verified>(&action)) {
            was_ready_ = true;
            owner_.outbound_verified(*this, *answer);
        } else if (auto* acknowledged = std::get_if<Acknowledged>(&action)) {
            owner_.outbound_acknowledged(*this, acknowledged->count);
        } else if (auto* limits = std::get_if<PeerLimits>(&action)) {
            owner_.outbound_limits(*this, *limits);
        } else if (auto* noted = std::get_if<Note>(&action)) {
            note(*noted);
        } else if (auto* close = std::get_if<Close>(&action)) {
            if (!failure_ && !was_ready_) {
                failure_ = DialFailure{xmpp::StanzaCondition::remote_server_timeout, false, "stream", close->why};
            }
            finish_stream(*stream_, *close, context_.timers.closing);
        }
    }
    actions.clear();
}

void OutboundStream::note(const Note& note) {
    const std::string verdict = record_.note(note);
    if (note.level >= LogLevel::warn) said_ = reason_in(note);
    if (!log_.wants(note.level)) return;
    std::vector<LogFact> own{{"pair", pair_.text()}, {"direction", "OUT"}, {"connection", connection_text()}};
    if (!verdict.empty()) own.push_back({"verdict", verdict});
    log_.write_for(log_source_, note.level, note.event, told(note, std::move(own)));
}

void OutboundStream::arm() {
    if (finished_ || !machine_) return;
    const TimePoint deadline = std::min(machine_->deadline(), certificate_check_);
    if (deadline >= armed_) return;
    armed_ = deadline;
    timer_->arm(deadline);
}

void OutboundStream::expire() {
    armed_ = never;
    if (!machine_) return;
    const TimePoint now = context_.shard.loop.now();
    Actions actions;
    if (machine_->deadline() <= now) machine_->on_deadline(now, actions);
    if (certificate_check_ <= now) {  // threat T31
        if (certificate_over(machine_->tls(), context_.shard.loop)) machine_->on_certificate_expired(now, actions);
        certificate_check_ = next_certificate_check(machine_->tls(), context_.shard.loop);
    }
    carry_out(actions);
    arm();
}

void OutboundStream::on_closed(io::CloseReason reason, const std::string& text) {
    timer_->disarm();
    armed_ = never;
    const bool failed_early = !was_ready_ && !verify_only_ && reason != io::CloseReason::local;
    Actions actions;
    machine_->on_closed(context_.shard.loop.now(), actions);
    carry_out(actions);
    const std::string why = std::string{close_text(reason)} + (text.empty() ? "" : ": " + text);
    record_.step("connection.closed", {{"why", why}}, reason == io::CloseReason::local);
    log_.debug("s2s.connection.closed", {{"pair", pair_.text()},
                                         {"direction", "OUT"},
                                         {"stream", machine_->id()},
                                         {"connection", connection_text()},
                                         {"reason", std::string{close_text(reason)}},
                                         {"why", text},
                                         {"stanzas", std::to_string(stanzas_out_)}});
    const bool tls = reason == io::CloseReason::tls_failed;
    const bool silent = reason == io::CloseReason::reset || presumed_dead_;
    if (!failure_ || tls) {
        failure_ = DialFailure{xmpp::StanzaCondition::remote_server_timeout, false, tls ? "tls" : "stream", why};
    }
    failure_->silent = silent;
    if (failed_early && job_) {
        // Another target of the domain may do better (RFC 6120 3.2.1; XEP-0368 section 3).
        stream_.reset();
        machine_.reset();
        certificate_check_ = never;
        return job_->next();
    }
    finish(*failure_);
}

void OutboundStream::finish(DialFailure failure) {
    if (finished_) return;
    finished_ = true;
    timer_->disarm();
    record_.closed(failure.step, failure.why);
    count_bytes();
    owner_.outbound_gone(*this, failure, was_ready_);
}

void OutboundStream::count_bytes() {
    if (context_.records == nullptr) return;
    record::Counters& counters = context_.records->counters();
    counters.stanzas_in += stanzas_in_;
    counters.stanzas_out += stanzas_out_;
    counters.bytes_in += bytes_in_;
    counters.bytes_out += bytes_out_;
}

StreamStatus OutboundStream::status() const {
    StreamStatus status;
    status.direction = Direction::outbound;
    status.local = pair_.local.text();
    status.remote = pair_.remote.text();
    status.verify_only = verify_only_;
    status.state = "dialling";
    status.since = since_;
    status.last_stanza = last_stanza_;
    status.shard = context_.shard.index;
    status.stanzas_out = stanzas_out_;
    status.stanzas_in = stanzas_in_;
    status.bytes_in = bytes_in_;
    status.bytes_out = bytes_out_;
    if (!machine_) return status;
    status.id = machine_->id();
    status.pairs = machine_->pairs();
    status.state = machine_->state();
    status.local_address = local_.text();
    status.remote_address = remote_.text();
    describe_tls(machine_->tls(), pair_.remote, status);
    status.managed = machine_->managed();
    status.bidi = machine_->bidi();
    status.unacknowledged = machine_->unacknowledged();
    return status;
}

std::string OutboundStream::connection_text() const { return local_.text() + ":" + remote_.text(); }

}  // namespace sallyport::s2s
