// The table of first-level elements that a client may send.
#include <array>

#include "proto/c2s/machine.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::c2s {
namespace {

namespace ns = xmpp::ns;

struct Row {
    std::string_view space, name;
    On on;
};
constexpr std::array rows{
    Row{ns::tls, "starttls", On::starttls},           Row{ns::sasl, "auth", On::auth},
    Row{ns::sasl, "response", On::response},          Row{ns::sasl, "abort", On::abort},
    Row{ns::stream_management, "enable", On::enable}, Row{ns::stream_management, "resume", On::resume},
    Row{ns::stream_management, "r", On::ack_request}, Row{ns::stream_management, "a", On::ack},
    Row{ns::streams, "error", On::stream_error},      Row{ns::client, "message", On::stanza},
    Row{ns::client, "presence", On::stanza},
};

}  // namespace

On classify(const xml::Element& element) {
    if (element.is(ns::client, "iq")) {
        const bool bind = element.attribute("type") == "set" && element.child(ns::bind, "bind") != nullptr;
        return bind ? On::bind : On::stanza;
    }
    for (const Row& row : rows) {
        if (element.is(row.space, row.name)) return row.on;
    }
    return On::foreign;
}

std::string_view text(On on) {
    switch (on) {
        case On::header: return "header";
        case On::starttls: return "starttls";
        case On::tls_up: return "tls-up";
        case On::auth: return "auth";
        case On::response: return "response";
        case On::abort: return "abort";
        case On::verifier: return "verifier";
        case On::login_refused: return "login-refused";
        case On::bind: return "bind";
        case On::bound: return "bound";
        case On::bind_refused: return "bind-refused";
        case On::enable: return "enable";
        case On::resume: return "resume";
        case On::resumed: return "resumed";
        case On::resume_refused: return "resume-refused";
        case On::ack_request: return "ack-request";
        case On::ack: return "ack";
        case On::stanza: return "stanza";
        case On::stream_error: return "stream-error";
        case On::footer: return "footer";
        case On::foreign: return "foreign element";
    }
    return "";
}

}  // namespace sallyport::c2s
