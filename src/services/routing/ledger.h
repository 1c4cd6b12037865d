// Who is connected from where, for the whole node: the bounds per remote address (security catalogue part 5). Consulted
// at accept, authentication and verification, never per stanza; a mutex guards it
// (docs/decisions/0004-ledger-mutex.md). One a kind of listener: bounds of one do not take from another.
//
// An address is an account; of IPv6 the /64, since one subscriber has that many addresses, and the /48 above it with
// `network_share` times the bounds, since some have 65,536 of those. Accounts are forgotten ten seconds after the last
// that was heard of them.
//
// Places for accounts are few (`counted_addresses`), and whoever has a network has as many addresses as there are
// places. So nobody who is refused gets one, one big network (/32 of IPv6, /16 of IPv4) has an eighth of them at most,
// and where all are taken, the oldest whose latest connection was refused makes way. Addresses that find no place share
// one account with `others_share` times the bounds of an address.
//
// The totals are small, too: some fifty addresses could keep them full, and everybody else out. So where one is
// reached, the oldest that has said how (`make_way_by`) makes way for what is new: whoever means to prove who he is
// does that long before it is his turn. Where strangers come faster than that, an eighth of each total is beside it,
// for addresses from which somebody has proved himself within a day: there the oldest makes way for others of these
// only.
//
// Whoever owns a name can prove himself as often as he has addresses, and each stream takes a descriptor that
// listeners, dials and files need, too. So there is a total of everybody (`connections`), of which those who have
// proved who they are have what the strangers' totals leave. When that is taken, whoever has most of it makes way
// (OwnedPlaces).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/tables.h"
#include "services/routing/owned_places.h"
#include "services/routing/proven_addresses.h"

namespace sallyport::routing {

struct LedgerBounds {
    std::uint64_t connections_per_address, unauthenticated_per_address, new_connections_per_10s;
    std::uint64_t unauthenticated_connections;  ///< of all addresses
    std::uint64_t dialbacks_per_address, dialbacks;
    std::uint64_t addresses;    ///< counted apart
    std::uint64_t connections;  ///< of all, proved or not

    [[nodiscard]] static LedgerBounds of(const Limits& limits);
    [[nodiscard]] std::uint64_t authenticated_connections() const;
};

class Ledger {
public:
    static constexpr std::uint64_t network_share = 4;
    static constexpr std::uint64_t others_share = 16;
    /// Of the places: what one big network may have.
    static constexpr std::uint64_t places_share = 8;
    /// Verifications of one address may begin so many times as often as its connections.
    static constexpr std::uint64_t dialbacks_a_connection = 2;
    /// Of a total, beside it: for proven addresses.
    static constexpr std::uint64_t reserve_share = 8;

    explicit Ledger(const Limits& limits) : Ledger{LedgerBounds::of(limits)} {}
    explicit Ledger(const LedgerBounds& bounds);
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

private:
    /// What has begun within ten seconds.
    struct Window {
        TimePoint since{};
        std::uint64_t count = 0;
        [[nodiscard]] bool over(TimePoint now) const;
        /// One more; true: within the bound.
        [[nodiscard]] bool admits(std::uint64_t most, TimePoint now);
    };
    struct Account {
        std::uint64_t connections = 0, unauthenticated = 0, dialbacks = 0;
        Window connected{}, asked{};
        std::uint64_t share = 1;
        bool refused = false;  ///< its latest connection
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
        /// A connection: its far end has proved that it is `owner`'s, and there is room for its address from now on.
        /// False: all places are taken, and nobody has more of them than `owner`; it is to be ended with
        /// resource-constraint. So it is if `leave` is called, once, on any thread and without the mutex: another
        /// owner with fewer has come.
        bool authenticated(TimePoint now, const std::string& owner = {}, std::function<void()> leave = {});
        /// Where a total is reached, it ends for what is new: `leave` is called once, on any thread and without the
        /// mutex, and the entry no longer counts in the total. Places of the reserve make way for such places.
        void make_way_by(std::function<void()> leave);
        /// Of one that has proved who it is: from now on it is told so to make way.
        void leave_by(std::function<void()> leave);
        void let_go();
        /// From where it comes, as far as that is counted: the address, of IPv6 its /64.
        [[nodiscard]] const IpAddress& from() const { return own_.second; }
        /// Its place is one of those for addresses from which somebody has proved himself.
        [[nodiscard]] bool of_reserve() const { return reserved_; }

