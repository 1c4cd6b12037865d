// What the peer says on the outbound stream, as far as it is read.
#include "services/s2s/outbound_stream.h"
#include "services/s2s/stream_text.h"

namespace sallyport::s2s {

void OutboundStream::on_bytes(std::string_view bytes) {
    bytes_in_ += bytes.size();
    heard_ = context_.shard.loop.now();
    gate_.take(stream_->received(), heard_);
    switching_ = unheard_in_tls_ = false;
    reader_->feed(bytes);
    work_off();
}

/// What has come, as far as nothing holds the stream.
void OutboundStream::work_off() {
    gate_.leave_rest(false);
    read_on();
    if (!finished_ && stream_->pending() > most_unread) gate_.unread(true);  // threat T61
    pause_or_go_on();
    if (!finished_ && machine_->closed()) end_.heard_out(*stream_, context_.timers.closing);
    arm();
}

void OutboundStream::read_on() {
    while (!switching_ && !finished_ && !machine_->closed()) {
        if (left_unread()) {
            gate_.leave_rest(true);
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
        machine_->shut(xmpp::stream_error(*problem.stream), std::string{problem.why}, heard_, actions);
    } else if (machine_->on_stanza(stanza, heard_, sequence, actions)) {
        ++stanzas_in_;
        last_stanza_ = heard_;
        if (context_.trace.wants(stanza, heard_)) context_.trace.tell(log_, stanza, true, xcoder_);
        routing::Ticket ticket;
        if (machine_->managed()) {
            if (!source_.wanted()) {
                source_ = context_.shard.desk.open([this](std::uint64_t handled) {
                    Actions acknowledgements;
                    machine_->on_handled(handled, acknowledgements);
                    carry_out(acknowledgements);
                    if (gate_.is_paused()) resume_reading();
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

void OutboundStream::on_drained() {
    if (finished_) return;
    gate_.unread(false);
    pause_or_go_on();
    owner_.outbound_drained(*this);
}

/// Of what the peer sends back (with XEP-0288 stanzas, too), as on the streams that it opens.
void OutboundStream::set_limits() {
    const Limits limits = context_.peer_limits(pair_.remote);
    gate_.configure(limits.inbound_bytes_per_second, limits.inbound_burst_bytes);
    if (!machine_->bidi()) return;
    reader_->set_limits(limits.after_auth);
    reader_->pass_over_excess();
}

void OutboundStream::hold(bool held) {
    gate_.hold(held);
    resume_reading();
    arm();
}

void OutboundStream::resume_reading() {
    pause_or_go_on();
    if (!gate_.has_rest() || left_unread() || finished_) return;
    armed_ = context_.shard.loop.now();
    timer_->arm(armed_);
}

/// Without XEP-0288 the peer has no more to send than answers: they are read whatever the next hop takes, but no faster
/// than anybody may write to us.
void OutboundStream::pause_or_go_on() {
    if (finished_ || !stream_ || !machine_) return;
    if (const auto pause = gate_.pause(left_unread())) stream_->pause(*pause);
    machine_->on_held(left_unread());
    machine_->on_partial(reader_->inside_element() && !gate_.closed_by_us(left_unread()), context_.shard.loop.now());
}

}  // namespace sallyport::s2s
