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
      log_source_{xmpp::owner_of(pair_.remote.text())},
      asker_{verify_only ? io::Asker::Kind::strangers : io::Asker::Kind::users, {}, log_source_},
      record_{context, Direction::outbound, verify_only},
      timer_{context.shard.loop.timer([this] { expire(); })},
      next_{context.shard.loop.timer([this] { go_on(); })},
      heard_{context.shard.loop.now()},
      gate_{context.limits.inbound_bytes_per_second, context.limits.inbound_burst_bytes, heard_},
      since_{heard_},
      last_stanza_{heard_} {}

OutboundStream::~OutboundStream() { context_.shard.desk.close(source_); }

void OutboundStream::start() {
    std::optional<ConfiguredTargets> configured;
    if (context_.configured) configured = context_.configured(pair_.remote);
    record_.begin(pair_);
    external_ =
        context_.learned == nullptr || !context_.learned->refuses_external(pair_.text(), context_.shard.loop.now());
    job_ = std::make_unique<DialJob>(
        context_.shard, context_.dial, pair_.remote, std::move(configured),
        context_.direct_client_tls != nullptr && context_.rules.policy(pair_.remote).security != SecurityMode::no_tls,
        [this](Dialled dialled_stream) { dialled(std::move(dialled_stream)); },
        [this](const xmpp::Failure& failure) { dial_failed(failure); },
        [this](std::string_view name, record::Facts facts, bool good) { record_.step(name, std::move(facts), good); },
        [this](const DnsAnswer& answer) {
            if (context_.records != nullptr) context_.records->counters().dns[text(answer.status)].add(answer.took);
        },
        context_.learned == nullptr ? nullptr : &context_.learned->targets);
    job_->log_for(log_source_);
    job_->ask_for(asker_);
    job_->start();
}

void OutboundStream::dialled(Dialled dialled) {
    stream_ = std::move(dialled.stream);
    paused_ = has_rest_ = false;
    gate_.unread(false);
    gate_.begin_at(stream_->received());
    target_ = dialled.target;
    local_ = stream_->local();
    remote_ = stream_->remote();
    record_.connected(remote_);
    reader_ = std::make_unique<xml::Reader>(context_.limits.negotiated);
    const TimePoint now = context_.shard.loop.now();
    heard_ = now;
    said_.clear();
    failed_here_ = false;
    end_ = {};
    machine_ = std::make_unique<Outbound>(
        OutboundSettings{context_.timers, target_.direct_tls, context_.peer_limits(pair_.remote),
                         [this](std::string_view id) { return is_sealed(id, context_.node_instance); }, external_,
                         dialled.share},
        context_.rules, pair_, verify_only_, now);
    stream_->set_owner(this);
    if (!verify_only_) stream_->follow();
    Actions actions;
    machine_->on_connected(now, actions);
    for (const Verify& request : verifies_) machine_->verify(request, now, actions);
    carry_out(actions);
    arm();
}

void OutboundStream::dial_failed(const xmpp::Failure& failure) {
    // What a stream itself said is more to the point than that no further target was left.
    xmpp::Failure told = failure_ ? *failure_ : failure;
    told.permanent = failure.permanent;
    finish(std::move(told));
}

/// Nothing that was tried before may yet come right by itself, or the whole may.
void OutboundStream::failed(xmpp::Failure failure) {
    if (job_ && job_->may_pass()) failure.permanent = false;
    failure_ = std::move(failure);
    failed_here_ = true;
}

/// SASL EXTERNAL took the stream with it (XEP-0178 leaves dialback to those who stay).
bool OutboundStream::go_on_with_dialback() const {
    return external_ && machine_ && machine_->tried_external() && context_.rules.policy(pair_.remote).offer_dialback;
}

/// Of no use before authentication, and there is something left to try.
bool OutboundStream::goes_on() const {
    if (final_ || finished_ || !job_ || !machine_) return false;
    if (verify_only_ ? verifies_.empty() : was_ready_) return false;
    return go_on_with_dialback() || job_->has_next();
}

