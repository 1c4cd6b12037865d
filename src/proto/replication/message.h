// What edge and core say to each other on the provisioning channel (docs/protocol/replication.md): messages as values,
// their JSON, and frames with a length in front. Pure; every size has a bound.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/chain_step.h"
#include "base/result.h"
#include "base/role.h"

namespace sallyport::replication {

inline constexpr unsigned version = 1;
/// The component of an edge is this prefix and its realm.
inline constexpr std::string_view component_prefix = "cm-2_s2scp-1.";

/// Bounds of what a far node may say.
struct Bounds {
    static constexpr std::size_t greeting_bytes = 4096;   ///< a frame before the far node has said who it is
    static constexpr std::size_t frame_bytes = 16 << 20;  ///< afterwards
    static constexpr std::size_t names = 256;             ///< values of one update
    static constexpr std::size_t name_bytes = 128;
    static constexpr std::size_t report_steps = 64;
    static constexpr std::size_t report_notices = 100;
    static constexpr std::size_t text_bytes = 1024;  ///< any other text
};

/// Setting name -> its value as JSON text.
using Values = std::map<std::string, std::string>;
/// 64 hex digits that stand for exactly these values.
[[nodiscard]] std::string digest(const Values& values);

/// Who speaks. The first message of both sides.
struct Hello {
    std::optional<Role> role;  ///< edge or core; nothing: one that is unknown here
    std::string node;          ///< "edge1.example.org"
    std::string realm;         ///< the node with dots turned to dashes
    std::string component;     ///< of an edge: component_prefix + realm; empty for a core
    std::string instance;      ///< another one after each start
    bool operator==(const Hello&) const = default;
};
/// What the speaker holds of the other side's values; revision 0 and no digest: nothing.
struct Held {
    std::uint64_t revision = 0;
    std::string digest;
    bool operator==(const Held&) const = default;
};
/// The speaker's values: those that differ from revision `base`, or all of them.
struct Update {
    std::uint64_t revision = 0;
    std::optional<std::uint64_t> base;
    std::string digest;  ///< of all values at `revision`
    Values values;
    bool operator==(const Update&) const = default;
};
/// `revision` of the other side is in force and on the disk here.
struct Ack {
    std::uint64_t revision = 0;
    bool operator==(const Ack&) const = default;
};
/// `revision` of the other side was not taken over; when `temporary` it is tried again and an Ack may follow.
struct Refusal {
    std::uint64_t revision = 0;
    std::string code, text;
    bool temporary = false;
    bool operator==(const Refusal&) const = default;
};
/// A standing alarm of the speaker.
struct Notice {
    std::string code, key, text;
    std::string severity{}, cure{};  ///< empty: the speaker is of a release that does not say
    bool operator==(const Notice&) const = default;
};
struct Report {
    std::vector<ChainStep> steps;  ///< of the chain beyond the speaker, for the other side's status
    std::vector<Notice> notices;
    bool operator==(const Report&) const = default;
};
struct Ping {
    bool operator==(const Ping&) const = default;
};
struct Pong {
    bool operator==(const Pong&) const = default;
};
/// The last message of a speaker who does not go on.
struct Bye {
    std::string code, text;
    bool operator==(const Bye&) const = default;
};
using Message = std::variant<Hello, Held, Update, Ack, Refusal, Report, Ping, Pong, Bye>;

/// The message as JSON text.
[[nodiscard]] std::string write(const Message& message);
/// Errors: "malformed", "version"; the text names the member.
[[nodiscard]] Result<Message> parse(std::string_view json);

/// Four bytes of length, the most significant first, then the text.
[[nodiscard]] std::string frame(std::string_view json);

/// Takes frames out of a stream of bytes.
class FrameReader {
public:
    void limit(std::size_t most) { most_ = most; }
    void add(std::string_view bytes) { buffer_.append(bytes); }
    /// The next whole frame's text, moved into `out`; false when more bytes are wanted. Errors: "frame-size".
    [[nodiscard]] Result<bool> next(std::string& out);

private:
    std::size_t most_ = Bounds::greeting_bytes;
    std::string buffer_;
    std::size_t start_ = 0;
};

}  // namespace sallyport::replication
