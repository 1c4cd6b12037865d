// Files of a node brought here piece by piece: `capture get`, `diag get`.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "nodes/ctl/node_client.h"

namespace sallyport::ctl {

struct Brought {
    std::string path;
    std::uint64_t bytes = 0;
};

/// Asks the node, wherever it is.
using Ask = std::function<Result<Answer>(const boost::json::object& arguments, const OnEvent& on_event)>;
using OnBrought = std::function<void(std::uint64_t bytes, std::uint64_t size)>;
/// Into the file of the argument `file`, or one of the node's name in the current folder, with mode 0600; a file that
/// exists is not replaced; `on_brought` is told of each piece. Errors: those of asking and of the node,
/// "download-file".
[[nodiscard]] Result<Brought> download(const Ask& ask, boost::json::object arguments, const OnBrought& on_brought);

}  // namespace sallyport::ctl
