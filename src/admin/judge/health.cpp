// By the links that are up.
#include "admin/judge/health.h"

#include <algorithm>

namespace sallyport::admin {

Health judge_health(const NodeStatus& status, const config::NodeFile& file) {
    if (file.role == Role::presence) return Health::ready;
    const Role other = file.role == Role::edge ? Role::core : Role::edge;
    const bool goes_on = std::any_of(status.links.begin(), status.links.end(), [&](const link::SessionStatus& link) {
        return link.state == link::LinkState::open && link.far_role == other;
    });
    return goes_on && status.federation_enabled ? Health::ready : Health::unready;
}

}  // namespace sallyport::admin
