// The stanza that every run sends: a chat message of fixed size whose body carries stream, number and time of sending.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::bench {

constexpr std::size_t stanza_bytes = 322;
constexpr std::size_t body_bytes = 200;

struct Stamp {
    std::uint64_t stream = 0;
    std::uint64_t number = 0;
    std::uint64_t sent_at = 0;  ///< nanoseconds
};

class StanzaWriter {
public:
    /// The id is made as long as needed for `stanza_bytes` on the wire.
    StanzaWriter(const std::string& from, const std::string& to);
    void append(const Stamp& stamp, std::string& out) const;

private:
    std::string text_;
    std::size_t body_at_;
};

/// Reads the stamp back; nothing when the body is not what was sent, byte by byte.
[[nodiscard]] std::optional<Stamp> read_body(std::string_view body);

}  // namespace sallyport::bench
