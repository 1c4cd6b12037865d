// Messages that are numbered: what came of them at a user's end.
#pragma once

#include <string>
#include <vector>

#include "support/sim_nodes.h"

namespace sallyport::test {

/// The ids "from" to "to - 1".
inline std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> all;
    for (int n = from; n < to; ++n) all.push_back(std::to_string(n));
    return all;
}

/// Ids of the errors that `user` got, as they came.
inline std::vector<std::string> errors(const SimUser& user) {
    std::vector<std::string> all;
    for (const auto& one : user.received()) {
        if (one.type == "error") all.push_back(one.id);
    }
    return all;
}

}  // namespace sallyport::test
