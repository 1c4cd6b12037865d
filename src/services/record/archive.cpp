// Rings a peer, least recently used peers out.
#include "services/record/archive.h"

#include "services/record/packed.h"

namespace sallyport::record {

namespace {

constexpr std::string_view mark = "h-";

std::size_t ring_of(const Handshake& handshake) { return (handshake.inbound ? 2U : 0U) + (handshake.good ? 1U : 0U); }

/// What one takes of the memory, roughly.
std::size_t weight(const std::string& packed) { return packed.size() + sizeof(std::uint64_t) + sizeof(std::string); }

Archive::Found unpacked(std::uint64_t number, std::string_view packed) {
    auto handshake = std::make_shared<Handshake>(unpack(packed));
    handshake->id = std::string{mark} + std::to_string(number);
    return handshake;
}

}  // namespace

void Archive::add(const Handshake& handshake) { keep(handshake, ++number_); }

void Archive::restore(const Handshake& handshake, std::uint64_t number) {
    number_after(number);
    keep(handshake, number);
}

void Archive::keep(const Handshake& handshake, std::uint64_t number) {
    const std::string& name = handshake.peer;
    if (!peers_.contains(name) && peers_.size() >= limits_.recorded_peers) forget_one(name);
    Peer& peer = peers_[name];
    peer.latest = number;
    peer.proven = peer.proven || (handshake.good && !handshake.proven_only);
    auto& ring = peer.rings[ring_of(handshake)];
    if (ring.size() >= limits_.recorded_handshakes) drop_oldest(ring);
    ring.push_back({number, pack(handshake)});
    bytes_ += weight(ring.back().packed);
    while (bytes_ > limits_.recorder_bytes && peers_.size() > 1) forget_one(name);
}

/// The peer that was silent longest, of those that never proved themselves if there are any.
void Archive::forget_one(const std::string& but) {
    auto worst = peers_.end();
    for (auto at = peers_.begin(); at != peers_.end(); ++at) {
        if (at->first == but) continue;
        const auto rank = [](const Peer& peer) { return std::pair{peer.proven, peer.latest}; };
        if (worst == peers_.end() || rank(at->second) < rank(worst->second)) worst = at;
    }
    if (worst == peers_.end()) return;
    for (auto& ring : worst->second.rings) {
        while (!ring.empty()) drop_oldest(ring);
    }
    peers_.erase(worst);
}

void Archive::drop_oldest(std::vector<Entry>& ring) {
    bytes_ -= weight(ring.front().packed);
    ring.erase(ring.begin());
}

/// Newest first; of all peers when `peer` is empty.
std::vector<const Archive::Entry*> Archive::entries(std::string_view peer) const {
    std::vector<const Entry*> found;
    const auto take = [&](const Peer& of) {
        for (const auto& ring : of.rings) {
            for (const Entry& entry : ring) found.push_back(&entry);
        }
    };
    if (peer.empty()) {
        for (const auto& [name, of] : peers_) take(of);
    } else if (const auto at = peers_.find(peer); at != peers_.end()) {
        take(at->second);
    }
    std::sort(found.begin(), found.end(),
              [](const Entry* one, const Entry* other) { return one->number > other->number; });
    return found;
}

std::vector<Archive::Found> Archive::list(std::string_view peer, std::size_t most) const {
    std::vector<Found> list;
    for (const Entry* entry : entries(peer)) {
        if (list.size() >= most) break;
        list.push_back(unpacked(entry->number, entry->packed));
    }
    return list;
}

Archive::Found Archive::find(std::string_view id) const {
    if (!id.starts_with(mark)) return nullptr;
    for (const Entry* entry : entries({})) {
        if (std::to_string(entry->number) == id.substr(mark.size())) return unpacked(entry->number, entry->packed);
    }
    return nullptr;
}

Archive::Found Archive::last(std::string_view peer, bool good) const {
    for (const Found& handshake : list(peer, SIZE_MAX)) {
        if (handshake->good == good) return handshake;
    }
    return nullptr;
}

Archive::Found Archive::good_before(const Handshake& failure) const {
    Found after;
    bool passed = false;  // newest first: beyond the failure itself are the older ones
    for (const Found& handshake : list(failure.peer, SIZE_MAX)) {
        if (handshake->id == failure.id) passed = true;
        if (!handshake->good || handshake->inbound != failure.inbound ||
            handshake->proven_only != failure.proven_only) {
            continue;
        }
        if (passed) return handshake;
        after = handshake;
    }
    return after;
}

}  // namespace sallyport::record
