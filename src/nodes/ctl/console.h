// Where a command reads and writes, and how it ended.
#pragma once

#include <iosfwd>
#include <string>

#include "admin/print/page.h"

namespace sallyport::ctl {

struct Console {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool interactive = false;     ///< somebody can answer questions
    std::string user;             ///< who gives the command; author of changes
    admin::Page page = {};        ///< of `out`
    bool shows_progress = false;  ///< `err` is a terminal that can go back in its line
};

/// Exit statuses of every command.
enum Exit : int {
    done = 0,
    refused = 1,      ///< the node says no, or the answer is no
    usage = 2,        ///< the command line or a file is wrong
    unreachable = 3,  ///< no node answers
};

}  // namespace sallyport::ctl
