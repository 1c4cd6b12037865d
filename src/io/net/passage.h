// How many of the owner's bytes the peer's TCP has taken. TLS makes more bytes of them: each portion that goes to the
// wire is remembered with both ends until the peer has acknowledged it. Where a portion is acknowledged in part, the
// answer errs to "taken": what lies behind it is known not to have been taken. Only for .cpp files of io/net and the
// simulated network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sallyport::io {

class Passage {
public:
    /// The owner's bytes up to `plain` are within the wire's bytes up to `wire`, both counted from the beginning.
    void passed(std::uint64_t plain, std::uint64_t wire);
    /// The peer has acknowledged `wire` bytes: at most so many of the owner's bytes have been taken.
    [[nodiscard]] std::uint64_t taken(std::uint64_t wire);

private:
    struct Portion {
        std::uint64_t plain = 0, wire = 0;
    };
    void forget(std::uint64_t wire);

    std::vector<Portion> portions_;  ///< behind `base_`
    std::size_t head_ = 0;
    Portion base_;  ///< the end of the latest portion that was acknowledged whole
};

}  // namespace sallyport::io
