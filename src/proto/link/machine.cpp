// The router link's stream, both ends (docs/protocol/link.md). All transitions live in the table below; an element that
// it does not name in the present state ends the stream with unsupported-stanza-type.
//
//   dialler                       listener
//   header  ------------------->  header, features
//   handshake ----------------->  check (constant time)
//   enable or resume  --------->  enabled, resumed or failed
//   bind, done, r, a  <-------->  bind, done, peer, r, a
#include "proto/link/machine.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/hash.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::link {

namespace ns = xmpp::ns;

namespace {

constexpr std::size_t longest_name = 1023;
constexpr std::int64_t latest_time = 253'402'300'799'000;  ///< the last millisecond but 999 of the year 9999

template <typename Number>
bool read_number(std::string_view text, Number& out) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    return problem == std::errc{} && end == text.data() + text.size();
}

std::string handshake_of(const std::string& stream_id, const std::string& secret) {
    return to_hex(sha1(stream_id + secret));
}

std::string attribute(std::string_view name, std::string_view value) {
    return std::string{" "} + std::string{name} + "='" + xml::escaped(value) + "'";
}

}  // namespace

struct Machine::Row {
    End end;
    State in;
    std::string_view space, name;
    State next;
    void (Machine::*act)(const xml::Element&, Actions&);
    std::string_view says;
};

// state first, then the element; the handler may close instead
const Machine::Row Machine::table[] = {
    // end         in                space                  name         next              act says
    {End::dialler, State::features, ns::streams, "features", State::handshake, &Machine::greet, "section 2"},
    {End::dialler, State::handshake, ns::component, "handshake", State::session, &Machine::handshake_accepted,
     "XEP-0114 3"},
    {End::dialler, State::session, ns::stream_management, "enabled", State::open, &Machine::session_enabled,
     "section 3"},
    {End::dialler, State::session, ns::stream_management, "resumed", State::open, &Machine::session_resumed,
     "section 3"},
    {End::dialler, State::session, ns::stream_management, "failed", State::session, &Machine::session_failed,
     "section 3"},
    {End::listener, State::handshake, ns::component, "handshake", State::session, &Machine::check_handshake,
     "XEP-0114 3"},
    {End::listener, State::session, ns::stream_management, "enable", State::session, &Machine::session_enable,
     "section 3"},
    {End::listener, State::session, ns::stream_management, "resume", State::session, &Machine::session_resume,
     "section 3"},
    {End::dialler, State::open, ns::component_bind, "bind", State::open, &Machine::bound, "section 4"},
    {End::listener, State::open, ns::component_bind, "bind", State::open, &Machine::bound, "section 4"},
    {End::dialler, State::open, ns::stream_management, "r", State::open, &Machine::count_wanted, "section 8"},
    {End::listener, State::open, ns::stream_management, "r", State::open, &Machine::count_wanted, "section 8"},
    {End::dialler, State::open, ns::stream_management, "a", State::open, &Machine::count_given, "section 8"},
    {End::listener, State::open, ns::stream_management, "a", State::open, &Machine::count_given, "section 8"},
    {End::dialler, State::open, ns::link, "done", State::open, &Machine::done_received, "section 5"},
    {End::listener, State::open, ns::link, "done", State::open, &Machine::done_received, "section 5"},
    {End::dialler, State::open, ns::link, "peer", State::open, &Machine::facts_received, "section 6"},
};

namespace {

std::string_view state_text(PeerState state) { return state == PeerState::closed ? "closed" : "open"; }

PeerState state_of(std::string_view text) {
    if (text == "closed") return PeerState::closed;
    return text == "open" ? PeerState::open : PeerState::opened;
}

}  // namespace

std::string write(const PeerFacts& facts) {
    return "<peer xmlns='" + std::string{ns::link} + "'" + attribute("local", facts.pair.local.text()) +
           attribute("remote", facts.pair.remote.text()) + attribute("direction", facts.direction) +
           attribute("method", facts.method) + attribute("tls", facts.tls) + attribute("cipher", facts.cipher) +
           attribute("address", facts.address) + attribute("verdict", facts.verdict) +
           (facts.state == PeerState::opened ? std::string{} : attribute("state", state_text(facts.state))) + "/>";
}

Machine::Machine(MachineSettings settings, TimePoint now)
    : settings_{std::move(settings)}, negotiation_until_{now + settings_.negotiation}, heard_{now} {
    far_realm_ = settings_.far_realm;
}

void Machine::meet(std::string far_realm, std::string secret) {
    settings_.far_realm = std::move(far_realm);
    settings_.secret = std::move(secret);
}

