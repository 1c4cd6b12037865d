// The options of `sallyport init` for CLI11.
#pragma once

#include "nodes/ctl/init.h"

namespace CLI {
class App;
}

namespace sallyport::ctl {

/// `init` must outlive the parsing.
void add_init_options(CLI::App& app, InitAnswers& init);

}  // namespace sallyport::ctl
