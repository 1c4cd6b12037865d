// Why a stream ends for what one element of it holds: the whole list. What is not here is answered with a stanza error,
// or ignored, and the stream goes on. The manual shows the table (docs/manual/stream-ends.md).
#pragma once

#include <span>
#include <string_view>

#include "proto/xmpp/errors.h"

namespace sallyport::xmpp {

struct StreamEnd {
    StreamCondition condition;
    std::string_view streams;  ///< of whom
    std::string_view when;
    std::string_view says;  ///< the section
    std::string_view why;
};
[[nodiscard]] std::span<const StreamEnd> stream_ends();

}  // namespace sallyport::xmpp
