// What the history keeps: the rings of time, and the figures of a node, of a peer and of a rule of refusals, a row
// each. A new figure is an enumerator and a row behind the others: what is stored names figures by their place.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace sallyport::history {

/// Slots of one length, as many as cover its range; a new slot takes the place of the oldest.
struct Ring {
    std::string_view range;  ///< "2h": how it is asked for
    std::int64_t step;       ///< seconds of a slot
    std::int64_t slots;
    std::int64_t usual_step;  ///< seconds of a point in an answer if nobody says otherwise
    [[nodiscard]] constexpr std::int64_t seconds() const { return step * slots; }
};
inline constexpr std::array<Ring, 3> rings{{
    {"2h", 10, 720, 10},
    {"3d", 60, 4320, 300},
    {"90d", 900, 8640, 10'800},
}};
/// The place in `rings`; nothing: there is no such range.
[[nodiscard]] std::optional<std::size_t> ring_of(std::string_view range);

/// Whom figures are about.
enum class Kind : std::uint8_t { node, peer, rule };

enum class Nature : std::uint8_t {
    rate,   ///< a counter's growth a second
    level,  ///< a number at a moment
    share,  ///< 0 to 1, where anything is known
    delay,  ///< seconds, where anything has happened
};
/// A rate and a level are 0 where the node ran and nothing is stored; the others are not known there.
[[nodiscard]] constexpr bool is_zero_if_absent(Nature nature) {
    return nature == Nature::rate || nature == Nature::level;
}

struct Figure {
    std::string_view name;
    std::string_view unit;  ///< "1/s", "bytes/s", "s", "share", or what is counted
    Nature nature;
    std::string_view help;
};

enum class NodeFigure : std::uint8_t {
    stanzas_in,
    stanzas_out,
    bytes_in,
    bytes_out,
    streams_in,
    streams_out,
    queued,
    unacknowledged,
    handshakes_good,
    handshakes_failed,
    refusals,
    delay_link,
    delay_peer,
    delay_queue,
    link_in,
    link_out,
    links_up,
    held_for_link,
    router_local,
    router_link,
    router_returned,
    count_
};
enum class PeerFigure : std::uint8_t {
    stanzas_in,
    stanzas_out,
    bytes_in,
    bytes_out,
    streams_in,
    streams_out,
    queued,
    unacknowledged,
    available,
    handshakes_good,
    handshakes_failed,
    refusals,
    count_
};

/// In the order of the enumerators; of a rule there is one, its refusals.
[[nodiscard]] std::span<const Figure> figures(Kind kind);

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// A value for each figure; `unknown` where nobody knows.
template <typename Of>
struct Values {
    std::array<double, static_cast<std::size_t>(Of::count_)> all{};
    [[nodiscard]] double& operator[](Of figure) { return all[static_cast<std::size_t>(figure)]; }
    [[nodiscard]] double operator[](Of figure) const { return all[static_cast<std::size_t>(figure)]; }
};
using NodeValues = Values<NodeFigure>;
using PeerValues = Values<PeerFigure>;

}  // namespace sallyport::history
