// What mends a failed way to another domain: whose part it is depends on who said where that domain is. An inside
// server and a static route are ours to correct, and a "partner" to be asked is then the wrong advice.
#pragma once

#include <string>
#include <string_view>

#include "model/config/node_file.h"
#include "model/config/settings.h"

namespace sallyport::admin {

struct Remedy {
    std::string change;     ///< where it is set; may be empty
    std::string remedy;     ///< what to do
    std::string_view part;  ///< "ours", "the peer's", "the sender's", "ours or the peer's"
};

/// `rule` is a name of record::refusal_rows(), of a stanza or stream to `domain`; another one gives an empty remedy.
[[nodiscard]] Remedy remedy_of(const config::NodeFile& file, const config::Settings& settings, std::string_view rule,
                               const std::string& domain);

}  // namespace sallyport::admin
