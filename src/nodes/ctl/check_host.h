// What a node's file names and only a host can judge: certificates by their time and their key, addresses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/config/node_file.h"

namespace sallyport::ctl {

/// What is wrong with one certificate and its key; empty texts: nothing.
struct PairFindings {
    std::string certificate, key;  ///< refused
    std::string warning;           ///< of the certificate
};
/// Both are files. That they are there, and are PEM, was found out before.
[[nodiscard]] PairFindings judge_pair(const std::string& certificate, const std::string& key, WallTime now);

/// What was found on this host, beside what the file itself says.
struct HostFindings {
    std::vector<config::FileError> errors;
    std::vector<std::string> warnings;
};
/// `known`: errors of the file; what they concern is not judged once more. `addresses`: of this host, if it tells.
[[nodiscard]] HostFindings check_host(const config::NodeFile& file, const std::vector<config::FileError>& known,
                                      const std::optional<std::vector<IpAddress>>& addresses, WallTime now);

}  // namespace sallyport::ctl
