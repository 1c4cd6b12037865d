// One look over the links.
#include "admin/api/clock_skews.h"

namespace sallyport::admin {

std::map<std::string, Duration> clock_skews(const NodeStatus& status) {
    std::map<std::string, Duration> worst;
    for (const link::SessionStatus& link : status.links) {
        if (!link.clock_skew) continue;
        Duration& skew = worst.try_emplace(link.far_realm, *link.clock_skew).first->second;
        if (std::chrono::abs(*link.clock_skew) > std::chrono::abs(skew)) skew = *link.clock_skew;
    }
    return worst;
}

}  // namespace sallyport::admin
