// Subscription requests of people whom a user does not know: what is kept of one until the user answers (RFC 6121
// 3.1.3), and how many may wait. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "io/store/user_store.h"
#include "proto/xml/element.h"
#include "proto/xmpp/jid.h"

namespace sallyport::im {

inline constexpr std::size_t longest_request_id = 256;
inline constexpr std::size_t longest_request_text = 512;  ///< of the status, of the nick
/// A request as it is kept is never longer: three addresses' worth, and what is above, escaped.
inline constexpr std::size_t longest_request = 24576;

/// The request cut down to who asks whom, its id, and the beginning of its status and nick (XEP-0172).
[[nodiscard]] xml::Element brief_request(const xml::Element& presence);
/// One that was kept as it came, cut down; empty when it cannot be read.
[[nodiscard]] std::string brief_request(const std::string& kept);

inline constexpr std::size_t longest_shown_request = 4096;  ///< to clients that are there, as it came

/// Somebody who is not on the roster waits for an answer.
[[nodiscard]] bool is_request(const io::StoredContact& contact);
/// There is room for one more, of `from`: one domain has half of it at most.
[[nodiscard]] bool has_room_for_request(const std::map<std::string, io::StoredContact>& contacts, const xmpp::Jid& from,
                                        std::uint64_t most);

/// The user will not answer: the contact without its request; without a state and unlisted it is nobody any longer.
[[nodiscard]] io::StoredContact without_request(io::StoredContact contact);

}  // namespace sallyport::im
