// A private folder for one piece of work at a time: it is empty at the beginning and gone at the end, and what a killed
// process has left in it is removed by the next one.
#pragma once

#include <string>

#include "base/result.h"

namespace sallyport::io {

class WorkFolder {
public:
    /// Errors: "work-busy": another process works there; "store-unwritable", "store-full".
    static Result<WorkFolder> open(const std::string& path);
    WorkFolder(WorkFolder&& other) noexcept;
    WorkFolder& operator=(WorkFolder&&) = delete;
    ~WorkFolder();
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    WorkFolder(std::string path, int descriptor) : path_{std::move(path)}, descriptor_{descriptor} {}
    std::string path_;
    int descriptor_;  ///< holds the lock
};

}  // namespace sallyport::io
