// Driving one component's connection.
#include "services/components/component_stream.h"

#include <algorithm>
#include <utility>

#include "proto/xmpp/namespaces.h"

namespace sallyport::components {

namespace {
/// Two round trips, for whoever knows the secret.
constexpr Duration negotiation = std::chrono::seconds{10};
constexpr Duration usual_linger = std::chrono::seconds{5};
constexpr Duration look_every = std::chrono::seconds{1}, look_again = std::chrono::milliseconds{20};
/// Who is slow takes at least so much, or all there is, in the time for which a stanza may wait: what was written to
/// the connection must not be under way for days.
constexpr std::uint64_t least_progress = 16 << 10;
}  // namespace

ComponentStream::ComponentStream(ComponentServer& server, std::unique_ptr<io::Stream> stream,
                                 std::unique_ptr<Doorway::Place> place)
    : server_{server},
      stream_{std::move(stream)},
      place_{std::move(place)},
      machine_{server.context_.shard.fresh_id(),
               [&server](const xmpp::Domain& domain) -> std::optional<std::string> {
                   const auto at = server.context_.secrets.find(domain);
                   if (at == server.context_.secrets.end()) return std::nullopt;
                   return at->second;
               },
               negotiation, server.context_.shard.loop.now()},
      reader_{server.context_.limits.before_auth},
      timer_{server.context_.shard.loop.timer([this] { expired(); })},
      window_{server.context_.limits},
      linger_{usual_linger} {
    timer_->arm(machine_.deadline());
    stream_->follow();
    stream_->set_owner(this);
}

bool ComponentStream::has_room() {
    if (window_.full()) look();
    return !finished_ && attached() && !window_.full() && stream_->pending() < io::Stream::high_water;
}

void ComponentStream::send(Waiting waiting) {
    ++out_;
    const std::uint64_t begin = stream_->written();
    stream_->write(waiting.stanza.bytes());
    server_.context_.shard.settle(std::exchange(waiting.ticket, {}));
    window_.add(std::move(waiting), begin, stream_->written());
    look_soon();
}

void ComponentStream::end(std::optional<xmpp::StreamCondition> condition, const std::string& why, Duration linger) {
    if (machine_.closed()) return;
    link::Actions actions;
    linger_ = linger;
    ending_.by = routing::Ending::By::ours;
    std::optional<xmpp::StreamError> error;
    if (condition) error = xmpp::stream_error(*condition);
    machine_.close(std::move(error), why, actions);
    carry_out(actions);
}

void ComponentStream::stop(Duration linger) {
    if (finished_) return;
    if (!proved()) return stream_->abort();
    if (!machine_.closed()) return end(xmpp::StreamCondition::system_shutdown, "shutting down", linger);
    abort_at_ = server_.context_.shard.loop.now() + linger;
    timer_->arm(abort_at_);
}

void ComponentStream::hold(bool held) {
    if (finished_ || !attached()) return;
    if (held != held_) stand_still(held);
    held_ = held;
    // The rest comes before what is to be read next, the end of the connection included.
    stream_->pause(held || has_rest_);
    if (held || !has_rest_) return;
    // From the loop: whoever lets go is in the middle of something.
    look_at_ = server_.context_.shard.loop.now();
    timer_->arm(look_at_);
}

/// While it is held its time stands still, and then goes on: it is held again and again when others write much.
void ComponentStream::stand_still(bool begins) {
    const TimePoint now = server_.context_.shard.loop.now();
    if (begins) {
        held_at_ = now;
        return;
    }
    moved_at_ = std::min(moved_at_ + (now - held_at_), now);
}

void ComponentStream::look_soon() {
    if (finished_ || !attached()) return;
    const Duration in = window_.full() || stream_->pending() >= io::Stream::high_water ? look_again : look_every;
    // Asked for each stanza: the clock is read only where the timer might change.
    if (look_at_ != never && look_in_ <= in) return;
    const TimePoint at = server_.context_.shard.loop.now() + in;
    if (look_at_ <= at) return;
    look_at_ = at;
    look_in_ = in;
    timer_->arm(at);
}

void ComponentStream::expired() {
    if (attached()) {
        look_at_ = never;
        if (has_rest_ && !held_) {
            work_off();
            stream_->pause(held_);
        }
        look();
        return server_.flush(domain().text());
    }
    if (server_.context_.shard.loop.now() >= abort_at_) return stream_->abort();
    link::Actions actions;
    machine_.on_deadline(actions);
    carry_out(actions);
}

bool ComponentStream::still_delivers() {
    refresh();
    return !window_.all_taken();
}

void ComponentStream::refresh() {
    const TimePoint now = server_.context_.shard.loop.now();
    const std::uint64_t taken = stream_->taken();
    const bool moved = taken > taken_;
    if (moved) {
        taken_ = taken;
        took_at_ = now;
    }
    if (taken_ >= due_) {
        moved_at_ = now;
        due_ = std::min(stream_->written(), taken_ + least_progress);
    }
    window_.taken(taken, !moved && taken < stream_->written(), now);
}

/// One that takes nothing, or next to nothing, for as long as a stanza may wait is presumed dead: what it was given
/// goes back to its senders, who would otherwise wait for the kernel's patience of many minutes. Who is slow is alive.
/// One that we do not read may be waiting for us before it reads again: nothing is presumed of it.
void ComponentStream::look() {
    refresh();
    const TimePoint now = server_.context_.shard.loop.now();
    const bool owes = taken_ < stream_->written();
    if (!held_ && owes && now - moved_at_ >= server_.patience_) {
        const bool crawls = now - took_at_ < server_.patience_ / 2;
        return end(std::nullopt, crawls ? "it reads too slowly" : "it does not read", Duration{0});
    }
    if (!window_.empty()) look_soon();
}

void ComponentStream::on_bytes(std::string_view bytes) {
    reader_.feed(bytes);
    work_off();
}

/// What has come, as far as nothing holds it.
void ComponentStream::work_off() {
    has_rest_ = false;
    while (!finished_ && !machine_.closed()) {
        if (held_) {
            has_rest_ = true;
            return reader_.own_rest();
        }
        link::Actions actions;
        switch (reader_.next()) {
            case xml::Kind::need_more: return;
            case xml::Kind::header: machine_.on_header(reader_.header(), actions); break;
            case xml::Kind::footer: machine_.on_footer(actions); break;
            case xml::Kind::element: element(actions); break;
            case xml::Kind::excess:
                if (reader_.shell().space == xmpp::ns::component) {
                    stanza(actions);
                    break;
                }
                [[fallthrough]];
            case xml::Kind::problem: machine_.on_problem(reader_.problem(), actions); break;
        }
        carry_out(actions);
    }
}

void ComponentStream::on_closed(io::CloseReason reason, const std::string& text) {
    finished_ = true;
    timer_->disarm();
    const TimePoint now = server_.context_.shard.loop.now();
    refresh();
    ending_.said = machine_.peer_error();
    ending_.broken = reason == io::CloseReason::reset;
    // Both sides have closed, and in time: what the component's TCP took has been read, unless it stopped at something.
    ending_.in_order =
        machine_.closed() && !ending_.said && reason == io::CloseReason::local && text.empty() && now < closing_until_;
    if (why_.empty()) why_ = text.empty() ? "it closed the connection" : text;
    Held held{ending_, routing::words_of(ending_, why_), window_.in_doubt(), {}};
    if (ending_.in_order) held.in_doubt.clear();
    const bool is_begun = window_.is_begun(taken_);
    held.untaken = window_.untaken();
    if (is_begun) held.untaken.front().blame = routing::blamed(held.untaken.front().blame, ending_);
    server_.gone(*this, std::move(held));
}

void ComponentStream::element(link::Actions& actions) {
    const xml::Shell& shell = reader_.shell();
    const bool stanza_like = shell.space == xmpp::ns::component && shell.name != "handshake";
    if (stanza_like) return stanza(actions);
    const bool was_attached = attached();
    machine_.on_element(reader_.tree(), actions);
    carry_out(actions);  // the handshake's answer comes before every stanza
    if (!was_attached && attached()) attached_now();
}

void ComponentStream::stanza(link::Actions& actions) {
    xmpp::Stanza stanza;
    xmpp::StanzaProblem problem;
    const bool read = intake_.read(reader_, {}, stanza, problem);
    if (!read && !problem.stanza) {
        return machine_.close(xmpp::stream_error(*problem.stream), std::string{problem.why}, actions);
    }
    // Whoever it is of the component's users: the component answers for him, and hears of it (XEP-0114 3).
    if (stanza.from_domain.empty()) stanza.from_domain = machine_.domain().text();
    if (stanza.to_domain.empty()) stanza.to_domain = machine_.domain().text();
    if (!machine_.admits(stanza.from_domain, actions)) return;
    ++in_;
    if (!read) return server_.context_.bounce(stanza, xmpp::refusal(problem), {});
    server_.context_.router->route(stanza, {});
}

void ComponentStream::attached_now() {
    timer_->disarm();
    place_->prove();
    place_.reset();
    moved_at_ = server_.context_.shard.loop.now();
    reader_.set_limits(stanza_limits(server_.context_.limits));
    reader_.pass_over_excess();
    server_.log_.write_for(machine_.domain().text(), LogLevel::info, "component.attached",
                           {{"domain", machine_.domain().text()}, {"remote", stream_->remote().text()}});
    server_.attached(*this);
}

void ComponentStream::carry_out(link::Actions& actions) {
    for (link::Action& action : actions) {
        if (auto* send_bytes = std::get_if<link::Send>(&action)) stream_->write(send_bytes->bytes);
        if (auto* close = std::get_if<link::Close>(&action)) {
            why_ = close->why;
            server_.log_.write_for(log_source(stream_->remote().address), LogLevel::warn, "component.closed",
                                   {{"domain", machine_.domain().text()}, {"why", close->why}});
            if (close->error) stream_->write(xmpp::write(*close->error));
            stream_->write("</stream:stream>");
            closing_until_ = server_.context_.shard.loop.now() + linger_;
            stream_->close(linger_);
            server_.ending(*this);
        }
    }
    actions.clear();
}

}  // namespace sallyport::components
