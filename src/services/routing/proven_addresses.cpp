// The memory of proofs by remote address.
#include "services/routing/proven_addresses.h"

namespace sallyport::routing {

void ProvenAddresses::remember(const AddressKey& address, TimePoint now) {
    if (has(address)) {
        forget(address);
    } else {
        make_place(big_network(address.second));
    }
    proofs_.emplace(address, ++latest_);
    by_age_.emplace(latest_, std::pair{address, now});
}

/// The oldest of the network where that has its share, else the oldest of all where all places are taken.
void ProvenAddresses::make_place(const AddressKey& network) {
    std::size_t of_network = 0;
    auto oldest = proofs_.end();
    const unsigned bits = network.second.v6 ? 64 : 32;
    // One network's stand together.
    for (auto at = proofs_.lower_bound({bits, network.second});
         at != proofs_.end() && big_network(at->first.second) == network; ++at) {
        ++of_network;
        if (oldest == proofs_.end() || at->second < oldest->second) oldest = at;
    }
    if (of_network >= most_of_network) return forget(AddressKey{oldest->first});
    if (proofs_.size() >= most) forget(AddressKey{by_age_.begin()->second.first});
}

void ProvenAddresses::forget(const AddressKey& address) {
    const auto at = proofs_.find(address);
    by_age_.erase(at->second);
    proofs_.erase(at);
}

void ProvenAddresses::age(TimePoint now) {
    constexpr int few = 16;
    for (int n = 0; n < few && !by_age_.empty(); ++n) {
        const auto [address, proved] = by_age_.begin()->second;
        if (now - proved < remembered) return;
        forget(address);
    }
}

}  // namespace sallyport::routing
