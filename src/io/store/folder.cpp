// Files by descriptor, with fsync of file and folder around rename(2).
#include "io/store/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace sallyport::io {

namespace {

constexpr std::size_t longest_file = 16 << 20;

Error failure(const std::string& path, int problem) {
    const char* code = "store-failed";
    if (problem == ENOSPC || problem == EDQUOT) code = "store-full";
    if (problem == EACCES || problem == EPERM || problem == EROFS || problem == ENOTDIR) code = "store-unwritable";
    return {code, path + ": " + std::strerror(problem)};
}

class File {
public:
    File(const std::string& path, int flags) : descriptor_{::open(path.c_str(), flags | O_CLOEXEC, 0600)} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int get() const { return descriptor_; }
    /// A full disk may show only here.
    [[nodiscard]] bool close() { return ::close(std::exchange(descriptor_, -1)) == 0; }

private:
    int descriptor_;
};

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    const File handle{folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY};
    if (handle.is_open()) fsync(handle.get());
}

}  // namespace

Result<void> private_folder(const std::string& path) {
    std::error_code problem;
    const std::filesystem::path folder{path};
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), problem);
    if (problem) return failure(path, problem.value());
    if (::mkdir(path.c_str(), 0700) == 0) return {};
    if (errno != EEXIST) return failure(path, errno);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return failure(path, errno);
    if (!S_ISDIR(status.st_mode)) return failure(path, ENOTDIR);
    const bool is_private = (status.st_mode & 0077) == 0 || ::chmod(path.c_str(), 0700) == 0;
    if (is_private && ::access(path.c_str(), W_OK | X_OK) == 0) return {};
    if (errno == EROFS) return {};
    return failure(path, errno);
}

Result<void> write_whole(const std::string& path, std::string_view text) {
    const std::string beside = path + ".new";
    File file{beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW};
    if (!file.is_open()) return failure(beside, errno);
    // The order matters: text on the disk, then the name. A left-over from a crash had its own mode.
    if (fchmod(file.get(), 0600) != 0 || !write_all(file.get(), text) || fsync(file.get()) != 0 || !file.close() ||
        std::rename(beside.c_str(), path.c_str()) != 0) {
        const int problem = errno;
        ::unlink(beside.c_str());
        return failure(path, problem);
    }
    sync_folder_of(path);
    return {};
}

Result<std::string> read_whole(const std::string& path) {
    const File file{path, O_RDONLY};
    if (!file.is_open()) {
        if (errno == ENOENT) return Error{"store-missing", path + " does not exist"};
        return failure(path, errno);
    }
    std::string text;
    char buffer[16384];
    for (;;) {
        const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure(path, errno);
        if (count == 0) return text;
        text.append(buffer, static_cast<std::size_t>(count));
        if (text.size() > longest_file) return failure(path, EFBIG);
    }
}

}  // namespace sallyport::io
