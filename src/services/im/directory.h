// The accounts as an administrator sees them: list, add, change the password, remove. Lives on the thread of the store
// (the node's control thread), where deriving a verifier and waiting for the disk delay nobody.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "io/store/user_store.h"
#include "proto/xmpp/jid.h"

namespace sallyport::im {

class Directory {
public:
    struct Options {
        std::string path;                   ///< users.db
        std::vector<xmpp::Domain> domains;  ///< where accounts may be
        Limits limits;                      ///< scram_iterations
        std::function<std::string(std::size_t)> random_bytes;
        std::function<WallTime()> wall;
    };

    /// Opens or makes the database. Errors: those of io::Database.
    static Result<std::unique_ptr<Directory>> open(Options options);

    /// For Storage.
    [[nodiscard]] const std::shared_ptr<io::UserStore>& store() const { return store_; }
    /// Called after a password was changed or an account removed: post Service::account_changed to the shard.
    void on_changed(std::function<void(const io::UserName&)> on_changed) { on_changed_ = std::move(on_changed); }

    /// Errors of all: those of the store; "user-malformed" (not localpart@domain), "user-domain" (a domain without
    /// users), "user-password" (empty, too long, or not text), "user-exists", "user-unknown".
    [[nodiscard]] Result<std::vector<io::UserRow>> list();
    [[nodiscard]] Result<io::UserRow> show(std::string_view user);
    [[nodiscard]] Result<io::UserName> add(std::string_view user, std::string_view password);
    [[nodiscard]] Result<io::UserName> change_password(std::string_view user, std::string_view password);
    [[nodiscard]] Result<io::UserName> remove(std::string_view user);

private:
    Directory(Options options, std::shared_ptr<io::UserStore> store)
        : options_{std::move(options)}, store_{std::move(store)} {}
    [[nodiscard]] Result<io::UserName> read_name(std::string_view user) const;
    [[nodiscard]] Result<std::vector<io::StoredVerifier>> derive(std::string_view password) const;

    Options options_;
    std::shared_ptr<io::UserStore> store_;
    std::function<void(const io::UserName&)> on_changed_;
};

}  // namespace sallyport::im
