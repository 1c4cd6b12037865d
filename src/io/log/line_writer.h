// Lines to a descriptor from a thread of its own: whoever logs never waits for who reads the log
// (docs/decisions/0014-nothing-waits.md). What waits is bounded in bytes; lines beyond it are lost and counted, and a
// line in their place says how many once there is room again. The order is that of write().
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace sallyport::io {

class LineWriter {
public:
    /// The line that tells of `lines` lost ones; on any thread.
    using LossLine = std::function<std::string(std::uint64_t lines)>;
    /// How long the end waits for a reader.
    static constexpr auto patience = std::chrono::seconds{2};

    struct State {
        std::uint64_t lost = 0;     ///< lines, since the start
        std::uint64_t waiting = 0;  ///< bytes
        bool stuck = false;         ///< the descriptor has taken nothing for seconds, or refuses
    };

    /// `owned`: it is closed at the end.
    LineWriter(int descriptor, bool owned, std::uint64_t most_bytes, LossLine loss_line);
    /// Writes what waits, for at most `patience`.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// Without its end of line. False: lost. Thread-safe, like all of it; never waits.
    bool write(std::string_view line);
    /// Until all that was written before has been taken, or for `at_most`. False: not all of it.
    bool flush(std::chrono::milliseconds at_most = patience);
    [[nodiscard]] State state() const;

    /// Fatal signals of this process first give this writer half a second to write what waits. One at a time.
    void write_before_fatal_ends();

private:
    struct Shared;
    static void run(const std::shared_ptr<Shared>& shared);

    std::shared_ptr<Shared> shared_;  ///< the thread's too: it may have to be left behind in a call to the disk
    std::thread thread_;
};

}  // namespace sallyport::io
