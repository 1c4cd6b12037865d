// `sallyport check-config FILE`: is a node's file good?
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/config/node_file.h"
#include "nodes/ctl/console.h"

namespace sallyport::ctl {

/// The role that a file is for: a core dials, an edge does not.
[[nodiscard]] config::Role infer_role(std::string_view toml, const std::string& path);

/// `role` "edge", "core", "presence" or empty (inferred). Every error on its line; `done` or `usage`.
[[nodiscard]] int check_config(const std::string& path, const std::string& role, const Console& console, WallTime now);

}  // namespace sallyport::ctl
