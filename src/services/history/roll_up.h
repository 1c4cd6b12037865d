// From samples to the slots of every ring, and from the slots of a ring to the points of an answer. A slot has the mean
// over the time that is known, and the peak of the finest ring in it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "services/history/sampler.h"

namespace sallyport::history {

struct Point {
    double mean = 0, peak = 0;  ///< `unknown` both, or none
    [[nodiscard]] bool known() const { return mean == mean; }
};
inline constexpr Point no_point{unknown, unknown};

struct Subject {
    Kind kind = Kind::node;
    std::string name;  ///< of a peer or a rule
    auto operator<=>(const Subject&) const = default;
};

/// One slot of one subject in one ring. Where a slot has none of a peer or of a rule, but one of the node, nothing was
/// to be told: zero, or not known, as the nature of the figure says. Where it has none of the node, the node was down.
struct Slot {
    std::size_t ring = 0;
    Subject subject;
    std::int64_t time = 0;      ///< its begin in Unix time
    std::int64_t seconds = 0;   ///< of it in which the node ran
    std::vector<Point> points;  ///< by figure; what is missing at the end is not known
};

/// Values as a text, such as "0.5 2^7 - 0": means with peaks that differ; "-": not known.
[[nodiscard]] std::string packed(const std::vector<Point>& points);
/// What is no number is not known.
[[nodiscard]] std::vector<Point> unpacked(std::string_view text);

class RollUp {
public:
    /// Slots of the coarser rings that a process before this one had begun go on; others are left alone.
    void go_on(const std::vector<Slot>& begun);
    /// All slots that the sample fills or adds to, as they are then.
    [[nodiscard]] std::vector<Slot> add(const Sample& sample);
    /// A peer that is kept no longer.
    void forget(const std::string& peer);

private:
    struct Sum {
        double sum = 0, seconds = 0, peak = 0;  ///< `sum`: value by seconds
    };
    struct Open {
        std::int64_t time = -1;
        std::int64_t seconds = 0;  ///< of the node
        std::map<Subject, std::vector<Sum>> sums;
    };
    void add(std::size_t ring, std::int64_t time, const std::map<Subject, std::vector<double>>& values);
    /// The open slots of a ring as they are now.
    [[nodiscard]] std::vector<Slot> slots_of(std::size_t ring) const;
    std::array<Open, rings.size()> open_;  ///< by ring; of the finest none
};

/// `points` points of `step` seconds from `from` on, by figure. `node` and `own` are slots of one ring by time; of the
/// node itself both are the same.
[[nodiscard]] std::vector<std::vector<Point>> arranged(Kind kind, const std::map<std::int64_t, Slot>& node,
                                                       const std::map<std::int64_t, Slot>& own, std::int64_t from,
                                                       std::int64_t step, std::size_t points);

}  // namespace sallyport::history
