// What both machines ask of a stream header before they look at its addresses (RFC 6120 4.7.5, 4.8; threats T34, T35).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/xml/reader.h"
#include "proto/xmpp/errors.h"
#include "proto/xmpp/jid.h"

namespace sallyport::s2s {

struct HeaderObjection {
    xmpp::StreamCondition condition;
    std::string_view why;
};

/// Namespace, local name, prefix, content namespace, version. Nothing: the frame is sound.
[[nodiscard]] std::optional<HeaderObjection> judge_frame(const xml::Header& header);

/// RFC 6120 4.7.5: the peer speaks version 1.0 and wants features.
[[nodiscard]] bool speaks_version_1(const xml::Header& header);

/// An address of a header or of dialback: absent, a domain, or malformed (empty counts as absent in a header).
enum class Address { absent, good, malformed };
[[nodiscard]] Address read_domain(std::string_view text, xmpp::Domain& out);

/// xml:lang of the header when stanzas may inherit it, else empty. COMPAT(Cisco XCP sends 'en-US.UTF-8'): tolerated,
/// not passed on.
[[nodiscard]] std::string_view usable_lang(const xml::Header& header);
/// What a stream gets whose bytes the reader refuses (RFC 6120 4.9.3, 11).
[[nodiscard]] xmpp::StreamCondition condition_of(xml::Problem problem);

}  // namespace sallyport::s2s
