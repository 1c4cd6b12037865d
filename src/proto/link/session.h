// Numbers of a session of the router link (docs/protocol/link.md, sections 3 and 5; XEP-0198): ranges, and what was
// received. Pure. The sending direction is in send_window.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::link {

/// What the end of a connection says about the stanzas that were on their way.
enum class Blame {
    none,  ///< somebody meant it to end
    loss,  ///< it broke without a word: they may have ended the far process
    word,  ///< the far side ended it: one of them may be the reason
};

/// A closed range of stanza numbers.
struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool operator==(const Range&) const = default;
};

/// "12-40 44" to ranges; false when malformed or more than 4096 of them.
[[nodiscard]] bool parse_ranges(std::string_view text, std::vector<Range>& out);
[[nodiscard]] std::string write_ranges(const std::vector<Range>& ranges);

/// The receiving direction: counts what arrived and gathers what is done.
class ReceiveWindow {
public:
    /// The number of the stanza that just arrived.
    std::uint64_t received() { return ++received_; }
    [[nodiscard]] std::uint32_t h() const { return static_cast<std::uint32_t>(received_); }
    void handled(std::uint64_t number);
    /// The ranges handled since the last call, 4096 at most.
    [[nodiscard]] std::vector<Range> take_done();
    [[nodiscard]] bool has_done() const { return !handled_.empty() || !again_.empty(); }
    /// Ranges that are kept beside the one that holds everything when everything is handled.
    [[nodiscard]] std::size_t holes() const {
        return handled_.size() + again_.size() + (told_.empty() ? 0 : told_.size() - 1);
    }
    /// The session goes on over another connection: what was told over the last one may not have arrived.
    void resumed();
    void restart() { *this = {}; }

private:
    void keep(Range range);

    std::uint64_t received_ = 0;
    void merge();

    std::vector<Range> handled_;  ///< since the last call of take_done, as they came
    std::size_t merged_ = 0;      ///< of those, after they were last put together
    std::map<std::uint64_t, std::uint64_t>
        told_;                  ///< all that is handled and was told, as ranges: as many as have holes
    std::vector<Range> again_;  ///< of those, what is to be told once more
};

}  // namespace sallyport::link
