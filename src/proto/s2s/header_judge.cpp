// Judging the frame of a stream header: RFC 6120 4.7.4, 4.7.5, 4.8.1 to 4.8.5.
#include "proto/s2s/header_judge.h"

#include <algorithm>

#include "proto/xmpp/namespaces.h"
#include "proto/xmpp/stream_header.h"

namespace sallyport::s2s {

namespace ns = xmpp::ns;
using xmpp::StreamCondition;

std::optional<HeaderObjection> judge_frame(const xml::Header& header) {
    if (header.space != ns::streams) {
        return HeaderObjection{StreamCondition::invalid_namespace, "the root is not in the streams namespace"};
    }
    if (header.name != "stream") return HeaderObjection{StreamCondition::bad_format, "the root is not a stream"};
    // RFC 6120 4.8.2: either the prefix "stream" with a default content namespace, or prefix-free.
    if (!header.prefix.empty() && header.prefix != "stream") {
        return HeaderObjection{StreamCondition::bad_namespace_prefix, "the stream prefix is not 'stream'"};
    }
    const bool prefix_free = header.prefix.empty() && header.content_space == ns::streams;
    if (header.content_space != ns::server && !prefix_free) {
        return HeaderObjection{StreamCondition::invalid_namespace, "the content namespace is not jabber:server"};
    }
    const xmpp::StreamVersion version = xmpp::stream_version(header);
    if (!version.valid || version.major > 1) {
        return HeaderObjection{StreamCondition::unsupported_version, "the stream version is not supported"};
    }
    return std::nullopt;
}

bool speaks_version_1(const xml::Header& header) {
    const xmpp::StreamVersion version = xmpp::stream_version(header);
    return version.valid && version.major >= 1;
}

Address read_domain(std::string_view text, xmpp::Domain& out) {
    if (text.empty()) return Address::absent;
    auto parsed = xmpp::Domain::parse(text);
    if (!parsed) return Address::malformed;
    out = std::move(*parsed);
    return Address::good;
}

std::string_view usable_lang(const xml::Header& header) {
    constexpr std::string_view xml_space = "http://www.w3.org/XML/1998/namespace";
    constexpr std::size_t longest = 35;  // RFC 5646 4.4.1
    const auto lang = std::find_if(header.attributes.begin(), header.attributes.end(),
                                   [&](const xml::Attribute& a) { return a.space == xml_space && a.name == "lang"; });
    if (lang == header.attributes.end() || lang->value.empty() || lang->value.size() > longest) return {};
    const bool ordinary = std::all_of(lang->value.begin(), lang->value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
    return ordinary ? std::string_view{lang->value} : std::string_view{};
}

xmpp::StreamCondition condition_of(xml::Problem problem) {
    using enum xmpp::StreamCondition;
    switch (problem) {
        case xml::Problem::none:
        case xml::Problem::not_well_formed: break;
        case xml::Problem::restricted_xml: return restricted_xml;
        case xml::Problem::unsupported_encoding: return unsupported_encoding;
        case xml::Problem::limit: return policy_violation;
        case xml::Problem::bad_format: return bad_format;
    }
    return not_well_formed;
}

}  // namespace sallyport::s2s
