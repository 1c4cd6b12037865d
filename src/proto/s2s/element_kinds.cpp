// The table of first-level elements.
#include "proto/s2s/element_kinds.h"

#include <array>

#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {
namespace {

namespace ns = xmpp::ns;

struct Row {
    std::string_view space;
    std::string_view name;
    On plain;
    On typed;  ///< when it carries a type attribute: an answer
};

constexpr std::array rows{
    Row{ns::tls, "starttls", On::starttls, On::starttls},
    Row{ns::tls, "proceed", On::proceed, On::proceed},
    Row{ns::tls, "failure", On::tls_failure, On::tls_failure},
    Row{ns::sasl, "auth", On::auth, On::auth},
    Row{ns::sasl, "challenge", On::challenge, On::challenge},
    Row{ns::sasl, "response", On::response, On::response},
    Row{ns::sasl, "abort", On::abort, On::abort},
    Row{ns::sasl, "success", On::success, On::success},
    Row{ns::sasl, "failure", On::sasl_failure, On::sasl_failure},
    Row{ns::dialback, "result", On::result, On::result_answer},
    Row{ns::dialback, "verify", On::verify, On::verify_answer},
    Row{ns::bidi, "bidi", On::bidi, On::bidi},
    Row{ns::stream_management, "enable", On::enable, On::enable},
    Row{ns::stream_management, "enabled", On::enabled, On::enabled},
    Row{ns::stream_management, "failed", On::sm_failed, On::sm_failed},
    Row{ns::stream_management, "resume", On::resume, On::resume},
    Row{ns::stream_management, "resumed", On::resumed, On::resumed},
    Row{ns::stream_management, "r", On::ack_request, On::ack_request},
    Row{ns::stream_management, "a", On::ack, On::ack},
    Row{ns::compress, "compress", On::compress, On::compress},
    Row{ns::streams, "features", On::features, On::features},
    Row{ns::streams, "error", On::stream_error, On::stream_error},
};

}  // namespace

On classify(const xml::Element& element) {
    for (const Row& row : rows) {
        if (element.is(row.space, row.name)) return element.has_attribute("type") ? row.typed : row.plain;
    }
    return On::foreign;
}

std::string_view text(On on) {
    switch (on) {
        case On::connected: return "connected";
        case On::header: return "header";
        case On::tls_up: return "tls-up";
        case On::footer: return "footer";
        case On::problem: return "problem";
        case On::lost: return "lost";
        case On::stanza: return "stanza";
        case On::verdict_valid: return "verdict-valid";
        case On::verdict_invalid: return "verdict-invalid";
        case On::verdict_error: return "verdict-error";
        case On::resumption_granted: return "resumption-granted";
        case On::resumption_refused: return "resumption-refused";
        case On::starttls: return "starttls";
        case On::proceed: return "proceed";
        case On::tls_failure: return "tls-failure";
        case On::auth: return "auth";
        case On::challenge: return "challenge";
        case On::response: return "response";
        case On::abort: return "abort";
        case On::success: return "success";
        case On::sasl_failure: return "sasl-failure";
        case On::result: return "result";
        case On::result_answer: return "result-answer";
        case On::verify: return "verify";
        case On::verify_answer: return "verify-answer";
        case On::bidi: return "bidi";
        case On::enable: return "enable";
        case On::enabled: return "enabled";
        case On::sm_failed: return "sm-failed";
        case On::resume: return "resume";
        case On::resumed: return "resumed";
        case On::ack_request: return "ack-request";
        case On::ack: return "ack";
        case On::compress: return "compress";
        case On::features: return "features";
        case On::stream_error: return "stream-error";
        case On::foreign: return "foreign element";
        case On::count_: break;
    }
    return "";
}

}  // namespace sallyport::s2s
