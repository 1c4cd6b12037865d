// Plain descriptors: a key must never exist for a moment with a wider mode, and never half-written.
#include "io/tls/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sallyport::io {

namespace {

constexpr off_t largest_file = 16 << 20;

Error failure(const char* code, const std::string& path, const char* what) {
    return {code, path + ": " + what + ": " + std::strerror(errno)};
}

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_{fd} {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) return failure("file-read", path, "cannot be opened");
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0) return failure("file-read", path, "cannot be examined");
    if (!S_ISREG(facts.st_mode)) return Error{"file-read", path + ": is not a regular file"};
    if (facts.st_size > largest_file) return Error{"file-read", path + ": is larger than 16 MiB"};
    std::string contents;
    char piece[16384];
    for (;;) {
        const ssize_t got = ::read(file.get(), piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure("file-read", path, "cannot be read");
        if (got == 0) return contents;
        contents.append(piece, static_cast<std::size_t>(got));
    }
}

Result<void> write_file(const std::string& path, std::string_view contents, bool secret) {
    const std::string draft = path + ".new";
    ::unlink(draft.c_str());
    const mode_t mode = secret ? 0600 : 0644;
    const Descriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
    if (file.get() < 0) return failure("file-write", draft, "cannot be created");
    if (!write_all(file.get(), contents) || ::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) {
        const Error problem = failure("file-write", draft, "cannot be written");
        ::unlink(draft.c_str());
        return problem;
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) return failure("file-write", path, "cannot be replaced");
    return {};
}

}  // namespace sallyport::io
