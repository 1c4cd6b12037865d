// The table of checks.
#include "admin/diag/checks/checks.h"

#include <algorithm>

namespace sallyport::diag {

namespace {

constexpr Check rows[] = {
    {"dns", "SRV and address records of a domain", start_dns},
    {"tls", "stream, TLS and certificate of a domain", start_tls},
    {"dialback", "our authoritative server, asked as the domain's server would ask it", start_dialback},
};

}  // namespace

std::span<const Check> checks() { return rows; }

const Check* find_check(std::string_view name) {
    const auto at =
        std::find_if(std::begin(rows), std::end(rows), [name](const Check& row) { return row.name == name; });
    return at == std::end(rows) ? nullptr : &*at;
}

}  // namespace sallyport::diag
