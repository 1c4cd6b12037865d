// The mechanism table. What is not in it is answered with invalid-mechanism (threat T29).
#include "proto/s2s/sasl/mechanisms.h"

#include <algorithm>
#include <array>

namespace sallyport::s2s::sasl {
namespace {

constexpr std::array table{
    Mechanism{"EXTERNAL", &judge_external, "RFC 4422 appendix A, XEP-0178 3"},
};

}  // namespace

std::span<const Mechanism> mechanisms() { return table; }

const Mechanism* find(std::string_view name) {
    const auto* row = std::find_if(table.begin(), table.end(), [&](const Mechanism& m) { return m.name == name; });
    return row == table.end() ? nullptr : row;
}

}  // namespace sallyport::s2s::sasl
