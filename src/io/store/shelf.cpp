// Files are opened without following links; a name holds no slash.
#include "io/store/shelf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "io/store/folder.h"

namespace sallyport::io {

namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool may_stand_in_name(char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; }

Error unknown(const std::string& name) {
    return {"name-unknown", "there is no '" + name + "'; `list` shows what is there"};
}

}  // namespace

Result<std::string> Shelf::name_of(std::string_view text) const {
    for (const std::string_view ending : {std::string_view{ending_}, std::string_view{".pcapng"},
                                          std::string_view{".pcap"}, std::string_view{".cap"}}) {
        if (!text.ends_with(ending) || text.size() == ending.size() || ending == other_) continue;
        text.remove_suffix(ending.size());
        break;
    }
    const bool fits = !text.empty() && text.size() <= longest_name && is_alphanumeric(text.front()) &&
                      std::all_of(text.begin(), text.end(), may_stand_in_name) &&
                      text.find("..") == std::string_view::npos;
    if (fits) return std::string{text};
    return Error{"name-malformed",
                 "a name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit"};
}

Result<std::string> Shelf::find(std::string_view text) const {
    const auto name = name_of(text);
    if (!name) return name.error();
    if (::access(path_of(*name).c_str(), F_OK) == 0) return *name;
    const std::string other = *name + other_;
    if (!is_other(*name) && is_other(other) && ::access(path_of(other).c_str(), F_OK) == 0) return other;
    return unknown(*name);
}

Result<void> Shelf::make_room() const {
    if (auto made = private_folder(folder_); !made) return made;
    if (list().size() < most_files) return {};
    return Error{"shelf-full", folder_ + " holds " + std::to_string(most_files) + " files; remove some"};
}

std::vector<Shelf::File> Shelf::list() const {
    std::vector<File> files;
    std::error_code problem;
    for (std::filesystem::directory_iterator at{folder_, problem}, end; !problem && at != end; at.increment(problem)) {
        const std::string name = at->path().filename().string();
        struct stat facts {};
        const bool is_ours = name.ends_with(ending_) || is_other(name);
        if (!is_ours || ::lstat(at->path().c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
        const auto time =
            std::chrono::seconds{facts.st_mtim.tv_sec} +
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds{facts.st_mtim.tv_nsec});
        files.push_back({is_other(name) ? name : name.substr(0, name.size() - ending_.size()),
                         static_cast<std::uint64_t>(facts.st_size), WallTime{time}});
    }
    std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.time < b.time; });
    return files;
}

Result<void> Shelf::remove(const std::string& name) const {
    const auto checked = find(name);
    if (!checked) return checked.error();
    if (::unlink(path_of(*checked).c_str()) == 0) return {};
    if (errno == ENOENT) return unknown(*checked);
    return Error{"shelf-failed", path_of(*checked) + ": " + std::strerror(errno)};
}

Result<Shelf::Piece> Shelf::read(const std::string& name, std::uint64_t offset) const {
    const auto checked = find(name);
    if (!checked) return checked.error();
    const int descriptor = ::open(path_of(*checked).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return unknown(*checked);
    Piece piece;
    struct stat facts {};
    ssize_t count = ::fstat(descriptor, &facts);
    if (count == 0 && offset <= static_cast<std::uint64_t>(facts.st_size)) {
        piece.size = static_cast<std::uint64_t>(facts.st_size);
        piece.bytes.resize(piece_bytes);
        count = ::pread(descriptor, piece.bytes.data(), piece.bytes.size(), static_cast<off_t>(offset));
        piece.bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    }
    const int problem = errno;
    ::close(descriptor);
    if (count < 0) return Error{"shelf-failed", path_of(*checked) + ": " + std::strerror(problem)};
    return piece;
}

}  // namespace sallyport::io
