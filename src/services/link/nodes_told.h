// What a hub's shard is to tell far sides of nodes, and how much of that it listens to (docs/protocol/link.md,
// section 11). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proto/link/node_news.h"

namespace sallyport::link {

class NodesTold {
public:
    static constexpr std::size_t most = 16;
    /// News that are taken of all far sides within a second; what is more comes again with the next round.
    static constexpr unsigned most_heard = 32;

    /// All that there is to be told from now on; those that are other than before.
    [[nodiscard]] std::vector<NodeNews> replace(std::vector<NodeNews> all);
    [[nodiscard]] const std::vector<NodeNews>& all() const { return all_; }
    /// Whether one more is listened to.
    [[nodiscard]] bool hear(TimePoint now);

private:
    std::vector<NodeNews> all_;
    TimePoint second_{};
    unsigned heard_ = 0;
};

}  // namespace sallyport::link
