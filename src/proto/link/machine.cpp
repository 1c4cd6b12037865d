// The router link's stream, both ends (docs/protocol/link.md). All transitions live in the table below; an element that
// it does not name in the present state ends the stream with unsupported-stanza-type.
//
//   dialler                       listener
//   header  ------------------->  header, features
//   handshake ----------------->  check (constant time)
//   enable or resume  --------->  enabled, resumed or failed
//   bind, done, node, r, a  <-->  bind, done, peer, node, r, a
// In two files: the stream and its time here, the session in machine_session.cpp.
#include "proto/link/machine.h"

#include <array>
#include <utility>

#include "base/hash.h"
#include "proto/link/wire.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::link {

namespace ns = xmpp::ns;

namespace {

std::string handshake_of(const std::string& stream_id, const std::string& secret) {
    return to_hex(sha1(stream_id + secret));
}

}  // namespace

struct Machine::Table {
    using M = Machine;
    using enum Phase;
    using enum Fact;
    static constexpr auto stays = machine::stays;
    static constexpr machine::Set unfinished{connecting, Phase::header, features, handshake, session, open};
    // A listener's session opens with the service's answer: enabled() or resumed().
    static constexpr std::array rows{
        // in, on, next, act, says, needs, forbids
        Row{connecting, On::connected, Phase::header, &M::begin, "section 2", dialler},
        Row{connecting, On::connected, Phase::header, &M::await_header, "section 2", {}, dialler},
        Row{Phase::header, On::header, features, &M::read_header, "section 2", dialler},
        Row{Phase::header, On::header, handshake, &M::answer_header, "section 2", {}, dialler},
        Row{features, On::features, handshake, &M::greet, "section 2", dialler},
        Row{handshake, On::handshake, session, &M::handshake_accepted, "XEP-0114 3", dialler},
        Row{handshake, On::handshake, session, &M::check_handshake, "XEP-0114 3", {}, dialler},
        Row{session, On::enabled, open, &M::session_enabled, "section 3", dialler},
        Row{session, On::resumed, open, &M::session_resumed, "section 3", dialler},
        // Once: each is answered with more than it takes.
        Row{session, On::failed, stays, &M::session_failed, "section 3", dialler, begun_anew},
        Row{session, On::enable, stays, &M::session_enable, "section 3", {}, dialler},
        Row{session, On::resume, stays, &M::session_resume, "section 3", {}, dialler},
        Row{open, On::bind, stays, &M::bound, "section 4"},
        Row{open, On::count_wanted, stays, &M::count_wanted, "section 8"},
        Row{open, On::count, stays, &M::count_given, "section 8"},
        Row{open, On::done, stays, &M::done_received, "section 5"},
        Row{open, On::peer, stays, &M::facts_received, "section 6", dialler},
        Row{open, On::node, stays, &M::node_told, "section 11"},
        Row{unfinished, On::stream_error, closed, &M::stream_error, "section 7"},
        Row{unfinished, On::footer, closed, &M::finish, "section 7"},
    };
    static_assert(machine::check(rows, connecting, closed) == machine::Fault::none);
};

struct Machine::Kind {
    std::string_view space, name;
    On on;
};

Machine::On Machine::classify(const xml::Element& element) {
    static constexpr std::array kinds{
        Kind{ns::streams, "features", On::features},
        Kind{ns::component, "handshake", On::handshake},
        Kind{ns::stream_management, "enable", On::enable},
        Kind{ns::stream_management, "enabled", On::enabled},
        Kind{ns::stream_management, "resume", On::resume},
        Kind{ns::stream_management, "resumed", On::resumed},
        Kind{ns::stream_management, "failed", On::failed},
        Kind{ns::component_bind, "bind", On::bind},
        Kind{ns::stream_management, "r", On::count_wanted},
        Kind{ns::stream_management, "a", On::count},
        Kind{ns::link, "done", On::done},
        Kind{ns::link, "peer", On::peer},
        Kind{ns::link, "node", On::node},
        Kind{ns::streams, "error", On::stream_error},
    };
    for (const Kind& kind : kinds) {
        if (element.is(kind.space, kind.name)) return kind.on;
    }
    return On::foreign;
}

Machine::Machine(MachineSettings settings, TimePoint now) : settings_{std::move(settings)}, heard_{now} {
    far_realm_ = settings_.far_realm;
    timers_[Timer::negotiation] = now + settings_.negotiation;
}

void Machine::meet(std::string far_realm, std::string secret) {
    settings_.far_realm = std::move(far_realm);
    settings_.secret = std::move(secret);
}

void Machine::on_connected(Actions& out) { handle({.on = On::connected}, out); }

void Machine::on_header(const xml::Header& header, TimePoint now, Actions& out) {
    on_bytes(now);
    handle({.on = On::header, .header = &header}, out);
}

