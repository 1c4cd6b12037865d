// A block that a full disk cut in two is taken back, so that readers never meet half a block.
#include "io/capture/capture_file.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sallyport::io {

namespace {

constexpr std::uint64_t bytes_between_looks = 1 << 20;

Error disk_low(const std::string& path) {
    return {"capture-disk", path + ": less than " + std::to_string(disk_floor >> 20U) +
                                " MiB are free on this disk; remove captures, archives or logs"};
}

}  // namespace

std::uint64_t free_space(const std::string& path) {
    struct statvfs facts {};
    if (::statvfs(path.c_str(), &facts) != 0) return 0;
    return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

Result<CaptureFile> CaptureFile::create(const std::string& path, std::uint64_t most_bytes) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno == EEXIST) return Error{"capture-exists", path + " exists; choose another name"};
    if (descriptor < 0) return Error{"capture-file", path + ": " + std::strerror(errno)};
    CaptureFile file{path, descriptor, most_bytes};
    if (free_space(path) < disk_floor) {
        ::unlink(path.c_str());
        return disk_low(path);
    }
    return file;
}

CaptureFile::CaptureFile(CaptureFile&& other) noexcept
    : path_{std::move(other.path_)},
      descriptor_{std::exchange(other.descriptor_, -1)},
      most_{other.most_},
      bytes_{other.bytes_},
      until_next_look_{other.until_next_look_} {}

CaptureFile::~CaptureFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> CaptureFile::append(std::string_view block) {
    if (bytes_ + block.size() > most_) return Error{"capture-full", path_ + " has reached its size"};
    if (until_next_look_ < block.size()) {
        if (free_space(path_) < disk_floor) return disk_low(path_);
        until_next_look_ = bytes_between_looks;
    }
    std::string_view rest = block;
    while (!rest.empty()) {
        const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            const int problem = errno;
            // Best effort: if this fails too, the file ends in half a block, which readers report as cut short.
            [[maybe_unused]] const int cut = ::ftruncate(descriptor_, static_cast<off_t>(bytes_));
            return Error{problem == ENOSPC || problem == EDQUOT ? "capture-disk" : "capture-file",
                         path_ + ": " + std::strerror(problem)};
        }
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    bytes_ += block.size();
    until_next_look_ -= std::min<std::uint64_t>(until_next_look_, block.size());
    return {};
}

}  // namespace sallyport::io
