// Namespace names, each with its document.
#pragma once

#include <string_view>

namespace sallyport::xmpp::ns {

inline constexpr std::string_view xml = "http://www.w3.org/XML/1998/namespace";  // xml:lang
inline constexpr std::string_view streams = "http://etherx.jabber.org/streams";  // RFC 6120 4.8.1
inline constexpr std::string_view server = "jabber:server";                      // RFC 6120 4.8.3
inline constexpr std::string_view client = "jabber:client";
inline constexpr std::string_view component = "jabber:component:accept";                  // XEP-0114
inline constexpr std::string_view component_bind = "urn:xmpp:component:0";                // XEP-0225
inline constexpr std::string_view dialback = "jabber:server:dialback";                    // XEP-0220
inline constexpr std::string_view dialback_feature = "urn:xmpp:features:dialback";        // XEP-0220 2.4.2
inline constexpr std::string_view stream_errors = "urn:ietf:params:xml:ns:xmpp-streams";  // RFC 6120 4.9.2
inline constexpr std::string_view stanza_errors = "urn:ietf:params:xml:ns:xmpp-stanzas";  // RFC 6120 8.3.2
inline constexpr std::string_view tls = "urn:ietf:params:xml:ns:xmpp-tls";                // RFC 6120 5
inline constexpr std::string_view sasl = "urn:ietf:params:xml:ns:xmpp-sasl";              // RFC 6120 6
inline constexpr std::string_view bind = "urn:ietf:params:xml:ns:xmpp-bind";              // RFC 6120 7
inline constexpr std::string_view channel_bindings = "urn:xmpp:sasl-cb:0";                // XEP-0440
inline constexpr std::string_view roster = "jabber:iq:roster";                            // RFC 6121 2
inline constexpr std::string_view roster_versions = "urn:xmpp:features:rosterver";        // RFC 6121 2.6
inline constexpr std::string_view disco_info = "http://jabber.org/protocol/disco#info";   // XEP-0030
inline constexpr std::string_view disco_items = "http://jabber.org/protocol/disco#items";
inline constexpr std::string_view version = "jabber:iq:version";                     // XEP-0092
inline constexpr std::string_view vcard = "vcard-temp";                              // XEP-0054
inline constexpr std::string_view carbons = "urn:xmpp:carbons:2";                    // XEP-0280
inline constexpr std::string_view forward = "urn:xmpp:forward:0";                    // XEP-0297
inline constexpr std::string_view hints = "urn:xmpp:hints";                          // XEP-0334
inline constexpr std::string_view delay = "urn:xmpp:delay";                          // XEP-0203
inline constexpr std::string_view stream_management = "urn:xmpp:sm:3";               // XEP-0198
inline constexpr std::string_view ping = "urn:xmpp:ping";                            // XEP-0199
inline constexpr std::string_view bidi = "urn:xmpp:bidi";                            // XEP-0288
inline constexpr std::string_view bidi_feature = "urn:xmpp:features:bidi";           // XEP-0288
inline constexpr std::string_view stream_limits = "urn:xmpp:stream-limits:0";        // XEP-0478
inline constexpr std::string_view compress = "http://jabber.org/protocol/compress";  // XEP-0138 (refused)
inline constexpr std::string_view errors = "urn:xmpp:errors";                        // XEP-0205 app conditions
inline constexpr std::string_view link = "urn:sallyport:link:0";                     // docs/protocol/link.md
inline constexpr std::string_view verdict = "urn:sallyport:verdict:0";               // docs/manual/why.md

}  // namespace sallyport::xmpp::ns