void Machine::on_connected(Actions& out) {
    state_ = State::header;
    if (settings_.end == End::listener) return;
    xmpp::StreamHeader header;
    header.content = ns::component;
    header.from = settings_.realm;
    header.to = settings_.far_realm;
    header.dialback = false;
    header.extra = attribute("xmlns:sp", ns::link) + attribute("sp:node", settings_.node);
    out.push_back(Send{xmpp::write(header)});
}

std::string Machine::listener_header() const {
    xmpp::StreamHeader answer;
    answer.content = ns::component;
    answer.from = settings_.realm;
    answer.id = settings_.stream_id;
    answer.dialback = false;
    answer.extra = attribute("xmlns:sp", ns::link) + attribute("sp:node", settings_.node) +
                   attribute("sp:shard", std::to_string(settings_.shard)) +
                   attribute("sp:shards", std::to_string(settings_.shards));
    return xmpp::write(answer);
}

void Machine::on_header(const xml::Header& header, TimePoint now, Actions& out) {
    on_bytes(now);
    if (state_ != State::header)
        return close(xmpp::StreamError{xmpp::StreamCondition::bad_format, {}, {}, {}}, "second header", out);
    if (header.space != ns::streams || header.name != "stream" || header.content_space != ns::component) {
        return close(xmpp::StreamError{xmpp::StreamCondition::invalid_namespace, {}, {}, {}}, "not a router link", out);
    }
    for (const auto& extension : header.attributes) {
        if (extension.space != ns::link) continue;
        if (extension.name == "node") far_node_ = extension.value.substr(0, 64);
        if (extension.name == "shard" && !read_number(extension.value, far_shard_)) far_shard_ = 0;
        if (extension.name == "shards" && (!read_number(extension.value, far_shards_) || far_shards_ > 1024))
            far_shards_ = 1;
    }
    if (settings_.end == End::dialler) {
        stream_id_ = header.attribute("id");
        if (stream_id_.empty())
            return close(xmpp::StreamError{xmpp::StreamCondition::improper_addressing, {}, {}, {}}, "no stream id",
                         out);
        // The realm is the one that was dialled and that the certificate proved, whatever the listener calls itself.
        state_ = State::features;
        return;
    }
    // As for the dialler: what a certificate proved counts, whatever the far side calls itself.
    far_realm_ = settings_.far_realm;
    if (far_realm_.empty()) far_realm_ = std::string{header.attribute("from")}.substr(0, 255);
    stream_id_ = settings_.stream_id;
    out.push_back(Send{listener_header() + "<stream:features><sm xmlns='" + std::string{ns::stream_management} +
                       "'/><bind xmlns='" + std::string{ns::component_bind} + "'/></stream:features>"});
    state_ = State::handshake;
}

void Machine::on_element(const xml::Element& element, TimePoint now, Actions& out) {
    on_bytes(now);
    if (closed()) return;
    if (element.is(ns::streams, "error")) return stream_error(element, out);
    for (const Row& row : table) {
        if (row.end != settings_.end || row.in != state_ || !element.is(row.space, row.name)) continue;
        (this->*row.act)(element, out);
        // A session's answer comes from the service, which moves the listener on; a handler that closed has the last
        // word.
        if (!closed() && state_ == row.in) state_ = row.next;
        return;
    }
    const bool unauthenticated = state_ == State::header || state_ == State::features || state_ == State::handshake;
    close(xmpp::StreamError{unauthenticated ? xmpp::StreamCondition::not_authorized
                                            : xmpp::StreamCondition::unsupported_stanza_type,
                            {},
                            {},
                            {}},
          "unexpected <" + element.name.substr(0, 32) + "/>", out);
}

void Machine::greet(const xml::Element&, Actions& out) {
    out.push_back(Send{"<handshake>" + handshake_of(stream_id_, settings_.secret) + "</handshake>"});
}

void Machine::check_handshake(const xml::Element& element, Actions& out) {
    if (!equal_constant_time(element.text(), handshake_of(stream_id_, settings_.secret))) {
        return close(xmpp::StreamError{xmpp::StreamCondition::not_authorized, {}, {}, {}},
                     "wrong handshake: the secrets differ", out);
    }
    out.push_back(Send{"<handshake/>"});
}

void Machine::handshake_accepted(const xml::Element&, Actions& out) { out.push_back(SessionWanted{}); }

void Machine::session_enable(const xml::Element& element, Actions& out) {
    out.push_back(SessionWanted{{}, 0, std::string{element.attribute(ns::link, "given-up")}});
}

void Machine::session_resume(const xml::Element& element, Actions& out) {
    SessionWanted wanted;
    wanted.previous = element.attribute("previd");
    if (wanted.previous.empty() || !read_number(element.attribute("h"), wanted.h)) return resume_failed(out);
    out.push_back(std::move(wanted));
}

