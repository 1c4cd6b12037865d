// The handshakes that a node remembers: for each peer the latest ones of each direction and outcome, within bounds.
// Control thread only. Peers that never proved themselves are forgotten first: anybody can invent names.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "services/record/handshake.h"

namespace sallyport::record {

class Archive {
public:
    explicit Archive(const Limits& limits) : limits_{limits} {}

    /// Gives it its id and keeps it.
    void add(Handshake handshake);
    /// Newest first; of all peers when `peer` is empty.
    [[nodiscard]] std::vector<const Handshake*> list(std::string_view peer, std::size_t most) const;
    /// Null: unknown, or forgotten.
    [[nodiscard]] const Handshake* find(std::string_view id) const;
    /// The latest of a peer with this outcome, either direction; null: none.
    [[nodiscard]] const Handshake* last(std::string_view peer, bool good) const;
    /// The latest good one that `failure` can be compared with: same peer, direction and purpose, before it if there
    /// is one, else after it. Null: none.
    [[nodiscard]] const Handshake* good_before(const Handshake& failure) const;
    [[nodiscard]] std::size_t peers() const { return peers_.size(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    struct Entry {
        std::uint64_t number = 0;
        std::size_t bytes = 0;
        Handshake handshake;
    };
    struct Peer {
        std::array<std::deque<Entry>, 4> rings;  ///< by direction and outcome, oldest first
        std::uint64_t latest = 0;
        bool proven = false;  ///< a handshake with it succeeded
    };

    void forget_one(const std::string& but);
    void drop_oldest(std::deque<Entry>& ring);

    const Limits limits_;
    std::map<std::string, Peer, std::less<>> peers_;
    std::uint64_t bytes_ = 0, number_ = 0;
};

}  // namespace sallyport::record
