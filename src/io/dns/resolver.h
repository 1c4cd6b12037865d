// Name look-ups as a seam: libunbound in unbound_resolver.cpp, simulated in tests/support. Answers are cached for their
// TTL (floor 5 s, ceiling 1 h) and validated where a trust anchor is configured (threat T67).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/dns_records.h"
#include "base/result.h"
#include "base/tables.h"
#include "io/loop/loop.h"

namespace sallyport::io {

/// A look-up under way; destroying it cancels it and the callback never runs.
class Lookup {
public:
    virtual ~Lookup() = default;
};

/// For whom a name is looked up. Where answers do not come, it says who has to share with whom (questions.h).
struct Asker {
    enum class Kind : std::uint8_t {
        node,       ///< the node itself, or whoever administers it: names of its file, checks
        users,      ///< users of ours, and partners that have proved themselves
        strangers,  ///< who has proved nothing
    };
    Kind kind = Kind::node;
    std::string who{};    ///< caused it; empty: nobody in particular
    std::string whose{};  ///< the owner of the name, likewise
};

using OnAnswer = std::function<void(const DnsAnswer&)>;

/// One handle a loop; callbacks run on that loop.
class Resolver {
public:
    virtual ~Resolver() = default;
    /// `name` in A-label form without trailing dot, e.g. "_xmpp-server._tcp.example.org".
    [[nodiscard]] virtual std::unique_ptr<Lookup> srv(const std::string& name, const Asker& asker,
                                                      OnAnswer on_answer) = 0;
    /// A (`v6` false) or AAAA records.
    [[nodiscard]] virtual std::unique_ptr<Lookup> addresses(const std::string& name, bool v6, const Asker& asker,
                                                            OnAnswer on_answer) = 0;
};

/// Where and how to ask.
struct DnsSettings {
    std::vector<Endpoint> servers;  ///< forwarders; empty: those of the system
    std::string trust_anchor_file;  ///< empty: no validation
    std::string hosts_file;         ///< consulted before DNS; empty: none
    Duration timeout = std::chrono::seconds{10};
    std::uint64_t questions = 256;  ///< without an answer at a time; each takes a socket, as many again are there
};

/// The process's libunbound context: one cache and one worker thread, shared by the handles of all loops.
class ResolverService {
public:
    virtual ~ResolverService() = default;
    /// A handle ends before its loop; no answer reaches that afterwards.
    [[nodiscard]] virtual std::unique_ptr<Resolver> resolver(Loop& loop) = 0;
    /// On any thread.
    virtual void tables(TableFills& all) = 0;
};
/// Errors: "dns-configuration".
[[nodiscard]] Result<std::unique_ptr<ResolverService>> make_resolver_service(const DnsSettings& settings);

}  // namespace sallyport::io
