// Writers of dialback (XEP-0220), SASL (RFC 6120 6) and stream management (XEP-0198) elements.
#include "proto/s2s/wire.h"

#include "proto/xml/element.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s::wire {
namespace {

void put(std::string& out, std::string_view name, std::string_view value) {
    out.append(1, ' ').append(name).append("='");
    xml::append_escaped(out, value);
    out.append("'");
}

std::string open(std::string_view element, std::string_view from, std::string_view to) {
    std::string out{"<db:"};
    out.append(element);
    put(out, "from", from);
    put(out, "to", to);
    return out;
}

std::string& close(std::string& out, std::string_view element, std::string_view content) {
    return content.empty() ? out.append("/>")
                           : out.append(">").append(content).append("</db:").append(element).append(">");
}

std::string seconds_text(Duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

/// XEP-0198 section 5.
std::string of_session(std::string_view element, std::string_view id, std::uint32_t h) {
    std::string out{"<"};
    out.append(element);
    put(out, "xmlns", xmpp::ns::stream_management);
    put(out, "previd", id);
    put(out, "h", std::to_string(h));
    return out.append("/>");
}

}  // namespace

std::string auth(std::string_view mechanism, std::string_view response) {
    std::string out{"<auth"};
    put(out, "xmlns", xmpp::ns::sasl);
    put(out, "mechanism", mechanism);
    return out.append(">").append(response.empty() ? "=" : response).append("</auth>");
}

std::string sasl_response(std::string_view response) {
    std::string out{"<response"};
    put(out, "xmlns", xmpp::ns::sasl);
    return out.append(">").append(response.empty() ? "=" : response).append("</response>");
}

std::string bidi(std::string_view limits) {
    std::string out{"<bidi"};
    put(out, "xmlns", xmpp::ns::bidi);
    return out.append(">").append(limits).append("</bidi>");
}

std::string result(std::string_view from, std::string_view to, std::string_view key) {
    std::string out = open("result", from, to);
    return close(out, "result", xml::escaped(key));
}

std::string result_answer(std::string_view from, std::string_view to, std::string_view type) {
    std::string out = open("result", from, to);
    put(out, "type", type);
    return close(out, "result", {});
}

std::string result_error(std::string_view from, std::string_view to, const xmpp::StanzaError& error) {
    std::string out = open("result", from, to);
    put(out, "type", "error");
    return close(out, "result", xmpp::write(error));
}

std::string verify(std::string_view from, std::string_view to, std::string_view id, std::string_view key) {
    std::string out = open("verify", from, to);
    put(out, "id", id);
    return close(out, "verify", xml::escaped(key));
}

std::string verify_answer(std::string_view from, std::string_view to, std::string_view id, std::string_view type) {
    std::string out = open("verify", from, to);
    put(out, "id", id);
    put(out, "type", type);
    return close(out, "verify", {});
}

std::string verify_error(std::string_view from, std::string_view to, std::string_view id,
                         const xmpp::StanzaError& error) {
    std::string out = open("verify", from, to);
    put(out, "id", id);
    put(out, "type", "error");
    return close(out, "verify", xmpp::write(error));
}

std::string ack(std::uint32_t h) {
    std::string out{"<a"};
    put(out, "xmlns", xmpp::ns::stream_management);
    put(out, "h", std::to_string(h));
    return out.append("/>");
}

std::string sm_failed(xmpp::StanzaCondition condition, std::optional<std::uint32_t> h) {
    std::string out{"<failed"};
    put(out, "xmlns", xmpp::ns::stream_management);
    if (h) put(out, "h", std::to_string(*h));
    out.append("><").append(xmpp::text(condition));
    put(out, "xmlns", xmpp::ns::stanza_errors);
    return out.append("/></failed>");
}

std::string sm_enable_for(Duration max) {
    std::string out{"<enable"};
    put(out, "xmlns", xmpp::ns::stream_management);
    put(out, "resume", "true");
    put(out, "max", seconds_text(max));
    return out.append("/>");
}

std::string sm_enabled_as(std::string_view id, Duration max) {
    std::string out{"<enabled"};
    put(out, "xmlns", xmpp::ns::stream_management);
    put(out, "id", id);
    put(out, "resume", "true");
    put(out, "max", seconds_text(max));
    return out.append("/>");
}

std::string sm_resume(std::string_view id, std::uint32_t h) { return of_session("resume", id, h); }

std::string sm_resumed(std::string_view id, std::uint32_t h) { return of_session("resumed", id, h); }

}  // namespace sallyport::s2s::wire
