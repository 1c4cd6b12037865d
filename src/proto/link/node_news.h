// What a node tells linked nodes of itself, or a core of other nodes: for people who look at one of them and want to
// know how the others are (docs/protocol/link.md, section 11). It informs; nothing else rests on it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/role.h"
#include "proto/xml/element.h"

namespace sallyport::link {

/// Something that is wrong with a node, in words, and the rows that the words are from, with what stands in them: for
/// whoever shows them in another language. Empty codes: the words are nobody's row.
struct NodeFinding {
    bool is_error = false;
    std::string text, remedy;
    std::string code{}, remedy_code{};
    std::vector<std::pair<std::string, std::string>> values{};
    bool operator==(const NodeFinding&) const = default;
};

struct NodeNews {
    static constexpr std::size_t longest_name = 255, longest_version = 64, longest_origin = 300;
    static constexpr std::size_t most_findings = 12, longest_text = 600, longest_code = 64;
    static constexpr std::size_t most_values = 12;  ///< of a finding; together no longer than longest_text
    static constexpr std::string_view outline = "what is wrong is shown on this node's own page";
    static constexpr std::string_view outline_code = "node.outline";

    std::string name;  ///< of the node
    Role role = Role::edge;
    std::string version;
    std::string origin;      ///< of its pages, told by a core alone: "https://edge1.b.test:9443"; empty: not known
    bool linked = true;      ///< told by a core of another node: a link to it is up
    std::uint64_t more = 0;  ///< findings that are left out
    std::vector<NodeFinding> findings;  ///< the gravest first
    bool operator==(const NodeNews&) const = default;
};

/// What a side that must be assumed taken some day may know of `news`: the state, how many findings there are and how
/// grave the gravest is. Names, paths and reasons stay where they are.
[[nodiscard]] NodeNews outline_of(NodeNews news);
/// Within the bounds above, with what XML cannot hold replaced.
[[nodiscard]] std::string write(const NodeNews& news);
/// Cut to the bounds above; nothing: it names no node, or a role that this release does not know.
[[nodiscard]] std::optional<NodeNews> read_node_news(const xml::Element& element);

}  // namespace sallyport::link
