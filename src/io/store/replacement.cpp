// rename(2) within a folder, so that no step can fail for want of room.
#include "io/store/replacement.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace sallyport::io {

namespace {

constexpr const char* draft_ending = ".restoring";
constexpr int most_kept = 1000;

Error cannot(const std::string& path, const char* what) {
    return {"file-write", path + ": " + what + ": " + std::strerror(errno)};
}

bool is_anything(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

std::string folder_of(const std::string& path) { return std::filesystem::path{path}.parent_path().string(); }
std::string name_of(const std::string& path) { return std::filesystem::path{path}.filename().string(); }

bool are_equal(const std::string& one, const std::string& other) {
    std::error_code problem;
    const auto size = std::filesystem::file_size(one, problem);
    if (problem || size != std::filesystem::file_size(other, problem) || problem) return false;
    std::ifstream a{one, std::ios::binary}, b{other, std::ios::binary};
    return a && b &&
           std::equal(std::istreambuf_iterator<char>{a}, std::istreambuf_iterator<char>{},
                      std::istreambuf_iterator<char>{b});
}

/// By descriptor; chown first, because it takes bits of the mode away.
bool give(int descriptor, const FileRights& rights) {
    const auto id = [](const std::optional<unsigned>& wanted) { return wanted ? *wanted : static_cast<unsigned>(-1); };
    const bool given = (!rights.user && !rights.group) || ::fchown(descriptor, id(rights.user), id(rights.group)) == 0;
    return given && ::fchmod(descriptor, rights.mode) == 0;
}

void sync_folder(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    ::fsync(descriptor);
    ::close(descriptor);
}

}  // namespace

Replacement::~Replacement() {
    if (draft_ >= 0) ::close(draft_);
    if (committed_) return;
    for (const Item& item : items_) {
        if (item.is_new) ::unlink((item.path + draft_ending).c_str());
    }
    for (auto folder = made_folders_.rbegin(); folder != made_folders_.rend(); ++folder) ::rmdir(folder->c_str());
}

Result<void> Replacement::make_folder(const std::string& path, const FileRights& rights) {
    std::error_code ignored;
    if (path.empty() || std::filesystem::is_directory(path, ignored)) return {};
    if (auto made = make_folder(folder_of(path), rights); !made) return made;
    if (::mkdir(path.c_str(), 0700) != 0) return cannot(path, "cannot be made");
    made_folders_.push_back(path);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const bool given = descriptor >= 0 && give(descriptor, rights);
    auto outcome = given ? Result<void>{} : Result<void>{cannot(path, "cannot be given its rights")};
    if (descriptor >= 0) ::close(descriptor);
    return outcome;
}

Result<void> Replacement::begin(const std::string& path, const FileRights& rights) {
    const std::string draft = path + draft_ending;
    ::unlink(draft.c_str());
    draft_ = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (draft_ < 0) return cannot(draft, "cannot be written");
    items_.push_back({path});
    return give(draft_, rights) ? Result<void>{} : cannot(draft, "cannot be given its rights");
}

Result<void> Replacement::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(draft_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return cannot(items_.back().path + draft_ending, "cannot be written");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> Replacement::end() {
    const std::string& path = items_.back().path;
    const bool synced = ::fsync(draft_) == 0;
    if (::close(std::exchange(draft_, -1)) != 0 || !synced) return cannot(path + draft_ending, "cannot be written");
    if (!are_equal(path + draft_ending, path)) return {};
    ::unlink((path + draft_ending).c_str());
    items_.pop_back();
    return {};
}

void Replacement::remove(const std::string& path) { items_.push_back({path, false}); }

std::vector<std::string> Replacement::replaced() const {
    std::vector<std::string> paths;
    for (const Item& item : items_) {
        if (is_anything(item.path)) paths.push_back(item.path);
    }
    return paths;
}

/// The same name in every folder, so that what belongs together is found together.
std::string Replacement::free_name() const {
    const auto paths = replaced();
    std::string name = kept_name_;
    for (int number = 2; number <= most_kept; ++number) {
        const bool is_free = std::none_of(paths.begin(), paths.end(), [&](const std::string& path) {
            return is_anything(folder_of(path) + "/" + name);
        });
        if (is_free) return name;
        name = kept_name_ + "-" + std::to_string(number);
    }
    return {};
}

Result<std::string> Replacement::kept_folder(const std::string& parent, const std::string& name) {
    const std::string path = parent + "/" + name;
    if (std::find(made_folders_.begin(), made_folders_.end(), path) != made_folders_.end()) return path;
    struct stat facts {};
    if (::stat(parent.c_str(), &facts) != 0 || ::mkdir(path.c_str(), 0700) != 0) return cannot(path, "cannot be made");
    made_folders_.push_back(path);
    // Whoever could read what is moved there still can.
    if (::geteuid() == 0 && ::chown(path.c_str(), facts.st_uid, facts.st_gid) != 0)
        return cannot(path, "cannot be given its rights");
    if (::chmod(path.c_str(), facts.st_mode & 0750) != 0) return cannot(path, "cannot be given its rights");
    return path;
}

Result<void> Replacement::move(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) return cannot(from, "cannot be moved");
    moves_.push_back({from, to});
    return {};
}

void Replacement::undo() {
    for (auto one = moves_.rbegin(); one != moves_.rend(); ++one) std::rename(one->to.c_str(), one->from.c_str());
    moves_.clear();
}

Result<std::vector<std::string>> Replacement::commit() {
    const std::string name = free_name();
    if (name.empty()) return Error{"file-write", "there are too many folders " + kept_name_ + "; remove the old ones"};
    std::set<std::string> kept, touched;
    const auto exchange = [&]() -> Result<void> {
        for (const std::string& path : replaced()) {
            const auto folder = kept_folder(folder_of(path), name);
            if (!folder) return folder.error();
            kept.insert(*folder);
            if (auto moved = move(path, *folder + "/" + name_of(path)); !moved) return moved;
        }
        for (const Item& item : items_) {
            touched.insert(folder_of(item.path));
            if (!item.is_new) continue;
            if (auto moved = move(item.path + draft_ending, item.path); !moved) return moved;
        }
        return {};
    };
    if (auto done = exchange(); !done) {
        undo();
        return done.error();
    }
    committed_ = true;
    for (const std::string& folder : touched) sync_folder(folder);
    return std::vector<std::string>(kept.begin(), kept.end());
}

}  // namespace sallyport::io
