// The grammar of the command line as values: commands, their options and arguments, and what completes each. Made from
// what commands.cpp gives CLI11, and so from the rows of the verbs.
#pragma once

#include <string>
#include <vector>

namespace sallyport::ctl {

struct OptionNode {
    std::string name;  ///< "--limit"; of an argument that is given by its place: "domain"
    std::string help;
    std::string values;  ///< as in admin/api/verb_words.h
    bool by_place = false;
    bool required = false;
    bool takes_value = false;
    bool repeats = false;  ///< takes all words that follow
};

struct CommandNode {
    std::string name, help;
    bool hidden = false;
    std::string section;  ///< heading of the help below which it is; nothing below a group
    std::vector<OptionNode> options;
    std::vector<CommandNode> below;
};

/// Of the whole command line: its commands, and the options that can be anywhere.
[[nodiscard]] CommandNode command_tree();

}  // namespace sallyport::ctl
