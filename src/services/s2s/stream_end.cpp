// Last words.
#include "services/s2s/stream_end.h"

namespace sallyport::s2s {

bool is_of_a_stop(const Close& close) {
    return close.error && close.error->condition == xmpp::StreamCondition::system_shutdown;
}

void StreamEnd::say(io::Stream& stream, const Close& close, const std::optional<xmpp::StreamError>& of_peer, bool more,
                    Duration linger) {
    if (ending_.by == Ending::By::peer) ending_.by = closes_as_;
    ending_.said = of_peer;
    said_ = true;
    stays_ = more && !close.silent && !of_peer;
    if (!close.silent) {
        if (close.error) stream.write(xmpp::write(*close.error));
        stream.write("</stream:stream>");
    }
    if (!stays_) stream.close(linger);
}

void StreamEnd::heard_out(io::Stream& stream, Duration linger) {
    if (!stays_) return;
    stays_ = false;
    stream.close(linger);
}

void StreamEnd::closed(io::CloseReason reason, const std::string& text) {
    ending_.in_order = said_ && !ending_.said && reason == io::CloseReason::local && text.empty();
    ending_.broken = reason == io::CloseReason::reset;
}

}  // namespace sallyport::s2s
