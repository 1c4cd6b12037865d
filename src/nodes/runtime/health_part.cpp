// Wiring.
#include "nodes/runtime/health_part.h"

namespace sallyport::nodes {

HealthPart::HealthPart(Runtime& runtime, const admin::Watch& watch)
    : runtime_{runtime},
      service_{[this, &watch] { return draining_ ? admin::Health::draining : watch.health(); }, SALLYPORT_VERSION},
      server_{runtime.control(), runtime.network(), {nullptr, admin::HealthService::limits()}, service_} {}

Result<void> HealthPart::start() {
    for (const Endpoint& at : runtime_.file().admin.health) {
        if (auto listening = server_.listen(at); !listening) return listening;
    }
    return {};
}

}  // namespace sallyport::nodes
