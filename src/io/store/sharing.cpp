// By descriptor: what is changed is what was looked at.
#include "io/store/sharing.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace sallyport::io {

namespace {

constexpr std::size_t longest_entry = 64 << 10;

}  // namespace

std::optional<unsigned> group_to_share_with(const std::string& name) {
    if (::geteuid() != 0) return std::nullopt;
    std::vector<char> room(longest_entry);
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return entry.gr_gid;
}

std::optional<FileOwner> user_to_give_to(const std::string& name) {
    if (::geteuid() != 0) return std::nullopt;
    std::vector<char> room(longest_entry);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return FileOwner{entry.pw_uid, entry.pw_gid};
}

std::optional<FileOwner> owner_of(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
    return FileOwner{facts.st_uid, facts.st_gid};
}

Result<void> share(const std::string& path, unsigned group) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat facts {};
    const bool done = descriptor >= 0 && ::fstat(descriptor, &facts) == 0 &&
                      ::fchown(descriptor, static_cast<uid_t>(-1), group) == 0 &&
                      ::fchmod(descriptor, S_ISDIR(facts.st_mode) ? 0750 : 0640) == 0;
    const int problem = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (done) return {};
    return Error{"file-write",
                 path + ": cannot be given to the group " + std::to_string(group) + ": " + std::strerror(problem)};
}

}  // namespace sallyport::io
