// How far long work has come, for whoever watches it at a terminal.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "nodes/ctl/console.h"

namespace sallyport::ctl {

class Progress {
public:
    /// `what` is being done to `total` bytes.
    Progress(const Console& console, std::string what, std::uint64_t total)
        : out_{console.err}, what_{std::move(what)}, total_{total}, shown_{console.watched} {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    /// The line is gone: it was for the meantime.
    ~Progress() {
        if (percent_ >= 0) out_ << '\r' << std::string(what_.size() + 7, ' ') << '\r' << std::flush;
    }
    void advance(std::uint64_t bytes) {
        done_ += bytes;
        const int percent = total_ == 0 ? 100 : static_cast<int>(done_ * 100 / total_);
        if (!shown_ || percent == percent_) return;
        percent_ = percent;
        out_ << '\r' << what_ << "  " << percent << " %" << std::flush;
    }

private:
    std::ostream& out_;
    std::string what_;
    std::uint64_t total_, done_ = 0;
    bool shown_;
    int percent_ = -1;
};

}  // namespace sallyport::ctl
