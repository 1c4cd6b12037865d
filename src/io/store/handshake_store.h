// The handshakes that outlive a restart, as texts that somebody else reads and writes: of each peer and
// kind the last good one and the latest failures, bounded in bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/store/database.h"

namespace sallyport::io {

struct StoredHandshake {
    std::uint64_t number = 0;  ///< of the recorder; grows
    std::string peer;
    std::int64_t kind = 0;  ///< direction and purpose, whatever they mean
    bool good = false;
    std::string text;
};

class HandshakeStore {
public:
    struct Bounds {
        std::uint64_t bytes = 0;     ///< of all texts
        std::uint64_t failures = 0;  ///< of one peer and kind
    };
    /// Errors: those of Database.
    static Result<HandshakeStore> open(const std::string& path, Bounds bounds,
                                       std::chrono::milliseconds lock_wait = std::chrono::seconds{2});

    /// All of a batch, or none, within the bounds: peers that were never good go first, then the oldest.
    [[nodiscard]] Result<void> append(const std::vector<StoredHandshake>& batch);
    /// The oldest first.
    [[nodiscard]] Result<std::vector<StoredHandshake>> all();
    /// The greatest number that was ever kept; 0: none.
    [[nodiscard]] Result<std::uint64_t> newest();

private:
    HandshakeStore(Database database, Bounds bounds) : database_{std::move(database)}, bounds_{bounds} {}
    [[nodiscard]] Result<void> insert(const StoredHandshake& handshake);
    [[nodiscard]] Result<void> trim_peer(const StoredHandshake& handshake);
    [[nodiscard]] Result<void> trim_all();

    Database database_;
    Bounds bounds_;
};

}  // namespace sallyport::io
