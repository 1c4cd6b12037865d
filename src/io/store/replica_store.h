// What this node holds of other nodes' settings, so that a restart of either side sends nothing twice: one replica a
// far node. It knows names and JSON text; what they mean is the business of model/config.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/store/database.h"

namespace sallyport::io {

struct StoredReplica {
    std::string far;        ///< the node
    std::string component;  ///< of an edge; the key's fingerprint of a core
    std::uint64_t revision = 0;
    std::string digest;
    std::map<std::string, std::string> values;
};

class ReplicaStore {
public:
    /// Errors: those of Database.
    static Result<ReplicaStore> open(const std::string& path,
                                     std::chrono::milliseconds lock_wait = std::chrono::seconds{2});

    [[nodiscard]] Result<std::vector<StoredReplica>> load();
    /// The whole replica in one transaction that is on the disk when this returns.
    [[nodiscard]] Result<void> save(const StoredReplica& replica);

private:
    explicit ReplicaStore(Database database) : database_{std::move(database)} {}

    Database database_;
};

}  // namespace sallyport::io
