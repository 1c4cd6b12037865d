// The last-good copy of the settings as one JSON text, for a start without the database.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/store/settings_store.h"

namespace sallyport::services {

/// {"revision": 7, "values": {"federation.enabled": true, …}}
[[nodiscard]] std::string write_copy(const io::StoredSettings& stored);
/// Errors: "store-corrupt".
[[nodiscard]] Result<io::StoredSettings> read_copy(std::string_view text);

}  // namespace sallyport::services
