// Rings a peer, least recently used peers out.
#include "services/record/archive.h"

#include <algorithm>

namespace sallyport::record {

namespace {

std::size_t ring_of(const Handshake& handshake) { return (handshake.inbound ? 2U : 0U) + (handshake.good ? 1U : 0U); }

}  // namespace

void Archive::add(Handshake handshake) {
    const std::string name = handshake.peer;
    handshake.id = "h-" + std::to_string(++number_);
    if (!peers_.contains(name) && peers_.size() >= limits_.recorded_peers) forget_one(name);
    Peer& peer = peers_[name];
    peer.latest = number_;
    peer.proven = peer.proven || (handshake.good && !handshake.proven_only);
    auto& ring = peer.rings[ring_of(handshake)];
    if (ring.size() >= limits_.recorded_handshakes) drop_oldest(ring);
    const std::size_t size = handshake.bytes();
    ring.push_back({number_, size, std::move(handshake)});
    bytes_ += size;
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

void Archive::drop_oldest(std::deque<Entry>& ring) {
    bytes_ -= ring.front().bytes;
    ring.pop_front();
}

std::vector<const Handshake*> Archive::list(std::string_view peer, std::size_t most) const {
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
    if (found.size() > most) found.resize(most);
    std::vector<const Handshake*> list;
    for (const Entry* entry : found) list.push_back(&entry->handshake);
    return list;
}

const Handshake* Archive::find(std::string_view id) const {
    for (const Handshake* handshake : list({}, SIZE_MAX)) {
        if (handshake->id == id) return handshake;
    }
    return nullptr;
}

const Handshake* Archive::last(std::string_view peer, bool good) const {
    for (const Handshake* handshake : list(peer, SIZE_MAX)) {
        if (handshake->good == good) return handshake;
    }
    return nullptr;
}

const Handshake* Archive::good_before(const Handshake& failure) const {
    const Handshake* after = nullptr;
    bool passed = false;  // newest first: beyond the failure itself are the older ones
    for (const Handshake* handshake : list(failure.peer, SIZE_MAX)) {
        if (handshake == &failure || handshake->id == failure.id) passed = true;
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
