// A packet capture under way: libpcap on a thread of its own, pcapng or the classic format into a bounded file. Packets
// are held back for a moment when secrets are to be in the file, because readers want the secrets of a session before
// its packets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::io {

inline constexpr std::uint32_t whole_packets = 262'144;  ///< the longest snap length that readers accept

enum class CaptureForm {
    pcapng,
    classic,  ///< pcap_file.h: no secrets, no statistics
};

struct CaptureRequest {
    std::string path;
    CaptureForm form = CaptureForm::pcapng;
    std::string interface = "any";
    std::string filter;  ///< in the words of pcap-filter(7)
    std::uint64_t packets = 1'000'000;
    std::uint64_t bytes = 64ULL << 20;  ///< of the file
    std::uint32_t snap_length = whole_packets;
    std::chrono::seconds duration{600};
    bool with_secrets = false;
    std::string program;  ///< written into the file as its author
};

struct CaptureStatus {
    std::uint64_t packets = 0, bytes = 0;
    std::uint64_t dropped = 0;  ///< packets that the system could not keep
    std::uint64_t secrets = 0;  ///< lines of the key log
    /// Empty while it runs; then "stopped", "packets", "bytes", "seconds", "disk" or "failed".
    std::string end;
    std::string detail;  ///< of "disk" and "failed"
};

class Capture {
public:
    /// `on_end` is called once, on the capture's own thread. Errors: those of CaptureFile, "capture-interface",
    /// "capture-permission" (CAP_NET_RAW is missing), "capture-filter", "capture-failed".
    static Result<std::unique_ptr<Capture>> start(CaptureRequest request, std::function<void()> on_end);
    /// Stops it and waits for the thread.
    ~Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    /// Thread-safe. What was captured until now is written; waits for the thread, some tens of milliseconds.
    void stop();
    /// A line of a TLS key log. Thread-safe; ignored unless the request asked for secrets.
    void add_secret(std::string_view line);
    [[nodiscard]] CaptureStatus status() const;

private:
    class Work;
    explicit Capture(std::unique_ptr<Work> work);
    std::unique_ptr<Work> work_;
};

/// Its name and version.
[[nodiscard]] std::string capture_library();
/// Names of the interfaces of this host that can be listened on.
[[nodiscard]] std::vector<std::string> capture_interfaces();

}  // namespace sallyport::io
