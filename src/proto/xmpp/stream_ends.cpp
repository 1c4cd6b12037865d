// The table.
#include "proto/xmpp/stream_ends.h"

#include <array>

namespace sallyport::xmpp {

std::span<const StreamEnd> stream_ends() {
    using enum StreamCondition;
    static constexpr std::string_view demanded = "required by the RFC";
    static constexpr std::string_view framing = "the start of the next element is unknown";
    static constexpr std::array rows{
        StreamEnd{not_well_formed, "all", "text that is not XML, or violates its namespace rules",
                  "RFC 6120 4.9.3.13, 11.3", framing},
        StreamEnd{unsupported_encoding, "all", "a stream that is not UTF-8", "RFC 6120 4.9.3.22, 11.6", framing},
        StreamEnd{restricted_xml, "all", "a comment, a processing instruction, a document type, an unknown entity",
                  "RFC 6120 4.9.3.18, 11.1", demanded},
        StreamEnd{bad_format, "all", "text between two stanzas, or a stream within the stream", "RFC 6120 4.9.3.1",
                  framing},
        StreamEnd{policy_violation, "all", "an element beyond its limits before authentication",
                  "RFC 6120 4.9.3.14, 13.12", "there is no authenticated sender to answer"},
        StreamEnd{policy_violation, "all", "a stanza of more than four times `stanza_bytes`",
                  "RFC 6120 4.9.3.14, 13.12", "skipping it has to have a limit"},
        StreamEnd{policy_violation, "all", "an element beyond its limits that is not a stanza",
                  "RFC 6120 4.9.3.14, 13.12", "it belongs to the stream itself, and has no sender to answer"},
        StreamEnd{policy_violation, "servers, clients, links", "an element that is not complete in time",
                  "RFC 6120 4.9.3.14", framing},
        StreamEnd{resource_constraint, "links",
                  "incomplete elements that together take more than the node has for them", "RFC 6120 4.9.3.17",
                  "what is kept of them has to have a limit"},
        StreamEnd{policy_violation, "clients", "too much text behind a login, before it is answered",
                  "RFC 6120 4.9.3.14", "what is kept of it has to have a limit"},
        StreamEnd{policy_violation, "servers, clients", "anything but `<starttls/>` where TLS is required first",
                  "RFC 6120 5.3.1, 4.9.3.14", "there is no authenticated sender to answer"},
        StreamEnd{policy_violation, "servers, clients", "a step of SASL out of its turn", "RFC 6120 6.4, 4.9.3.14",
                  "who is at the other end is unknown"},
        StreamEnd{policy_violation, "servers, clients", "SASL that has failed too often", "RFC 6120 6.4.5", demanded},
        StreamEnd{policy_violation, "clients", "a sixth retry to bind a resource", "RFC 6120 7.7.3", demanded},
        StreamEnd{unsupported_stanza_type, "all", "an element that is neither a stanza nor of a known protocol",
                  "RFC 6120 4.9.3.24", demanded},
        StreamEnd{not_authorized, "all", "a stanza before authentication, or before a resource is bound",
                  "RFC 6120 4.9.3.12, 7.1", demanded},
        StreamEnd{improper_addressing, "servers", "a stanza without `to` or without `from`, or no domain in `from`",
                  "RFC 6120 8.1.1.2, 8.1.2.2", "required by the RFC; the sender is not authenticated"},
        StreamEnd{improper_addressing, "servers",
                  "a dialback key, or a question about one, without `from` or without `to`", "RFC 6120 4.9.3.7",
                  "there is nobody to answer"},
        StreamEnd{invalid_from, "servers", "a stanza from a domain that is not authenticated on the stream",
                  "RFC 6120 8.1.2.2", demanded},
        StreamEnd{host_unknown, "servers", "a stanza to a domain that is not verified on the stream",
                  "RFC 6120 8.1.1.2", demanded},
        StreamEnd{host_gone, "servers", "the same, to a domain that was served before", "RFC 6120 8.1.1.2", demanded},
        StreamEnd{invalid_from, "components", "a stanza from another domain than the component's", "XEP-0114 3",
                  "only the component itself can cause it"},
        StreamEnd{invalid_from, "clients", "a stanza from another address than the client's", "RFC 6120 8.1.2.1",
                  demanded},
        StreamEnd{invalid_from, "links", "a stanza that the other node may not send",
                  "[router link](../protocol/link.md), 7", "that node is broken, or in other hands"},
        StreamEnd{undefined_condition, "servers, clients, links", "an acknowledgement of more than was sent",
                  "XEP-0198 6", "what was lost is unknown"},
        StreamEnd{undefined_condition, "links",
                  "`<done/>` for stanzas that were never sent, or a session without an id of its own",
                  "[router link](../protocol/link.md), 3, 5", "what was lost is unknown"},
        StreamEnd{undefined_condition, "servers", "after a resumption, other stanzas than those that were sent before",
                  "XEP-0198 5", "what would be lost or doubled is unknown"},
        StreamEnd{conflict, "servers", "another connection resumes the stream", "XEP-0198 5",
                  "the peer has left this one"},
        StreamEnd{policy_violation, "servers", "a fourth attempt to resume on one stream", "XEP-0198 9",
                  "names are not to be guessed"},
        StreamEnd{bad_format, "servers, clients, links", "an acknowledgement without a count", "XEP-0198 4",
                  "what was lost is unknown"},
        StreamEnd{bad_format, "links", "`<resumed/>` or `<done/>` without counts",
                  "[router link](../protocol/link.md), 3, 5", "what was lost is unknown"},
    };
    return rows;
}

}  // namespace sallyport::xmpp
