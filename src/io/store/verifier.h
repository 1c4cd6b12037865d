// Verifiers of passwords at rest: scrypt (RFC 7914), memory-hard, with a salt each. The password cannot be read back.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::io {

/// "$scrypt$ln=14,r=8,p=1$<salt>$<hash>", both in base64. Takes tens of milliseconds and 16 MiB. Errors: "verifier".
[[nodiscard]] Result<std::string> make_verifier(std::string_view password);
/// The time depends on the verifier only. False as well for one that is malformed.
[[nodiscard]] bool verifies(std::string_view verifier, std::string_view password);

}  // namespace sallyport::io
