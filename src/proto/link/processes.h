// Which process of a far node is linked (docs/protocol/link.md, section 3). A node has one process, and a new one takes
// the place of the one before. One that comes back after it has made way is a copy, with the same name and the same
// key: it is turned away while the other is linked, and told. Pure.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"

namespace sallyport::link {

/// A process at the far side: `node` is another one after each start.
struct FarNode {
    std::string realm, node;
};

class Processes {
public:
    static constexpr std::size_t most_realms = 1024;
    static constexpr std::size_t most_former = 16;

    /// `alive` has the links of its realm from now on.
    void linked(const FarNode& alive) {
        if (known_.size() >= most_realms && !known_.contains(alive.realm)) known_.erase(known_.begin());
        Known& known = known_[alive.realm];
        if (known.present == alive.node) return;
        std::erase(known.former, alive.node);
        if (!known.present.empty()) known.former.push_back(known.present);
        if (known.former.size() > most_former) known.former.pop_front();
        known.present = alive.node;
    }
    /// Whom that process has made way to; empty: it has not.
    [[nodiscard]] std::string successor(const FarNode& node) const {
        const auto at = known_.find(node.realm);
        if (at == known_.end()) return {};
        const auto& former = at->second.former;
        return std::find(former.begin(), former.end(), node.node) == former.end() ? std::string{} : at->second.present;
    }
    [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
    struct Known {
        std::string present;
        std::deque<std::string> former;  ///< the oldest first
    };
    std::map<std::string, Known, std::less<>> known_;  ///< by realm
};

/// A session is taken over by one connection from another that lives: now and then, when the far side knows better that
/// the old one is dead; again and again, when two processes have the same session.
class Takeovers {
public:
    static constexpr unsigned most = 3;  ///< in a minute
    static constexpr Duration minute = std::chrono::minutes{1};

    /// One more is wanted; true: they are too many.
    [[nodiscard]] bool again(TimePoint now) {
        if (now - since_ >= minute) count_ = 0;
        if (count_ == 0) since_ = now;
        if (count_ < most) {
            ++count_;
            return false;
        }
        since_ = now;  // as long as they go on
        return true;
    }

private:
    TimePoint since_{};
    unsigned count_ = 0;
};

/// A copy of a linked node, for status and the alarm.
struct Copy {
    std::string far_realm;
    Endpoint remote;                 ///< the address of the one that was turned away
    std::optional<Endpoint> linked;  ///< and of the one that is linked; nothing: its links are on other shards
    TimePoint since{};               ///< turned away the last time
    std::uint64_t count = 0;
};

/// The last ones, one a realm.
class Copies {
public:
    static constexpr std::size_t most = 16;

    void turned_away(Copy copy) {
        const auto at =
            std::find_if(all_.begin(), all_.end(), [&](const Copy& one) { return one.far_realm == copy.far_realm; });
        copy.count = at == all_.end() ? 1 : at->count + 1;
        if (at != all_.end()) all_.erase(at);
        if (all_.size() == most) all_.erase(all_.begin());
        all_.push_back(std::move(copy));
    }
    [[nodiscard]] const std::vector<Copy>& all() const { return all_; }

private:
    std::vector<Copy> all_;
};

}  // namespace sallyport::link
