// Diagnostic logging: from start to stop every line is copied into a file of its own, modules may be more talkative,
// packets may be captured, and markers say when something was tried. It ends by itself, survives a restart of the node,
// and its archive is what goes to whoever helps. One at a time. Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/log/node_log.h"
#include "io/loop/loop.h"
#include "io/store/shelf.h"
#include "services/diagnostics/capture_desk.h"
#include "services/diagnostics/log_levels.h"

namespace sallyport::services {

struct DiagnosisOrder {
    std::string name;  ///< empty: made of the time
    LogLevels::Levels levels;
    bool capture = false, with_secrets = false;
    std::uint64_t seconds = 0;  ///< 0: the usual time
};

struct DiagnosisState {
    std::string name, author;
    WallTime started{}, until{}, ended{};
    /// Empty while it runs; then "stopped", "time", "full" (of lines), "disk" or "restart" (its time was over before
    /// the node came back).
    std::string end;
    LogLevels::Levels levels;
    std::string capture;  ///< its name; empty: none
    std::uint64_t markers = 0, restarts = 0;
    std::uint64_t bytes = 0, lost = 0;  ///< of the log; lines that found no room since the last start of the node
};

/// What goes into an archive beside the log and the capture.
using ArchiveTexts = std::vector<std::pair<std::string, std::string>>;

class Diagnosis {
public:
    static constexpr std::uint64_t usual_seconds = 1800, most_seconds = 86'400;
    static constexpr std::uint64_t log_bytes = 64ULL << 20;
    static constexpr std::size_t longest_marker = 200;

    Diagnosis(std::string folder, io::Loop& loop, io::NodeLog& log, LogLevels& levels, CaptureDesk& captures);
    ~Diagnosis();
    Diagnosis(const Diagnosis&) = delete;
    Diagnosis& operator=(const Diagnosis&) = delete;

    /// Errors: "diag-running", "diag-bound", those of Shelf, LogCopy and CaptureDesk.
    [[nodiscard]] Result<DiagnosisState> start(const DiagnosisOrder& order, const std::string& author);
    /// Errors: "diag-none".
    [[nodiscard]] Result<DiagnosisState> marker(const std::string& text, const std::string& author);
    [[nodiscard]] Result<DiagnosisState> stop();
    /// The one that runs, or the latest; none: there never was one.
    [[nodiscard]] std::optional<DiagnosisState> state() const;
    /// One archive of the latest one, which may still run. `on_done` gets its name, from the control loop. Errors:
    /// "diag-none", "diag-collecting", those of Shelf and Archive.
    void collect(ArchiveTexts texts, std::function<void(Result<std::string>)> on_done);
    [[nodiscard]] const io::Shelf& shelf() const { return shelf_; }

private:
    [[nodiscard]] bool runs() const { return state_ && state_->end.empty(); }
    [[nodiscard]] std::string state_file() const { return shelf_.folder() + "/current.json"; }
    [[nodiscard]] std::string log_file() const { return shelf_.folder() + "/current.log"; }
    [[nodiscard]] Result<void> begin_copy();
    void raise_levels();
    void look();
    void end(const char* why);
    void save();
    void load();

    io::Shelf shelf_;
    io::Loop& loop_;
    io::NodeLog& log_;
    Logger lines_;
    LogLevels& levels_;
    CaptureDesk& captures_;
    std::shared_ptr<io::LogCopy> copy_;
    std::optional<DiagnosisState> state_;
    std::unique_ptr<io::Timer> timer_;
    std::thread worker_;
    bool collecting_ = false;
    std::shared_ptr<Diagnosis*> self_;  ///< null pointer inside once this is gone
};

}  // namespace sallyport::services
