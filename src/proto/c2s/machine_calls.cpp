// The public face of Machine: each call is an event, a time and actions.
#include <algorithm>

#include "proto/c2s/machine_state.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::c2s {

using xmpp::StreamCondition;

Machine::Machine(Settings settings, TimePoint now) : state_{std::make_unique<State>(std::move(settings), now)} {}
Machine::~Machine() = default;

void Machine::on_header(const xml::Header& header, TimePoint now, Actions& out) {
    state_->handle({.on = On::header, .header = &header}, now, out);
}
void Machine::on_element(const xml::Element& element, std::size_t unread, TimePoint now, Actions& out) {
    state_->handle({.on = classify(element), .element = &element, .unread = unread}, now, out);
}
void Machine::on_tls(const TlsFacts& facts, sasl::Channel channel, TimePoint now, Actions& out) {
    state_->channel = std::move(channel);
    state_->handle({.on = On::tls_up, .tls = &facts}, now, out);
}
void Machine::on_verifier(const sasl::Verifier& verifier, TimePoint now, Actions& out) {
    state_->handle({.on = On::verifier, .verifier = &verifier}, now, out);
}
void Machine::on_login_refused(TimePoint now, Actions& out) { state_->handle({.on = On::login_refused}, now, out); }
void Machine::on_bound(const xmpp::Jid& full, TimePoint now, Actions& out) {
    state_->handle({.on = On::bound, .full = &full}, now, out);
}
void Machine::on_bind_refused(xmpp::StanzaCondition condition, TimePoint now, Actions& out) {
    state_->handle({.on = On::bind_refused, .condition = condition}, now, out);
}
void Machine::on_resumed(const xmpp::Jid& full, std::uint32_t h, TimePoint now, Actions& out) {
    state_->handle({.on = On::resumed, .full = &full, .h = h}, now, out);
}
void Machine::on_resume_refused(TimePoint now, Actions& out) { state_->handle({.on = On::resume_refused}, now, out); }
void Machine::on_enabled(std::string_view id, std::uint64_t resume_seconds, Actions& out) {
    std::string text{"<enabled xmlns='"};
    text.append(xmpp::ns::stream_management).append("'");
    if (!id.empty()) {
        text.append(" resume='true' id='")
            .append(id)
            .append("' max='")
            .append(std::to_string(resume_seconds))
            .append("'");
    }
    out.push_back(Send{text.append("/>")});
}
void Machine::on_footer(TimePoint now, Actions& out) { state_->handle({.on = On::footer}, now, out); }

void Machine::on_problem(xml::Problem problem, const std::string& explanation, TimePoint now, Actions& out) {
    StreamCondition condition = StreamCondition::not_well_formed;
    switch (problem) {
        case xml::Problem::none:
        case xml::Problem::not_well_formed: break;
        case xml::Problem::restricted_xml: condition = StreamCondition::restricted_xml; break;
        case xml::Problem::unsupported_encoding: condition = StreamCondition::unsupported_encoding; break;
        case xml::Problem::limit: condition = StreamCondition::policy_violation; break;
        case xml::Problem::bad_format: condition = StreamCondition::bad_format; break;
    }
    state_->close(xmpp::stream_error(condition), explanation, now, out);
}

void Machine::refuse(xmpp::StreamError error, const std::string& why, TimePoint now, Actions& out) {
    state_->close(std::move(error), why, now, out);
}

void Machine::on_activity(bool partial, TimePoint now) {
    State& s = *state_;
    if (s.phase == State::Phase::closing || s.phase == State::Phase::closed) return;
    s.seen = now;
    using enum State::Timer;
    if (s.deadlines[answer] != never) {
        s.deadlines[answer] = never;
        s.deadlines[idle] = now + s.settings.timers.idle;
    }
    s.partial = partial;
    if (!partial || s.held) {
        s.deadlines[stanza] = never;
    } else if (s.deadlines[stanza] == never) {
        s.deadlines[stanza] = now + s.settings.timers.stanza;
    }
}

void Machine::on_held(bool held, TimePoint now) {
    State& s = *state_;
    if (s.held == held || closing()) return;
    s.held = held;
    if (s.phase != State::Phase::open) return;
    using enum State::Timer;
    if (held) {
        s.before_held = s.deadlines;
        s.held_at = now;
        for (const auto timer : {idle, answer, stanza}) s.deadlines[timer] = never;
        return;
    }
    // Its time goes on where it stood still, for it may be held again and again. What it has said meanwhile is about to
    // be read.
    constexpr Duration moment = std::chrono::seconds{5};
    const Duration passed = now - s.held_at;
    const auto goes_on = [&](State::Timer timer, Duration whole) {
        const TimePoint before = s.before_held[timer];
        s.deadlines[timer] = before == never ? now + whole : std::max(before + passed, now + moment);
    };
    const bool silent = s.seen <= s.held_at;
    s.seen = std::min(s.seen + passed, now);
    if (silent && s.before_held[answer] != never) {
        goes_on(answer, {});
    } else {
        goes_on(idle, s.settings.timers.idle);
    }
    if (s.partial) goes_on(stanza, s.settings.timers.stanza);
}

TimePoint Machine::deadline() const { return state_->deadlines.first(); }
void Machine::on_deadline(TimePoint now, Sent sent, Actions& out) { state_->on_time(now, sent, out); }

bool Machine::open() const { return state_->phase == State::Phase::open; }
bool Machine::waiting() const {
    return state_->phase == State::Phase::looking_up || state_->phase == State::Phase::attaching;
}
bool Machine::closing() const { return state_->phase == State::Phase::closing || closed(); }
bool Machine::closed() const { return state_->phase == State::Phase::closed; }
const xmpp::Jid& Machine::user() const { return state_->user; }
std::string_view Machine::mechanism() const { return state_->mechanism == nullptr ? "" : state_->mechanism->name; }
std::string_view Machine::binding() const { return state_->binding; }
const TlsFacts* Machine::tls() const { return state_->tls.get(); }
std::string_view Machine::state() const { return State::words(state_->phase); }

}  // namespace sallyport::c2s
