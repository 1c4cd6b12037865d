// ustar entries of mode 0600, gzip around them.
#include "io/archive/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sallyport::io {

std::string archive_library() { return archive_version_string(); }

void Archive::Free::operator()(archive* handle) const { archive_write_free(handle); }

Result<Archive> Archive::create(const std::string& path, WallTime time) {
    // Made by us: libarchive would make it readable for others.
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return Error{errno == EEXIST ? "archive-exists" : "archive-failed", path + ": " + std::strerror(errno)};
    }
    ::close(descriptor);
    Archive made{path, archive_write_new(), time};
    archive* handle = made.handle_.get();
    if (archive_write_add_filter_gzip(handle) != ARCHIVE_OK || archive_write_set_format_ustar(handle) != ARCHIVE_OK ||
        archive_write_open_filename(handle, path.c_str()) != ARCHIVE_OK) {
        return made.failure();
    }
    return made;
}

Archive::~Archive() {
    if (!handle_) return;
    handle_.reset();
    ::unlink(path_.c_str());
}

Error Archive::failure() const {
    const char* words = archive_error_string(handle_.get());
    return {"archive-failed", path_ + ": " + (words == nullptr ? "unknown reason" : words)};
}

Result<void> Archive::begin_entry(const std::string& name, std::uint64_t size) {
    struct FreeEntry {
        void operator()(archive_entry* entry) const { archive_entry_free(entry); }
    };
    const std::unique_ptr<archive_entry, FreeEntry> entry{archive_entry_new()};
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_mtime(entry.get(),
                            std::chrono::duration_cast<std::chrono::seconds>(time_.time_since_epoch()).count(), 0);
    if (archive_write_header(handle_.get(), entry.get()) != ARCHIVE_OK) return failure();
    return {};
}

Result<void> Archive::add(const std::string& name, std::string_view bytes) {
    if (auto begun = begin_entry(name, bytes.size()); !begun) return begun;
    const la_ssize_t written = archive_write_data(handle_.get(), bytes.data(), bytes.size());
    if (written < 0 || static_cast<std::size_t>(written) != bytes.size()) return failure();
    return {};
}

Result<void> Archive::add_file(const std::string& name, const std::string& path, std::uint64_t most) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return Error{"archive-failed", path + ": " + std::strerror(errno)};
    struct stat facts {};
    ::fstat(descriptor, &facts);
    std::uint64_t missing = std::min(static_cast<std::uint64_t>(facts.st_size), most);
    Result<void> outcome = begin_entry(name, missing);
    char buffer[65536];
    while (outcome && missing > 0) {
        const ssize_t count = ::read(descriptor, buffer, std::min<std::uint64_t>(sizeof buffer, missing));
        if (count <= 0) break;  // shorter than it was: libarchive fills the entry up
        if (archive_write_data(handle_.get(), buffer, static_cast<std::size_t>(count)) != count) outcome = failure();
        missing -= static_cast<std::uint64_t>(count);
    }
    ::close(descriptor);
    return outcome;
}

Result<void> Archive::finish() {
    if (archive_write_close(handle_.get()) != ARCHIVE_OK) return failure();
    handle_.reset();
    return {};
}

}  // namespace sallyport::io
