// Who is connected from where, for the whole node: the bounds per remote address (security catalogue part 5). Consulted
// at accept, authentication and verification, never per stanza; a mutex guards it
// (docs/decisions/0004-ledger-mutex.md).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/limits.h"

namespace sallyport::s2s {

class Ledger {
public:
    explicit Ledger(const Limits& limits) : limits_{limits} {}

    /// A connection from `address` was accepted. False: over a limit, close it without a word (XEP-0205 4.1).
    [[nodiscard]] bool enter(const IpAddress& address, TimePoint now);
    void authenticated(const IpAddress& address);
    void leave(const IpAddress& address, bool was_authenticated);
    /// A verification for a stream from `address` begins. False: resource-constraint.
    [[nodiscard]] bool begin_dialback(const IpAddress& address);
    void end_dialback(const IpAddress& address);

    struct Totals {
        std::uint64_t connections = 0, unauthenticated = 0, dialbacks = 0, refused = 0;
    };
    [[nodiscard]] Totals totals() const;

private:
    struct Account {
        std::uint64_t connections = 0, unauthenticated = 0, dialbacks = 0;
        TimePoint window{};
        std::uint64_t window_count = 0;
    };
    /// IPv6 peers are counted by their /64: one subscriber has that many addresses.
    [[nodiscard]] static IpAddress account_of(const IpAddress& address);
    void forget_if_empty(std::map<IpAddress, Account>::iterator at);

    const Limits limits_;
    mutable std::mutex mutex_;
    std::map<IpAddress, Account> accounts_;
    Totals totals_;
};

}  // namespace sallyport::s2s
