// Counting connections and verifications by remote address.
#include "services/s2s/ledger.h"

#include <algorithm>

namespace sallyport::s2s {

namespace {
constexpr Duration window_length = std::chrono::seconds{10};
}

IpAddress Ledger::account_of(const IpAddress& address) {
    IpAddress account = address;
    if (account.v6) std::fill(account.bytes.begin() + 8, account.bytes.end(), std::uint8_t{0});
    return account;
}

bool Ledger::enter(const IpAddress& address, TimePoint now) {
    const std::lock_guard lock{mutex_};
    Account& account = accounts_[account_of(address)];
    if (now - account.window >= window_length) {
        account.window = now;
        account.window_count = 0;
    }
    ++account.window_count;
    if (account.connections >= limits_.connections_per_address ||
        account.unauthenticated >= limits_.unauthenticated_per_address ||
        account.window_count > limits_.new_connections_per_10s ||
        totals_.unauthenticated >= limits_.unauthenticated_connections) {
        ++totals_.refused;
        return false;
    }
    ++account.connections;
    ++account.unauthenticated;
    ++totals_.connections;
    ++totals_.unauthenticated;
    return true;
}

void Ledger::authenticated(const IpAddress& address) {
    const std::lock_guard lock{mutex_};
    --accounts_[account_of(address)].unauthenticated;
    --totals_.unauthenticated;
}

void Ledger::leave(const IpAddress& address, bool was_authenticated) {
    const std::lock_guard lock{mutex_};
    const auto at = accounts_.find(account_of(address));
    if (at == accounts_.end()) return;
    --at->second.connections;
    --totals_.connections;
    if (!was_authenticated) {
        --at->second.unauthenticated;
        --totals_.unauthenticated;
    }
    forget_if_empty(at);
}

bool Ledger::begin_dialback(const IpAddress& address) {
    const std::lock_guard lock{mutex_};
    Account& account = accounts_[account_of(address)];
    if (account.dialbacks >= limits_.pending_dialbacks_per_address || totals_.dialbacks >= limits_.pending_dialbacks) {
        return false;
    }
    ++account.dialbacks;
    ++totals_.dialbacks;
    return true;
}

void Ledger::end_dialback(const IpAddress& address) {
    const std::lock_guard lock{mutex_};
    const auto at = accounts_.find(account_of(address));
    if (at == accounts_.end()) return;
    --at->second.dialbacks;
    --totals_.dialbacks;
    forget_if_empty(at);
}

void Ledger::forget_if_empty(std::map<IpAddress, Account>::iterator at) {
    // The window of an address that left is remembered while others are few; a flood from many addresses is forgotten
    // at once, so that the table cannot grow with it.
    if (at->second.connections == 0 && at->second.dialbacks == 0 && accounts_.size() > 4096) accounts_.erase(at);
}

Ledger::Totals Ledger::totals() const {
    const std::lock_guard lock{mutex_};
    return totals_;
}

}  // namespace sallyport::s2s
