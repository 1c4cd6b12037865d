// Compared one by one.
#include "services/link/nodes_told.h"

#include <algorithm>

namespace sallyport::link {

std::vector<NodeNews> NodesTold::replace(std::vector<NodeNews> all) {
    if (all.size() > most) all.resize(most);
    std::vector<NodeNews> fresh;
    for (const NodeNews& one : all) {
        if (std::ranges::find(all_, one) == all_.end()) fresh.push_back(one);
    }
    all_ = std::move(all);
    return fresh;
}

bool NodesTold::hear(TimePoint now) {
    if (now - second_ >= std::chrono::seconds{1}) {
        second_ = now;
        heard_ = 0;
    }
    return ++heard_ <= most_heard;
}

}  // namespace sallyport::link
