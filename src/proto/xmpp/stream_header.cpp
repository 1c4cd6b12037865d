// The opening tag of our streams, and the version of others' (RFC 6120 4.7).
#include "proto/xmpp/stream_header.h"

#include <algorithm>

#include "proto/xmpp/namespaces.h"

namespace sallyport::xmpp {

namespace {

void append_given(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.append(" ").append(name).append("='");
    xml::append_escaped(out, value);
    out.push_back('\'');
}

/// Digits without sign, of any length; what does not fit is as large as can be.
bool read_number(std::string_view digits, unsigned& out) {
    constexpr unsigned most = 1000000;
    if (digits.empty()) return false;
    out = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return false;
        out = std::min(most, out * 10 + static_cast<unsigned>(c - '0'));
    }
    return true;
}

}  // namespace

std::string write(const StreamHeader& header) {
    std::string out = "<?xml version='1.0'?><stream:stream";
    append_given(out, "xmlns", header.content);
    append_given(out, "xmlns:stream", ns::streams);
    if (header.dialback) append_given(out, "xmlns:db", ns::dialback);
    append_given(out, "from", header.from);
    append_given(out, "to", header.to);
    append_given(out, "id", header.id);
    append_given(out, "xml:lang", header.lang);
    if (header.version_1) append_given(out, "version", "1.0");
    out += header.extra;
    out.push_back('>');
    return out;
}

StreamVersion stream_version(const xml::Header& header) {
    const bool present = std::any_of(header.attributes.begin(), header.attributes.end(),
                                     [](const xml::Attribute& a) { return a.space.empty() && a.name == "version"; });
    if (!present) return {};
    const std::string_view written = header.attribute("version");
    const std::size_t dot = written.find('.');
    StreamVersion version{0, 0, true};
    version.valid = dot != std::string_view::npos && read_number(written.substr(0, dot), version.major) &&
                    read_number(written.substr(dot + 1), version.minor);
    return version;
}

}  // namespace sallyport::xmpp
