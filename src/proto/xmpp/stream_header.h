// Stream headers, written and judged (RFC 6120 4.2, 4.7, 4.8).
#pragma once

#include <string>
#include <string_view>

#include "proto/xml/reader.h"

namespace sallyport::xmpp {

struct StreamHeader {
    std::string content = "jabber:server";  ///< content namespace
    std::string from, to, id;               ///< left out when empty (to may be present and empty: has_to)
    std::string lang = "en";
    bool version_1 = true;  ///< version='1.0'; false: pre-XMPP peer, left out
    bool dialback = true;   ///< declares xmlns:db
    std::string extra;      ///< further attributes, already written, starting with a space
};

/// With the XML declaration and the prefix `stream`.
[[nodiscard]] std::string write(const StreamHeader& header);

/// The versions of RFC 6120 4.7.5: compared numerically, leading zeros ignored; absent is 0.9.
struct StreamVersion {
    unsigned major = 0;
    unsigned minor = 9;
    bool valid = true;
};
[[nodiscard]] StreamVersion stream_version(const xml::Header& header);

}  // namespace sallyport::xmpp
