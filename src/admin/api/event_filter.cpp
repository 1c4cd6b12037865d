// Facts name peers as a domain, as a pair "local:remote", or within an address or a sentence.
#include "admin/api/event_filter.h"

#include <algorithm>

namespace sallyport::admin {

namespace {

/// Bytes that continue a domain: letters, digits, '-', '_', '.', and anything beyond ASCII.
bool continues_name(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code >= 0x80 || (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z') || byte == '-' || byte == '_' || byte == '.';
}

/// A dot at the end of a sentence does not continue the name before it.
bool ends_name(std::string_view rest) {
    if (rest.empty() || !continues_name(rest.front())) return true;
    return rest.front() == '.' && (rest.size() == 1 || !continues_name(rest[1]));
}

}  // namespace

bool mentions(std::string_view text, std::string_view peer) {
    for (std::size_t at = text.find(peer); at != std::string_view::npos; at = text.find(peer, at + 1)) {
        const bool begins = at == 0 || !continues_name(text[at - 1]);
        if (begins && ends_name(text.substr(at + peer.size()))) return true;
    }
    return false;
}

bool EventFilter::passes(const io::LogEvent& event) const {
    if (event.level < least_level || (module && event.module != *module)) return false;
    return peer.empty() || std::any_of(event.facts.begin(), event.facts.end(),
                                       [this](const auto& fact) { return mentions(fact.second, peer); });
}

}  // namespace sallyport::admin
