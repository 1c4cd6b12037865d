// The admin address of a node: accounts in the data folder, and, where [admin] listen is set, HTTPS with REST and pages
// on the control thread.
#pragma once

#include <memory>

#include "admin/access/access_desk.h"
#include "admin/rest/rest_service.h"
#include "io/http/server.h"
#include "nodes/runtime/runtime.h"

namespace sallyport::nodes {

class RestPart {
public:
    /// `runtime` and `node` must outlive it. Errors: those of AccessDesk and of TLS material.
    static Result<std::unique_ptr<RestPart>> make(Runtime& runtime, admin::NodeControl& node, admin::AccessDesk& desk);

    /// Errors: "listen-failed".
    [[nodiscard]] Result<void> start();
    void shut();
    [[nodiscard]] std::vector<Endpoint> endpoints() const;
    void tables(TableFills& all) const {
        service_.tables(all);
        server_->tables(all);
    }
    /// Certificates were read again.
    [[nodiscard]] Result<void> reload();

private:
    RestPart(Runtime& runtime, admin::NodeControl& node, admin::AccessDesk& desk);

    Runtime& runtime_;
    admin::AccessDesk& desk_;
    admin::RestService service_;
    std::unique_ptr<io::HttpServer> server_;
};

/// [admin] certificate, or one of the node's own making in its data folder. Errors: those of TLS material.
[[nodiscard]] Result<std::shared_ptr<const io::TlsContext>> make_admin_tls(Runtime& runtime);

}  // namespace sallyport::nodes
