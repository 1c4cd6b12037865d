// The listeners of [admin] health, on the control thread.
#pragma once

#include "admin/api/watch.h"
#include "admin/rest/health_service.h"
#include "nodes/runtime/runtime.h"

namespace sallyport::nodes {

class HealthPart {
public:
    /// Both must outlive it.
    HealthPart(Runtime& runtime, const admin::Watch& watch);

    /// Errors: "listen-failed".
    [[nodiscard]] Result<void> start();
    /// The node is about to end: from now on that is the answer.
    void drain() { draining_ = true; }

private:
    Runtime& runtime_;
    bool draining_ = false;
    admin::HealthService service_;
    io::HttpServer server_;
};

}  // namespace sallyport::nodes
