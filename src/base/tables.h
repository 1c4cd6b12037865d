// How full a table is that outlives streams, as status, metrics and the soak test list them. Every such table has a
// bound; whoever owns one adds a row in its tables().
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sallyport {

struct TableFill {
    std::string_view name;  ///< dotted, with its module in front: "s2s.destinations"
    std::uint64_t entries = 0;
    std::uint64_t bound = 0;
};

using TableFills = std::vector<TableFill>;

}  // namespace sallyport
