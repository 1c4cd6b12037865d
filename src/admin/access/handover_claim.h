// What one node says to another about somebody who goes from its pages to the other's: the text that is signed, and the
// token that a browser carries (docs/decisions/0028-hand-over.md). Pure.
#pragma once

#include <string>
#include <string_view>

#include "admin/access/roles.h"
#include "base/clock.h"
#include "base/result.h"

namespace sallyport::admin {

struct HandoverClaim {
    std::string issuer;            ///< node that has logged them in
    std::string audience;          ///< node where they go; nobody else takes it
    std::string user;              ///< their account at the issuer
    Access role = Access::read;    ///< what they may do there
    bool codes = false;            ///< a code of an authenticator was shown at that log-in
    WallTime issued{}, expires{};  ///< to the millisecond
    WallTime until{};              ///< end of their session at the issuer
    std::string nonce;             ///< fresh_secret()
    std::string session;  ///< the issuer's name for their session: a second hand-over takes the place of the first

    bool operator==(const HandoverClaim&) const = default;
};

/// A line a member, in a fixed order.
[[nodiscard]] std::string write(const HandoverClaim& claim);
/// Exactly what write() gives, and nothing else. Errors: "handover-malformed".
[[nodiscard]] Result<HandoverClaim> read_claim(std::string_view text);

/// A signed claim as it travels: three parts in base64url, with dots between.
struct HandoverToken {
    std::string claim, signature, chain;  ///< text, raw bytes, PEM
};
[[nodiscard]] std::string write(const HandoverToken& token);
/// Errors: "handover-malformed".
[[nodiscard]] Result<HandoverToken> read_token(std::string_view text);

}  // namespace sallyport::admin