void OutboundStream::go_on() {
    next_->disarm();
    going_on_ = false;
    const bool same = go_on_with_dialback();
    const xmpp::Failure failed = failure_.value_or(xmpp::Failure{});
    record_.step("target.failed",
                 {{"address", remote_.text()}, {"step", std::string{text(failed.stage)}}, {"why", failed.why}}, false);
    log_.write_for(log_source_, LogLevel::info, "s2s.target.failed",
                   {{"pair", pair_.text()},
                    {"direction", "OUT"},
                    {"connection", connection_text()},
                    {"host", target_.host},
                    {"step", std::string{text(failed.stage)}},
                    {"why", failed.why},
                    {"next", same ? "the same without SASL EXTERNAL" : "another server"}});
    stream_.reset();
    machine_.reset();
    timer_->disarm();
    armed_ = certificate_check_ = never;
    if (!same) return job_->next(failed.permanent);
    external_ = false;
    if (context_.learned != nullptr) {
        // Who resets, falls silent or goes down may have done so for any reason; who ends the stream has refused.
        const bool sure = !end_.silent() && ending().by == Ending::By::peer && !ending().has_a_cause_of_its_own();
        context_.learned->ended_at_external(pair_.text(), sure, context_.shard.loop.now());
    }
    job_->again();
}

void OutboundStream::verify(const Verify& request) {
    verifies_.push_back(request);
    if (!machine_) return;
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
    return stream_ && machine_ && !finished_ && !end_.said() && !machine_->closed() &&
           stream_->pending() < io::Stream::high_water;
}
bool OutboundStream::counting() const { return machine_ && machine_->counting(); }
bool OutboundStream::bidi() const { return machine_ && machine_->bidi(); }

void OutboundStream::send(const xmpp::Stanza& stanza, Use use) {
    ++stanzas_out_;
    bytes_out_ += stanza.bytes.size();
    last_stanza_ = context_.shard.loop.now();
    stream_->write(stanza.bytes);
    Actions actions;
    machine_->on_sent(last_stanza_, actions);
    if (use == Use::traffic) machine_->on_used(last_stanza_);
    if (!actions.empty()) carry_out(actions);
}

bool OutboundStream::probe() {
    if (!machine_ || finished_) return false;
    Actions actions;
    const bool possible = machine_->probe(context_.shard.loop.now(), actions);
    carry_out(actions);
    return possible;
}

void OutboundStream::progressed() {
    if (!machine_ || finished_) return;
    machine_->on_progress(context_.shard.loop.now());
    arm();
}

void OutboundStream::rules_changed() {
    if (!machine_ || finished_) return;
    if (was_ready_) set_limits();
    Actions actions;
    machine_->on_rules_changed(context_.shard.loop.now(), actions);
    const bool final_before = final_;
    final_ = true;  // if it ends at this, it is the rules' doing
    const StreamEnd::As as{end_, Ending::By::ours};
    carry_out(actions);
    final_ = final_before || machine_->closed() || machine_->state() == "closing";
    arm();
}

void OutboundStream::presume_dead() {
    if (finished_ || !stream_) return;
    end_.presume_dead();
    // Not closed: what its TCP still holds must not arrive after it was returned, or sent again on another stream.
    stream_->abort();
}

void OutboundStream::shut(std::optional<xmpp::StreamError> error, const std::string& why) {
    if (finished_) return;
    final_ = true;
    if (!machine_ || going_on_) return finish({Stage::stream, why});
    Actions actions;
    machine_->shut(std::move(error), why, context_.shard.loop.now(), actions);
    const StreamEnd::As as{end_, Ending::By::ours};
    carry_out(actions);
    arm();
}

void OutboundStream::on_bytes(std::string_view bytes) {
    bytes_in_ += bytes.size();
    heard_ = context_.shard.loop.now();
    gate_.take(stream_->received(), heard_);
    switching_ = false;
    reader_->feed(bytes);
    work_off();
}

/// What has come, as far as nothing holds the stream.
void OutboundStream::work_off() {
    has_rest_ = false;
    read_on();
    if (!finished_ && stream_->pending() > most_unread) gate_.unread(true);  // threat T61
    pause_or_go_on();
    if (!finished_ && machine_->closed()) end_.heard_out(*stream_, context_.timers.closing);
    arm();
}

