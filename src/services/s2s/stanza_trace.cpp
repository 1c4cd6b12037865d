// Which stanzas, and how one is shown.
#include "services/s2s/stanza_trace.h"

#include <algorithm>

#include "proto/xml/element.h"

namespace sallyport::s2s {

namespace {

constexpr std::size_t longest_value = 200;  ///< of an attribute: four of them fit a Detail

/// `value` as it stands between quotes.
void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.append(" ").append(name).append("='").append(value.substr(0, longest_value));
    if (value.size() > longest_value) out += "…";
    out += '\'';
}

}  // namespace

std::string shell_text(const xmpp::Stanza& stanza) {
    const std::string name{text(stanza.kind)};
    std::string out = '<' + name;
    append_attribute(out, "from", xml::escaped(stanza.from));
    append_attribute(out, "to", xml::escaped(stanza.to));
    append_attribute(out, "id", stanza.id);  // escaped, as it was written
    append_attribute(out, "type", stanza.type);
    return out + ">…</" + name + '>';
}

void StanzaTrace::start(const TraceOrder& order, TimePoint now) {
    order_ = order;
    until_ = now + std::min(order.span, longest);
    left_ = order.span.count() > 0 ? most_stanzas : 0;
}

bool StanzaTrace::concerns(const xmpp::Stanza& stanza) const {
    const auto between = [this](std::string_view theirs, std::string_view ours) {
        return theirs == order_.remote.text() && (order_.local.empty() || ours == order_.local.text());
    };
    return between(stanza.from_domain, stanza.to_domain) || between(stanza.to_domain, stanza.from_domain);
}

void StanzaTrace::tell(const Logger& log, const xmpp::Stanza& stanza, bool received, const std::string& xcoder) {
    --left_;
    const std::vector<LogFact> facts{
        {"Detail", "xcoder=" + xcoder + (received ? " received:: " : " sending:: ") + shell_text(stanza)},
        {"xcoder", xcoder},
        {"bytes", std::to_string(stanza.bytes.size())},
        {"left", std::to_string(left_)}};
    // Past the level of the module, which is for lines that nobody asked for by name.
    log.sink().write({LogModule::s2s, LogLevel::trace, "s2s.stanza", std::source_location::current(), facts});
}

}  // namespace sallyport::s2s
