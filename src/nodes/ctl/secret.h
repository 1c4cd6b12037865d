// A secret for a verb: from a file, from a person who is asked without echo, or from standard input. Never from the
// command line, which every user of the host can read.
#pragma once

#include <string>

#include "base/result.h"
#include "nodes/ctl/console.h"

namespace sallyport::ctl {

/// How often a person types it: a new one twice, one that is known once.
enum class Typed { once, twice };

/// The first line of `file` if it is named; `what` is what a person is asked for. Errors: "secret-unread",
/// "secret-differs" (typed twice, not the same).
[[nodiscard]] Result<std::string> read_secret(const std::string& what, const std::string& file, const Console& console,
                                              Typed typed);

}  // namespace sallyport::ctl
