// The IM&P publishers that a core provisions, the nodes that it found behind them, and the rows that it put there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/store/database.h"

namespace sallyport::io {

struct StoredPublisher {
    std::string address;  ///< "imp1.example.org:8443"
    std::string username;
    std::string password;  ///< sealed
    bool tls_verify = true;
};

/// Errors: those of Database.
class ProvisionStore {
public:
    /// As Database::open_or_read().
    static Result<ProvisionStore> open(const std::string& path,
                                       std::chrono::milliseconds lock_wait = std::chrono::milliseconds{500});

    /// Why it can only be read, if so (Database::open_or_read).
    [[nodiscard]] const std::optional<Error>& obstacle() const { return database_.obstacle(); }
    /// Opens it for writing where it could only be read.
    [[nodiscard]] Result<void> overcome() { return database_.overcome(); }
    [[nodiscard]] Result<std::vector<StoredPublisher>> publishers();
    /// Adds, or replaces the one at that address.
    [[nodiscard]] Result<void> put_publisher(const StoredPublisher& publisher);
    /// With its nodes and rows.
    [[nodiscard]] Result<void> remove_publisher(const std::string& address);

    [[nodiscard]] Result<std::vector<std::string>> nodes(const std::string& address);
    [[nodiscard]] Result<void> set_nodes(const std::string& address, const std::vector<std::string>& names);

    /// The component ids that we put into the table of that publisher.
    [[nodiscard]] Result<std::vector<std::string>> provisioned(const std::string& address);
    [[nodiscard]] Result<void> remember(const std::string& address, const std::string& cp_id);
    [[nodiscard]] Result<void> forget(const std::string& address, const std::string& cp_id);

private:
    explicit ProvisionStore(Database database) : database_{std::move(database)} {}
    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view sql, const std::string& address);
    [[nodiscard]] Result<void> run(std::string_view sql, const std::string& one, const std::string& other);

    Database database_;
};

}  // namespace sallyport::io