void Machine::session_enabled(const xml::Element& element, Actions& out) {
    out.push_back(SessionOpen{std::string{element.attribute("id")}, false, 0});
}

void Machine::session_resumed(const xml::Element& element, Actions& out) {
    SessionOpen session{std::string{element.attribute("previd")}, true, 0};
    if (!read_number(element.attribute("h"), session.h)) {
        return close(xmpp::StreamError{xmpp::StreamCondition::bad_format, {}, {}, {}}, "resumed without h", out);
    }
    out.push_back(std::move(session));
}

void Machine::session_failed(const xml::Element&, Actions& out) { enable({}, out); }

void Machine::count_wanted(const xml::Element&, Actions& out) { out.push_back(CountWanted{}); }
void Machine::count_given(const xml::Element& element, Actions& out) {
    Counted counted;
    if (!read_number(element.attribute("h"), counted.h)) {
        return close(xmpp::StreamError{xmpp::StreamCondition::bad_format, {}, {}, {}}, "an answer without h", out);
    }
    out.push_back(counted);
    const TimePoint asked_at = std::exchange(clock_asked_at_, never);
    if (asked_at == never) return;
    std::int64_t milliseconds = 0;
    if (!read_number(element.attribute(ns::link, "time"), milliseconds)) return;
    if (milliseconds < 0 || milliseconds > latest_time) return;
    out.push_back(ClockTold{WallTime{std::chrono::milliseconds{milliseconds}}, heard_ - asked_at});
}

void Machine::bound(const xml::Element& element, Actions& out) {
    Bound result;
    for (const auto& child : element.children) {
        const auto* name = std::get_if<xml::Element>(&child);
        if (name == nullptr) continue;
        if (name->is(ns::link, "realm")) result.serves.realms.push_back(name->text().substr(0, longest_name));
        if (name->is(ns::link, "component")) result.serves.components.push_back(name->text().substr(0, longest_name));
        if (!name->is(ns::component_bind, "hostname")) continue;
        // A domain that only the far side's Unicode knows is not served here; the link goes on.
        auto domain = xmpp::Domain::parse(name->text());
        if (!domain) continue;
        result.serves.domains.push_back(std::move(domain).value());
    }
    out.push_back(std::move(result));
}

void Machine::done_received(const xml::Element& element, Actions& out) {
    DoneReceived done;
    if (!parse_ranges(element.attribute("n"), done.ranges)) {
        return close(xmpp::StreamError{xmpp::StreamCondition::bad_format, {}, {}, {}}, "malformed <done/>", out);
    }
    out.push_back(std::move(done));
}

void Machine::facts_received(const xml::Element& element, Actions& out) {
    auto local = xmpp::Domain::parse(element.attribute("local"));
    auto remote = xmpp::Domain::parse(element.attribute("remote"));
    if (!local || !remote) return;  // it informs, nothing rests on it
    const auto cut = [&](std::string_view name) { return std::string{element.attribute(name).substr(0, 128)}; };
    out.push_back(FactsReceived{{{*local, *remote},
                                 cut("direction"),
                                 cut("method"),
                                 cut("tls"),
                                 cut("cipher"),
                                 cut("address"),
                                 cut("verdict"),
                                 state_of(element.attribute("state"))}});
}

void Machine::stream_error(const xml::Element& element, Actions& out) {
    const xmpp::StreamError error = xmpp::read_stream_error(element);
    // It goes for reasons of its own, or it could not bear what it was sent.
    const bool orderly =
        error.condition == xmpp::StreamCondition::system_shutdown || error.condition == xmpp::StreamCondition::reset;
    close(std::nullopt, "the far side says " + std::string{xmpp::text(error.condition)}, out,
          orderly ? Blame::none : Blame::word);
}

void Machine::on_footer(Actions& out) { close(std::nullopt, "closed by the far side", out, Blame::word); }

void Machine::on_problem(xml::Problem problem, Actions& out) {
    const auto condition = problem == xml::Problem::restricted_xml         ? xmpp::StreamCondition::restricted_xml
                           : problem == xml::Problem::unsupported_encoding ? xmpp::StreamCondition::unsupported_encoding
                           : problem == xml::Problem::limit                ? xmpp::StreamCondition::policy_violation
                           : problem == xml::Problem::bad_format           ? xmpp::StreamCondition::bad_format
                                                                           : xmpp::StreamCondition::not_well_formed;
    close(xmpp::StreamError{condition, {}, {}, {}}, std::string{xml::text(problem)}, out);
}

