// `GET /health` for balancers, without a sign-in and without TLS, at the addresses of [admin] health: 200 while
// connections should be sent here, 503 while they should not. It says nothing else but the version
// (docs/manual/install.md, "Behind a balancer").
#pragma once

#include <functional>
#include <string>

#include "admin/judge/health.h"
#include "io/http/server.h"

namespace sallyport::admin {

class HealthService final : public io::HttpHandler {
public:
    static constexpr std::string_view path = "/health";

    /// `health` is asked at each request.
    HealthService(std::function<Health()> health, std::string version);

    [[nodiscard]] io::HttpAdmission admit(const io::HttpRequest& head) override;
    void handle(io::HttpRequest request, std::shared_ptr<io::HttpExchange> exchange) override;

    /// Nobody who asks how a node is sends much, or stays: tighter than those of the admin address.
    [[nodiscard]] static io::HttpLimits limits();

private:
    std::function<Health()> health_;
    std::string version_;
};

}  // namespace sallyport::admin
