// The AXL service of a presence node: desks over its database, and the HTTPS server on the control thread.
#pragma once

#include <memory>

#include "io/http/server.h"
#include "io/loop/work_thread.h"
#include "nodes/runtime/runtime.h"
#include "services/axl/axl_service.h"

namespace sallyport::nodes {

class AxlPart {
public:
    /// `store` and `runtime` must outlive it. The users of the file come later: take_first_users(). Errors: those of
    /// TLS material.
    static Result<std::unique_ptr<AxlPart>> make(Runtime& runtime, io::PresenceStore& store);

    /// The users of the file that the database lacks. Errors: those of the store.
    [[nodiscard]] Result<void> take_first_users();
    /// Errors: "listen-failed".
    [[nodiscard]] Result<void> start();
    void shut();
    [[nodiscard]] axl::SqlDesk& sql() { return sql_; }
    [[nodiscard]] axl::UserDesk& users() { return users_; }
    [[nodiscard]] std::size_t connections() const { return server_ ? server_->connections() : 0; }
    void tables(TableFills& all) const {
        users_.tables(all);
        if (server_) server_->tables(all);
    }
    /// Certificates were read again.
    [[nodiscard]] Result<void> reload();

private:
    AxlPart(Runtime& runtime, io::PresenceStore& store);

    Runtime& runtime_;
    io::WorkThread hashing_;
    axl::SqlDesk sql_;
    axl::UserDesk users_;
    axl::AxlService service_;
    std::unique_ptr<io::HttpServer> server_;  ///< null: [axl] listen is empty
};

}  // namespace sallyport::nodes
