// One row a file.
#include "nodes/ctl/node_data.h"

#include <algorithm>

#include "io/store/database_copy.h"

namespace sallyport::ctl {

namespace {

using enum DataFile::Kind;

constexpr DataFile rows[] = {
    // The keys come first: sealed passwords in the databases are of no use without them.
    {"secrets.key", plain},
    {"inside-ca.pem", plain},
    {"inside-ca.key", plain},
    {"admin.pem", plain},
    {"admin.key", plain},
    {"settings.db", database, io::newest_settings_schema},
    {"admin.db", database, io::newest_admin_schema},
    {"replicas.db", database, io::newest_replica_schema},
    {"provision.db", database, io::newest_provision_schema},
    {"presence.db", database, io::newest_presence_schema},
    {"users.db", database, io::newest_user_schema},
    {"settings.json", derived},
    {"events.db", left},
    {"handshakes.db", left},
    {"history.db", left},
    {"captures", left},
    {"diagnostics", left},
    {"admin.sock", left},
    {"backup-in-progress", left},
};

}  // namespace

std::span<const DataFile> data_files() { return rows; }

const DataFile* find_data_file(std::string_view name) {
    const auto* const row = std::ranges::find(rows, name, &DataFile::name);
    return row == std::end(rows) ? nullptr : row;
}

}  // namespace sallyport::ctl
