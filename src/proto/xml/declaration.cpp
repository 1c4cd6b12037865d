// Reading the XML declaration, stricter than XML: what a peer has no reason to write is refused (threat T53).
#include "proto/xml/declaration.h"

#include <algorithm>

#include "proto/xml/chars.h"

namespace sallyport::xml {

namespace {

constexpr std::size_t longest = 256;
constexpr Fault malformed{Problem::not_well_formed, "a malformed XML declaration"};

/// Takes ` name='value'` off `rest`. False when it does not start with that.
bool take(std::string_view& rest, std::string_view name, std::string_view& value) {
    const char* const end = rest.data() + rest.size();
    const char* at = skip_white(rest.data(), end);
    if (at == rest.data() || !std::string_view{at, static_cast<std::size_t>(end - at)}.starts_with(name)) return false;
    at = skip_white(at + name.size(), end);
    if (at == end || *at != '=') return false;
    at = skip_white(at + 1, end);
    if (at == end || (*at != '\'' && *at != '"')) return false;
    const char* const closing = std::find(at + 1, end, *at);
    if (closing == end) return false;
    value = {at + 1, static_cast<std::size_t>(closing - at - 1)};
    rest = {closing + 1, static_cast<std::size_t>(end - closing - 1)};
    return true;
}

bool is_utf8(std::string_view name) {
    constexpr std::string_view expected = "utf-8";
    return std::equal(name.begin(), name.end(), expected.begin(), expected.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

Fault judge(std::string_view rest) {
    std::string_view value;
    if (!take(rest, "version", value)) return malformed;
    if (value != "1.0") return {Problem::restricted_xml, "another version of XML"};
    if (take(rest, "encoding", value) && !is_utf8(value)) {
        return {Problem::unsupported_encoding, "another encoding declared"};
    }
    if (take(rest, "standalone", value) && value != "yes") return {Problem::restricted_xml, "not standalone"};
    return skip_white(rest.data(), rest.data() + rest.size()) == rest.data() + rest.size() ? Fault{} : malformed;
}

}  // namespace

Scan read_declaration(std::string_view bytes, std::size_t& size, Fault& fault) {
    constexpr std::string_view start = "<?xml";
    if (bytes.substr(0, start.size()) != start.substr(0, bytes.size()) ||
        (bytes.size() > start.size() && !is_white(bytes[start.size()]))) {
        fault = {Problem::restricted_xml, "a processing instruction"};
        return Scan::failed;
    }
    const std::size_t end = bytes.substr(0, longest).find("?>", 2);
    if (end == std::string_view::npos) {
        if (bytes.size() < longest) return Scan::more;
        fault = {Problem::restricted_xml, "an XML declaration too long"};
        return Scan::failed;
    }
    fault = judge(bytes.substr(start.size(), end - start.size()));
    size = end + 2;
    return fault.problem == Problem::none ? Scan::complete : Scan::failed;
}

}  // namespace sallyport::xml
