// What fixes a failed way to another domain: whose part it is depends on who said where that domain is. An inside
// server and a static route are ours to correct, and a "partner" to be asked is then the wrong advice.
#pragma once

#include <string>

#include "model/config/node_file.h"
#include "model/config/settings.h"
#include "proto/xmpp/failure.h"

namespace sallyport::admin {

/// Of a core, the one that serves the domain; null: none does.
[[nodiscard]] const config::InsideServer* inside_server(const config::NodeFile& file, const xmpp::Domain& domain);

struct Remedy {
    std::string change;  ///< where it is set; may be empty
    std::string remedy;  ///< what to do
    Part part = Part::ours;
};

/// Of a stanza or stream to `domain`: what the refusal itself knows, else what the file says of the domain, else what
/// stands in the rule's row.
[[nodiscard]] Remedy remedy_of(const config::NodeFile& file, const config::Settings& settings, Rule rule,
                               const std::string& own_remedy, const std::string& domain);
[[nodiscard]] Remedy remedy_of(const config::NodeFile& file, const config::Settings& settings,
                               const xmpp::Failure& failure, const std::string& domain);

}  // namespace sallyport::admin
