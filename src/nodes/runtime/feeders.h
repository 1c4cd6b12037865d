// Back-pressure of the link in the words of S2S: whose streams wait when much is on its way.
#pragma once

#include "proto/link/lanes.h"
#include "services/s2s/s2s_shard.h"

namespace sallyport::nodes {

[[nodiscard]] constexpr s2s::Feeders feeders(link::Pace pace) {
    switch (pace) {
        case link::Pace::free: return s2s::Feeders::none;
        case link::Pace::brisk: return s2s::Feeders::all;
        case link::Pace::slow: return s2s::Feeders::exclusive;
    }
    return s2s::Feeders::none;
}

}  // namespace sallyport::nodes
