// The mechanism table. What is not in it is answered with invalid-mechanism. PLAIN is not: a client that is led to a
// false server would give its password away.
#include "proto/c2s/sasl/mechanisms.h"

#include <algorithm>
#include <array>

namespace sallyport::c2s::sasl {
namespace {

constexpr std::array table{
    Mechanism{"SCRAM-SHA-256-PLUS", Digest::sha256, true, "RFC 7677, RFC 9266"},
    Mechanism{"SCRAM-SHA-256", Digest::sha256, false, "RFC 7677"},
    Mechanism{"SCRAM-SHA-1-PLUS", Digest::sha1, true, "RFC 5802, RFC 9266"},
    Mechanism{"SCRAM-SHA-1", Digest::sha1, false, "RFC 5802"},
};

}  // namespace

std::span<const Mechanism> mechanisms() { return table; }

const Mechanism* find(std::string_view name) {
    const auto* row = std::find_if(table.begin(), table.end(), [&](const Mechanism& m) { return m.name == name; });
    return row == table.end() ? nullptr : row;
}

}  // namespace sallyport::c2s::sasl
