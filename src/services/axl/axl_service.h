// The AXL service: who may ask, what they ask, and the answers, over an HTTP server that somebody else runs. Serves
// /axl/ (with the slash): POST for SOAP, GET for a page that says the credentials are good, GET ?wsdl.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "io/http/server.h"
#include "proto/axl/soap.h"
#include "services/axl/sql_desk.h"
#include "services/axl/user_desk.h"

namespace sallyport::axl {

class AxlService final : public io::HttpHandler {
public:
    static constexpr std::uint64_t most_body_bytes = 65536;

    /// Both desks must outlive the service.
    AxlService(SqlDesk& sql, UserDesk& users, Logger log) : sql_{sql}, users_{users}, log_{log} {}

    [[nodiscard]] io::HttpAdmission admit(const io::HttpRequest& head) override;
    void handle(io::HttpRequest request, std::shared_ptr<io::HttpExchange> exchange) override;

private:
    [[nodiscard]] io::HttpAdmission admission(const UserDesk::Verdict& verdict, const Endpoint& from, bool reads);
    [[nodiscard]] io::HttpResponse answer(const io::HttpRequest& request);
    [[nodiscard]] io::HttpResponse answer_soap(const io::HttpRequest& request);
    [[nodiscard]] Answer run(const Request& request);

    SqlDesk& sql_;
    UserDesk& users_;
    Logger log_;
};

/// The description of the service, with `address` (host and port) as its place. docs/protocol/axl.wsdl is a copy.
[[nodiscard]] std::string wsdl(const std::string& address);

}  // namespace sallyport::axl
