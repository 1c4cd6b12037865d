// A client's stream.
//
// A client connects, sends a header and is offered nothing but TLS. After that it authenticates with SCRAM; what proves
// its password is looked up elsewhere, and meanwhile nothing is read. A user who does not exist is looked up,
// challenged and refused like one who does. The stream begins a third time, and the client binds a resource or goes on
// with a session of before (XEP-0198). From there on stanzas pass, beside the machine.
//
// Everything a client may do is a row of the table; what no row names ends the stream.
//
//   opening --header--> offering --starttls--> securing --tls--> opening --header--> offering
//   offering --auth--> looking-up --verifier--> challenged --response--> opening --header--> binding
//   binding --bind, resume--> attaching --bound, resumed--> open
#include "proto/c2s/machine.h"

#include <array>

#include "proto/c2s/events.h"
#include "proto/c2s/machine_state.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::c2s {

using S = Machine::State;
using xmpp::StreamCondition;
using xmpp::StreamError;

struct S::Table {
    using enum Phase;
    using enum Fact;
    static constexpr auto stays = machine::stays;
    static constexpr machine::Set not_securing{opening, offering,  looking_up, challenged,
                                               binding, attaching, open,       closing};
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{opening, On::header, binding, &S::greet_again, "RFC 6120 6.3.2, 7", authenticated},
        Row{opening, On::header, offering, &S::greet, "RFC 6120 4.2", {}, authenticated},
        Row{offering, On::starttls, securing, &S::accept_tls, "RFC 6120 5.4.2.3", {}, secured},
        Row{securing, On::tls_up, opening, &S::restart, "RFC 6120 5.4.3.3"},
        Row{offering, On::auth, looking_up, &S::authenticate, "RFC 6120 6.4.2, RFC 5802 5", secured},
        Row{offering, On::response, looking_up, &S::take_response, "RFC 4422 3.3", secured},
        Row{offering, On::abort, stays, &S::abort_sasl, "RFC 6120 6.4.4", secured},
        Row{looking_up, On::verifier, challenged, &S::challenge, "RFC 5802 5"},
        Row{looking_up, On::login_refused, offering, &S::decline_login, "RFC 6120 6.5.11"},
        Row{challenged, On::response, opening, &S::take_response, "RFC 5802 5"},
        Row{challenged, On::abort, offering, &S::abort_sasl, "RFC 6120 6.4.4"},
        Row{challenged, On::auth, looking_up, &S::authenticate, "RFC 6120 6.4.2"},
        Row{binding, On::bind, attaching, &S::bind, "RFC 6120 7.6"},
        Row{attaching, On::bound, open, &S::admit, "RFC 6120 7.6.1"},
        Row{attaching, On::bind_refused, binding, &S::decline_bind, "RFC 6120 7.6.2"},
        Row{binding, On::resume, attaching, &S::resume, "XEP-0198 5"},
        Row{attaching, On::resumed, open, &S::go_on, "XEP-0198 5"},
        Row{attaching, On::resume_refused, binding, &S::decline_resume, "XEP-0198 5"},
        Row{binding, On::enable, stays, &S::decline_enable, "XEP-0198 3"},
        Row{open, On::enable, stays, &S::enable, "XEP-0198 3", {}, managed},
        Row{open, On::enable, stays, &S::decline_enable, "XEP-0198 3", managed},
        Row{open, On::ack_request, stays, &S::acknowledge, "XEP-0198 4", managed},
        Row{open, On::ack, stays, &S::take_ack, "XEP-0198 4", managed},
        Row{{offering, challenged, binding, open}, On::stream_error, closing, &S::peer_error, "RFC 6120 4.9.1.1"},
        Row{not_securing, On::footer, closed, &S::finish, "RFC 6120 4.4"},
    };
    static_assert(machine::check(rows, opening, closed) == machine::Fault::none);
};

std::string_view S::words(Phase phase) {
    switch (phase) {
        case Phase::opening: return "opening";
        case Phase::offering: return "offering";
        case Phase::securing: return "securing";
        case Phase::looking_up: return "looking-up";
        case Phase::challenged: return "challenged";
        case Phase::binding: return "binding";
        case Phase::attaching: return "attaching";
        case Phase::open: return "open";
        case Phase::closing: return "closing";
        case Phase::closed: return "closed";
    }
    return "";
}

S::State(Settings settings_given, TimePoint now) : settings{std::move(settings_given)}, seen{now} {
    deadlines[Timer::negotiation] = now + settings.timers.negotiation;
}

Facts S::facts() const {
    Facts all;
    if (tls) all.add(Fact::secured);
    if (!user.local().empty()) all.add(Fact::authenticated);
    if (managed) all.add(Fact::managed);
    return all;
}

void S::handle(const Event& event, TimePoint now, Actions& out) {
    if (phase == Phase::closed) return;
    const auto holding = [&](Facts) { return facts(); };
    const auto run = [&](Act act) { return (this->*act)(event, now, out); };
    if (!machine::step(Table::rows, phase, event.on, holding, run)) {
        if (phase != Phase::closing) refuse_event(event.on, now, out);
    } else if (phase == Phase::closed) {
        end();
    }
}

