// Name look-ups as a seam: libunbound in unbound_resolver.cpp, simulated in tests/support. Answers are cached for their
// TTL (floor 5 s, ceiling 1 h) and validated where a trust anchor is configured (threat T67).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/dns_records.h"
#include "base/result.h"
#include "io/loop/loop.h"

namespace sallyport::io {

/// A look-up under way; destroying it cancels it and the callback never runs.
class Lookup {
public:
    virtual ~Lookup() = default;
};

using OnAnswer = std::function<void(const DnsAnswer&)>;

/// One handle a loop; callbacks run on that loop.
class Resolver {
public:
    virtual ~Resolver() = default;
    /// `name` in A-label form without trailing dot, e.g. "_xmpp-server._tcp.example.org".
    [[nodiscard]] virtual std::unique_ptr<Lookup> srv(const std::string& name, OnAnswer on_answer) = 0;
    /// A (`v6` false) or AAAA records.
    [[nodiscard]] virtual std::unique_ptr<Lookup> addresses(const std::string& name, bool v6, OnAnswer on_answer) = 0;
};

/// Where and how to ask.
struct DnsSettings {
    std::vector<Endpoint> servers;  ///< forwarders; empty: those of the system
    std::string trust_anchor_file;  ///< empty: no validation
    std::string hosts_file;         ///< consulted before DNS; empty: none
    Duration timeout = std::chrono::seconds{10};
};

/// The process's libunbound context: one cache and one worker thread, shared by the handles of all loops.
class ResolverService {
public:
    virtual ~ResolverService() = default;
    /// A handle ends before its loop; no answer reaches that afterwards.
    [[nodiscard]] virtual std::unique_ptr<Resolver> resolver(Loop& loop) = 0;
};
/// Errors: "dns-configuration".
[[nodiscard]] Result<std::unique_ptr<ResolverService>> make_resolver_service(const DnsSettings& settings);

}  // namespace sallyport::io
