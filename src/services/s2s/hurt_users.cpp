// Names first, then hashes.
#include "services/s2s/hurt_users.h"

#include <algorithm>
#include <functional>

namespace sallyport::s2s {

void HurtUsers::add(std::string_view address) {
    const std::string_view bare = address.substr(0, address.find('/'));
    if (bare.find('@') == std::string_view::npos) return;
    if (std::find(names_.begin(), names_.end(), bare) != names_.end()) return;
    if (names_.size() < most_named_) {
        names_.emplace_back(bare);
        return;
    }
    const std::size_t hash = std::hash<std::string_view>{}(bare);
    const auto at = std::lower_bound(others_.begin(), others_.end(), hash);
    if ((at != others_.end() && *at == hash) || others_.size() >= most_counted) return;
    others_.insert(at, hash);
}

}  // namespace sallyport::s2s