/// What an event gets that no row allows.
void S::refuse_event(On on, TimePoint now, Actions& out) {
    const bool answer_of_ours = on == On::verifier || on == On::login_refused || on == On::bound ||
                                on == On::bind_refused || on == On::resumed || on == On::resume_refused;
    if (answer_of_ours) return;  // too late: the client went another way
    const std::string what{text(on)};
    if (on == On::starttls) {  // RFC 6120 5.4.2.2
        out.push_back(Send{"<failure xmlns='" + std::string{xmpp::ns::tls} + "'/>"});
        return close(std::nullopt, "starttls refused", now, out);
    }
    StreamCondition condition = StreamCondition::unsupported_stanza_type;
    const bool early = on == On::stanza || on == On::bind || on == On::enable || on == On::resume;
    if (!tls || on == On::auth || on == On::response || on == On::abort) {
        condition = StreamCondition::policy_violation;
    } else if (early) {  // RFC 6120 4.9.3.12, 7.1
        condition = StreamCondition::not_authorized;
    }
    close(stream_error(condition), (tls ? "unexpected " + what : what + " before TLS"), now, out);
}

void S::close(std::optional<StreamError> error, std::string why, TimePoint now, Actions& out) {
    if (phase == Phase::closing || phase == Phase::closed) return;
    const bool silent = phase == Phase::securing || (phase == Phase::opening && !header_seen && !error);
    if (!silent && !header_sent) respond_header(out);  // RFC 6120 4.9.1.2
    if (error) {
        note(out, LogLevel::warn, event::refused,
             {{"condition", std::string{xmpp::text(error->condition)}}, {"why", why}});
    } else {
        note(out, LogLevel::info, event::closed, {{"why", why}});
    }
    out.push_back(Close{std::move(error), std::move(why), silent});
    phase = Phase::closing;
    deadlines.stop();
    deadlines[Timer::closing] = now + settings.timers.closing;
    if (silent) end();
}

void S::end() {
    phase = Phase::closed;
    deadlines.stop();
    scram.reset();
}

void S::note(Actions& out, LogLevel level, std::string_view name, std::vector<LogFact> told) const {
    if (!user.local().empty()) told.push_back({"user", user.text()});
    out.push_back(Note{level, name, std::move(told)});
}

/// The client closes: we answer in kind and are done (RFC 6120 4.4).
S::Did S::finish(const Event&, TimePoint, Actions& out) {
    if (phase != Phase::closing) {
        note(out, LogLevel::info, event::closed, {{"why", "closed by the client"}});
        out.push_back(Close{std::nullopt, "closed by the client", !header_sent});
    }
    return Did::advance;
}

S::Did S::peer_error(const Event& event, TimePoint now, Actions& out) {
    const StreamError error = xmpp::read_stream_error(*event.element);
    close(std::nullopt, "the client sent " + std::string{xmpp::text(error.condition)}, now, out);
    return Did::ended;
}

void S::on_time(TimePoint now, Sent sent, Actions& out) {
    if (phase == Phase::closing) {
        if (now >= deadlines[Timer::closing]) end();
        return;
    }
    if (phase == Phase::closed) return;
    if (now >= deadlines[Timer::stanza]) {
        return close(stream_error(StreamCondition::policy_violation, "the stanza took too long"), "stanza deadline",
                     now, out);
    }
    if (now >= deadlines[Timer::negotiation]) {
        if (!header_seen) return close(std::nullopt, "negotiation deadline, no header", now, out);
        return close(stream_error(StreamCondition::connection_timeout, "negotiation took too long"),
                     "negotiation deadline", now, out);
    }
    if (now >= deadlines[Timer::answer]) return on_answer_due(now, sent, out);
    if (now < deadlines[Timer::idle]) return;
    if (now < seen + settings.timers.idle) {  // bytes came meanwhile; the timer was not moved for each
        deadlines[Timer::idle] = seen + settings.timers.idle;
        return;
    }
    deadlines[Timer::idle] = never;
    if (sent.taken >= sent.written) return ask(now, sent, out);
    // A question would wait behind what is about to show the same.
    asked = false;
    before = sent;
    deadlines[Timer::answer] = now + settings.timers.answer;
}

/// Who takes what had to wait for room reads, and lives. What there is room for any TCP takes, whoever is behind it.
void S::on_answer_due(TimePoint now, Sent sent, Actions& out) {
    const bool waits = sent.taken < before.written;
    if (!waits && !asked) return ask(now, sent, out);
    if (!waits || sent.taken == before.taken) {
        return close(stream_error(StreamCondition::connection_timeout),
                     waits ? "it does not read what it is sent" : "no answer", now, out);
    }
    before = sent;
    deadlines[Timer::answer] = now + settings.timers.answer;
}

void S::ask(TimePoint now, Sent sent, Actions& out) {
    asked = true;
    before = sent;
    deadlines[Timer::answer] = now + settings.timers.answer;
    if (managed) {
        out.push_back(Send{"<r xmlns='" + std::string{xmpp::ns::stream_management} + "'/>"});
    } else {  // XEP-0199 4.1
        out.push_back(Send{"<iq type='get' id='" + settings.fresh_id() + "' from='" + user.domain().text() + "' to='" +
                           xml::escaped(user.text()) + "'><ping xmlns='" + std::string{xmpp::ns::ping} + "'/></iq>"});
    }
}

}  // namespace sallyport::c2s
