// The IM&P publishers that a core provisions, the nodes that it found behind them, the rows that it put there, and
// those that it has seen there.
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

/// A row that a publisher's table was seen to have.
struct ToldRow {
    std::string cp_id;
    bool is_there = false;  ///< when the table was last read
    bool operator==(const ToldRow&) const = default;
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

    /// Our rows that its table was ever seen to have.
    [[nodiscard]] Result<std::vector<ToldRow>> told(const std::string& address);
    /// These are there now; others that were are not.
    [[nodiscard]] Result<void> set_told(const std::string& address, const std::vector<std::string>& cp_ids);

private:
    explicit ProvisionStore(Database database) : database_{std::move(database)} {}
    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view sql, const std::string& address);
    [[nodiscard]] Result<void> run(std::string_view sql, const std::string& one, const std::string& other);

    Database database_;
};

}  // namespace sallyport::io
