// Lines are appended whole, with one write each.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/log/node_log.h"

namespace sallyport::io {

Result<std::shared_ptr<LogCopy>> LogCopy::open(const std::string& path, std::uint64_t most_bytes) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) return Error{"log-file", path + ": " + std::strerror(errno)};
    struct stat facts {};
    ::fstat(descriptor, &facts);
    return std::shared_ptr<LogCopy>{new LogCopy{descriptor, static_cast<std::uint64_t>(facts.st_size), most_bytes}};
}

LogCopy::~LogCopy() { ::close(descriptor_); }

void LogCopy::write(std::string_view line) {
    std::string whole{line};
    whole += '\n';
    const std::lock_guard hold{mutex_};
    const std::uint64_t before = bytes_.load();
    if (before + whole.size() > most_) {
        ++lost_;
        return;
    }
    const ssize_t count = ::write(descriptor_, whole.data(), whole.size());
    if (count == static_cast<ssize_t>(whole.size())) {
        bytes_ += whole.size();
        return;
    }
    ++lost_;
    // A full disk took a part: the next line must not continue it.
    if (count > 0 && ::ftruncate(descriptor_, static_cast<off_t>(before)) != 0)
        bytes_ += static_cast<std::uint64_t>(count);
}

}  // namespace sallyport::io