    private:
        friend class Ledger;
        enum class Kind { connection, dialback };
        Entry(Ledger& ledger, Kind kind, const AddressKey& own, Accounts accounts, std::uint64_t number, bool reserved)
            : ledger_{&ledger}, kind_{kind}, own_{own}, accounts_{accounts}, number_{number}, reserved_{reserved} {}

        Ledger* ledger_;  ///< null: let go
        Kind kind_;
        AddressKey own_;
        Accounts accounts_;
        std::uint64_t number_;  ///< by age
        bool reserved_;         ///< its place is of the reserve
        std::string owner_;     ///< who has proved himself
        bool authenticated_ = false;
        bool makes_way_ = false;
    };

    /// A connection from `address` was accepted. Nothing: over a bound, close it without a word (XEP-0205 4.1).
    [[nodiscard]] std::optional<Entry> enter(const IpAddress& address, TimePoint now);
    /// A verification for a stream from `address` begins. Errors, for each the answer is resource-constraint:
    /// "too-many" are under way, "too-fast" have they begun; the text names the limit.
    [[nodiscard]] Result<Entry> begin_dialback(const IpAddress& address, TimePoint now);

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
    void tables(TableFills& all, TimePoint now);
    [[nodiscard]] const LedgerBounds& bounds() const { return bounds_; }

private:
    /// One that makes way.
    struct Way {
        Accounts accounts;
        std::function<void()> leave;
    };
    using Ways = std::map<std::uint64_t, Way>;  ///< by age

    using Key = AddressKey;
    using Place = std::map<Key, Account>::iterator;
    [[nodiscard]] static std::array<Key, 2> keys_of(const IpAddress& address);
    [[nodiscard]] Account* known(const Key& key);
    [[nodiscard]] Account* find(const Key& key, std::uint64_t share, bool reserved, TimePoint now);
    [[nodiscard]] bool has_room(Account& account, TimePoint now) const;
    [[nodiscard]] Accounts admitted(const IpAddress& address, bool reserved, TimePoint now);
    void give_up(Place place);
    void make_place();
    /// What is unproved, or asked: of all, or of the reserve beside it.
    struct Places {
        std::uint64_t most = 0, taken = 0;
        Ways ways;  ///< those of them that make way
        [[nodiscard]] bool full() const { return taken >= most; }
    };
    [[nodiscard]] Places& places(Entry::Kind kind, bool of_reserve) {
        return (kind == Entry::Kind::dialback ? asked_ : unproved_)[of_reserve ? 1 : 0];
    }
    [[nodiscard]] bool has_room(Entry::Kind kind, bool of_reserve, TimePoint now);
    void count_out(Entry::Kind kind, const Accounts& accounts, bool of_reserve);
    [[nodiscard]] std::function<void()> oldest_leaves(Entry::Kind kind, bool of_reserve);
    [[nodiscard]] bool still_counts(const Entry& entry);
    [[nodiscard]] bool prove(Entry& entry, TimePoint now, const std::string& owner, std::function<void()> leave,
                             std::function<void()>& displaced);
    [[nodiscard]] std::optional<Entry> enter_if_room(const IpAddress& address, TimePoint now,
                                                     std::function<void()>& leave);
    [[nodiscard]] Result<Entry> begin_if_room(const IpAddress& address, TimePoint now, std::function<void()>& leave);
    void age(TimePoint now, std::size_t most);

    const LedgerBounds bounds_;
    mutable std::mutex mutex_;  ///< guards what follows
    std::map<Key, Account> accounts_;
    std::map<Key, std::uint64_t> places_;         ///< accounts in a big network; one entry for each that has any
    std::deque<std::pair<TimePoint, Key>> ages_;  ///< one an account: when it is looked at, soonest first
    Account others_{.share = others_share};
    ProvenAddresses proven_;
    OwnedPlaces proved_;  ///< connections of those who have proved who they are
    Totals totals_;
    std::array<Places, 2> unproved_, asked_;  ///< connections and verifications: of all, and in the reserve
    std::uint64_t entries_ = 0;
    std::atomic<std::uint64_t> destinations_{0};
};

}  // namespace sallyport::routing
