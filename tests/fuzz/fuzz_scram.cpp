// What a client says in SCRAM, before and after the challenge: nothing breaks, no name leaves the form of a name, and
// without the key nothing authenticates.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/check.h"
#include "proto/c2s/sasl/scram.h"

namespace sasl = sallyport::c2s::sasl;
using sallyport::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    if (all.empty()) return 0;
    const auto table = sasl::mechanisms();
    const sasl::Mechanism& mechanism = table[static_cast<std::size_t>(data[0]) % table.size()];
    const std::size_t end = all.find('\n');
    const sasl::Channel channel{"exporter", "end-point"};
    sasl::Scram scram{mechanism, true, channel, "server-nonce"};
    if (scram.first(all.substr(1, end - 1))) return 0;
    check(!scram.user().empty() && scram.user().size() <= 1023, "a name of a bad size");
    check(scram.user().find('\0') == std::string::npos, "a name with a NUL");
    const std::string challenge = scram.challenge(sasl::decoy(mechanism.digest, "secret", scram.user(), 10000));
    check(challenge.starts_with("r=") && challenge.find("server-nonce,s=") != std::string::npos, "a challenge");
    if (end == std::string_view::npos) return 0;
    std::string server_final;
    check(scram.last(all.substr(end + 1), server_final).has_value(), "a proof without the key");
    check(server_final.empty(), "a signature for nobody");
    return 0;
}
