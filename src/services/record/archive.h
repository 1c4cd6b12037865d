// The handshakes that a node remembers: for each peer the latest ones of each direction and outcome, within bounds,
// packed. Control thread only. Peers that never proved themselves are forgotten first: anybody can invent names.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/tables.h"
#include "services/record/handshake.h"

namespace sallyport::record {

class Archive {
public:
    /// A copy, unpacked for whoever asked.
    using Found = std::shared_ptr<const Handshake>;

    explicit Archive(const Limits& limits) : limits_{limits} {}

    /// Keeps it under the next number.
    void add(const Handshake& handshake);
    /// One of before the start, under the number that it had; older ones first.
    void restore(const Handshake& handshake, std::uint64_t number);
    /// New ones are numbered after `number`.
    void number_after(std::uint64_t number) { number_ = std::max(number_, number); }
    /// The number of the latest.
    [[nodiscard]] std::uint64_t newest() const { return number_; }
    /// Newest first; of all peers when `peer` is empty.
    [[nodiscard]] std::vector<Found> list(std::string_view peer, std::size_t most) const;
    /// Null: unknown, or forgotten.
    [[nodiscard]] Found find(std::string_view id) const;
    /// The latest of a peer with this outcome, either direction; null: none.
    [[nodiscard]] Found last(std::string_view peer, bool good) const;
    /// The latest good one that `failure` can be compared with: same peer, direction and purpose, before it if there
    /// is one, else after it. Null: none.
    [[nodiscard]] Found good_before(const Handshake& failure) const;
    [[nodiscard]] std::size_t peers() const { return peers_.size(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    void tables(TableFills& all) const {
        constexpr std::uint64_t kib = 1024;
        all.push_back({"record.handshake-peers", peers_.size(), limits_.recorded_peers});
        all.push_back({"record.handshake-kib", bytes_ / kib, limits_.recorder_bytes / kib + 1});
    }

private:
    struct Entry {
        std::uint64_t number = 0;
        std::string packed;
    };
    struct Peer {
        std::array<std::vector<Entry>, 4> rings;  ///< by direction and outcome, oldest first
        std::uint64_t latest = 0;
        bool proven = false;  ///< a handshake with it succeeded
    };

    [[nodiscard]] std::vector<const Entry*> entries(std::string_view peer) const;
    void keep(const Handshake& handshake, std::uint64_t number);
    void forget_one(const std::string& but);
    void drop_oldest(std::vector<Entry>& ring);

    const Limits limits_;
    std::map<std::string, Peer, std::less<>> peers_;
    std::uint64_t bytes_ = 0, number_ = 0;
};

}  // namespace sallyport::record