void Machine::on_element(const xml::Element& element, TimePoint now, Actions& out) {
    on_bytes(now);
    handle({.on = classify(element), .element = &element}, out);
}

void Machine::on_footer(Actions& out) { handle({.on = On::footer}, out); }

void Machine::handle(const Event& event, Actions& out) {
    if (closed()) return;
    const auto holding = [&](machine::Set<Fact>) {
        machine::Set<Fact> all;
        if (settings_.end == End::dialler) all.add(Fact::dialler);
        if (begun_anew_) all.add(Fact::begun_anew);
        return all;
    };
    const auto run = [&](Act act) { return (this->*act)(event, out); };
    if (!machine::step(Table::rows, phase_, event.on, holding, run)) refuse_event(event, out);
}

/// What an event gets that no row allows.
void Machine::refuse_event(const Event& event, Actions& out) {
    using enum Phase;
    if (event.element == nullptr)
        return close(xmpp::stream_error(xmpp::StreamCondition::bad_format), "second header", out);
    const bool unauthenticated = machine::Set{Phase::header, features, handshake}.has(phase_);
    close(xmpp::stream_error(
              unauthenticated ? xmpp::StreamCondition::not_authorized : xmpp::StreamCondition::unsupported_stanza_type,
              {}),
          "unexpected <" + event.element->name.substr(0, 32) + "/>", out);
}

/// An act finds wrong what was said.
Machine::Did Machine::refuse(xmpp::StreamCondition condition, const std::string& why, Actions& out) {
    close(xmpp::stream_error(condition), why, out);
    return Did::ended;
}

Machine::Did Machine::begin(const Event&, Actions& out) {
    xmpp::StreamHeader header;
    header.content = ns::component;
    header.from = settings_.realm;
    header.to = settings_.far_realm;
    header.dialback = false;
    header.extra = attribute("xmlns:sp", ns::link) + attribute("sp:node", settings_.node) + attribute("sp:news", "1");
    out.push_back(Send{xmpp::write(header)});
    return Did::advance;
}

Machine::Did Machine::await_header(const Event&, Actions&) { return Did::advance; }

std::string Machine::listener_header() const {
    xmpp::StreamHeader answer;
    answer.content = ns::component;
    answer.from = settings_.realm;
    answer.id = settings_.stream_id;
    answer.dialback = false;
    answer.extra = attribute("xmlns:sp", ns::link) + attribute("sp:node", settings_.node) + attribute("sp:news", "1") +
                   attribute("sp:shard", std::to_string(settings_.shard)) +
                   attribute("sp:shards", std::to_string(settings_.shards));
    return xmpp::write(answer);
}

/// What both ends read of a header; false: it is no router link's, and the stream is closed.
bool Machine::read_frame(const xml::Header& header, Actions& out) {
    if (header.space != ns::streams || header.name != "stream" || header.content_space != ns::component) {
        close(xmpp::stream_error(xmpp::StreamCondition::invalid_namespace), "not a router link", out);
        return false;
    }
    for (const auto& extension : header.attributes) {
        if (extension.space != ns::link) continue;
        if (extension.name == "news") takes_news_ = extension.value == "1";
        if (extension.name == "node") far_node_ = extension.value.substr(0, 64);
        if (extension.name == "shard" && !read_number(extension.value, far_shard_)) far_shard_ = 0;
        if (extension.name == "shards" && (!read_number(extension.value, far_shards_) || far_shards_ > most_shards))
            far_shards_ = 1;
    }
    return true;
}

Machine::Did Machine::read_header(const Event& event, Actions& out) {
    if (!read_frame(*event.header, out)) return Did::ended;
    stream_id_ = event.header->attribute("id");
    if (stream_id_.empty()) return refuse(xmpp::StreamCondition::improper_addressing, "no stream id", out);
    // The realm is the one that was dialled and that the certificate proved, whatever the listener calls itself.
    return Did::advance;
}

Machine::Did Machine::answer_header(const Event& event, Actions& out) {
    if (!read_frame(*event.header, out)) return Did::ended;
    // As for the dialler: what a certificate proved counts, whatever the far side calls itself.
    far_realm_ = settings_.far_realm;
    if (far_realm_.empty()) far_realm_ = std::string{event.header->attribute("from")}.substr(0, 255);
    stream_id_ = settings_.stream_id;
    out.push_back(Send{listener_header() + "<stream:features><sm xmlns='" + std::string{ns::stream_management} +
                       "'/><bind xmlns='" + std::string{ns::component_bind} + "'/></stream:features>"});
    return Did::advance;
}

Machine::Did Machine::greet(const Event&, Actions& out) {
    out.push_back(Send{"<handshake>" + handshake_of(stream_id_, settings_.secret) + "</handshake>"});
    return Did::advance;
}

