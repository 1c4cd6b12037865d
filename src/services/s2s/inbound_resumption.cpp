// The inbound stream that resumes another one, or may be resumed (XEP-0198 section 5): whose it is, the session that
// outlives its connection, and the way to the shard on which that lives (decision records 0015 and 0029).
#include <algorithm>
#include <utility>

#include "proto/s2s/certificate.h"
#include "services/s2s/dialback_desk.h"
#include "services/s2s/inbound_stream.h"
#include "services/s2s/stream_text.h"

namespace sallyport::s2s {

InboundStream::InboundStream(S2sContext& context, DialbackDesk& desk, Pool& pool, InboundSessions& sessions,
                             MovedInbound moved, OnGone on_gone)
    : context_{context},
      desk_{desk},
      pool_{pool},
      sessions_{sessions},
      stream_{context.shard.network.join(std::move(moved.stream))},
      direct_tls_{moved.direct_tls},
      counted_{std::move(moved.counted)},
      on_gone_{std::move(on_gone)},
      machine_{settings_of(context, sessions, moved.direct_tls), context.rules, context.shard.loop.now(),
               moved.machine},
      reader_{std::move(moved.reader)},
      log_{context.shard.logger(LogModule::s2s)},
      record_{context, Direction::inbound, false},
      xcoder_{std::move(moved.xcoder)},
      timer_{context.shard.loop.timer([this] { expire(); })},
      gate_{context.limits.unauthenticated_bytes_per_second, context.limits.unauthenticated_burst_bytes,
            context.shard.loop.now()},
      remote_{stream_->remote()},
      local_{stream_->local()},
      authenticated_{true},
      limited_as_{std::move(moved.limited_as)},
      wanted_{std::move(moved.wanted)},
      stanzas_in_{moved.stanzas_in},
      bytes_in_{moved.bytes_in},
      bytes_out_{moved.bytes_out},
      since_{moved.since},
      last_stanza_{context.shard.loop.now()},
      heard_{last_stanza_} {}

void InboundStream::go_on() {
    stream_->set_owner(this);
    stream_->pause(false);
    gate_.begin_at(stream_->received());
    record_.connected(remote_);
    set_limits();
    counted_.leave_by(leaver());
    certificate_check_ = next_certificate_check(machine_.tls(), context_.shard.loop);
    for (const Inbound::Pair& pair : machine_.pairs()) {
        if (pair.method != Method::none) tell_up({pair.domains, pair.method});
    }
    // The rules may have changed on its way. Who is not welcome any more goes on with nothing.
    rules_changed();
    if (!finished_ && machine_.resuming()) answer_resumption(wanted_);
    // From the loop: whoever has brought it is in the middle of something.
    gate_.leave_rest(true);
    armed_ = context_.shard.loop.now();
    timer_->arm(armed_);
}

ProvedIdentity InboundStream::identity() const {
    ProvedIdentity who;
    for (const Inbound::Pair& pair : machine_.pairs()) {
        if (pair.method != Method::none) who.pairs.push_back(pair.domains);
    }
    std::sort(who.pairs.begin(), who.pairs.end());
    const TlsFacts* tls = machine_.tls();
    who.secured = tls != nullptr;
    if (tls != nullptr && tls->peer) who.certificate = tls->peer->sha256;
    return who;
}

/// The connection comes to the session, not the other way round: so its tickets have one desk.
void InboundStream::resume(const Resume& wanted) {
    const auto home = sessions_.home_of(wanted.id);
    if (!home || *home == context_.shard.index || !context_.move_inbound) return answer_resumption(wanted.id);
    leaving_ = true;
    // Not in the middle of a call of its own stream; it may be gone by then.
    context_.shard.loop.defer([here = std::weak_ptr<InboundStream*>{here_}, shard = *home, id = wanted.id] {
        if (const auto stream = here.lock()) (*stream)->leave_for(shard, id);
    });
}

void InboundStream::leave_for(std::uint32_t shard, const std::string& wanted) {
    leaving_ = !finished_ && machine_.resuming();  // else our rules have closed it meanwhile
    if (!leaving_) return;
    auto moving = stream_->leave();
    // Its end is on its way here, and is heard of even where nothing was to be read.
    if (!moving) return stream_->pause(false);
    for (const xmpp::DomainPair& pair : told_) {
        context_.on_peer({pair, Direction::inbound, Method::none, "", "", remote_.text(), false});
    }
    finished_ = true;
    timer_->disarm();
    desk_.cancel(this);
    reader_.own_rest();
    context_.move_inbound(
        shard, std::make_shared<MovedInbound>(MovedInbound{std::move(moving), std::move(machine_), std::move(reader_),
                                                           std::move(counted_), limited_as_, wanted, xcoder_,
                                                           direct_tls_, stanzas_in_, bytes_in_, bytes_out_, since_}));
    on_gone_(*this);
}

void InboundStream::answer_resumption(const std::string& wanted) {
    InboundSessions::Found found = sessions_.resume(wanted, identity(), *this);
    Actions actions;
    const TimePoint now = context_.shard.loop.now();
    session_ = found.session;
    if (session_ != nullptr) {
        machine_.resume(wanted, std::move(found.counted), now, actions);
    } else {
        machine_.refuse_resumption(found.h, now, actions);
    }
    carry_out(actions);
}

ReceivedCounter InboundStream::give_up_session() {
    session_ = nullptr;
    const bool was_open = machine_.open();
    ReceivedCounter counted = machine_.give_up_count();
    if (!was_open) {
        // It is closing, and takes stanzas still: nobody counts them now.
        stream_->abort();
        return counted;
    }
    Actions actions;
    machine_.refuse(xmpp::stream_error(xmpp::StreamCondition::conflict, "resumed on another connection"),
                    "resumed on another connection", context_.shard.loop.now(), actions);
    const StreamEnd::As as{end_, Ending::By::ours};
    carry_out(actions);
    arm();
    return counted;
}

void InboundStream::lose_session() { session_ = nullptr; }

void InboundStream::handled(std::uint64_t number) {
    Actions acknowledgements;
    machine_.on_handled(number, acknowledgements);
    carry_out(acknowledgements);
    if (gate_.is_paused()) resume_reading();
}

/// Who is told what has become of the stanza: what outlives the connection, where there is such a thing.
routing::Ticket InboundStream::ticket_of(std::uint64_t number) {
    if (session_ != nullptr) return sessions_.ticket(*session_, number);
    if (!source_.wanted()) {
        source_ = context_.shard.desk.open([this](std::uint64_t done) { handled(done); });
        source_.of_stream = true;
    }
    routing::Ticket ticket = source_;
    ticket.sequence = number;
    return ticket;
}

/// Nobody has closed the stream: its peer may come back.
void InboundStream::part_with_session() {
    InboundSessions::Session* const session = std::exchange(session_, nullptr);
    if (session == nullptr) return;
    if (!machine_.open() || context_.stopping) return sessions_.end(*session);
    const bool resumable = machine_.resumable();
    ProvedIdentity who = identity();
    sessions_.detach(*session, machine_.give_up_count(), std::move(who), resumable);
}

}  // namespace sallyport::s2s
