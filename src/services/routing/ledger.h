// Who is connected from where, for the whole node: the bounds per remote address (security catalogue part 5). Consulted
// at accept, authentication and verification, never per stanza; a mutex guards it
// (docs/decisions/0004-ledger-mutex.md). One a kind of listener: bounds of one do not take from another.
//
// An address is an account; of IPv6 the /64, since one subscriber has that many addresses, and the /48 above it with
// `network_share` times the bounds, since some have 65,536 of those. Accounts are forgotten ten seconds after the last
// that was heard of them. Where all of `counted_addresses` are taken, addresses that are new share one account with
// `others_share` times the bounds of an address.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/limits.h"
#include "base/tables.h"

namespace sallyport::routing {

struct LedgerBounds {
    std::uint64_t connections_per_address, unauthenticated_per_address, new_connections_per_10s;
    std::uint64_t unauthenticated_connections;  ///< of all addresses
    std::uint64_t dialbacks_per_address, dialbacks;
    std::uint64_t addresses;  ///< counted apart

    [[nodiscard]] static LedgerBounds of(const Limits& limits);
};

class Ledger {
public:
    static constexpr std::uint64_t network_share = 4;
    static constexpr std::uint64_t others_share = 16;

    explicit Ledger(const Limits& limits) : Ledger{LedgerBounds::of(limits)} {}
    explicit Ledger(const LedgerBounds& bounds) : bounds_{bounds} {}
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

private:
    struct Account {
        std::uint64_t connections = 0, unauthenticated = 0, dialbacks = 0;
        TimePoint window{};
        std::uint64_t window_count = 0;
        std::uint64_t share = 1;
        [[nodiscard]] bool idle() const { return connections == 0 && dialbacks == 0; }
    };
    using Accounts = std::array<Account*, 2>;  ///< the address, and its network or null

public:
    /// What is counted, from its beginning until it is let go or destroyed. Not longer than its ledger lives.
    class Entry {
    public:
        Entry(Entry&& other) noexcept;
        Entry& operator=(Entry&& other) noexcept;
        ~Entry() { let_go(); }
        /// A connection: its far end has proved who it is.
        void authenticated();
        void let_go();

    private:
        friend class Ledger;
        enum class Kind { connection, dialback };
        Entry(Ledger& ledger, Kind kind, Accounts accounts) : ledger_{&ledger}, kind_{kind}, accounts_{accounts} {}

        Ledger* ledger_;  ///< null: let go
        Kind kind_;
        Accounts accounts_;
        bool authenticated_ = false;
    };

    /// A connection from `address` was accepted. Nothing: over a bound, close it without a word (XEP-0205 4.1).
    [[nodiscard]] std::optional<Entry> enter(const IpAddress& address, TimePoint now);
    /// A verification for a stream from `address` begins. Nothing: resource-constraint.
    [[nodiscard]] std::optional<Entry> begin_dialback(const IpAddress& address);

    /// Outbound destinations of all shards. Bounded by the pools; no mutex.
    void enter_destination() { destinations_.fetch_add(1, std::memory_order_relaxed); }
    void leave_destination() { destinations_.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t destinations() const { return destinations_.load(std::memory_order_relaxed); }

    struct Totals {
        std::uint64_t connections = 0, unauthenticated = 0, dialbacks = 0, refused = 0;
    };
    [[nodiscard]] Totals totals() const;
    /// Counted apart at `now`, what has aged forgotten.
    [[nodiscard]] std::uint64_t addresses(TimePoint now);
    [[nodiscard]] TableFill table(TimePoint now) {
        return {"connections.addresses", addresses(now), bounds_.addresses};
    }
    [[nodiscard]] const LedgerBounds& bounds() const { return bounds_; }

private:
    using Key = std::pair<unsigned, IpAddress>;  ///< bits that count, and the address without the others
    [[nodiscard]] Account* find(const Key& key, std::uint64_t share, TimePoint now);
    [[nodiscard]] Accounts accounts_of(const IpAddress& address, TimePoint now);
    [[nodiscard]] bool has_room(Account& account, TimePoint now) const;
    void age(TimePoint now, std::size_t most);

    const LedgerBounds bounds_;
    mutable std::mutex mutex_;  ///< guards what follows
    std::map<Key, Account> accounts_;
    std::deque<std::pair<TimePoint, Key>> ages_;  ///< one an account: when it is looked at, soonest first
    Account others_{0, 0, 0, {}, 0, others_share};
    Totals totals_;
    std::atomic<std::uint64_t> destinations_{0};
};

}  // namespace sallyport::routing
