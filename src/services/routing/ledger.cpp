// Counting connections and verifications by remote address.
#include "services/routing/ledger.h"

#include <algorithm>
#include <utility>

namespace sallyport::routing {

namespace {

constexpr Duration window_length = std::chrono::seconds{10};
/// Accounts that one connection looks at again: more than it can add, so that forgetting keeps up, and few.
constexpr std::size_t most_looked_at = 16;
/// Nobody makes way sooner: where so many come at once that all would, nobody would get through.
constexpr Duration least_stay = std::chrono::seconds{2};

std::uint64_t as_number(TimePoint time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

std::uint64_t times(std::uint64_t bound, std::uint64_t share) {
    return bound > unlimited / share ? unlimited : bound * share;
}

}  // namespace

LedgerBounds LedgerBounds::of(const Limits& limits) {
    return {limits.connections_per_address,
            limits.unauthenticated_per_address,
            limits.new_connections_per_10s,
            limits.unauthenticated_connections,
            limits.pending_dialbacks_per_address,
            limits.pending_dialbacks,
            limits.counted_addresses,
            limits.connections};
}

/// What strangers and their reserve leave, half at least.
std::uint64_t LedgerBounds::authenticated_connections() const {
    if (connections == unlimited) return unlimited;
    const std::uint64_t least = std::max<std::uint64_t>(connections / 2, 1);
    const std::uint64_t rest = connections - std::min(connections, unauthenticated_connections);
    const std::uint64_t reserve = unauthenticated_connections / Ledger::reserve_share;
    return std::max(least, rest - std::min(rest, reserve));
}

Ledger::Ledger(const LedgerBounds& bounds) : bounds_{bounds}, proved_{bounds.authenticated_connections()} {
    const auto reserve = [](std::uint64_t total) { return std::max<std::uint64_t>(total / reserve_share, 1); };
    unproved_[0].most = bounds.unauthenticated_connections;
    unproved_[1].most = reserve(bounds.unauthenticated_connections);
    asked_[0].most = bounds.dialbacks;
    asked_[1].most = reserve(bounds.dialbacks);
}

bool Ledger::Window::over(TimePoint now) const { return now - since >= window_length; }

bool Ledger::Window::admits(std::uint64_t most, TimePoint now) {
    if (over(now)) *this = {now, 0};
    return ++count <= most;
}

/// The address, or the subscriber's network; and the site's network above it, the same where there is none.
std::array<Ledger::Key, 2> Ledger::keys_of(const IpAddress& address) {
    if (!address.v6) return {Key{32, address}, Key{32, address}};
    return {key_of(address, 64), key_of(address, 48)};
}

/// An account, or the one of those that have none.
Ledger::Account* Ledger::known(const Key& key) {
    const auto at = accounts_.find(key);
    return at == accounts_.end() ? &others_ : &at->second;
}

Ledger::Account* Ledger::find(const Key& key, std::uint64_t share, bool reserved, TimePoint now) {
    if (const auto at = accounts_.find(key); at != accounts_.end()) return &at->second;
    const Key network = big_network(key.second);
    if (!reserved) {
        const auto places = places_.find(network);
        if (places != places_.end() && places->second >= std::max<std::uint64_t>(bounds_.addresses / places_share, 1)) {
            return &others_;
        }
        if (accounts_.size() >= bounds_.addresses) make_place();
        if (accounts_.size() >= bounds_.addresses) return &others_;
    }
    Account& account = accounts_[key];
    account.share = share;
    account.connected.since = account.asked.since = now;
    ++places_[network];
    ages_.emplace_back(now + window_length, key);
    return &account;
}

void Ledger::give_up(Place place) {
    const auto places = places_.find(big_network(place->first.second));
    if (--places->second == 0) places_.erase(places);
    accounts_.erase(place);
}

/// Of the oldest, one that holds nothing and was refused.
void Ledger::make_place() {
    const auto oldest = ages_.begin() + static_cast<std::ptrdiff_t>(std::min(most_looked_at, ages_.size()));
    const auto refused = std::find_if(ages_.begin(), oldest, [this](const auto& age) {
        const Account& account = accounts_.find(age.second)->second;
        return account.refused && account.idle();
    });
    if (refused == oldest) return;
    give_up(accounts_.find(refused->second));
    ages_.erase(refused);
}

bool Ledger::has_room(Account& account, TimePoint now) const {
    const bool slow = account.connected.admits(times(bounds_.new_connections_per_10s, account.share), now);
    account.refused = !slow || account.connections >= times(bounds_.connections_per_address, account.share) ||
                      account.unauthenticated >= times(bounds_.unauthenticated_per_address, account.share);
    return !account.refused;
}

/// Where a connection from `address` is counted; none: it is refused. The network is asked first, and none that is
/// refused there gets a place.
Ledger::Accounts Ledger::admitted(const IpAddress& address, bool reserved, TimePoint now) {
    const auto [own, network] = keys_of(address);
    Account* above = nullptr;
    if (own != network) {
        above = find(network, network_share, false, now);
        // A proven address is not kept out by its neighbours.
        if (!reserved && !has_room(*above, now)) return {};
    }
    Account* const account = find(own, 1, reserved, now);
    // What is counted there already is not counted twice.
    if (account == above) return {account, nullptr};
    if (!has_room(*account, now)) return {};
    return {account, above};
}

/// What is unproved, or asked, no longer.
void Ledger::count_out(Entry::Kind kind, const Accounts& accounts, bool of_reserve) {
    const bool dialback = kind == Entry::Kind::dialback;
    for (Account* account : accounts) {
        if (account != nullptr) --(dialback ? account->dialbacks : account->unauthenticated);
    }
    --(dialback ? totals_.dialbacks : totals_.unauthenticated);
    --places(kind, of_reserve).taken;
}

/// Free, or made by the oldest. Numbers of connections are the times at which they came, as far as these differ.
bool Ledger::has_room(Entry::Kind kind, bool of_reserve, TimePoint now) {
    const Places& all = places(kind, of_reserve);
    if (!all.full()) return true;
    if (all.ways.empty()) return false;
    return kind == Entry::Kind::dialback || all.ways.begin()->first <= as_number(now - least_stay);
}

std::function<void()> Ledger::oldest_leaves(Entry::Kind kind, bool of_reserve) {
    Ways& all = places(kind, of_reserve).ways;
    Way oldest = std::move(all.begin()->second);
    all.erase(all.begin());
    count_out(kind, oldest.accounts, of_reserve);
    return std::move(oldest.leave);
}

/// As unproved, or as asked. What makes way is counted out when it is told to.
bool Ledger::still_counts(const Entry& entry) {
    if (entry.authenticated_) return false;
    return !entry.makes_way_ || places(entry.kind_, entry.reserved_).ways.erase(entry.number_) != 0;
}

std::optional<Ledger::Entry> Ledger::enter(const IpAddress& address, TimePoint now) {
    std::function<void()> leave;
    auto entry = enter_if_room(address, now, leave);
    if (leave) leave();
    return entry;
}

std::optional<Ledger::Entry> Ledger::enter_if_room(const IpAddress& address, TimePoint now,
                                                   std::function<void()>& leave) {
    const std::lock_guard lock{mutex_};
    age(now, most_looked_at);
    constexpr auto kind = Entry::Kind::connection;
    const Key own = keys_of(address)[0];
    const bool reserve = proven_.has(own) && has_room(kind, true, now);
    entries_ = std::max(entries_ + 1, as_number(now));
    const bool room = reserve || has_room(kind, false, now);
    const Accounts accounts = room ? admitted(address, reserve, now) : Accounts{};
    if (accounts[0] == nullptr) {
        ++totals_.refused;
        return std::nullopt;
    }
    if (places(kind, reserve).full()) leave = oldest_leaves(kind, reserve);
    for (Account* account : accounts) {
        if (account == nullptr) continue;
        ++account->connections;
        ++account->unauthenticated;
    }
    ++totals_.connections;
    ++totals_.unauthenticated;
    ++places(kind, reserve).taken;
    return Entry{*this, kind, own, accounts, entries_, reserve};
}

Result<Ledger::Entry> Ledger::begin_dialback(const IpAddress& address, TimePoint now) {
    std::function<void()> leave;
    auto entry = begin_if_room(address, now, leave);
    if (leave) leave();
    return entry;
}

Result<Ledger::Entry> Ledger::begin_if_room(const IpAddress& address, TimePoint now, std::function<void()>& leave) {
    const std::lock_guard lock{mutex_};
    // Its connection has an account, or is one of the others.
    const auto [own, network] = keys_of(address);
    Accounts accounts{known(own), known(network)};
    if (accounts[0] == accounts[1]) accounts[1] = nullptr;
    constexpr auto kind = Entry::Kind::dialback;
    const std::uint64_t pace = times(bounds_.new_connections_per_10s, dialbacks_a_connection);
    const bool reserve = proven_.has(own) && has_room(kind, true, now);
    if (!reserve && !has_room(kind, false, now)) return Error{"too-many", "the limit pending_dialbacks is reached"};
    for (Account* account : accounts) {
        if (account == nullptr) continue;
        if (account->dialbacks >= times(bounds_.dialbacks_per_address, account->share)) {
            return Error{"too-many", "the limit pending_dialbacks_per_address is reached"};
        }
        // Each makes us look up a name and dial, however soon it fails.
        if (!account->asked.admits(times(pace, account->share), now)) {
            return Error{"too-fast", "twice the limit new_connections_per_10s is reached"};
        }
    }
    if (places(kind, reserve).full()) leave = oldest_leaves(kind, reserve);
    for (Account* account : accounts) {
        if (account != nullptr) ++account->dialbacks;
    }
    ++totals_.dialbacks;
    ++places(kind, reserve).taken;
    return Entry{*this, kind, own, accounts, ++entries_, reserve};
}

/// Each account is looked at once in ten seconds; one without a connection whose windows are over is forgotten.
void Ledger::age(TimePoint now, std::size_t most) {
    proven_.age(now);
    for (std::size_t looked = 0; looked < most && !ages_.empty() && ages_.front().first <= now; ++looked) {
        const Key key = ages_.front().second;
        ages_.pop_front();
        const auto at = accounts_.find(key);
        if (at->second.idle() && at->second.connected.over(now) && at->second.asked.over(now)) {
            give_up(at);
        } else {
            ages_.emplace_back(now + window_length, key);
        }
    }
}

Ledger::Totals Ledger::totals() const {
    const std::lock_guard lock{mutex_};
    return totals_;
}

std::uint64_t Ledger::addresses(TimePoint now) {
    const std::lock_guard lock{mutex_};
    age(now, accounts_.size());
    return accounts_.size();
}

void Ledger::tables(TableFills& all, TimePoint now) {
    const std::lock_guard lock{mutex_};
    age(now, accounts_.size());
    all.push_back({"connections.addresses", accounts_.size(), bounds_.addresses + ProvenAddresses::most});
    all.push_back({"connections.proven", proven_.size(), ProvenAddresses::most});
    all.push_back({"connections.authenticated", proved_.size(), proved_.most()});
}

Ledger::Entry::Entry(Entry&& other) noexcept
    : ledger_{std::exchange(other.ledger_, nullptr)},
      kind_{other.kind_},
      own_{other.own_},
      accounts_{other.accounts_},
      number_{other.number_},
      reserved_{other.reserved_},
      owner_{std::move(other.owner_)},
      authenticated_{other.authenticated_},
      makes_way_{other.makes_way_} {}

Ledger::Entry& Ledger::Entry::operator=(Entry&& other) noexcept {
    if (this == &other) return *this;
    let_go();
    ledger_ = std::exchange(other.ledger_, nullptr);
    kind_ = other.kind_;
    own_ = other.own_;
    accounts_ = other.accounts_;
    number_ = other.number_;
    reserved_ = other.reserved_;
    owner_ = std::move(other.owner_);
    authenticated_ = other.authenticated_;
    makes_way_ = other.makes_way_;
    return *this;
}

bool Ledger::prove(Entry& entry, TimePoint now, const std::string& owner, std::function<void()> leave,
                   std::function<void()>& displaced) {
    const std::lock_guard lock{mutex_};
    if (!proved_.take(owner, entry.number_, std::move(leave), displaced)) {
        ++totals_.refused;
        return false;
    }
    if (still_counts(entry)) count_out(entry.kind_, entry.accounts_, entry.reserved_);
    proven_.remember(entry.own_, now);
    entry.owner_ = owner;
    entry.authenticated_ = true;
    return true;
}

bool Ledger::Entry::authenticated(TimePoint now, const std::string& owner, std::function<void()> leave) {
    if (ledger_ == nullptr || authenticated_) return true;
    std::function<void()> displaced;
    const bool has_place = ledger_->prove(*this, now, owner, std::move(leave), displaced);
    if (displaced) displaced();
    return has_place;
}

void Ledger::Entry::make_way_by(std::function<void()> leave) {
    if (ledger_ == nullptr || authenticated_ || makes_way_) return;
    const std::lock_guard lock{ledger_->mutex_};
    makes_way_ = true;
    ledger_->places(kind_, reserved_).ways.emplace(number_, Way{accounts_, std::move(leave)});
}

void Ledger::Entry::leave_by(std::function<void()> leave) {
    if (ledger_ == nullptr || !authenticated_) return;
    {
        const std::lock_guard lock{ledger_->mutex_};
        if (ledger_->proved_.replace(owner_, number_, leave)) return;
    }
    leave();  // it was told before
}

void Ledger::Entry::let_go() {
    if (ledger_ == nullptr) return;
    Ledger& ledger = *std::exchange(ledger_, nullptr);
    const std::lock_guard lock{ledger.mutex_};
    if (ledger.still_counts(*this)) ledger.count_out(kind_, accounts_, reserved_);
    if (kind_ == Kind::dialback) return;
    if (authenticated_) ledger.proved_.give_back(owner_, number_);
    for (Account* account : accounts_) {
        if (account != nullptr) --account->connections;
    }
    --ledger.totals_.connections;
}

}  // namespace sallyport::routing
