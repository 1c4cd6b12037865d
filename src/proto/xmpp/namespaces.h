// Namespace names, each with its document.
#pragma once

#include <string_view>

namespace sallyport::xmpp::ns {

inline constexpr std::string_view xml = "http://www.w3.org/XML/1998/namespace";                 // xml:lang
inline constexpr std::string_view streams = "http://etherx.jabber.org/streams";               // RFC 6120 4.8.1
inline constexpr std::string_view server = "jabber:server";                                   // RFC 6120 4.8.3
inline constexpr std::string_view client = "jabber:client";
inline constexpr std::string_view component = "jabber:component:accept";                      // XEP-0114
inline constexpr std::string_view component_bind = "urn:xmpp:component:0";                    // XEP-0225
inline constexpr std::string_view dialback = "jabber:server:dialback";                        // XEP-0220
inline constexpr std::string_view dialback_feature = "urn:xmpp:features:dialback";            // XEP-0220 2.4.2
inline constexpr std::string_view stream_errors = "urn:ietf:params:xml:ns:xmpp-streams";      // RFC 6120 4.9.2
inline constexpr std::string_view stanza_errors = "urn:ietf:params:xml:ns:xmpp-stanzas";      // RFC 6120 8.3.2
inline constexpr std::string_view tls = "urn:ietf:params:xml:ns:xmpp-tls";                    // RFC 6120 5
inline constexpr std::string_view sasl = "urn:ietf:params:xml:ns:xmpp-sasl";                  // RFC 6120 6
inline constexpr std::string_view stream_management = "urn:xmpp:sm:3";                        // XEP-0198
inline constexpr std::string_view ping = "urn:xmpp:ping";                                     // XEP-0199
inline constexpr std::string_view bidi = "urn:xmpp:bidi";                                     // XEP-0288
inline constexpr std::string_view bidi_feature = "urn:xmpp:features:bidi";                    // XEP-0288
inline constexpr std::string_view stream_limits = "urn:xmpp:stream-limits:0";                 // XEP-0478
inline constexpr std::string_view compress = "http://jabber.org/protocol/compress";           // XEP-0138 (refused)
inline constexpr std::string_view errors = "urn:xmpp:errors";                                 // XEP-0205 app conditions
inline constexpr std::string_view link = "urn:sallyport:link:0";                              // docs/protocol/link.md

}  // namespace sallyport::xmpp::ns
