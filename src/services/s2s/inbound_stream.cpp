// The driver of one inbound stream: its life, and what its machine decides.
#include "services/s2s/inbound_stream.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "proto/s2s/certificate.h"
#include "proto/s2s/stream_management.h"
#include "proto/xmpp/namespaces.h"
#include "services/s2s/dialback_desk.h"
#include "services/s2s/pool.h"
#include "services/s2s/stream_seal.h"
#include "services/s2s/stream_text.h"

namespace sallyport::s2s {

static_assert(routing::Ticket::answered_after == ReceivedCounter::look_every);

InboundSettings InboundStream::settings_of(S2sContext& context, InboundSessions& sessions, bool direct_tls) {
    return {context.timers,    context.limits,
            direct_tls,        [&context] { return sealed_id(context.shard.fresh_id(), context.node_instance); },
            context.limits_of, [&sessions] { return sessions.fresh_name(); }};
}

InboundStream::InboundStream(S2sContext& context, DialbackDesk& desk, Pool& pool, InboundSessions& sessions,
                             std::unique_ptr<io::Stream> stream, bool direct_tls, routing::Ledger::Entry counted,
                             OnGone on_gone)
    : context_{context},
      desk_{desk},
      pool_{pool},
      sessions_{sessions},
      stream_{std::move(stream)},
      direct_tls_{direct_tls},
      counted_{std::move(counted)},
      on_gone_{std::move(on_gone)},
      machine_{settings_of(context, sessions, direct_tls), context.rules, context.shard.loop.now()},
      reader_{context.limits.before_auth},
      log_{context.shard.logger(LogModule::s2s)},
      record_{context, Direction::inbound, false},
      xcoder_{context.next_reference()},
      timer_{context.shard.loop.timer([this] { expire(); })},
      gate_{context.limits.unauthenticated_bytes_per_second, context.limits.unauthenticated_burst_bytes,
            context.shard.loop.now()},
      remote_{stream_->remote()},
      local_{stream_->local()},
      since_{context.shard.loop.now()},
      last_stanza_{since_},
      heard_{since_} {}

InboundStream::~InboundStream() {
    if (session_ != nullptr) sessions_.end(*session_);
    context_.shard.desk.close(source_);
    desk_.cancel(this);
}

void InboundStream::start() {
    stream_->set_owner(this);
    counted_.make_way_by(leaver());
    record_.connected(remote_);
    record_.begin({});
    record_.step(Stage::tcp, "tcp.accepted", {{"address", remote_.text()}, {"at", local_.text()}}, true);
    if (direct_tls_) stream_->start_tls(context_.direct_server_tls, io::TlsRole::server, {});
    arm();
}

/// For the ledger, which calls from any thread. What it told a stranger, it did not tell who has proved himself since.
std::function<void()> InboundStream::leaver() {
    return [loop = &context_.shard.loop, here = std::weak_ptr<InboundStream*>{here_}, proved = authenticated_] {
        loop->post([here, proved] {
            const auto stream = here.lock();
            if (stream && (*stream)->authenticated() == proved) (*stream)->make_way();
        });
    };
}

void InboundStream::on_tls(const TlsFacts& facts) {
    gate_.begin_at(stream_->received());
    record_.tls(facts, {});
    Actions actions;
    machine_.on_tls(facts, context_.shard.loop.now(), actions);
    carry_out(actions);
    certificate_check_ = next_certificate_check(machine_.tls(), context_.shard.loop);
    arm();
}

void InboundStream::verified(const xmpp::DomainPair& pair, Verified::Outcome outcome, xmpp::StanzaCondition error,
                             const std::string& text) {
    if (finished_) return;
    Actions actions;
    machine_.on_verified(pair, outcome, error, text, context_.shard.loop.now(), actions);
    carry_out(actions);
    arm();
}

void InboundStream::rules_changed() {
    if (finished_) return;
    if (authenticated_) set_limits();
    Actions actions;
    machine_.on_rules_changed(context_.shard.loop.now(), actions);
    const StreamEnd::As as{end_, Ending::By::ours};
    carry_out(actions);
    arm();
}

void InboundStream::shut(xmpp::StreamError error) {
    if (finished_) return;
    Actions actions;
    machine_.shut(std::move(error), context_.shard.loop.now(), actions);
    const StreamEnd::As as{end_, Ending::By::ours};
    carry_out(actions);
    arm();
}

void InboundStream::drop() {
    if (!finished_) stream_->abort();
}

void InboundStream::carry_out(Actions& actions) {
    for (Action& action : actions) {
        if (finished_) return;
        if (auto* send = std::get_if<Send>(&action)) {
            bytes_out_ += send->bytes.size();
            // Each step of a negotiation begins a segment: readers of captures show one element of each.
            if (!authenticated_) stream_->push();
            stream_->write(send->bytes);
        } else if (auto* tls = std::get_if<StartTls>(&action)) {
            switching_ = true;
            reader_ = xml::Reader{context_.limits.before_auth};
            stream_->start_tls(
                tls->name.empty() ? context_.server_tls : io::with_identity(context_.server_tls, tls->name),
                io::TlsRole::server, tls->name);
        } else if (std::holds_alternative<RestartXml>(action)) {
            switching_ = true;
            reader_ = xml::Reader{authenticated_ ? context_.peer_limits(limited_as_).after_auth
                                                 : context_.limits.before_auth};
            if (authenticated_) reader_.pass_over_excess();
        } else if (auto* request = std::get_if<Verify>(&action)) {
            verify(*request);
        } else if (auto* pair = std::get_if<PairReady>(&action)) {
            ready(*pair);
        } else if (const auto* resumable = std::get_if<Resumable>(&action)) {
            session_ = &sessions_.begin(*this, resumable->id, resumable->max);
        } else if (const auto* wanted = std::get_if<Resume>(&action)) {
            resume(*wanted);
        } else if (const auto* acknowledged = std::get_if<Acknowledged>(&action)) {
            pool_.reverse_acknowledged(*this, acknowledged->count);
        } else if (const auto* limits = std::get_if<PeerLimits>(&action)) {
            peer_max_bytes_ = limits->max_bytes;
        } else if (auto* noted = std::get_if<Note>(&action)) {
            note(*noted);
        } else if (auto* close = std::get_if<Close>(&action)) {
            this->close(*close);
        }
    }
    actions.clear();
}

void InboundStream::close(const Close& close) {
    // The peer has the closing tag to come. Before it there may be stanzas, which it sent before it had ours (RFC 6120
    // 4.4), and acknowledgements (XEP-0198 section 4). A node that stops has no time for the former.
    const bool more = (machine_.orderly() && !is_of_a_stop(close)) || machine_.unacknowledged() != 0;
    end_.say(*stream_, close, machine_.peer_error(), more && !machine_.closed(), context_.timers.closing);
}

void InboundStream::ready(const PairReady& pair) {
    if (!authenticated_) {
        authenticated_ = true;
        limited_as_ = pair.pair.remote;
        set_limits();
        const std::string owner{xmpp::owner_of(pair.pair.remote.text())};
        if (!counted_.authenticated(context_.shard.loop.now(), owner, leaver())) leaver()();
    }
    hold(context_.must_wait(carries()) || context_.stopping);
    await_earlier(pair.pair);
    const TlsFacts* tls = machine_.tls();
    log_.write_for(log_source(remote_.address), LogLevel::info, "s2s.pair.ready",
                   {{"Detail", detail_of_ready(name(), pair.pair, pair.method)},
                    {"pair", pair.pair.text()},
                    {"direction", "IN"},
                    {"method", std::string{text(pair.method)}},
                    {"tls", tls != nullptr ? tls->version : "none"},
                    {"stream", machine_.id()},
                    {"xcoder", xcoder_},
                    {"connection", connection_text()}});
    tell_up(pair);
    if (machine_.bidi() && context_.rules.policy(pair.pair.remote).bidi) {
        stream_->follow();
        pool_.offer(pair.pair, *this);
    }
    sign_due_ = context_.shard.loop.now() + sign_every;
    pool_.tell_alive(pair.pair.remote, Sign::opened);
}

/// A partner whose listener was away need not have closed the streams that it had opened.
void InboundStream::give_sign(TimePoint now) {
    sign_due_ = now + sign_every;
    const std::vector<xmpp::DomainPair> all = carries();
    std::set<std::string_view> told;
    for (const xmpp::DomainPair& pair : all) {
        if (told.insert(pair.remote.text()).second) pool_.tell_alive(pair.remote, Sign::heard);
    }
}

/// The peer's stream before may have come to another shard, which has another link.
void InboundStream::await_earlier(const xmpp::DomainPair& pair) {
    if (!context_.in_order) return;
    ++awaited_;
    hold(true);
    context_.in_order(pair, [here = std::weak_ptr<InboundStream*>{here_}] {
        const auto there = here.lock();
        if (!there) return;
        InboundStream& stream = **there;
        --stream.awaited_;
        stream.hold(stream.context_.must_wait(stream.carries()) || stream.context_.stopping);
    });
}

void InboundStream::tell_up(const PairReady& pair) {
    if (!context_.on_peer || std::find(told_.begin(), told_.end(), pair.pair) != told_.end()) return;
    const TlsFacts* tls = machine_.tls();
    told_.push_back(pair.pair);
    context_.on_peer({pair.pair, Direction::inbound, pair.method, tls != nullptr ? tls->version : "",
                      tls != nullptr ? tls->cipher : "", remote_.text(), true});
}

void InboundStream::verify(const Verify& request) {
    const TimePoint now = context_.shard.loop.now();
    auto counted = context_.ledger.begin_dialback(remote_.address, now);
    if (!counted) {
        Actions actions;
        machine_.on_verified(request.pair, Verified::Outcome::error, xmpp::StanzaCondition::resource_constraint,
                             counted.error().text, now, actions);
        return carry_out(actions);
    }
    const xmpp::DomainPair pair = request.pair;
    desk_.ask(this, std::move(*counted), request,
              [this, pair](Verified::Outcome outcome, xmpp::StanzaCondition condition, const std::string& why) {
                  verified(pair, outcome, condition, why);
              });
}

void InboundStream::note(const Note& note) {
    const std::string verdict = record_.note(note);
    if (!log_.wants(note.level)) return;
    std::vector<LogFact> own{
        {"pair", machine_.peer().text()}, {"direction", "IN"}, {"xcoder", xcoder_}, {"connection", connection_text()}};
    if (!verdict.empty()) own.push_back({"verdict", verdict});
    const std::string detail = detail_of(note, name(), &reader_.header());
    // Partners, too: some ask all the time, and come and go.
    log_.write_for(log_source(remote_.address), note.level, note.event, told(note, detail, std::move(own)));
}

void InboundStream::make_way() {
    if (finished_) return;
    if (authenticated_) return shut(xmpp::stream_error(xmpp::StreamCondition::resource_constraint, "too many streams"));
    log_.debug("s2s.connection.refused",
               {{"remote", remote_.text()}, {"why", "too many unauthenticated connections; the oldest is closed"}});
    stream_->abort();
}

void InboundStream::arm() {
    if (finished_) return;
    const TimePoint deadline = std::min({machine_.deadline(), certificate_check_, gate_.deadline()});
    // A timer that fires early looks again: cheaper than moving it with each stanza.
    if (deadline >= armed_) return;
    armed_ = deadline;
    timer_->arm(deadline);
}

void InboundStream::expire() {
    armed_ = never;
    const TimePoint now = context_.shard.loop.now();
    gate_.look(now);
    pause_or_go_on();
    if (gate_.has_rest() && !left_unread()) work_off();
    Actions actions;
    const StreamEnd::As as{end_, Ending::By::ours};
    if (machine_.deadline() <= now) machine_.on_deadline(now, actions);
    if (certificate_check_ <= now) {  // threat T31
        if (certificate_over(machine_.tls(), context_.shard.loop)) machine_.on_certificate_expired(now, actions);
        certificate_check_ = next_certificate_check(machine_.tls(), context_.shard.loop);
    }
    carry_out(actions);
    if (!finished_ && machine_.closed()) end_.heard_out(*stream_, {});  // it has had its time
    arm();
}

void InboundStream::on_closed(io::CloseReason reason, const std::string& text) {
    finished_ = true;
    timer_->disarm();
    part_with_session();
    Actions actions;
    machine_.on_closed(context_.shard.loop.now(), actions);
    for (const Action& action : actions) {
        if (const auto* noted = std::get_if<Note>(&action)) note(*noted);
    }
    const std::string why = std::string{close_text(reason)} + (text.empty() ? "" : ": " + text);
    record_.closed(reason == io::CloseReason::tls_failed ? Stage::tls : Stage::none, why);
    if (context_.records != nullptr) {
        count_gone(status(), authenticated_ ? limited_as_.text() : std::string{}, context_.records->counters());
    }
    log_.debug("s2s.connection.closed", {{"pair", machine_.peer().text()},
                                         {"direction", "IN"},
                                         {"stream", machine_.id()},
                                         {"connection", connection_text()},
                                         {"reason", std::string{close_text(reason)}},
                                         {"why", text},
                                         {"stanzas", std::to_string(stanzas_in_)}});
    // Not the machine's pairs: it has none any more.
    for (const xmpp::DomainPair& pair : told_) {
        context_.on_peer({pair, Direction::inbound, Method::none, "", "", remote_.text(), false});
    }
    end_.closed(reason, text);
    pool_.withdraw(*this, {.stage = Stage::stream, .why = why, .silent = end_.silent()});
    counted_.let_go();
    on_gone_(*this);
}

bool InboundStream::has_room() const {
    return !finished_ && !end_.said() && machine_.bidi() && machine_.open() &&
           stream_->pending() < io::Stream::high_water;
}

bool InboundStream::probe() {
    if (finished_) return false;
    Actions actions;
    const bool possible = machine_.probe(context_.shard.loop.now(), actions);
    carry_out(actions);
    return possible;
}

void InboundStream::presume_dead() {
    if (finished_) return;
    end_.presume_dead();
    // Not closed: what its TCP still holds must not arrive after it was returned, or sent again on another stream.
    stream_->abort();
}

/// Signs of life count as use here: the pool asks for them only while something else is under way.
void InboundStream::send(const xmpp::Stanza& stanza, Use) {
    ++stanzas_out_;
    bytes_out_ += stanza.bytes.size();
    if (context_.trace.wants(stanza, context_.shard.loop.now())) context_.trace.tell(log_, stanza, false, xcoder_);
    stream_->write(stanza.bytes);
    Actions actions;
    machine_.on_sent(context_.shard.loop.now(), actions);
    carry_out(actions);
}

bool InboundStream::concerns(const xmpp::Domain& remote) const {
    if (machine_.peer().remote == remote) return true;
    for (const auto& pair : machine_.pairs()) {
        if (pair.domains.remote == remote) return true;
    }
    return false;
}

std::vector<xmpp::DomainPair> InboundStream::carries() const {
    std::vector<xmpp::DomainPair> all;
    for (const auto& pair : machine_.pairs()) {
        if (!pair.pending) all.push_back(pair.domains);
    }
    return all;
}

StreamStatus InboundStream::status() const {
    StreamStatus status;
    status.id = machine_.id();
    status.direction = Direction::inbound;
    status.local = machine_.peer().local.text();
    status.remote = machine_.peer().remote.text();
    status.pairs = machine_.pairs();
    status.state = machine_.state();
    status.local_address = local_.text();
    status.remote_address = remote_.text();
    describe_tls(machine_.tls(), machine_.peer().remote, status);
    status.managed = machine_.managed();
    status.bidi = machine_.bidi();
    status.unacknowledged = machine_.unacknowledged();
    status.stanzas_in = stanzas_in_;
    status.stanzas_out = stanzas_out_;
    status.bytes_in = bytes_in_;
    status.bytes_out = bytes_out_;
    status.since = since_;
    status.last_stanza = last_stanza_;
    status.shard = context_.shard.index;
    return status;
}

StreamName InboundStream::name() const { return {xcoder_, machine_.id(), machine_.peer(), Direction::inbound}; }

std::string InboundStream::connection_text() const { return local_.text() + ":" + remote_.text(); }

}  // namespace sallyport::s2s
