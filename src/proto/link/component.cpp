// XEP-0114, the accepting side. handshake = lower-case hex of SHA-1(stream id followed by secret).
#include "proto/link/component.h"

#include "base/hash.h"
#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::link {

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

void ComponentAccept::on_header(const xml::Header& header, Actions& out) {
    if (state_ != State::header)
        return close(xmpp::stream_error(xmpp::StreamCondition::bad_format), "second header", out);
    if (header.space != xmpp::ns::streams || header.content_space != xmpp::ns::component) {
        return close(xmpp::stream_error(xmpp::StreamCondition::invalid_namespace), "not a component stream", out);
    }
    auto domain = xmpp::Domain::parse(header.attribute("to"));
    if (!domain)
        return close(xmpp::stream_error(xmpp::StreamCondition::improper_addressing), "no component domain", out);
    const auto secret = secret_of_(*domain);
    if (!secret)
        return close(xmpp::stream_error(xmpp::StreamCondition::host_unknown), "unknown component " + domain->text(),
                     out);
    domain_ = std::move(*domain);
    secret_ = *secret;
    answer_header(domain_.text(), out);
    state_ = State::handshake;
}

void ComponentAccept::on_element(const xml::Element& element, Actions& out) {
    if (element.is(xmpp::ns::streams, "error")) return close(std::nullopt, "the component reports an error", out);
    if (state_ == State::handshake && element.is(xmpp::ns::component, "handshake")) {
        const std::string expected = to_hex(sha1(stream_id_ + secret_));
        if (!equal_constant_time(element.text(), expected)) {
            return close(xmpp::stream_error(xmpp::StreamCondition::not_authorized), "wrong handshake", out);
        }
        secret_.clear();
        state_ = State::attached;
        out.push_back(Send{"<handshake/>"});
        return;
    }
    close(xmpp::stream_error(attached() ? xmpp::StreamCondition::unsupported_stanza_type
                                        : xmpp::StreamCondition::not_authorized),
          "unexpected element", out);
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
    state_ = State::closed;
    out.push_back(Close{std::move(error), why});
}

}  // namespace sallyport::link
