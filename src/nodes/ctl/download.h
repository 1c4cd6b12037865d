// Files of a node brought here piece by piece: `capture get`, `diag get`.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "admin/api/verbs.h"
#include "base/result.h"

namespace sallyport::ctl {

struct Brought {
    std::string path;
    std::uint64_t bytes = 0;
};

[[nodiscard]] bool is_download(const admin::Verb& verb);
/// Into the file of the argument `file`, or one of the node's name in the current folder, with mode 0600; a file that
/// exists is not replaced. Errors: those of ask() and of the node, "download-file".
[[nodiscard]] Result<Brought> download(const std::string& socket, const admin::Verb& verb,
                                       boost::json::object arguments, const std::string& author);

}  // namespace sallyport::ctl
