// The users of ours whose stanzas did not reach a domain: the first ones by name, the others as a number. Bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::s2s {

class HurtUsers {
public:
    /// Beyond it nobody is told apart any more.
    static constexpr std::size_t most_counted = 1000;

    explicit HurtUsers(std::uint64_t most_named) : most_named_{most_named} {}

    /// A full or bare address; one without a localpart is no user.
    void add(std::string_view address);
    /// Bare addresses, in the order in which they were hurt.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    /// How many beside those; `most_counted` at most.
    [[nodiscard]] std::uint64_t more() const { return others_.size(); }

private:
    std::uint64_t most_named_;
    std::vector<std::string> names_;
    std::vector<std::size_t> others_;  ///< hashes, sorted
};

}  // namespace sallyport::s2s
