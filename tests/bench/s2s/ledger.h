// Every stanza once and in order: who sent how many on which stream, and what of it arrived.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "s2s/histogram.h"
#include "s2s/stanza.h"

namespace sallyport::bench {

class Ledger {
public:
    /// A new stream whose stanzas are from `from`; its number goes into the stamps.
    std::uint64_t add_stream(const std::string& from);
    /// The next stanza of a stream is being sent.
    [[nodiscard]] Stamp next(std::uint64_t stream, std::uint64_t now);
    /// A `<message/>` arrived at the sink.
    void arrived(std::string_view message, std::uint64_t now);
    /// An error came back to the sender.
    void bounced() { ++bounced_; }

    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t outstanding() const { return sent_ - received_; }
    [[nodiscard]] std::uint64_t lost() const;
    [[nodiscard]] std::uint64_t repeated_or_late() const { return repeated_or_late_; }
    [[nodiscard]] std::uint64_t bad() const { return bad_ + bounced_; }
    [[nodiscard]] Histogram& delays() { return delays_; }

private:
    struct Stream {
        std::string from;
        std::uint64_t sent = 0;
        std::uint64_t expected = 0;  ///< number of the next stanza to arrive
        std::uint64_t received = 0;
    };
    std::vector<Stream> streams_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t repeated_or_late_ = 0;
    std::uint64_t bad_ = 0;
    std::uint64_t bounced_ = 0;
    Histogram delays_;
};

}  // namespace sallyport::bench
