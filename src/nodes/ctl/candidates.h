// What a shell can offer for the word that is being typed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nodes/ctl/command_tree.h"

namespace sallyport::ctl {

struct Candidate {
    std::string word, help;
    bool operator==(const Candidate&) const = default;
};
struct Candidates {
    std::vector<Candidate> words;
    bool files = false;  ///< and files
};

/// Live values of a kind, such as "peers"; `about` is the first argument that was typed.
using AskValues = std::function<std::vector<std::string>(const std::string& kind, const std::string& about)>;

/// `typed`: the words behind the program's name up to the one that is being typed, which may be empty.
[[nodiscard]] Candidates candidates_for(const CommandNode& tree, const std::vector<std::string>& typed,
                                        const AskValues& ask);

}  // namespace sallyport::ctl
