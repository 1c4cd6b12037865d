// Secrets that have to be read back, at rest: AES-256-GCM under a key that lies in a file of its own, so that a copy of
// a database alone gives nothing away. Each is bound to what it is about and cannot be moved to another row.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sallyport::io {

class Seal {
public:
    /// Reads the key file, or makes it with mode 0600. Errors: those of folder.h; "seal-key": it is malformed.
    static Result<Seal> open(const std::string& key_file);

    /// Text. Errors: "seal-failed".
    [[nodiscard]] Result<std::string> seal(std::string_view secret, std::string_view about) const;
    /// Errors: "seal-broken": another key, another row, or damage.
    [[nodiscard]] Result<std::string> unseal(std::string_view sealed, std::string_view about) const;

private:
    explicit Seal(std::string key) : key_{std::move(key)} {}
    std::string key_;
};

}  // namespace sallyport::io