void OutboundStream::read_on() {
    while (!switching_ && !finished_ && !machine_->closed()) {
        if (left_unread()) {
            has_rest_ = true;
            return reader_->own_rest();
        }
        Actions actions;
        const xml::Kind kind = reader_->next();
        if (kind == xml::Kind::need_more) break;
        switch (kind) {
            case xml::Kind::need_more: break;
            case xml::Kind::header: machine_->on_header(reader_->header(), heard_, actions); break;
            case xml::Kind::element: element(); continue;
            case xml::Kind::footer: machine_->on_footer(heard_, actions); break;
            case xml::Kind::excess:
                if (is_stanza(*reader_)) {
                    stanza();
                } else {
                    // Read on, as long as the stream waits for its end: the rest lies in a buffer that others use next.
                    machine_->on_problem(reader_->problem(), explained(*reader_, !was_ready_), heard_, actions);
                    carry_out(actions);
                }
                continue;
            case xml::Kind::problem:
                machine_->on_problem(reader_->problem(), explained(*reader_, !was_ready_), heard_, actions);
                break;
        }
        carry_out(actions);
        // The reader says so for ever; a machine that waits for the peer's end would be asked for ever.
        if (kind != xml::Kind::header) break;
    }
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
    const bool read = intake_.read(*reader_, machine_->lang(), stanza, problem);
    if (!read && stanza.to_domain.empty()) stanza.to_domain = machine_->local_for(stanza.from_domain);
    if (!read && problem.stream) {
        machine_->shut(xmpp::StreamError{*problem.stream, {}, {}, {}}, std::string{problem.why}, heard_, actions);
    } else if (machine_->on_stanza(stanza, heard_, sequence, actions)) {
        ++stanzas_in_;
        last_stanza_ = heard_;
        routing::Ticket ticket;
        if (machine_->managed()) {
            if (!source_.wanted()) {
                source_ = context_.shard.desk.open([this](std::uint64_t handled) {
                    Actions acknowledgements;
                    machine_->on_handled(handled, acknowledgements);
                    carry_out(acknowledgements);
                    if (paused_) resume_reading();
                });
                source_.of_stream = true;
            }
            ticket = source_;
            ticket.sequence = sequence;
        }
        if (!read) {
            machine_->on_used(heard_);
            owner_.outbound_refused(stanza, xmpp::refusal(problem), ticket);
        } else if (!owner_.outbound_answered(stanza, ticket)) {
            machine_->on_used(heard_);
            context_.router->route(stanza, ticket);
        }
    }
    carry_out(actions);
}

void OutboundStream::on_tls(const TlsFacts& facts) {
    gate_.begin_at(stream_->received());
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
    gate_.unread(false);
    pause_or_go_on();
    owner_.outbound_drained(*this);
}

void OutboundStream::begin_tls(const std::string& name) {
    switching_ = true;
    reader_ = std::make_unique<xml::Reader>(context_.limits.negotiated);
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
            reader_ = std::make_unique<xml::Reader>(context_.limits.negotiated);
        } else if (auto* ready_pair = std::get_if<PairReady>(&action)) {
            was_ready_ = true;
            job_->succeeded();
            set_limits();
            hold(context_.must_wait(carries()));
            const TlsFacts* facts = machine_->tls();
            log_.write_for(log_source_, LogLevel::info, "s2s.pair.ready",
                           {{"detail", "Connection state change: PENDING->CONNECTED"},
                            {"pair", ready_pair->pair.text()},
                            {"direction", "OUT"},
                            {"method", std::string{text(ready_pair->method)}},
                            {"tls", facts != nullptr ? facts->version : "none"},
                            {"stream", machine_->id()},
                            {"connection", connection_text()}});
            owner_.outbound_ready(*this, *ready_pair);
        } else if (auto* failed = std::get_if<PairFailed>(&action)) {
            // The machine's text names the step; what the peer or the check said is in the note before it.
            std::string& why = failed->failure.why;
            if (!said_.empty() && said_ != why) why += ": " + said_;
            if (!was_ready_) {
                this->failed(failed->failure);
                failed->failure.permanent = failure_->permanent;
                if (goes_on()) continue;  // another server may do better
            }
            owner_.outbound_failed(*this, *failed);
        } else if (auto* answer = std::get_if<Verified>(&action)) {
            answered(*answer);
        } else if (auto* acknowledged = std::get_if<Acknowledged>(&action)) {
            owner_.outbound_acknowledged(*this, acknowledged->count);
        } else if (auto* limits = std::get_if<PeerLimits>(&action)) {
            owner_.outbound_limits(*this, *limits);
        } else if (auto* noted = std::get_if<Note>(&action)) {
            note(*noted);
        } else if (auto* close = std::get_if<Close>(&action)) {
            if (!failed_here_ && !was_ready_) {
                this->failed({Stage::stream, close->why});
            }
            this->close(*close);
            if (!goes_on()) continue;
            // The peer's end is not waited for; the stream is in the middle of its call.
            going_on_ = true;
            next_->arm(context_.shard.loop.now());
        }
    }
    actions.clear();
}

void OutboundStream::close(const Close& close) {
    // The peer has the closing tag to come. Before it there may be acknowledgements (XEP-0198 section 4), and with
    // XEP-0288 stanzas (RFC 6120 4.4); a node that stops has no time for these.
    const bool counts = machine_->counting() && machine_->unacknowledged() != 0;
    const bool more = counts || (machine_->orderly() && machine_->bidi() && !is_of_a_stop(close));
    end_.say(*stream_, close, machine_->peer_error(), more && !machine_->closed(), context_.timers.closing);
}

