// flock(2) on the folder itself: a lock that ends with its process.
#include "io/store/work_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "io/store/folder.h"

namespace sallyport::io {

namespace {

void empty_folder(const std::string& path) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{path, ignored}) {
        std::error_code problem;
        std::filesystem::remove_all(entry.path(), problem);
    }
}

}  // namespace

Result<WorkFolder> WorkFolder::open(const std::string& path) {
    if (auto made = private_folder(path); !made) return made.error();
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return Error{"store-unwritable", path + ": " + std::strerror(errno)};
    WorkFolder folder{path, descriptor};
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        // It is the other one's to remove.
        ::close(std::exchange(folder.descriptor_, -1));
        return Error{"work-busy", path + ": another process is doing the same; try again when it has ended"};
    }
    empty_folder(path);
    return folder;
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_{std::move(other.path_)}, descriptor_{std::exchange(other.descriptor_, -1)} {}

WorkFolder::~WorkFolder() {
    if (descriptor_ < 0) return;
    empty_folder(path_);
    ::rmdir(path_.c_str());
    ::close(descriptor_);
}

}  // namespace sallyport::io
