// Files that are brought piece by piece: which piece goes on with a download that stands in the audit already. Bounded;
// the download that rested longest makes room.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"

namespace sallyport::admin {

class Downloads {
public:
    static constexpr Duration patience = std::chrono::minutes{10};  ///< between two pieces
    static constexpr std::size_t most = 64;

    /// The piece of `key` (who, from where, what) from `offset` to `end` was given. True: it begins where the one
    /// before it ended. Whoever begins elsewhere begins anew.
    [[nodiscard]] bool goes_on(const std::string& key, std::uint64_t offset, std::uint64_t end, TimePoint now);
    [[nodiscard]] std::size_t size() const { return places_.size(); }

private:
    struct Place {
        std::uint64_t end = 0;
        TimePoint at{};
    };
    std::map<std::string, Place, std::less<>> places_;
};

}  // namespace sallyport::admin
