// Captures of the node's own ports: one at a time, from start to the shelf of finished files. Control thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/capture/capture.h"
#include "io/loop/loop.h"
#include "io/store/shelf.h"
#include "io/tls/key_tap.h"
#include "model/config/node_file.h"
#include "services/alarms/alarm_board.h"

namespace sallyport::services {

/// What an operator asks for.
struct CaptureOrder {
    std::string name;                                   ///< empty: made of the time
    std::string interface;                              ///< empty: all of them
    std::uint64_t packets = 0, bytes = 0, seconds = 0;  ///< 0: the usual bound
    std::uint32_t snap_length = 0;                      ///< 0: whole packets
    std::uint16_t port = 0;                             ///< 0: every port of the node
    std::string host, source, destination;              ///< addresses; empty: all
    bool with_secrets = false;
};

struct CaptureState {
    std::string name, interface, filter, author;
    WallTime started{};
    bool with_secrets = false;
    io::CaptureStatus status;
};

class CaptureDesk {
public:
    static constexpr std::uint64_t usual_packets = 1'000'000, most_packets = 100'000'000;
    static constexpr std::uint64_t usual_bytes = 64ULL << 20, most_bytes = 2ULL << 30;
    static constexpr std::uint64_t usual_seconds = 600, most_seconds = 86'400;

    /// `folder` is made when it is needed. `ports` are those that a capture may look at.
    CaptureDesk(std::string folder, std::set<std::uint16_t> ports, std::string program, io::Loop& loop, Logger log,
                AlarmBoard& alarms);
    ~CaptureDesk();
    CaptureDesk(const CaptureDesk&) = delete;
    CaptureDesk& operator=(const CaptureDesk&) = delete;

    /// Errors: "capture-running", "capture-port", "capture-bound", "capture-address", those of Shelf and Capture.
    [[nodiscard]] Result<CaptureState> start(const CaptureOrder& order, const std::string& author);
    /// Its last state. Errors: "capture-none".
    [[nodiscard]] Result<CaptureState> stop();
    /// Of the one that runs.
    [[nodiscard]] std::optional<CaptureState> running() const;
    /// Of the one that ended last, since the start of the node.
    [[nodiscard]] const std::optional<CaptureState>& last() const { return last_; }
    [[nodiscard]] const io::Shelf& shelf() const { return shelf_; }
    /// The file was made with the secrets of TLS sessions.
    [[nodiscard]] bool holds_secrets(const std::string& name) const;
    /// Errors: "capture-running" (it is being written), those of Shelf.
    [[nodiscard]] Result<void> remove(const std::string& name);

private:
    [[nodiscard]] Result<std::string> filter_of(const CaptureOrder& order) const;
    [[nodiscard]] Result<io::CaptureRequest> request_of(const CaptureOrder& order) const;
    [[nodiscard]] std::string secret_mark(const std::string& name) const;
    void over();

    io::Shelf shelf_;
    std::set<std::uint16_t> ports_;
    std::string program_;
    io::Loop& loop_;
    Logger log_;
    AlarmBoard& alarms_;
    std::unique_ptr<io::Capture> capture_;
    std::unique_ptr<io::TlsKeyTap> tap_;
    std::optional<CaptureState> current_, last_;
    std::shared_ptr<CaptureDesk*> self_;  ///< null pointer inside once this is gone
};

/// The ports of a node: its listeners, what it dials, and those of the protocols that it speaks.
[[nodiscard]] std::set<std::uint16_t> ports_of(const config::NodeFile& file);

}  // namespace sallyport::services
