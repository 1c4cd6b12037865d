// Sends the event log to syslog receivers: each has a thread and a queue of its own, so the log never waits for the
// network and no receiver for another. What does not fit is counted, and a receiver that takes lines again is told
// first how many it missed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/log/syslog_receiver.h"

namespace sallyport::io {

class SyslogSender {
public:
    static constexpr std::size_t most_waiting = 2000;  ///< lines for one receiver
    static constexpr std::chrono::milliseconds usual_patience{2000};

    struct State {
        std::string name, trouble;  ///< trouble empty: the latest line went out
        std::uint64_t sent = 0, lost = 0;
    };

    /// The line that tells of `lines` lost ones; on a receiver's thread.
    using LossLine = std::function<std::string(std::uint64_t lines)>;
    explicit SyslogSender(std::vector<SyslogAddress> receivers, LossLine loss_line = {},
                          std::chrono::milliseconds patience = usual_patience);
    /// Sends what waits, for at most a second.
    ~SyslogSender();
    SyslogSender(const SyslogSender&) = delete;
    SyslogSender& operator=(const SyslogSender&) = delete;

    /// Thread-safe, never waits.
    void send(std::string line);
    /// In the order of the receivers. Thread-safe.
    [[nodiscard]] std::vector<State> states() const;

private:
    class Lane;
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace sallyport::io