/// One that could not answer is not believed while another can be asked.
void OutboundStream::answered(const Verified& answer) {
    const bool error = answer.outcome == Verified::Outcome::error;
    if (error) failed({answer.answered ? Stage::dialback : Stage::stream, answer.text, answer.condition});
    if (error && goes_on()) return;
    std::erase_if(verifies_, [&](const Verify& request) {
        return request.pair == answer.pair && request.stream_id == answer.stream_id;
    });
    was_ready_ = was_ready_ || answer.answered;
    if (!error) job_->succeeded();
    owner_.outbound_verified(*this, answer);
}

/// Of what the peer sends back (with XEP-0288 stanzas, too), as on the streams that it opens.
void OutboundStream::set_limits() {
    const Limits limits = context_.peer_limits(pair_.remote);
    gate_.configure(limits.inbound_bytes_per_second, limits.inbound_burst_bytes);
    if (!machine_->bidi()) return;
    reader_->set_limits(limits.after_auth);
    reader_->pass_over_excess();
}

std::vector<xmpp::DomainPair> OutboundStream::carries() const {
    std::vector<xmpp::DomainPair> all;
    if (!machine_) return all;
    for (const auto& pair : machine_->pairs()) {
        if (pair.method != Method::none) all.push_back(pair.domains);
    }
    return all;
}

void OutboundStream::hold(bool held) {
    gate_.hold(held);
    resume_reading();
    arm();
}

void OutboundStream::resume_reading() {
    pause_or_go_on();
    if (!has_rest_ || left_unread() || finished_) return;
    armed_ = context_.shard.loop.now();
    timer_->arm(armed_);
}

/// Without XEP-0288 the peer has no more to send than answers: they are read whatever the next hop takes, but no faster
/// than anybody may write to us.
void OutboundStream::pause_or_go_on() {
    if (finished_ || !stream_ || !machine_) return;
    const bool ours = gate_.deadline() != never || left_unread() || has_rest_;
    const bool pause = gate_.is_unread() || ours;
    if (pause != paused_) stream_->pause(paused_ = pause);
    machine_->on_held(left_unread());
    machine_->on_partial(reader_->inside_element() && !ours, context_.shard.loop.now());
}

void OutboundStream::note(const Note& note) {
    const std::string verdict = record_.note(note);
    if (note.level >= LogLevel::warn) said_ = reason_in(note);
    if (!log_.wants(note.level)) return;
    std::vector<LogFact> own{{"pair", pair_.text()}, {"direction", "OUT"}, {"connection", connection_text()}};
    if (!verdict.empty()) own.push_back({"verdict", verdict});
    // Whoever we dial may be a stranger, too: a user of ours named the domain, or another stranger did.
    log_.write_for(log_source_, note.level, note.event, told(note, std::move(own)));
}

void OutboundStream::arm() {
    if (finished_ || !machine_) return;
    const TimePoint deadline = std::min({machine_->deadline(), certificate_check_, gate_.deadline()});
    if (deadline >= armed_) return;
    armed_ = deadline;
    timer_->arm(deadline);
}

void OutboundStream::expire() {
    armed_ = never;
    if (!machine_) return;
    const TimePoint now = context_.shard.loop.now();
    gate_.look(now);
    pause_or_go_on();
    if (has_rest_ && !left_unread()) {
        heard_ = now;
        work_off();
    }
    Actions actions;
    if (machine_->deadline() <= now) {
        const StreamEnd::As as{end_, Ending::By::silence};
        machine_->on_deadline(now, actions);
        carry_out(actions);
    }
    const StreamEnd::As as{end_, Ending::By::ours};
    if (certificate_check_ <= now) {  // threat T31
        if (certificate_over(machine_->tls(), context_.shard.loop)) machine_->on_certificate_expired(now, actions);
        certificate_check_ = next_certificate_check(machine_->tls(), context_.shard.loop);
    }
    carry_out(actions);
    if (!finished_ && machine_->closed()) end_.heard_out(*stream_, {});  // it has had its time
    arm();
}

void OutboundStream::on_closed(io::CloseReason reason, const std::string& text) {
    if (finished_) return;
    timer_->disarm();
    armed_ = never;
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
    end_.closed(reason, text);
    if (!failed_here_ || tls) {
        failed({tls ? Stage::tls : Stage::stream, why});
    }
    failure_->silent = end_.silent();
    if (goes_on()) return go_on();
    finish(*failure_);
}

void OutboundStream::finish(xmpp::Failure failure) {
    if (finished_) return;
    finished_ = true;
    timer_->disarm();
    next_->disarm();
    record_.closed(failure.stage, failure.why);
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
