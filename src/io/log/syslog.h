// Sends the event log to syslog receivers (RFC 5424) over UDP (RFC 5426), TCP with octet counts (RFC 6587 3.4.1) or a
// local socket, on a thread of its own: the log never waits for the network. What does not fit is counted, and a
// receiver that takes lines again is told first how many it missed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/endpoint.h"

namespace sallyport::io {

/// A receiver; the same as in the node's file.
struct SyslogAddress {
    enum class Kind { udp, tcp, local };
    Kind kind = Kind::udp;
    Endpoint endpoint;
    std::string path;
    std::string name;  ///< for people
};

class SyslogSender {
public:
    static constexpr std::size_t most_waiting = 2000;  ///< lines

    struct State {
        std::string name, trouble;  ///< trouble empty: the latest line went out
        std::uint64_t sent = 0, lost = 0;
    };

    /// The line that tells of `lines` lost ones; on the sender's thread.
    using LossLine = std::function<std::string(std::uint64_t lines)>;
    explicit SyslogSender(std::vector<SyslogAddress> receivers, LossLine loss_line = {});
    /// Sends what waits, for at most a second.
    ~SyslogSender();
    SyslogSender(const SyslogSender&) = delete;
    SyslogSender& operator=(const SyslogSender&) = delete;

    /// Thread-safe, never waits.
    void send(std::string line);
    [[nodiscard]] std::vector<State> states() const;

private:
    struct Receiver;
    void run();
    void try_again(std::unique_lock<std::mutex>& hold);
    [[nodiscard]] bool is_in_trouble() const;
    [[nodiscard]] std::string send_to(std::size_t receiver, const std::string& line, std::uint64_t untold);

    std::vector<std::unique_ptr<Receiver>> receivers_;
    mutable std::mutex mutex_;  ///< guards what follows
    std::condition_variable changed_, drained_;
    std::deque<std::string> waiting_;
    std::vector<State> states_;
    std::vector<std::uint64_t> untold_;  ///< lost lines of each receiver that it was not told of
    bool ending_ = false, busy_ = false;
    LossLine loss_line_;
    std::thread thread_;
};

}  // namespace sallyport::io