void Machine::on_bytes(TimePoint now) {
    heard_ = now;
    asked_ = false;
}

bool Machine::may_carry(Actions& out) {
    if (state_ == State::open) return true;
    close(xmpp::StreamError{xmpp::StreamCondition::not_authorized, {}, {}, {}}, "stanza before the session", out);
    return false;
}

TimePoint Machine::deadline() const {
    if (closed()) return never;
    if (state_ != State::open) return negotiation_until_;
    return std::min(clock_due_, heard_ + settings_.quiet + (asked_ ? settings_.patience : Duration{0}));
}

void Machine::ask(TimePoint now, Actions& out) {
    clock_due_ = now + settings_.clock_every;
    if (clock_asked_at_ == never) clock_asked_at_ = now;
    out.push_back(Send{"<r xmlns='" + std::string{ns::stream_management} + "'/>"});
}

void Machine::on_deadline(TimePoint now, Actions& out) {
    if (closed() || now < deadline()) return;
    const TimePoint quiet_since = heard_ + settings_.quiet;
    const bool is_dead = asked_ && now >= quiet_since + settings_.patience;
    if (state_ == State::open && !is_dead) {
        // Only a question into silence puts the far side's life to the test, not the one for its clock.
        if (now >= quiet_since) asked_ = true;
        return ask(now, out);
    }
    close(xmpp::StreamError{xmpp::StreamCondition::connection_timeout, {}, {}, {}},
          state_ == State::open ? "the far side is silent" : "negotiation took too long", out, Blame::loss);
}

void Machine::enable(const std::string& given_up, Actions& out) {
    std::string over;
    if (!given_up.empty()) over = attribute("xmlns:sp", ns::link) + attribute("sp:given-up", given_up);
    out.push_back(Send{"<enable xmlns='" + std::string{ns::stream_management} + "' resume='true'" + over + "/>"});
}

void Machine::resume(const std::string& previous, std::uint32_t h, Actions& out) {
    out.push_back(Send{"<resume xmlns='" + std::string{ns::stream_management} + "'" + attribute("previd", previous) +
                       attribute("h", std::to_string(h)) + "/>"});
}

void Machine::enabled(const std::string& id, Actions& out) {
    state_ = State::open;
    out.push_back(Send{"<enabled xmlns='" + std::string{ns::stream_management} + "'" + attribute("id", id) +
                       " resume='true' max='300'/>"});
}

void Machine::resumed(const std::string& previous, std::uint32_t h, Actions& out) {
    state_ = State::open;
    out.push_back(Send{"<resumed xmlns='" + std::string{ns::stream_management} + "'" + attribute("previd", previous) +
                       attribute("h", std::to_string(h)) + "/>"});
}

void Machine::resume_failed(Actions& out) {
    out.push_back(Send{"<failed xmlns='" + std::string{ns::stream_management} + "'><item-not-found xmlns='" +
                       std::string{ns::stanza_errors} + "'/></failed>"});
}

void Machine::bind(const Serves& serves, Actions& out) const {
    std::string bytes = "<bind xmlns='" + std::string{ns::component_bind} + "'>";
    for (const auto& domain : serves.domains) bytes += "<hostname>" + xml::escaped(domain.text()) + "</hostname>";
    const auto add = [&](std::string_view kind, const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            bytes += "<" + std::string{kind} + " xmlns='" + std::string{ns::link} + "'>" + xml::escaped(name) + "</" +
                     std::string{kind} + ">";
        }
    };
    add("realm", serves.realms);
    add("component", serves.components);
    out.push_back(Send{bytes + "</bind>"});
}

void Machine::acknowledge(std::uint32_t h, WallTime wall, Actions& out) const {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
    out.push_back(Send{"<a xmlns='" + std::string{ns::stream_management} + "'" + attribute("h", std::to_string(h)) +
                       attribute("xmlns:sp", ns::link) + attribute("sp:time", std::to_string(time)) + "/>"});
}

void Machine::done(const std::vector<Range>& ranges, Actions& out) const {
    out.push_back(Send{"<done xmlns='" + std::string{ns::link} + "' n='" + write_ranges(ranges) + "'/>"});
}

void Machine::facts(const PeerFacts& facts, Actions& out) const { out.push_back(Send{write(facts)}); }

void Machine::close(std::optional<xmpp::StreamError> error, const std::string& why, Actions& out, Blame blame) {
    if (closed()) return;
    // RFC 6120 4.9.1.2: an error has its stream, even where the far header cannot be read.
    if (settings_.end == End::listener && state_ == State::header) out.push_back(Send{listener_header()});
    state_ = State::closed;
    out.push_back(Close{std::move(error), why, blame});
}

}  // namespace sallyport::link
