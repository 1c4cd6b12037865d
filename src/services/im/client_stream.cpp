// Bytes to events, actions to bytes. While an answer of the service is due (a verifier, a resource) nothing is read:
// what the client sent ahead waits in `later_`, which is bounded like an element before authentication.
#include "services/im/client_stream.h"

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "services/im/inside.h"

namespace sallyport::im {

namespace {

/// What a stanza costs at least, in bytes a second: small ones cause work as large ones do.
constexpr std::size_t least_cost = 512;
/// What the node writes because of a stanza costs the client this part of what it measures: a packet of small presences
/// or requests must not keep the shard busy for seconds (threat T61).
constexpr std::size_t part_of_caused = 8;
/// So many bytes may wait for a client that does not read: stanzas stop at half of it, the rest is answers.
constexpr std::size_t most_unread = 2 * io::Stream::high_water;

}  // namespace

ClientStream::ClientStream(Inside& inside, std::uint64_t serial, std::unique_ptr<io::Stream> stream,
                           routing::Ledger::Entry counted)
    : inside_{inside},
      serial_{serial},
      stream_{std::move(stream)},
      counted_{std::move(counted)},
      remote_{stream_->remote()},
      machine_{inside.machine_settings(), inside.now()},
      reader_{inside.context().limits.before_auth},
      timer_{inside.context().shard.loop.timer([this] { expire(); })},
      bucket_{inside.context().limits.unauthenticated_bytes_per_second, inside.context().limits.client_burst_bytes,
              inside.now()} {
    stream_->follow();
    stream_->set_owner(this);
    arm();
}

ClientStream::~ClientStream() = default;

TimePoint ClientStream::now() const { return inside_.now(); }

void ClientStream::on_bytes(std::string_view bytes) {
    // With TLS, small records are dear: what the wire brought is charged.
    throttle(stream_->received() - std::exchange(charged_, stream_->received()));
    if (machine_.closed()) return;
    if (machine_.waiting() || reading_) {
        if (later_.size() + bytes.size() > inside_.context().limits.before_auth.element_bytes) {
            return end(xmpp::StreamCondition::policy_violation, "too many bytes before the node answered");
        }
        later_ += bytes;
        return;
    }
    switching_ = false;
    if (machine_.open()) {
        reader_.feed(bytes);
    } else {
        held_ = bytes;
        reader_.feed(held_);
    }
    read_on();
    // Who does not read the answers asks no more (threat T61).
    if (!finished_ && stream_->pending() > most_unread) {
        unread_ = true;
        pause_or_go_on();
    }
}

void ClientStream::on_drained() {
    unread_ = false;
    if (finished_) return;
    if (session_ != nullptr) inside_.catch_up(*session_);
    if (!throttled_ && !held_back_ && !reading_) read_on();
    pause_or_go_on();
}

void ClientStream::pause_or_go_on() {
    if (finished_) return;
    // The rest comes before what is to be read next, the end of the connection included.
    stream_->pause(throttled_ || held_back_ || unread_ || has_rest_);
    // One that does not read our answers has only itself to blame.
    machine_.on_held(throttled_ || held_back_, now());
    arm();
}

void ClientStream::read_on() {
    reading_ = true;
    has_rest_ = false;
    for (;;) {
        if (finished_ || machine_.closed() || machine_.waiting()) break;
        if (switching_) break;
        if (session_ != nullptr && machine_.open() && (throttled_ || held_back_ || !has_room())) {
            // The rest waits, in order, for expire() or on_drained(): its answers would find no room, or it leads where
            // nothing more is taken.
            if (!has_room()) unread_ = true;
            if (!later_.empty()) {
                held_ = std::exchange(later_, {});
                reader_.feed(held_);
            }
            reader_.own_rest();
            has_rest_ = true;
            pause_or_go_on();
            break;
        }
        const TimePoint at = now();
        c2s::Actions actions;
        const xml::Kind kind = reader_.next();
        if (kind == xml::Kind::need_more) {
            if (later_.empty()) break;
            held_ = std::exchange(later_, {});
            reader_.feed(held_);
            continue;
        }
        if (kind == xml::Kind::header) machine_.on_header(reader_.header(), at, actions);
        if (kind == xml::Kind::footer) machine_.on_footer(at, actions);
        const bool excess = kind == xml::Kind::excess && this->excess();
        if (kind == xml::Kind::problem || (kind == xml::Kind::excess && !excess))
            machine_.on_problem(reader_.problem(), reader_.explanation(), at, actions);
        if (kind == xml::Kind::element) element();
        carry_out(actions);
        if (kind == xml::Kind::footer || kind == xml::Kind::problem) break;
    }
    reading_ = false;
    if (finished_) return;
    machine_.on_activity(reader_.inside_element(), now());
    arm();
}

void ClientStream::element() {
    if (is_stanza() && machine_.open() && session_ != nullptr) {
        const std::size_t size = reader_.slice().size();
        if (size < least_cost) throttle(least_cost - size);
        if (reader_.has_new_names()) {  // docs/decisions/0022-names-that-few-parsers-know.md
            return inside_.refuse_unread(*session_, reader_.shell(), xmpp::StanzaCondition::not_acceptable);
        }
        return inside_.from_client(*session_, reader_.tree());
    }
    if (machine_.closing()) return;
    c2s::Actions actions;
    machine_.on_element(reader_.tree(), reader_.unread() + later_.size(), now(), actions);
    carry_out(actions);
}

/// True: it was a stanza of an open stream, and its sender has been told.
bool ClientStream::excess() {
    if (!is_stanza() || !machine_.open() || session_ == nullptr) return false;
    inside_.refuse_unread(*session_, reader_.shell(), xmpp::StanzaCondition::policy_violation);
    return true;
}

bool ClientStream::is_stanza() const {
    const xml::Shell& shell = reader_.shell();
    return shell.space == xmpp::ns::client &&
           (shell.name == "message" || shell.name == "presence" || shell.name == "iq");
}

void ClientStream::on_tls(const TlsFacts& facts) {
    charged_ = stream_->received();  // a handshake is paid for by the bounds of connections
    c2s::Actions actions;
    c2s::sasl::Channel channel;
    if (inside_.context().channel_binding) {
        channel = {stream_->channel_binding("tls-exporter"), stream_->channel_binding("tls-server-end-point")};
    }
    machine_.on_tls(facts, std::move(channel), now(), actions);
    carry_out(actions);
    arm();
}

/// An answer of ours has come: what waited behind it is read.
void ClientStream::answered(c2s::Actions& actions) {
    carry_out(actions);
    if (!reading_ && !switching_) read_on();
    arm();
}

void ClientStream::verified(const c2s::sasl::Verifier& verifier) {
    c2s::Actions actions;
    machine_.on_verifier(verifier, now(), actions);
    answered(actions);
}

void ClientStream::login_refused() {
    c2s::Actions actions;
    machine_.on_login_refused(now(), actions);
    answered(actions);
}

void ClientStream::bound(Session& session) {
    session_ = &session;
    hold(inside_.held());
    c2s::Actions actions;
    machine_.on_bound(session.full, now(), actions);
    answered(actions);
}

void ClientStream::bind_refused(xmpp::StanzaCondition condition) {
    c2s::Actions actions;
    machine_.on_bind_refused(condition, now(), actions);
    answered(actions);
}

void ClientStream::resumed(Session& session, std::uint32_t h) {
    session_ = &session;
    hold(inside_.held());
    c2s::Actions actions;
    machine_.on_resumed(session.full, h, now(), actions);
    carry_out(actions);
    inside_.resend(session);
    answered(actions);
}

void ClientStream::resume_refused() {
    c2s::Actions actions;
    machine_.on_resume_refused(now(), actions);
    answered(actions);
}

void ClientStream::end(xmpp::StreamCondition condition, const std::string& why) {
    end(xmpp::stream_error(condition), why);
}

void ClientStream::end(xmpp::StreamError error, const std::string& why) {
    if (finished_) return;
    c2s::Actions actions;
    machine_.refuse(std::move(error), why, now(), actions);
    carry_out(actions);
    arm();
}

void ClientStream::stop(Duration linger) {
    if (finished_) return;
    if (!authenticated_) return stream_->abort();
    abort_at_ = now() + linger;
    arm();
    end(xmpp::StreamCondition::system_shutdown, "shutting down");
}

void ClientStream::carry_out(c2s::Actions& actions) {
    for (c2s::Action& action : actions) {
        if (finished_) return;
        if (auto* send = std::get_if<c2s::Send>(&action)) {
            stream_->write(send->bytes);
        } else if (auto* tls = std::get_if<c2s::StartTls>(&action)) {
            switching_ = true;
            later_.clear();
            reader_ = xml::Reader{inside_.context().limits.before_auth};
            const auto& context = inside_.context().tls;
            stream_->start_tls(tls->name.empty() ? context : io::with_identity(context, tls->name), io::TlsRole::server,
                               tls->name);
        } else if (std::holds_alternative<c2s::RestartXml>(action)) {
            switching_ = true;
            later_.clear();
            reader_ = xml::Reader{authenticated_ ? stanza_limits(inside_.context().limits)
                                                 : inside_.context().limits.before_auth};
            if (authenticated_) reader_.pass_over_excess();
        } else if (auto* wanted = std::get_if<c2s::LookUp>(&action)) {
            inside_.look_up(*this, *wanted);
        } else if (const auto* refused = std::get_if<c2s::LoginRefused>(&action)) {
            inside_.note_refused(remote_, *refused);
        } else if (std::holds_alternative<c2s::LoginFailed>(action)) {
            inside_.login_failed(*this);
        } else if (std::holds_alternative<c2s::Authenticated>(action)) {
            authenticated_ = true;
            inside_.authenticated(*this);
            bucket_.configure(inside_.context().limits.client_bytes_per_second,
                              inside_.context().limits.client_burst_bytes);
        } else if (auto* bind = std::get_if<c2s::Bind>(&action)) {
            inside_.bind(*this, bind->resource);
        } else if (auto* resume = std::get_if<c2s::Resume>(&action)) {
            inside_.resume(*this, resume->id, resume->h);
        } else if (auto* enable = std::get_if<c2s::Enable>(&action)) {
            if (session_ == nullptr) continue;
            inside_.enable(*session_, enable->resumable);
            c2s::Actions more;
            machine_.on_enabled(session_->resume_id, inside_.context().limits.client_resume_seconds, more);
            carry_out(more);
        } else if (std::holds_alternative<c2s::AckAsked>(action)) {
            if (session_ != nullptr) inside_.acknowledge(*session_);
        } else if (auto* acked = std::get_if<c2s::Acked>(&action)) {
            if (session_ != nullptr) inside_.acknowledged(*session_, acked->h);
        } else if (auto* note = std::get_if<c2s::Note>(&action)) {
            note->facts.push_back({"remote", remote_.text()});
            inside_.log().write_for(log_source(remote_.address), note->level, note->event, std::move(note->facts));
        } else if (auto* ended = std::get_if<c2s::Close>(&action)) {
            close(*ended);
        }
    }
    actions.clear();
}

void ClientStream::close(const c2s::Close& close) {
    if (!close.silent) {
        if (close.error) stream_->write(xmpp::write(*close.error));
        stream_->write("</stream:stream>");
    }
    stream_->close(inside_.context().timers.closing);
    closing_until_ = now() + inside_.context().timers.closing;
    // A client that closes, or is refused, does not come back; one that fell silent may (XEP-0198 5).
    const bool silent = close.error && close.error->condition == xmpp::StreamCondition::connection_timeout;
    took_leave_ = !close.error && machine_.closed();
    complained_ = !close.error && !took_leave_;
    Session* session = std::exchange(session_, nullptr);
    if (session == nullptr) return;
    using enum Inside::Ended;
    inside_.left(*session, silent ? by_loss : close.error ? by_us : took_leave_ ? in_order : by_client, silent);
}

bool ClientStream::keep_rest(const xmpp::Jid& bare, std::deque<Unacknowledged>& window) {
    if (finished_) return false;
    rest_of_ = bare;
    rest_ = std::move(window);
    return true;
}

void ClientStream::on_closed(io::CloseReason reason, const std::string& text) {
    finished_ = true;
    timer_->disarm();
    if (Session* session = std::exchange(session_, nullptr)) {
        using enum Inside::Ended;
        const bool by_fin = reason == io::CloseReason::peer_closed || reason == io::CloseReason::truncated;
        inside_.left(*session, by_fin ? by_client : reason == io::CloseReason::local ? by_us : by_loss, true);
    }
    if (!rest_.empty()) {
        // Both sides have closed, and in time: what its TCP took has been read. Many a client says goodbye and is gone:
        // a reset, by then, is no other end.
        const bool in_time = reason == io::CloseReason::local && now() < std::min(closing_until_, abort_at_);
        const bool has_read = in_time && (took_leave_ || (text.empty() && !complained_));
        inside_.rescue_rest(rest_of_, std::exchange(rest_, {}), stream_->taken(), has_read);
    }
    inside_.gone(*this);
}

void ClientStream::throttle(std::size_t bytes) {
    const Duration wait = bucket_.take(bytes, now());
    if (wait == Duration{0} || throttled_) return;
    throttled_ = true;
    pause_or_go_on();
    armed_ = std::min(now() + wait, machine_.deadline());
    timer_->arm(armed_);
}

void ClientStream::pay_for(std::size_t stanzas, std::size_t bytes) {
    // Never more than a burst: who is paused longer could not answer whether it lives.
    const std::uint64_t cost = stanzas * std::max(bytes, least_cost) / part_of_caused;
    throttle(static_cast<std::size_t>(std::min(cost, inside_.context().limits.client_burst_bytes)));
}

void ClientStream::hold(bool held) {
    // Who has no session yet says nothing that would go anywhere: back-pressure keeps nobody from logging in.
    const bool back = held && session_ != nullptr;
    if (finished_ || back == held_back_) return;
    held_back_ = back;
    pause_or_go_on();
    if (back || throttled_ || !has_rest_) return;
    // What came before it was held. From the loop: whoever lets go is in the middle of something.
    armed_ = now();
    timer_->arm(armed_);
}

void ClientStream::arm() {
    if (finished_) return;
    const TimePoint deadline = std::min(machine_.deadline(), abort_at_);
    // A timer that fires early looks again: cheaper than moving it with each stanza.
    if (deadline >= armed_) return;
    armed_ = deadline;
    timer_->arm(deadline);
}

void ClientStream::expire() {
    armed_ = never;
    const TimePoint at = now();
    if (throttled_) {
        const Duration wait = bucket_.take(0, at);
        throttled_ = wait != Duration{0};
        if (throttled_) {
            armed_ = at + wait;
            timer_->arm(armed_);
        }
    }
    if (has_rest_ && !throttled_ && !held_back_) {
        read_on();
        pause_or_go_on();
    }
    if (finished_) return;
    if (abort_at_ <= at) return stream_->abort();
    if (machine_.deadline() <= at) {
        c2s::Actions actions;
        machine_.on_deadline(at, {stream_->written(), stream_->taken()}, actions);
        carry_out(actions);
    }
    arm();
}

}  // namespace sallyport::im
