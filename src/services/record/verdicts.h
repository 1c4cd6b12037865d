// Refusals that can be explained afterwards: each has an id, the same for the same rule, sender's and recipient's
// domain and direction, so that a flood of equal refusals is one row with a count. One table a shard, least recently
// used out; what strangers can cause under as many names as they like (all but refusals of stanzas) drives out only its
// own kind once it has half of the table.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace sallyport::record {

struct Verdict {
    std::string id;    ///< "v-" and 12 hex digits
    std::string rule;  ///< a name of refusal_rows(), or of the policy chain
    std::string what;  ///< "stanza", "stream", "dialback", "connection"
    std::string from, to;
    std::string why;  ///< the latest reason, for the operator
    WallTime first{}, last{};
    std::uint64_t count = 0;
};

/// A rule outside the policy chain: where its bound or cause is set, what mends it, and whose part that is.
struct RefusalRow {
    std::string_view rule;
    std::string_view help;    ///< what it means
    std::string_view change;  ///< where it is set
    std::string_view remedy;
    std::string_view part;  ///< "ours", "the peer's", "the sender's"
};
[[nodiscard]] std::span<const RefusalRow> refusal_rows();
/// Null when there is none.
[[nodiscard]] const RefusalRow* find_refusal(std::string_view rule);

class Verdicts {
public:
    explicit Verdicts(std::uint64_t most) : most_{most} {}

    struct Refused {
        std::string_view rule, what, from, to;
        std::string_view why;
        std::string_view id{};  ///< when the policy chain has given one
    };
    /// Keeps it; its id.
    const std::string& keep(const Refused& refused, WallTime wall);
    /// Nothing when it was never given, or is forgotten.
    [[nodiscard]] std::optional<Verdict> find(std::string_view id) const;
    [[nodiscard]] std::uint64_t size() const { return known_.size(); }
    [[nodiscard]] std::uint64_t most() const { return most_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& by_rule() const { return by_rule_; }

private:
    using Order = std::list<Verdict>;  ///< least recently used first
    [[nodiscard]] Order& order_of(std::string_view what) { return what == "stanza" ? stanzas_ : others_; }
    /// For one more of the kind that `what` is of.
    void make_room(std::string_view what);
    std::uint64_t most_;
    Order stanzas_, others_;
    std::unordered_map<std::string, Order::iterator> known_;  ///< by what makes it
    std::unordered_map<std::string, std::string> made_of_;    ///< by id
    std::map<std::string, std::uint64_t, std::less<>> by_rule_;
    std::string basis_;
};

}  // namespace sallyport::record
