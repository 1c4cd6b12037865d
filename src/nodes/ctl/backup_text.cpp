// What both verbs say.
#include <algorithm>
#include <ostream>

#include "admin/print/words.h"
#include "nodes/ctl/backup.h"

namespace sallyport::ctl {

namespace {

/// The file is at fault, or how it was opened; everything else is a refusal.
constexpr std::string_view faults_of_file[] = {
    "sealed-foreign", "sealed-version", "sealed-truncated", "sealed-damaged", "sealed-passphrase", "sealed-read",
    "backup-index",   "backup-newer",   "backup-usage",     "secret-unread",  "secret-differs",    "passphrase-length"};

}  // namespace

int complain_of_backup(const Error& error, const Console& console) {
    console.err << "sallyport: " << admin::safe(error.text) << '\n';
    return std::ranges::find(faults_of_file, error.code) == std::end(faults_of_file) ? Exit::refused : Exit::usage;
}

std::string node_words(const io::BackupIndex& index) {
    return "the " + (index.role == "presence" ? std::string{"presence node"} : index.role) + " " + index.node;
}

std::string size_words(const io::BackupIndex& index) {
    return admin::count_words(index.files.size(), "file") + ", " +
           std::to_string((index.content_bytes() + 1023) / 1024) + " KiB";
}

}  // namespace sallyport::ctl
