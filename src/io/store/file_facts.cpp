// Looks at one file, and at a disk.
#include "io/store/file_facts.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

namespace sallyport::io {

FileFacts file_facts(const std::string& path) {
    FileFacts facts;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return facts;
    facts.exists = true;
    facts.is_regular = S_ISREG(status.st_mode);
    facts.world_readable = (status.st_mode & S_IROTH) != 0;
    if (!facts.is_regular || access(path.c_str(), R_OK) != 0) return facts;
    std::ifstream file{path, std::ios::binary};
    facts.readable = file.good();
    facts.beginning.resize(64 << 10);
    file.read(facts.beginning.data(), static_cast<std::streamsize>(facts.beginning.size()));
    facts.beginning.resize(static_cast<std::size_t>(file.gcount()));
    return facts;
}

std::optional<DiskFacts> disk_facts(const std::string& path) {
    struct statvfs facts {};
    if (::statvfs(path.c_str(), &facts) != 0) return std::nullopt;
    return DiskFacts{static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize, (facts.f_flag & ST_RDONLY) != 0};
}

}  // namespace sallyport::io
