// One receiver of syslog and the socket to it: RFC 5424 over UDP (RFC 5426), TCP with octet counts (RFC 6587 3.4.1) or
// a local socket. It blocks for a stated time; whoever sends has a thread for it.
#pragma once

#include <chrono>
#include <string>

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

class SyslogReceiver {
public:
    static constexpr std::chrono::seconds pause{2};  ///< after a failure
    /// So long the first datagram over a new socket may take to be refused: whoever is down takes it, as far as send()
    /// tells (RFC 1122 4.1.3.3).
    static constexpr std::chrono::milliseconds doubt{200};

    /// `patience`: for a connection, and for each time that the receiver takes nothing.
    SyslogReceiver(SyslogAddress at, std::chrono::milliseconds patience);
    SyslogReceiver(const SyslogReceiver&) = delete;
    SyslogReceiver& operator=(const SyslogReceiver&) = delete;
    ~SyslogReceiver();

    /// Sends one line. Empty: it went out. Otherwise why not; then nothing is tried for `pause`.
    std::string send(const std::string& line);
    /// What went out has been taken, whatever becomes of the next line; over UDP a refusal may still be on its way.
    [[nodiscard]] bool is_sure() const { return where_.kind != SyslogAddress::Kind::udp; }

private:
    std::string open();
    std::string put(const std::string& line);
    [[nodiscard]] std::string refusal() const;
    void close();
    [[nodiscard]] bool ready(short what) const;

    SyslogAddress where_;
    std::chrono::milliseconds patience_;
    int descriptor_ = -1;
    std::string trouble_;
    std::chrono::steady_clock::time_point not_before_{};
};

}  // namespace sallyport::io
