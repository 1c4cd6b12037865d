// Lines are appended whole, by a thread of their own.
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

LogCopy::LogCopy(int descriptor, std::uint64_t bytes, std::uint64_t most)
    : most_{most}, bytes_{bytes}, lines_{descriptor, true, Limits{}.log_bytes, [](std::uint64_t lines) {
                                             return "(" + std::to_string(lines) + " lines are missing here)";
                                         }} {}

void LogCopy::write(std::string_view line) {
    const std::uint64_t size = line.size() + 1;
    if (bytes_.fetch_add(size) + size <= most_) {
        if (!lines_.write(line)) bytes_ -= size;
        return;
    }
    bytes_ -= size;
    ++refused_;
}

}  // namespace sallyport::io
