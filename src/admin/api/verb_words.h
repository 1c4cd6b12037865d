// What the command line tells of a verb beside its row: an example, and what its arguments can be completed with.
#pragma once

#include <span>
#include <string_view>

namespace sallyport::admin {

struct VerbExample {
    std::string_view verb;
    std::string_view line;  ///< behind `sallyport`; a word with blanks is in quotation marks
};
/// One for each verb, in their order.
[[nodiscard]] std::span<const VerbExample> verb_examples();
/// Empty when there is no such verb.
[[nodiscard]] std::string_view example_of(std::string_view verb);

/// Values of one argument: words with blanks between; "<file>": a file; "<peers>" and its like: what the node answers
/// to `complete` (verbs_complete.cpp).
struct ArgumentValues {
    std::string_view verb, argument, values;
};
[[nodiscard]] std::span<const ArgumentValues> argument_values();
/// Empty: nobody can guess them.
[[nodiscard]] std::string_view values_of(std::string_view verb, std::string_view argument);

}  // namespace sallyport::admin
