// What the streams of one network share: the loop, the receive buffer, spare send buffers. Only for .cpp files of
// io/net.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/loop/asio_loop.h"

namespace sallyport::io {

class Connection;

/// Received bytes are delivered from one buffer for all streams, so an idle stream holds none.
inline constexpr std::size_t receive_buffer_bytes = 65536;

struct NetworkShared {
    NetworkShared(AsioLoop& loop_, std::function<void(const std::string&)> on_problem_)
        : loop{loop_}, on_problem{std::move(on_problem_)} {}

    /// A send buffer with room, empty.
    [[nodiscard]] std::string take_buffer() {
        if (spare.empty()) return {};
        std::string buffer = std::move(spare.back());
        spare.pop_back();
        return buffer;
    }
    /// Takes a buffer back; large and superfluous ones are freed.
    void give_back(std::string& buffer) {
        constexpr std::size_t most_spare = 32;
        constexpr std::size_t largest_spare = 512 * 1024;
        constexpr std::size_t smallest_spare = 4096;
        if (spare.size() < most_spare && buffer.capacity() <= largest_spare && buffer.capacity() >= smallest_spare) {
            buffer.clear();
            spare.push_back(std::move(buffer));
        }
        buffer = std::string{};
    }

    AsioLoop& loop;
    std::function<void(const std::string&)> on_problem;
    std::array<char, receive_buffer_bytes> received{};
    std::vector<std::string> spare;
    std::set<std::shared_ptr<Connection>> lingering;  ///< closing streams whose owners have gone
};

}  // namespace sallyport::io
