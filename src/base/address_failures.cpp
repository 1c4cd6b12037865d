// Two tables, a finer and a coarser one.
#include "base/address_failures.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "base/networks.h"

namespace sallyport {

namespace {

std::string site_of(const IpAddress& address) { return site_network(address).text(); }

std::uint64_t of_site(std::uint64_t most) {
    return most > unlimited / AddressFailures::site_share ? unlimited : most * AddressFailures::site_share;
}

}  // namespace

AddressFailures::AddressFailures(std::uint64_t most) : addresses_{most}, sites_{of_site(most)} {}

Duration AddressFailures::wait(const IpAddress& from, bool known, TimePoint now) {
    const Duration own = addresses_.wait(failure_key(from), now);
    return known || !from.v6 ? own : std::max(own, sites_.wait(site_of(from), now));
}

void AddressFailures::note(const IpAddress& from, TimePoint now) {
    addresses_.note(failure_key(from), now);
    if (from.v6) sites_.note(site_of(from), now);
}

void AddressFailures::forgive(const IpAddress& from) {
    addresses_.forgive(failure_key(from));
    if (from.v6) sites_.forgive(site_of(from));
}

}  // namespace sallyport
