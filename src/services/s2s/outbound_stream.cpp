// The driver of one outbound stream: what its owner asks of it, and what its machine decides.
#include "services/s2s/outbound_stream.h"

#include <algorithm>
#include <utility>

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
    if (context_.trace.wants(stanza, last_stanza_)) context_.trace.tell(log_, stanza, false, xcoder_);
    stream_->write(stanza.bytes);
    Actions actions;
    machine_->on_sent(last_stanza_, actions);
    if (use == Use::traffic) machine_->on_used(last_stanza_);
    if (!actions.empty()) carry_out(actions);
}

bool OutboundStream::forget_resumption() {
    if (finished_) return true;
    if (machine_ && !machine_->closed() && !machine_->forget_resumption(context_.shard.loop.now())) return false;
    resumption_.reset();
    arm();
    return true;
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

void OutboundStream::begin_tls(const std::string& name) {
    switching_ = true;
    reader_ = std::make_unique<xml::Reader>(context_.limits.negotiated);
    unheard_in_tls_ = true;
    stream_->start_tls(
        identity_ ? io::with_identity(tls_context(), pair_.local.ascii()) : io::without_identity(tls_context()),
        io::TlsRole::client, name);
}

void OutboundStream::carry_out(Actions& actions) {
    for (Action& action : actions) {
        if (finished_) return;
        // Whoever was told of an action before may have ended the stream: nothing goes behind the closing tag.
        const bool goes = !end_.said();
        if (auto* send = std::get_if<Send>(&action)) {
            if (!goes) continue;
            bytes_out_ += send->bytes.size();
            stream_->write(send->bytes);
        } else if (auto* tls = std::get_if<StartTls>(&action)) {
            begin_tls(tls->name);
        } else if (std::holds_alternative<RestartXml>(action)) {
            switching_ = true;
            reader_ = std::make_unique<xml::Reader>(context_.limits.negotiated);
        } else if (std::holds_alternative<Proved>(action)) {
            of_use();
        } else if (auto* resumable = std::get_if<Resumable>(&action)) {
            resumable_.id = std::move(resumable->id);
            resumable_.max = resumable->max;
        } else if (const auto* resumed = std::get_if<Resumed>(&action)) {
            if (!goes) continue;
            if (resumption_) resumable_ = *std::exchange(resumption_, std::nullopt);
            owner_.outbound_resumed(*this, resumed->count);
        } else if (const auto* anew = std::get_if<NotResumed>(&action)) {
            if (!goes) continue;
            resumption_.reset();
            owner_.outbound_not_resumed(*this, anew->count);
        } else if (auto* ready_pair = std::get_if<PairReady>(&action)) {
            of_use();
            hold(context_.must_wait(carries()));
            const TlsFacts* facts = machine_->tls();
            log_.write_for(log_source_, LogLevel::info, "s2s.pair.ready",
                           {{"Detail", detail_of_ready(name(), ready_pair->pair, ready_pair->method)},
                            {"pair", ready_pair->pair.text()},
                            {"direction", "OUT"},
                            {"method", std::string{text(ready_pair->method)}},
                            {"tls", facts != nullptr ? facts->version : "none"},
                            {"stream", machine_->id()},
                            {"xcoder", xcoder_},
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

/// No other server is looked for any more.
void OutboundStream::of_use() {
    was_ready_ = true;
    job_->succeeded();
    got_through_without_identity();
    set_limits();
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
    if (!error) got_through_without_identity();
    owner_.outbound_verified(*this, answer);
}

std::vector<xmpp::DomainPair> OutboundStream::carries() const {
    std::vector<xmpp::DomainPair> all;
    if (!machine_) return all;
    for (const auto& pair : machine_->pairs()) {
        if (pair.method != Method::none) all.push_back(pair.domains);
    }
    return all;
}

void OutboundStream::note(const Note& note) {
    const std::string verdict = record_.note(note);
    if (note.level >= LogLevel::warn) said_ = reason_in(note);
    if (!log_.wants(note.level)) return;
    std::vector<LogFact> own{
        {"pair", pair_.text()}, {"direction", "OUT"}, {"xcoder", xcoder_}, {"connection", connection_text()}};
    if (!verdict.empty()) own.push_back({"verdict", verdict});
    const std::string detail = detail_of(note, name(), &reader_->header());
    // Whoever we dial may be a stranger, too: a user of ours named the domain, or another stranger did.
    log_.write_for(log_source_, note.level, note.event, told(note, detail, std::move(own)));
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
    if (gate_.has_rest() && !left_unread()) {
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
    if (machine_->open() && !resumable_.id.empty()) {
        left_ = resumable_;
        left_->pairs = carries();
        left_->acknowledged = machine_->acknowledged();
        left_->unacknowledged = machine_->unacknowledged();
    }
    const bool tls = reason == io::CloseReason::tls_failed;
    identity_failed_ = tls && unheard_in_tls_ && identity_ && has_identity();
    Actions actions;
    machine_->on_closed(context_.shard.loop.now(), actions);
    carry_out(actions);
    const std::string why = std::string{close_text(reason)} + (text.empty() ? "" : ": " + text);
    record_.step(Stage::stream, "connection.closed", {{"why", why}}, reason == io::CloseReason::local);
    log_.debug("s2s.connection.closed", {{"pair", pair_.text()},
                                         {"direction", "OUT"},
                                         {"stream", machine_->id()},
                                         {"connection", connection_text()},
                                         {"reason", std::string{close_text(reason)}},
                                         {"why", text},
                                         {"stanzas", std::to_string(stanzas_out_)}});
    end_.closed(reason, text);
    if (!failed_here_ || tls) {
        failed(tls ? tls_failure(why) : xmpp::Failure{Stage::stream, why});
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
    const bool is_peer = was_ready_ && !verify_only_;
    count_gone(status(), is_peer ? pair_.remote.text() : std::string{}, context_.records->counters());
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

StreamName OutboundStream::name() const {
    return {xcoder_, machine_ ? machine_->id() : std::string{}, pair_, Direction::outbound};
}

std::string OutboundStream::connection_text() const { return local_.text() + ":" + remote_.text(); }

}  // namespace sallyport::s2s
