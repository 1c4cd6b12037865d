// What the peer says on the inbound stream, as far as it is read.
#include "services/s2s/inbound_stream.h"
#include "services/s2s/pool.h"
#include "services/s2s/stream_text.h"

namespace sallyport::s2s {

void InboundStream::on_bytes(std::string_view bytes) {
    bytes_in_ += bytes.size();
    heard_ = context_.shard.loop.now();
    gate_.take(stream_->received(), heard_);
    switching_ = false;
    reader_.feed(bytes);
    if (leaving_) return reader_.own_rest();
    work_off();
}

/// What has come, as far as nothing holds the stream.
void InboundStream::work_off() {
    gate_.leave_rest(false);
    read_on();
    if (leaving_) return reader_.own_rest();
    if (!finished_ && stream_->pending() > most_unread) gate_.unread(true);  // threat T61
    pause_or_go_on();
    if (!finished_ && machine_.closed()) end_.heard_out(*stream_, context_.timers.closing);
    arm();
}

void InboundStream::read_on() {
    while (!switching_ && !leaving_ && !finished_ && !machine_.closed()) {
        if (left_unread()) {
            gate_.leave_rest(true);
            return reader_.own_rest();
        }
        const TimePoint now = context_.shard.loop.now();
        Actions actions;
        switch (reader_.next()) {
            case xml::Kind::need_more: return;
            case xml::Kind::header:
                machine_.on_header(reader_.header(), now, actions);
                carry_out(actions);
                break;
            case xml::Kind::element: element(); break;
            case xml::Kind::footer:
                machine_.on_footer(now, actions);
                carry_out(actions);
                return;
            case xml::Kind::excess:
                if (is_stanza(reader_)) {
                    stanza();
                } else {
                    // Read on, as long as the stream waits for its end: the rest lies in a buffer that others use next.
                    machine_.on_problem(reader_.problem(), reader_.explanation(), now, actions);
                    carry_out(actions);
                }
                break;
            case xml::Kind::problem:
                machine_.on_problem(reader_.problem(), reader_.explanation(), now, actions);
                carry_out(actions);
                return;
        }
    }
}

void InboundStream::element() {
    if (is_stanza(reader_)) return stanza();
    Actions actions;
    machine_.on_element(reader_.tree(), reader_.unread(), context_.shard.loop.now(), actions);
    carry_out(actions);
}

void InboundStream::stanza() {
    const TimePoint now = context_.shard.loop.now();
    xmpp::Stanza stanza;
    xmpp::StanzaProblem problem;
    Actions actions;
    const bool read = intake_.read(reader_, machine_.lang(), stanza, problem);
    if (!read && stanza.to_domain.empty()) stanza.to_domain = machine_.local_for(stanza.from_domain);
    std::uint64_t sequence = 0;
    if (!read && !machine_.authenticated()) {
        // Before authentication nothing is told about the stanza itself (RFC 6120 4.9.3.12).
        machine_.refuse(xmpp::stream_error(xmpp::StreamCondition::not_authorized), "stanza before authentication", now,
                        actions);
    } else if (!read && problem.stream) {
        machine_.refuse(xmpp::stream_error(*problem.stream), std::string{problem.why}, now, actions);
    } else if (machine_.on_stanza(stanza, now, sequence, actions)) {
        ++stanzas_in_;
        last_stanza_ = now;
        if (now >= sign_due_) give_sign(now);
        if (context_.trace.wants(stanza, now)) context_.trace.tell(log_, stanza, true, xcoder_);
        routing::Ticket ticket;
        if (machine_.managed()) {
            ticket = ticket_of(sequence);
        }
        if (sequence == 0) {
            // It is on its way since before the stream was resumed.
        } else if (!read) {
            pool_.bounce(stanza, xmpp::refusal(problem), ticket);
        } else if (!pool_.take_pong(stanza, ticket)) {
            context_.router->route(stanza, ticket);
        }
    }
    carry_out(actions);
}

/// Those of the first domain that has proved itself on the stream.
void InboundStream::set_limits() {
    const Limits limits = context_.peer_limits(limited_as_);
    reader_.set_limits(limits.after_auth);
    reader_.pass_over_excess();
    gate_.configure(limits.inbound_bytes_per_second, limits.inbound_burst_bytes);
    machine_.set_limits(limits);
}

void InboundStream::hold(bool held) {
    gate_.hold(held || awaited_ > 0);
    resume_reading();
    arm();
}

/// If nothing holds it any more. The rest is read from the loop: whoever lets go is in the middle of something.
void InboundStream::resume_reading() {
    pause_or_go_on();
    if (!gate_.has_rest() || left_unread() || finished_) return;
    armed_ = context_.shard.loop.now();
    timer_->arm(armed_);
}

void InboundStream::pause_or_go_on() {
    if (finished_) return;
    if (const auto pause = gate_.pause(left_unread())) stream_->pause(*pause);
    machine_.on_partial(reader_.inside_element() && !gate_.closed_by_us(left_unread()), context_.shard.loop.now());
}

void InboundStream::on_drained() {
    gate_.unread(false);
    if (finished_) return;
    pause_or_go_on();
    if (machine_.bidi()) pool_.reverse_drained(*this);
}

}  // namespace sallyport::s2s
