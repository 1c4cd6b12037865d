// AXL requests to IM&P publishers: name to addresses, HTTPS, SOAP, and the log lines that prove each.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "io/dns/resolver.h"
#include "io/http/client.h"
#include "proto/axl/soap.h"

namespace sallyport::provision {

struct AxlTarget {
    HostPort address;
    std::string username, password;
    bool tls_verify = true;

    /// "https://imp1.example.org:8443/axl/"
    [[nodiscard]] std::string url() const { return "https://" + address.text() + "/axl/"; }
};

/// A request under way; destroying it cancels it and the callback never runs.
class AxlCall {
public:
    virtual ~AxlCall() = default;
};

class AxlClient {
public:
    static constexpr std::size_t most_addresses = 4;
    static constexpr Duration timeout = std::chrono::seconds{15};
    static constexpr Duration dial_timeout = std::chrono::seconds{5};

    using OnAnswer = std::function<void(Result<axl::Answer>)>;

    /// All must outlive the client and its calls.
    AxlClient(io::Loop& loop, io::Network& network, io::Resolver& resolver, std::shared_ptr<const io::TlsContext> tls,
              Logger log)
        : loop_{loop}, network_{network}, resolver_{resolver}, tls_{std::move(tls)}, log_{log} {}

    /// A fault is an error too. Errors: "axl-unreachable", "axl-not-listening", "axl-silent", "axl-tls",
    /// "axl-unauthorized" (401), "axl-busy" (503), "axl-status", "axl-fault", "axl-malformed".
    [[nodiscard]] std::unique_ptr<AxlCall> send(const AxlTarget& target, const axl::Request& request,
                                                OnAnswer on_answer);
    void replace_tls(std::shared_ptr<const io::TlsContext> tls) { tls_ = std::move(tls); }

private:
    class Exchange;
    class Handle;

    io::Loop& loop_;
    io::Network& network_;
    io::Resolver& resolver_;
    std::shared_ptr<const io::TlsContext> tls_;
    Logger log_;
};

}  // namespace sallyport::provision
