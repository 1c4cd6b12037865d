// The engine under every machine of proto/: a table says what may happen, step() looks it up and does it, check()
// refuses a table at compile time that says two things at once or leads nowhere.
//
//   static constexpr std::array rows{
//       // in, on, next, act, says, needs, forbids
//       Row{offering, On::starttls, securing, &S::accept_tls, "RFC 6120 5.4.2.3", tls_wanted, {secured, pending}},
//       Row{{offering, open}, On::verify, stays, &S::vouch, "XEP-0220 2.2.2", channel_ok},
//   };
//   static_assert(machine::check(rows, opening, closed) == machine::Fault::none);
//
// What an event gets that no row names, every machine says itself. Header only; knows no protocol and no time but
// deadlines.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/clock.h"

namespace sallyport::machine {

/// A set of enumerators: phases of a row, facts that hold. At most 32, numbered from 0.
template <typename Enum>
class Set {
public:
    constexpr Set() = default;
    constexpr Set(Enum one) : bits_{bit(one)} {}  // implicit: a row names one phase as it names several
    constexpr Set(std::initializer_list<Enum> some) {
        for (const Enum one : some) bits_ |= bit(one);
    }
    /// Bit n stands for enumerator n.
    [[nodiscard]] static constexpr Set of_bits(std::uint32_t bits) {
        Set made;
        made.bits_ = bits;
        return made;
    }
    [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr bool has(Enum one) const { return (bits_ & bit(one)) != 0; }
    /// All of them, one of them at least.
    [[nodiscard]] constexpr bool contains(Set others) const { return (bits_ & others.bits_) == others.bits_; }
    [[nodiscard]] constexpr bool meets(Set others) const { return (bits_ & others.bits_) != 0; }
    [[nodiscard]] constexpr Set without(Set others) const { return of_bits(bits_ & ~others.bits_); }
    constexpr void add(Set others) { bits_ |= others.bits_; }
    friend constexpr Set operator|(Set a, Set b) { return of_bits(a.bits_ | b.bits_); }
    friend constexpr bool operator==(Set, Set) = default;

private:
    static constexpr std::uint32_t bit(Enum one) { return std::uint32_t{1} << static_cast<unsigned>(one); }
    std::uint32_t bits_ = 0;
};

/// A row's next phase: the one in which the event found the machine.
inline constexpr std::nullopt_t stays = std::nullopt;

/// What an act did: the row's next phase follows; or it does not, since nothing has come of the event (`stay`) or the
/// act has chosen the phase itself (`ended`, mostly by closing).
enum class Did : std::uint8_t { advance, stay, ended };

/// In one of these phases, on this event, while all of `needs` and nothing of `forbids` holds: do this, then be there.
template <typename Phase, typename On, typename Fact, typename Act>
struct Row {
    Set<Phase> in;
    On on;
    std::optional<Phase> next;
    Act act;                ///< a member of the machine; gives Did
    std::string_view says;  ///< the section that allows it
    Set<Fact> needs{};
    Set<Fact> forbids{};
};

/// Does what the table says about `on`; false: it says nothing, and nothing was done. `holding(asked)` tells which of
/// the asked facts hold, `run(act)` does it. A machine that an act has brought to Phase::closed stays there.
template <typename Rows, typename Phase, typename On, typename Holding, typename Run>
[[nodiscard]] bool step(const Rows& rows, Phase& phase, On on, Holding&& holding, Run&& run) {
    for (const auto& row : rows) {
        if (row.on != on || !row.in.has(phase)) continue;
        if (const auto asked = row.needs | row.forbids; !asked.empty()) {
            const auto held = holding(asked);
            if (!held.contains(row.needs) || held.meets(row.forbids)) continue;
        }
        const Did did = run(row.act);
        if (did == Did::advance && row.next && phase != Phase::closed) phase = *row.next;
        return true;
    }
    return false;
}

/// A row in words, for one of its phases: for tests and the manual.
struct RowText {
    std::string_view in, on, next, says;
};

/// The rows in words, in their order; `phase_text` and `event_text` give the names.
template <typename Phase, typename On, typename Fact, typename Act, std::size_t size>
[[nodiscard]] std::vector<RowText> in_words(const std::array<Row<Phase, On, Fact, Act>, size>& rows,
                                            std::string_view (*phase_text)(Phase), std::string_view (*event_text)(On)) {
    std::vector<RowText> out;
    for (const auto& row : rows) {
        for (unsigned n = 0; n < 32; ++n) {
            const auto in = static_cast<Phase>(n);
            if (row.in.has(in))
                out.push_back({phase_text(in), event_text(row.on), phase_text(row.next.value_or(in)), row.says});
        }
    }
    return out;
}

/// What is wrong with a table.
enum class Fault : std::uint8_t {
    none,
    two_rows_for_one_event,  ///< a phase, an event and facts that two rows claim: their order would decide
    phase_out_of_reach,      ///< rows for a phase that no other row leads to
    phase_without_a_way_out,
    row_without_a_section,
};

/// `begins`: the phases in which a machine may begin, and those that acts choose by themselves. `ends`: where it may
/// stay for good.
template <typename Phase, typename On, typename Fact, typename Act, std::size_t size>
[[nodiscard]] constexpr Fault check(const std::array<Row<Phase, On, Fact, Act>, size>& rows,
                                    std::type_identity_t<Set<Phase>> begins, std::type_identity_t<Set<Phase>> ends) {
    Set<Phase> reached = begins, left;
    for (std::size_t i = 0; i < size; ++i) {
        const auto& row = rows[i];
        if (row.says.empty()) return Fault::row_without_a_section;
        for (std::size_t j = 0; j < i; ++j) {
            const auto& other = rows[j];
            const bool exclude = row.needs.meets(other.forbids) || other.needs.meets(row.forbids);
            if (row.on == other.on && row.in.meets(other.in) && !exclude) return Fault::two_rows_for_one_event;
        }
        if (row.next) left.add(row.in.without(*row.next));
    }
    for (std::size_t round = 0; round < size; ++round) {
        for (const auto& row : rows) {
            if (row.next && row.in.meets(reached)) reached.add(*row.next);
        }
    }
    for (const auto& row : rows) {
        if (!reached.contains(row.in)) return Fault::phase_out_of_reach;
    }
    return (left | ends).contains(reached) ? Fault::none : Fault::phase_without_a_way_out;
}

/// The timers of a machine by name, the last enumerator being `count_`. `never`: it does not run.
template <typename Timer>
class Deadlines {
public:
    Deadlines() { stop(); }
    [[nodiscard]] TimePoint& operator[](Timer timer) { return at_[static_cast<std::size_t>(timer)]; }
    [[nodiscard]] TimePoint operator[](Timer timer) const { return at_[static_cast<std::size_t>(timer)]; }
    void stop() { at_.fill(never); }
    /// While it is wanted it runs, until `at` as that was when it began.
    void run_while(bool wanted, Timer timer, TimePoint at) {
        TimePoint& runs = (*this)[timer];
        if (!wanted || runs == never) runs = wanted ? at : never;
    }
    /// The first of them.
    [[nodiscard]] TimePoint first() const { return *std::min_element(at_.begin(), at_.end()); }

private:
    std::array<TimePoint, static_cast<std::size_t>(Timer::count_)> at_;
};

}  // namespace sallyport::machine
