// What a core knows of one edge that matters to the presence node: the replica's conclusion, from which the desired
// rows are made.
#pragma once

#include <string>

namespace sallyport::provision {

struct EdgeState {
    std::string edge;          ///< "edge1.example.org"
    std::string component_id;  ///< "cm-2_s2scp-1.edge1-example-org"
    bool federating = false;
    bool known = true;  ///< false: never heard from; its row stays as it is
    bool operator==(const EdgeState&) const = default;
};

}  // namespace sallyport::provision
