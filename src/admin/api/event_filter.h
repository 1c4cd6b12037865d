// Which entries of the event log somebody wants to see. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/log/node_log.h"

namespace sallyport::admin {

/// What is not set does not restrict.
struct EventFilter {
    LogLevel least_level = LogLevel::trace;
    std::optional<LogModule> module;
    std::string peer;  ///< a domain, or an address without port

    [[nodiscard]] bool passes(const io::LogEvent& event) const;
};

/// `text` names `peer` as a whole: "b.test" is in "a.test:b.test" and in "b.test", not in "sub.b.test".
[[nodiscard]] bool mentions(std::string_view text, std::string_view peer);

}  // namespace sallyport::admin
