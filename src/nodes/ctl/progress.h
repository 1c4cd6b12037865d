// How far long work has come: one line that is written again and again, at a terminal only.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "base/clock.h"
#include "nodes/ctl/console.h"

namespace sallyport::ctl {

class Progress {
public:
    /// Before it, nobody wonders.
    static constexpr Duration quiet_for = std::chrono::seconds{2};

    /// `out` is a terminal that can go back in its line, or nothing is shown.
    Progress(std::ostream& out, bool is_shown, std::string work)
        : out_{out}, is_shown_{is_shown}, work_{std::move(work)} {}
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// So long the answer has been waited for.
    void waited(Duration time);
    /// `bytes` of a file, all of which has `size`.
    void brought(std::uint64_t bytes, std::uint64_t size);
    /// The line is free for something else.
    void clear();
    /// It says something itself meanwhile.
    void end() {
        clear();
        is_shown_ = false;
    }

private:
    void tell(const std::string& words);

    std::ostream& out_;
    bool is_shown_;
    bool is_written_ = false;
    std::string work_;
};

/// Of bytes whose number is known before.
class ByteProgress {
public:
    ByteProgress(const Console& console, std::string work, std::uint64_t total)
        : line_{console.err, console.shows_progress, std::move(work)}, total_{total} {}
    /// The line says what was there before.
    void advance(std::uint64_t bytes) {
        line_.brought(done_, total_);
        done_ += bytes;
    }

private:
    Progress line_;
    std::uint64_t total_, done_ = 0;
};

}  // namespace sallyport::ctl
