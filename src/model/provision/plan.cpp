// Two differences of sets.
#include "model/provision/plan.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace sallyport::provision {

namespace {

using Ids = std::set<std::string>;

Ids set_of(const std::vector<std::string>& ids) { return {ids.begin(), ids.end()}; }

std::vector<std::string> without(const Ids& from, const Ids& taken) {
    std::vector<std::string> left;
    std::set_difference(from.begin(), from.end(), taken.begin(), taken.end(), std::back_inserter(left));
    return left;
}

}  // namespace

std::string component_of(const std::string& realm) { return "cm-2_s2scp-1." + realm; }

std::vector<std::string> desired_rows(const std::vector<EdgeState>& edges) {
    Ids ids;
    for (const EdgeState& edge : edges) {
        if (edge.known && edge.federating) ids.insert(edge.component_id);
    }
    return {ids.begin(), ids.end()};
}

Plan plan_rows(const std::vector<std::string>& desired, const std::vector<std::string>& observed,
               const std::vector<std::string>& ours) {
    const Ids wanted = set_of(desired);
    const Ids there = set_of(observed);
    Ids ours_there;
    for (const std::string& id : ours) {
        if (there.contains(id)) ours_there.insert(id);
    }
    return {without(wanted, there), without(ours_there, wanted)};
}

}  // namespace sallyport::provision
