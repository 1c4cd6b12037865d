// What the sides of a router link say once each has shown who it is: sessions, names, counts, facts of peers
// (docs/protocol/link.md, sections 3 to 6 and 8).
#include <utility>

#include "proto/link/machine.h"
#include "proto/link/wire.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::link {

namespace ns = xmpp::ns;

namespace {

constexpr std::size_t longest_name = 1023;
constexpr std::int64_t latest_time = 253'402'300'799'000;  ///< the last millisecond but 999 of the year 9999

std::string_view state_text(PeerState state) { return state == PeerState::closed ? "closed" : "open"; }

PeerState state_of(std::string_view text) {
    if (text == "closed") return PeerState::closed;
    return text == "open" ? PeerState::open : PeerState::opened;
}

}  // namespace

std::string write(const PeerFacts& facts) {
    return "<peer xmlns='" + std::string{ns::link} + "'" + attribute("local", facts.pair.local.text()) +
           attribute("remote", facts.pair.remote.text()) + attribute("direction", in_or_out(facts.direction)) +
           attribute("method", facts.method) + attribute("tls", facts.tls) + attribute("cipher", facts.cipher) +
           attribute("address", facts.address) + attribute("verdict", facts.verdict) +
           (facts.state == PeerState::opened ? std::string{} : attribute("state", state_text(facts.state))) + "/>";
}

Machine::Did Machine::session_enable(const Event& event, Actions& out) {
    out.push_back(SessionWanted{{}, 0, std::string{event.element->attribute(ns::link, "given-up")}});
    return Did::advance;
}

Machine::Did Machine::session_resume(const Event& event, Actions& out) {
    const xml::Element& element = *event.element;
    SessionWanted wanted;
    wanted.previous = element.attribute("previd");
    if (wanted.previous.empty() || !read_number(element.attribute("h"), wanted.h)) {
        resume_failed(out);
        return Did::stay;
    }
    out.push_back(std::move(wanted));
    return Did::advance;
}

Machine::Did Machine::session_enabled(const Event& event, Actions& out) {
    opened();
    out.push_back(SessionOpen{std::string{event.element->attribute("id")}, false, 0});
    return Did::advance;
}

Machine::Did Machine::session_resumed(const Event& event, Actions& out) {
    const xml::Element& element = *event.element;
    SessionOpen session{std::string{element.attribute("previd")}, true, 0};
    if (!read_number(element.attribute("h"), session.h)) {
        return refuse(xmpp::StreamCondition::bad_format, "resumed without h", out);
    }
    opened();
    out.push_back(std::move(session));
    return Did::advance;
}

Machine::Did Machine::session_failed(const Event&, Actions& out) {
    begun_anew_ = true;
    enable({}, out);
    return Did::advance;
}

Machine::Did Machine::count_wanted(const Event&, Actions& out) {
    out.push_back(CountWanted{});
    return Did::advance;
}

Machine::Did Machine::count_given(const Event& event, Actions& out) {
    const xml::Element& element = *event.element;
    Counted counted;
    if (!read_number(element.attribute("h"), counted.h)) {
        return refuse(xmpp::StreamCondition::bad_format, "an acknowledgement without h", out);
    }
    out.push_back(counted);
    const TimePoint asked_at = std::exchange(clock_asked_at_, never);
    if (asked_at == never) return Did::advance;
    std::int64_t milliseconds = 0;
    if (!read_number(element.attribute(ns::link, "time"), milliseconds)) return Did::advance;
    if (milliseconds < 0 || milliseconds > latest_time) return Did::advance;
    out.push_back(ClockTold{WallTime{std::chrono::milliseconds{milliseconds}}, heard_ - asked_at});
    return Did::advance;
}

Machine::Did Machine::bound(const Event& event, Actions& out) {
    Bound result;
    for (const auto& child : event.element->children) {
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
    return Did::advance;
}

Machine::Did Machine::done_received(const Event& event, Actions& out) {
    DoneReceived done;
    if (!parse_ranges(event.element->attribute("n"), done.ranges)) {
        return refuse(xmpp::StreamCondition::bad_format, "malformed <done/>", out);
    }
    out.push_back(std::move(done));
    return Did::advance;
}

Machine::Did Machine::facts_received(const Event& event, Actions& out) {
    const xml::Element& element = *event.element;
    auto local = xmpp::Domain::parse(element.attribute("local"));
    auto remote = xmpp::Domain::parse(element.attribute("remote"));
    if (!local || !remote) return Did::advance;  // it informs, nothing rests on it
    const bool is_inbound = element.attribute("direction") == in_or_out(Direction::inbound);
    const auto cut = [&](std::string_view name) { return std::string{element.attribute(name).substr(0, 128)}; };
    out.push_back(FactsReceived{{{*local, *remote},
                                 is_inbound ? Direction::inbound : Direction::outbound,
                                 cut("method"),
                                 cut("tls"),
                                 cut("cipher"),
                                 cut("address"),
                                 cut("verdict"),
                                 state_of(element.attribute("state"))}});
    return Did::advance;
}

Machine::Did Machine::node_told(const Event& event, Actions& out) {
    if (auto news = read_node_news(*event.element)) out.push_back(NodeTold{std::move(*news)});
    return Did::advance;
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
    if (closed()) return;  // too late
    opened();
    out.push_back(Send{"<enabled xmlns='" + std::string{ns::stream_management} + "'" + attribute("id", id) +
                       " resume='true' max='300'/>"});
}

void Machine::resumed(const std::string& previous, std::uint32_t h, Actions& out) {
    if (closed()) return;  // too late
    opened();
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

void Machine::tell(const NodeNews& news, Actions& out) const {
    if (takes_news_) out.push_back(Send{write(news)});
}

void Machine::facts(const PeerFacts& facts, Actions& out) const { out.push_back(Send{write(facts)}); }

}  // namespace sallyport::link
