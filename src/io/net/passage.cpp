// Portions in a vector whose head moves; beyond a bound neighbours become one.
#include "io/net/passage.h"

#include <algorithm>

namespace sallyport::io {

namespace {
constexpr std::size_t most_portions = 4096;
}

void Passage::passed(std::uint64_t plain, std::uint64_t wire) {
    if (portions_.size() - head_ >= most_portions) {
        // Two become one: less exact, in the direction that is safe.
        std::vector<Portion> kept;
        kept.reserve(most_portions);
        for (std::size_t at = head_ + 1; at < portions_.size(); at += 2) kept.push_back(portions_[at]);
        portions_ = std::move(kept);
        head_ = 0;
    }
    portions_.push_back({plain, wire});
}

std::uint64_t Passage::taken(std::uint64_t wire) {
    forget(wire);
    if (head_ == portions_.size()) return base_.plain;
    // Within the portion the wire is ahead of the owner's bytes, so that this is not too little.
    const std::uint64_t within = wire > base_.wire ? wire - base_.wire : 0;
    // A portion that is not whole at the peer has at least one byte that is not taken.
    return std::min(base_.plain + within, portions_[head_].plain - 1);
}

void Passage::forget(std::uint64_t wire) {
    while (head_ < portions_.size() && portions_[head_].wire <= wire) base_ = portions_[head_++];
    if (head_ == portions_.size()) {
        if (portions_.capacity() > 64) portions_ = {};
        portions_.clear();
        head_ = 0;
    } else if (head_ > 64 && head_ * 2 > portions_.size()) {
        portions_.erase(portions_.begin(), portions_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
}

}  // namespace sallyport::io
