// The nodes of one desk: how this one is, told to linked nodes, and what they tell of themselves. The core passes on
// what it hears, so that each of the three knows of the others (docs/protocol/link.md, section 11). Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/api/node_control.h"
#include "proto/link/node_news.h"

namespace sallyport::admin {

/// A node as the desk of this one shows it.
struct DeskNode {
    std::string name;
    Role role = Role::edge;
    bool is_self = false;
    bool is_heard = false;   ///< it has told of itself within of_now; if not, nothing is known of its state
    bool is_linked = false;  ///< and what it tells is of now
    std::string version;
    std::string pages;        ///< origin; empty: not known here
    bool hands_over = false;  ///< its pages can be opened from here without a sign-in, if it believes this node
    std::uint64_t more = 0;
    std::vector<link::NodeFinding> findings;  ///< the gravest first
};

class DeskNodes {
public:
    static constexpr auto interval = std::chrono::seconds{2};
    static constexpr auto again_every = std::chrono::seconds{30};
    static constexpr auto whole_every = std::chrono::seconds{20};  ///< what needs streams or files is judged
    static constexpr std::size_t most = 16;                        ///< other nodes
    /// What was heard last is of now for so long: some rounds may be lost.
    static constexpr auto of_now = 3 * again_every;

    /// To all linked nodes; `again`: what has not changed too.
    using Tell = std::function<void(std::vector<link::NodeNews> nodes, bool again)>;
    /// `node` must outlive it.
    DeskNodes(NodeControl& node, std::string version, Tell tell);
    ~DeskNodes();
    DeskNodes(const DeskNodes&) = delete;
    DeskNodes& operator=(const DeskNodes&) = delete;

    void heard(const link::NodeNews& news);
    /// Of a brief status. This node first, then the others by role and name.
    [[nodiscard]] std::vector<DeskNode> list(const NodeStatus& status) const;

private:
    struct Heard {
        link::NodeNews news;
        TimePoint at{};
    };
    void look();
    void looked(const NodeStatus& status, Depth depth);
    void tell(const NodeStatus& status);
    [[nodiscard]] link::NodeNews own(const NodeStatus& status) const;
    /// Nodes that this one's file names, and what is known of them without having heard of them.
    [[nodiscard]] std::map<std::string, DeskNode> named() const;
    [[nodiscard]] bool may_be_known(const std::string& name) const;
    [[nodiscard]] bool is_of_now(const Heard& heard) const;
    /// Makes room of those that say nothing any more and that no file names.
    void forget_silent();

    NodeControl& node_;
    std::string version_;
    Tell tell_;
    std::unique_ptr<io::Timer> timer_;
    bool looking_ = false;
    TimePoint told_all_at_{}, whole_at_{};
    std::vector<link::NodeFinding> slow_;  ///< of the latest whole look, what no brief one finds
    std::map<std::string, Heard> heard_;   ///< by name; a silent one stays as long as the file names it
    std::shared_ptr<DeskNodes*> self_;     ///< null pointer inside once this is gone
};

}  // namespace sallyport::admin
