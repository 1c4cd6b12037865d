// Refusals that can be explained afterwards: each has an id, the same for the same rule, sender's and recipient's
// domain and direction, so that a flood of equal refusals is one row with a count. One table a shard, least recently
// used out; what strangers can cause under as many names as they like (all but refusals of stanzas) drives out only its
// own kind once it has half of the table.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/refusal_rules.h"

namespace sallyport::record {

/// What was refused.
enum class Subject : std::uint8_t { stanza, stream, dialback, connection };
/// "stanza" and so on.
[[nodiscard]] std::string_view text(Subject subject);

struct Verdict {
    std::string id;  ///< "v-" and 12 hex digits
    Rule rule = Rule::other;
    Subject what = Subject::stanza;
    std::string from, to;
    std::string why;     ///< the latest reason, for the operator
    std::string remedy;  ///< of this case, when whoever refused knew one
    WallTime first{}, last{};
    std::uint64_t count = 0;
};

class Verdicts {
public:
    explicit Verdicts(std::uint64_t most) : most_{most} {}

    struct Refused {
        Rule rule = Rule::other;
        Subject what = Subject::stanza;
        std::string_view from, to;
        std::string_view why;
        std::string_view id{};  ///< when the policy chain has given one
        std::string_view remedy{};
    };
    /// Keeps it; its id.
    const std::string& keep(const Refused& refused, WallTime wall);
    /// Nothing when it was never given, or is forgotten.
    [[nodiscard]] std::optional<Verdict> find(std::string_view id) const;
    [[nodiscard]] std::uint64_t size() const { return known_.size(); }
    [[nodiscard]] std::uint64_t most() const { return most_; }
    [[nodiscard]] const std::map<Rule, std::uint64_t>& by_rule() const { return by_rule_; }
    /// Domains of senders and recipients that are counted; beyond them all counts begin anew.
    static constexpr std::size_t most_domains = 1024;
    /// Refused stanzas.
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& by_domain() const { return by_domain_; }

private:
    using Order = std::list<Verdict>;  ///< least recently used first
    [[nodiscard]] Order& order_of(Subject what) { return what == Subject::stanza ? stanzas_ : others_; }
    /// For one more of the kind that `what` is of.
    void make_room(Subject what);
    void count(std::string_view domain);
    std::uint64_t most_;
    Order stanzas_, others_;
    std::unordered_map<std::string, Order::iterator> known_;  ///< by what makes it
    std::unordered_map<std::string, std::string> made_of_;    ///< by id
    std::map<Rule, std::uint64_t> by_rule_;
    std::map<std::string, std::uint64_t, std::less<>> by_domain_;
    std::string basis_;
};

}  // namespace sallyport::record
