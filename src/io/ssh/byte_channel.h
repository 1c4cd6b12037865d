// A stream of bytes between two nodes, as a seam: real inside an SSH connection, simulated in tests. Control thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sallyport::io {

/// What a channel tells its owner. Calls come from the loop, never from within a call to the channel.
class ByteChannelOwner {
public:
    virtual ~ByteChannelOwner() = default;
    /// Valid during the call.
    virtual void on_bytes(std::string_view bytes) = 0;
    /// The far side's window took some of what was written.
    virtual void on_progress() = 0;
    /// No further call follows. The owner may destroy the channel from here.
    virtual void on_closed(const std::string& why) = 0;
};

class ByteChannel {
public:
    virtual ~ByteChannel() = default;  ///< closes; nothing is called any more
    /// Nothing is delivered before.
    virtual void set_owner(ByteChannelOwner* owner) = 0;
    virtual void write(std::string bytes) = 0;
    /// Bytes written and not yet taken by the far side's window.
    [[nodiscard]] virtual std::size_t pending() const = 0;
    /// Sends what is pending, then closes; on_closed follows.
    virtual void finish() = 0;
};

}  // namespace sallyport::io
