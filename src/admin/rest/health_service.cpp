// One path, two methods.
#include "admin/rest/health_service.h"

#include <boost/json.hpp>

#include "admin/rest/answers.h"
#include "admin/rest/rest_service.h"

namespace sallyport::admin {

HealthService::HealthService(std::function<Health()> health, std::string version)
    : health_{std::move(health)}, version_{std::move(version)} {}

io::HttpLimits HealthService::limits() {
    io::HttpLimits limits;
    limits.connections = 64;
    limits.connections_per_address = 16;
    limits.header_bytes = 4096;
    limits.body_bytes = 0;
    limits.header = std::chrono::seconds{5};
    limits.idle = std::chrono::seconds{30};
    return limits;
}

io::HttpAdmission HealthService::admit(const io::HttpRequest& head) {
    std::optional<io::HttpResponse> refusal;
    if (head.path() != path) {
        refusal = error_answer({"path-unknown", "no such path"});
    } else if (head.method != "GET" && head.method != "HEAD") {
        refusal = error_answer({"method-unknown", "this path takes GET, HEAD"});
        refusal->fields.push_back({"Allow", "GET, HEAD"});
    }
    if (refusal) add_security_fields(*refusal);
    return {std::move(refusal), 0};
}

void HealthService::handle(io::HttpRequest, std::shared_ptr<io::HttpExchange> exchange) {
    const Health health = health_();
    const boost::json::object told{
        {"ready", health == Health::ready}, {"draining", health == Health::draining}, {"version", version_}};
    send(exchange, {health == Health::ready ? 200U : 503U,
                    {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                    boost::json::serialize(told) + "\n"});
}

}  // namespace sallyport::admin
