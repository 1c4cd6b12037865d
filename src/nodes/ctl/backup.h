// `sallyport backup FILE` and `sallyport restore FILE`: a whole node in one file that only a passphrase opens. Both
// work on the disk, beside a node that may run; nothing of them passes through it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/archive/backup_index.h"
#include "io/archive/sealed_file.h"
#include "io/store/sharing.h"
#include "nodes/ctl/console.h"

namespace sallyport::ctl {

struct BackupRequest {
    std::string file = {}, passphrase_file = {};
    bool force = false;
    std::string node_file = {};  ///< empty: the only one in /etc/sallyport
    bool json = false;
};

struct RestoreRequest {
    std::string file = {}, passphrase_file = {};
    std::string root = {};  ///< empty: the host's own
    bool check = false, force = false;
    bool json = false;
};

/// To whom restored files are given.
struct RestoreHost {
    std::optional<unsigned> group;      ///< of the nodes' user, for their files in /etc
    std::optional<io::FileOwner> user;  ///< for the data folder
};

/// The folder beside restored files to which what was there is moved.
inline constexpr const char* before_restore = "before-restore";

/// The node's files that are in /etc/sallyport.
[[nodiscard]] std::vector<std::string> usual_node_files();

// backup.cpp
/// Makes the file. `usual` are node files that are looked for when none is named. The exit status.
[[nodiscard]] int run_backup(const BackupRequest& request, const std::vector<std::string>& usual,
                             const Console& console, WallTime now);

// restore.cpp
/// Puts the files of a backup in their places, or only verifies it. The exit status.
[[nodiscard]] int run_restore(const RestoreRequest& request, const RestoreHost& host, const Console& console);

// backup_text.cpp
/// `error` on the console, and the exit status that belongs to it.
[[nodiscard]] int complain_of_backup(const Error& error, const Console& console);
/// "the edge edge1.example.org".
[[nodiscard]] std::string node_words(const io::BackupIndex& index);
/// "14 files, 132 KiB".
[[nodiscard]] std::string size_words(const io::BackupIndex& index);

}  // namespace sallyport::ctl
