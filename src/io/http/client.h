// One HTTP/1.1 request to one address, over TLS or plain, with one deadline for all of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/http/message.h"
#include "io/loop/loop.h"
#include "io/net/stream.h"
#include "io/tls/context.h"

namespace sallyport::io {

struct HttpOrder {
    Endpoint to;
    HostPort host;                          ///< for Host, SNI, and the certificate
    std::shared_ptr<const TlsContext> tls;  ///< null: plain
    bool verify = true;                     ///< the certificate's chain and name have to be right
    bool verify_name = true;                ///< false: the chain alone, for who trusts one certificate only
    HttpRequest request;                    ///< without Host, Content-Length and Connection
    Duration timeout = std::chrono::seconds{30};
    Duration dial_timeout = std::chrono::seconds{30};  ///< for the connection, within the other
    std::uint64_t header_bytes = 65536;
    std::uint64_t body_bytes = 8 << 20;
};

/// A request under way; destroying it cancels it and the callback never runs.
class HttpCall {
public:
    virtual ~HttpCall() = default;
};

/// Errors: those of Network::dial, "http-tls", "http-certificate", "http-timed-out", "http-closed", "http-malformed".
[[nodiscard]] std::unique_ptr<HttpCall> http_call(Loop& loop, Network& network, HttpOrder order,
                                                  std::function<void(Result<HttpResponse>)> on_response);

}  // namespace sallyport::io
