// Copies of databases that may be in use, and how new each may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace sallyport::io {

/// A copy as of this moment, mode 0600, without what was deleted; others go on reading and writing meanwhile. `to` must
/// not be there, or be empty. The version of the schema. Errors: those of Database.
[[nodiscard]] Result<std::uint32_t> copy_database(const std::string& from, const std::string& to);

/// The version to which opening a database leads, a function a database.
[[nodiscard]] std::size_t newest_settings_schema();
[[nodiscard]] std::size_t newest_admin_schema();
[[nodiscard]] std::size_t newest_replica_schema();
[[nodiscard]] std::size_t newest_provision_schema();
[[nodiscard]] std::size_t newest_presence_schema();
[[nodiscard]] std::size_t newest_user_schema();

}  // namespace sallyport::io
