// XEP-0114, the accepting side. handshake = lower-case hex of SHA-1(stream id followed by secret). What no row of the
// table names ends the stream. Whether a stanza may pass is asked beside the table (admits).
#include "proto/link/component.h"

#include <array>
#include <utility>

#include "base/hash.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::link {

struct ComponentAccept::Table {
    using C = ComponentAccept;
    using enum Phase;
    static constexpr machine::Set unfinished{Phase::header, Phase::handshake, attached};
    static constexpr std::array rows{
        // in, on, next, act, says
        Row{Phase::header, On::header, Phase::handshake, &C::answer, "XEP-0114 3"},
        Row{Phase::handshake, On::handshake, attached, &C::check_handshake, "XEP-0114 3"},
        Row{unfinished, On::stream_error, Phase::closed, &C::take_error, "RFC 6120 4.9.1.1"},
        Row{unfinished, On::footer, Phase::closed, &C::finish, "RFC 6120 4.4"},
    };
    static_assert(machine::check(rows, Phase::header, Phase::closed) == machine::Fault::none);
};

void ComponentAccept::answer_header(std::string_view from, Actions& out) {
    xmpp::StreamHeader header;
    header.content = xmpp::ns::component;
    header.from = from;
    header.id = stream_id_;
    header.version_1 = false;  // XEP-0114 predates versions: no features follow
    header.dialback = false;
    out.push_back(Send{xmpp::write(header)});
    header_sent_ = true;
}

ComponentAccept::On ComponentAccept::classify(const xml::Element& element) {
    if (element.is(xmpp::ns::streams, "error")) return On::stream_error;
    if (element.is(xmpp::ns::component, "handshake")) return On::handshake;
    return On::foreign;
}

void ComponentAccept::on_header(const xml::Header& header, Actions& out) {
    handle({.on = On::header, .header = &header}, out);
}

void ComponentAccept::on_element(const xml::Element& element, Actions& out) {
    handle({.on = classify(element), .element = &element}, out);
}

void ComponentAccept::handle(const Event& event, Actions& out) {
    if (closed()) return;
    const auto holding = [](machine::Set<Fact>) { return machine::Set<Fact>{}; };
    const auto run = [&](Act act) { return (this->*act)(event, out); };
    if (!machine::step(Table::rows, phase_, event.on, holding, run)) refuse_event(event, out);
}

/// What an event gets that no row allows.
void ComponentAccept::refuse_event(const Event& event, Actions& out) {
    if (event.on == On::header) {
        return close(xmpp::stream_error(xmpp::StreamCondition::bad_format), "second header", out);
    }
    close(xmpp::stream_error(attached() ? xmpp::StreamCondition::unsupported_stanza_type
                                        : xmpp::StreamCondition::not_authorized),
          "unexpected element", out);
}

/// An act finds wrong what was said.
ComponentAccept::Did ComponentAccept::refuse(xmpp::StreamCondition condition, const std::string& why, Actions& out) {
    close(xmpp::stream_error(condition), why, out);
    return Did::ended;
}

ComponentAccept::Did ComponentAccept::answer(const Event& event, Actions& out) {
    const xml::Header& header = *event.header;
    if (header.space != xmpp::ns::streams || header.content_space != xmpp::ns::component) {
        return refuse(xmpp::StreamCondition::invalid_namespace, "not a component stream", out);
    }
    auto domain = xmpp::Domain::parse(header.attribute("to"));
    if (!domain) return refuse(xmpp::StreamCondition::improper_addressing, "no component domain", out);
    const auto secret = secret_of_(*domain);
    if (!secret) return refuse(xmpp::StreamCondition::host_unknown, "unknown component " + domain->text(), out);
    domain_ = std::move(*domain);
    secret_ = *secret;
    answer_header(domain_.text(), out);
    return Did::advance;
}

ComponentAccept::Did ComponentAccept::check_handshake(const Event& event, Actions& out) {
    const std::string expected = to_hex(sha1(stream_id_ + secret_));
    if (!equal_constant_time(event.element->text(), expected)) {
        return refuse(xmpp::StreamCondition::not_authorized, "wrong handshake", out);
    }
    secret_.clear();
    out.push_back(Send{"<handshake/>"});
    return Did::advance;
}

ComponentAccept::Did ComponentAccept::take_error(const Event& event, Actions& out) {
    peer_error_ = xmpp::read_stream_error(*event.element);
    close(std::nullopt, "the component reports an error", out);
    return Did::ended;
}

ComponentAccept::Did ComponentAccept::finish(const Event&, Actions& out) {
    close(std::nullopt, "closed by the component", out);
    return Did::ended;
}

void ComponentAccept::on_problem(xml::Problem problem, Actions& out) {
    const auto condition = problem == xml::Problem::restricted_xml ? xmpp::StreamCondition::restricted_xml
                           : problem == xml::Problem::limit        ? xmpp::StreamCondition::policy_violation
                                                                   : xmpp::StreamCondition::not_well_formed;
    close(xmpp::stream_error(condition), std::string{xml::text(problem)}, out);
}

bool ComponentAccept::admits(std::string_view from_domain, Actions& out) {
    if (!attached()) {
        close(xmpp::stream_error(xmpp::StreamCondition::not_authorized), "stanza before the handshake", out);
        return false;
    }
    if (from_domain == domain_.text()) return true;
    close(xmpp::stream_error(xmpp::StreamCondition::invalid_from), "stanza from another domain", out);
    return false;
}

void ComponentAccept::on_deadline(Actions& out) {
    close(xmpp::stream_error(xmpp::StreamCondition::connection_timeout), "no handshake in time", out);
}

void ComponentAccept::close(std::optional<xmpp::StreamError> error, const std::string& why, Actions& out) {
    if (closed()) return;
    if (!header_sent_ && error) answer_header({}, out);
    phase_ = Phase::closed;
    out.push_back(Close{std::move(error), why});
}

}  // namespace sallyport::link
