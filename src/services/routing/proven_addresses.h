// Addresses from which somebody has proved who he is: there is room for them where a total is taken by strangers. As
// with accounts, one big network has an eighth of the places at most; the oldest proof makes way, and each is forgotten
// a day after the last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "base/clock.h"
#include "services/routing/address_key.h"

namespace sallyport::routing {

class ProvenAddresses {
public:
    static constexpr std::size_t most = 1024;
    static constexpr std::size_t most_of_network = most / 8;
    static constexpr Duration remembered = std::chrono::hours{24};

    void remember(const AddressKey& address, TimePoint now);
    [[nodiscard]] bool has(const AddressKey& address) const { return proofs_.contains(address); }
    /// Forgets what is older than `remembered`, a few at a time.
    void age(TimePoint now);
    [[nodiscard]] std::size_t size() const { return proofs_.size(); }

private:
    void forget(const AddressKey& address);
    void make_place(const AddressKey& network);

    std::map<AddressKey, std::uint64_t> proofs_;  ///< when, as the number of the latest proof
    std::map<std::uint64_t, std::pair<AddressKey, TimePoint>> by_age_;
    std::uint64_t latest_ = 0;
};

}  // namespace sallyport::routing
