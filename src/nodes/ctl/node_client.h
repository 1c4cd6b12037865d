// The command line's end of the admin socket.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::ctl {

/// A node's answer: its result, or its error.
struct Answer {
    bool ok = false;
    std::string result;  ///< JSON
    Error error;
    std::string field;  ///< the argument at fault, if it is one
};

/// Events come as JSON text while the answer is awaited.
using OnEvent = std::function<void(const std::string& event)>;

/// An answer out of its JSON: {"ok", "result", "error"} of the socket, or {"result"} or {"error"} of REST.
[[nodiscard]] Answer read_answer(const boost::json::value& value);

/// What happens while an answer is awaited.
struct Waiting {
    OnEvent on_event;
    std::function<void(Duration waited)> on_second = {};  ///< every second
    Duration patience{};                                  ///< then nobody answers; zero: for ever
};

/// Sends `verb` with `arguments` to the node behind `socket` and waits. Errors: "node-unreachable".
[[nodiscard]] Result<Answer> ask(const std::string& socket, std::string_view verb, const boost::json::object& arguments,
                                 const std::string& author, const Waiting& waiting);

}  // namespace sallyport::ctl
