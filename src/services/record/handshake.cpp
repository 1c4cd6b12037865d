// Sizes of recorded handshakes.
#include "services/record/handshake.h"

namespace sallyport::record {

namespace {

std::size_t size_of(const Step& step) {
    std::size_t size = sizeof step + step.name.size();
    for (const auto& [key, value] : step.facts) size += sizeof(Facts::value_type) + key.size() + value.size();
    return size;
}

}  // namespace

std::size_t Handshake::bytes() const {
    std::size_t size = sizeof *this + id.size() + peer.size() + local.size() + address.size() + result.size();
    for (const Step& step : steps) size += size_of(step);
    return size;
}

}  // namespace sallyport::record
