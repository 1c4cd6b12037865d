// Counting connections and verifications by remote address.
#include "services/routing/ledger.h"

#include <algorithm>
#include <utility>

namespace sallyport::routing {

namespace {

constexpr Duration window_length = std::chrono::seconds{10};
/// Accounts that one connection looks at again: more than it can add, so that forgetting keeps up, and few.
constexpr std::size_t most_looked_at = 16;

std::uint64_t times(std::uint64_t bound, std::uint64_t share) {
    return bound > unlimited / share ? unlimited : bound * share;
}

IpAddress cut(IpAddress address, unsigned bits) {
    std::fill(address.bytes.begin() + bits / 8, address.bytes.end(), std::uint8_t{0});
    return address;
}

}  // namespace

LedgerBounds LedgerBounds::of(const Limits& limits) {
    return {limits.connections_per_address,
            limits.unauthenticated_per_address,
            limits.new_connections_per_10s,
            limits.unauthenticated_connections,
            limits.pending_dialbacks_per_address,
            limits.pending_dialbacks,
            limits.counted_addresses};
}

Ledger::Account* Ledger::find(const Key& key, std::uint64_t share, TimePoint now) {
    if (const auto at = accounts_.find(key); at != accounts_.end()) return &at->second;
    if (accounts_.size() >= bounds_.addresses) return &others_;
    Account& account = accounts_[key];
    account.share = share;
    account.window = now;
    ages_.emplace_back(now + window_length, key);
    return &account;
}

Ledger::Accounts Ledger::accounts_of(const IpAddress& address, TimePoint now) {
    if (!address.v6) return {find({32, address}, 1, now), nullptr};
    Accounts all{find({64, cut(address, 64)}, 1, now), find({48, cut(address, 48)}, network_share, now)};
    // What is counted there already is not counted twice.
    if (all[0] == all[1]) all[1] = nullptr;
    return all;
}

bool Ledger::has_room(Account& account, TimePoint now) const {
    if (now - account.window >= window_length) {
        account.window = now;
        account.window_count = 0;
    }
    ++account.window_count;
    return account.connections < times(bounds_.connections_per_address, account.share) &&
           account.unauthenticated < times(bounds_.unauthenticated_per_address, account.share) &&
           account.window_count <= times(bounds_.new_connections_per_10s, account.share);
}

std::optional<Ledger::Entry> Ledger::enter(const IpAddress& address, TimePoint now) {
    const std::lock_guard lock{mutex_};
    age(now, most_looked_at);
    const Accounts accounts = accounts_of(address, now);
    bool room = totals_.unauthenticated < bounds_.unauthenticated_connections;
    for (Account* account : accounts) {
        if (account != nullptr) room = has_room(*account, now) && room;
    }
    if (!room) {
        ++totals_.refused;
        return std::nullopt;
    }
    for (Account* account : accounts) {
        if (account == nullptr) continue;
        ++account->connections;
        ++account->unauthenticated;
    }
    ++totals_.connections;
    ++totals_.unauthenticated;
    return Entry{*this, Entry::Kind::connection, accounts};
}

std::optional<Ledger::Entry> Ledger::begin_dialback(const IpAddress& address) {
    const std::lock_guard lock{mutex_};
    // Its connection has an account, or is one of the others.
    const auto known = [this](const Key& key) {
        const auto at = accounts_.find(key);
        return at == accounts_.end() ? &others_ : &at->second;
    };
    Accounts accounts{known({32, address}), nullptr};
    if (address.v6) accounts = {known({64, cut(address, 64)}), known({48, cut(address, 48)})};
    if (accounts[0] == accounts[1]) accounts[1] = nullptr;
    bool room = totals_.dialbacks < bounds_.dialbacks;
    for (const Account* account : accounts)
        room =
            room && (account == nullptr || account->dialbacks < times(bounds_.dialbacks_per_address, account->share));
    if (!room) return std::nullopt;
    for (Account* account : accounts) {
        if (account != nullptr) ++account->dialbacks;
    }
    ++totals_.dialbacks;
    return Entry{*this, Entry::Kind::dialback, accounts};
}

/// Each account is looked at once in ten seconds; one without a connection whose window is over is forgotten.
void Ledger::age(TimePoint now, std::size_t most) {
    for (std::size_t looked = 0; looked < most && !ages_.empty() && ages_.front().first <= now; ++looked) {
        const Key key = ages_.front().second;
        ages_.pop_front();
        const auto at = accounts_.find(key);
        if (at->second.idle() && now - at->second.window >= window_length) {
            accounts_.erase(at);
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

Ledger::Entry::Entry(Entry&& other) noexcept
    : ledger_{std::exchange(other.ledger_, nullptr)},
      kind_{other.kind_},
      accounts_{other.accounts_},
      authenticated_{other.authenticated_} {}

Ledger::Entry& Ledger::Entry::operator=(Entry&& other) noexcept {
    if (this == &other) return *this;
    let_go();
    ledger_ = std::exchange(other.ledger_, nullptr);
    kind_ = other.kind_;
    accounts_ = other.accounts_;
    authenticated_ = other.authenticated_;
    return *this;
}

void Ledger::Entry::authenticated() {
    if (ledger_ == nullptr || authenticated_) return;
    authenticated_ = true;
    const std::lock_guard lock{ledger_->mutex_};
    for (Account* account : accounts_) {
        if (account != nullptr) --account->unauthenticated;
    }
    --ledger_->totals_.unauthenticated;
}

void Ledger::Entry::let_go() {
    if (ledger_ == nullptr) return;
    Ledger& ledger = *std::exchange(ledger_, nullptr);
    const std::lock_guard lock{ledger.mutex_};
    for (Account* account : accounts_) {
        if (account == nullptr) continue;
        if (kind_ == Kind::dialback) {
            --account->dialbacks;
            continue;
        }
        --account->connections;
        if (!authenticated_) --account->unauthenticated;
    }
    if (kind_ == Kind::dialback) {
        --ledger.totals_.dialbacks;
        return;
    }
    --ledger.totals_.connections;
    if (!authenticated_) --ledger.totals_.unauthenticated;
}

}  // namespace sallyport::routing
