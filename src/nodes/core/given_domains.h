// Domains that the core's file gives to one presence node: `domains` of its [[link.dial]].
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/config/node_file.h"
#include "proto/link/neighbour.h"

namespace sallyport::nodes {

/// Each with the realm of that node.
[[nodiscard]] inline std::map<std::string, std::string, std::less<>> given_domains(
    const std::vector<config::LinkDial>& dials) {
    std::map<std::string, std::string, std::less<>> given;
    for (const config::LinkDial& dial : dials) {
        for (const xmpp::Domain& domain : dial.domains) given[domain.text()] = realm_of(dial.name);
    }
    return given;
}

}  // namespace sallyport::nodes
