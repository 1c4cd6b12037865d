// How often those at a remote address were refused within the last minute. Of IPv6 a /64 counts as one address, for one
// subscriber has all of it, and beside it the /48: a site has 65,536 of those, and no more tries for that. Bounded, as
// Failures are.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/failures.h"

namespace sallyport {

class AddressFailures {
public:
    /// So many times what one address may is what all of a /48 may.
    static constexpr std::uint64_t site_share = 8;

    /// `most` of one address in a window; then it has to wait.
    explicit AddressFailures(std::uint64_t most);

    /// How long those at `from` have to wait; zero: they may try. `known`: somebody has proved himself from there, and
    /// does not wait for what others do at his site.
    [[nodiscard]] Duration wait(const IpAddress& from, bool known, TimePoint now);
    void note(const IpAddress& from, TimePoint now);
    /// The last one was none.
    void forgive(const IpAddress& from);
    /// Of anybody's that are remembered; nothing: the epoch.
    [[nodiscard]] TimePoint latest() const { return addresses_.latest(); }

private:
    Failures addresses_, sites_;
};

}  // namespace sallyport
