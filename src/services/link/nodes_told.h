// What a hub's shard is to tell far sides of nodes, and how much of that it listens to (docs/protocol/link.md,
// section 11). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proto/link/node_news.h"

namespace sallyport::link {

class NodesTold {
public:
    static constexpr std::size_t most = 16;
    /// News that are taken of one far realm within a second; what is more comes again with the next round.
    static constexpr unsigned most_heard = 32;
    /// Far realms that are listened to within a second: more than a shard has links.
    static constexpr std::size_t most_realms = 1024;

    /// All that there is to be told from now on; those that are other than before.
    [[nodiscard]] std::vector<NodeNews> replace(std::vector<NodeNews> all);
    [[nodiscard]] const std::vector<NodeNews>& all() const { return all_; }
    /// Whether one more of that far realm is listened to: who says much takes nothing from others.
    [[nodiscard]] bool hear(const std::string& far_realm, TimePoint now);

private:
    struct Second {
        TimePoint began{};
        unsigned news = 0;
    };
    std::vector<NodeNews> all_;
    std::map<std::string, Second, std::less<>> heard_;  ///< by far realm, of the last second
};

}  // namespace sallyport::link