Machine::Did Machine::check_handshake(const Event& event, Actions& out) {
    if (!equal_constant_time(event.element->text(), handshake_of(stream_id_, settings_.secret))) {
        return refuse(xmpp::StreamCondition::not_authorized, std::string{secrets_differ}, out);
    }
    out.push_back(Send{"<handshake/>"});
    return Did::advance;
}

Machine::Did Machine::handshake_accepted(const Event&, Actions& out) {
    out.push_back(SessionWanted{});
    return Did::advance;
}

Machine::Did Machine::stream_error(const Event& event, Actions& out) {
    const xmpp::StreamError error = xmpp::read_stream_error(*event.element);
    unwanted_ = error.condition == xmpp::StreamCondition::conflict;
    // It goes for reasons of its own, or it could not bear what it was sent.
    const bool orderly = unwanted_ || error.condition == xmpp::StreamCondition::system_shutdown ||
                         error.condition == xmpp::StreamCondition::reset;
    // The far side has found our handshake wrong, and both say so in the same words.
    if (settings_.end == End::dialler && phase_ == Phase::handshake &&
        error.condition == xmpp::StreamCondition::not_authorized) {
        close(std::nullopt, std::string{secrets_differ}, out, Blame::word);
        return Did::ended;
    }
    const std::string more = unwanted_ ? ": another process with our name and certificate is linked there" : "";
    close(std::nullopt, "the far node says " + std::string{xmpp::text(error.condition)} + more, out,
          orderly ? Blame::none : Blame::word);
    return Did::ended;
}

Machine::Did Machine::finish(const Event&, Actions& out) {
    close(std::nullopt, "closed by the far node", out, Blame::word);
    return Did::ended;
}

void Machine::on_problem(xml::Problem problem, Actions& out) {
    const auto condition = problem == xml::Problem::restricted_xml         ? xmpp::StreamCondition::restricted_xml
                           : problem == xml::Problem::unsupported_encoding ? xmpp::StreamCondition::unsupported_encoding
                           : problem == xml::Problem::limit                ? xmpp::StreamCondition::policy_violation
                           : problem == xml::Problem::bad_format           ? xmpp::StreamCondition::bad_format
                                                                           : xmpp::StreamCondition::not_well_formed;
    close(xmpp::stream_error(condition), std::string{xml::text(problem)}, out);
}

void Machine::on_bytes(TimePoint now) {
    heard_ = now;
    if (!open()) return;
    timers_[Timer::quiet] = now + settings_.quiet;
    timers_[Timer::patience] = never;
}

/// The session stands: from here on the far side's silence counts, and its clock is asked for at once.
void Machine::opened() {
    phase_ = Phase::open;
    timers_[Timer::negotiation] = never;
    timers_[Timer::quiet] = heard_ + settings_.quiet;
    timers_[Timer::clock] = {};
}

bool Machine::may_carry(Actions& out) {
    if (open()) return true;
    close(xmpp::stream_error(xmpp::StreamCondition::not_authorized), "stanza before the session", out);
    return false;
}

void Machine::ask(TimePoint now, Actions& out) {
    timers_[Timer::clock] = now + settings_.clock_every;
    if (clock_asked_at_ == never) clock_asked_at_ = now;
    out.push_back(Send{"<r xmlns='" + std::string{ns::stream_management} + "'/>"});
}

void Machine::on_deadline(TimePoint now, Actions& out, const Flow& flow) {
    if (closed() || now < deadline()) return;
    const xmpp::StreamError timeout = xmpp::stream_error(xmpp::StreamCondition::connection_timeout);
    if (!open()) return close(timeout, "negotiation took too long", out, Blame::loss);
    if (now >= timers_[Timer::patience]) {
        if (!waits_ || flow.taken <= taken_) return close(timeout, "the far node is silent", out, Blame::loss);
        waits_ = flow.taken < question_end_;
        taken_ = flow.taken;
        timers_[Timer::patience] = now + settings_.patience;
        return;
    }
    const bool into_silence = now >= timers_[Timer::quiet];
    ask(now, out);
    // Only a question into silence puts the far side's life to the test, not the one for its clock.
    if (!into_silence) return;
    timers_[Timer::quiet] = never;
    timers_[Timer::patience] = now + settings_.patience;
    waits_ = flow.taken < flow.written;
    taken_ = flow.taken;
    question_end_ = flow.written + std::get<Send>(out.back()).bytes.size();
}

void Machine::close(std::optional<xmpp::StreamError> error, const std::string& why, Actions& out, Blame blame) {
    if (closed()) return;
    // RFC 6120 4.9.1.2: an error has its stream, even where the far header cannot be read.
    if (settings_.end == End::listener && phase_ == Phase::header) out.push_back(Send{listener_header()});
    phase_ = Phase::closed;
    timers_.stop();
    out.push_back(Close{std::move(error), why, blame});
}

}  // namespace sallyport::link
