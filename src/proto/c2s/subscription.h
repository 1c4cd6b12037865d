// The states of a subscription between a user and a contact, as the user's server sees them (RFC 6121 appendix A).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::c2s {

/// In: the contact asks to see the user, the user has not answered. Out: the user asked the contact.
enum class Subscription : std::uint8_t {
    none,
    none_out,
    none_in,
    none_out_in,
    to,
    to_in,
    from,
    from_out,
    both,
};
inline constexpr std::uint8_t subscription_states = 9;

/// The presence types that manage subscriptions.
enum class Managing : std::uint8_t { subscribe, unsubscribe, subscribed, unsubscribed };
inline constexpr std::uint8_t managing_types = 4;
[[nodiscard]] std::string_view text(Managing type);
[[nodiscard]] std::optional<Managing> managing(std::string_view type);

struct Transition {
    bool passed;  ///< outbound: routed to the contact; inbound: delivered to the user
    Subscription next;
    bool operator==(const Transition&) const = default;
};
/// The user's client sends `type` to the contact (RFC 6121 A.2).
[[nodiscard]] Transition outbound(Subscription now, Managing type);
/// The contact's server sends `type` for the user (RFC 6121 A.3).
[[nodiscard]] Transition inbound(Subscription now, Managing type);

[[nodiscard]] bool sees_contact(Subscription state);     ///< to or both: the user gets the contact's presence
[[nodiscard]] bool seen_by_contact(Subscription state);  ///< from or both
[[nodiscard]] bool asks(Subscription state);             ///< pending out: ask='subscribe'
[[nodiscard]] bool asked(Subscription state);            ///< pending in
/// "none", "to", "from", "both" (RFC 6121 2.1.2.5).
[[nodiscard]] std::string_view roster_text(Subscription state);

}  // namespace sallyport::c2s
