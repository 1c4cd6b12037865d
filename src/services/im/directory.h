// The accounts as an administrator sees them: list, add, change the password, remove. Control thread; deriving a
// verifier and waiting for the disk are done beside it, and the answer comes later.
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
        /// Where a password is hashed, and where the store is used: work, and then the answer on this thread; false:
        /// too much is under way. Empty: at once.
        using Beside = std::function<bool(std::function<void()> work, std::function<void()> then)>;
        Beside hashing{}, disk{};
    };
    using OnRows = std::function<void(const Result<std::vector<io::UserRow>>&)>;
    using OnRow = std::function<void(const Result<io::UserRow>&)>;
    using OnUser = std::function<void(const Result<io::UserName>&)>;
    using OnContacts = std::function<void(const Result<std::vector<io::StoredContact>>&)>;
    using OnCount = std::function<void(const Result<std::uint64_t>&)>;

    /// Opens or makes the database. Errors: those of io::Database.
    static Result<std::unique_ptr<Directory>> open(Options options);

    /// For Storage: used by one thread at a time, that of `disk`.
    [[nodiscard]] const std::shared_ptr<io::UserStore>& store() const { return store_; }
    /// Called after a password was changed or an account removed: post Service::account_changed to the shard.
    void on_changed(std::function<void(const io::UserName&)> on_changed) { on_changed_ = std::move(on_changed); }

    /// Called after requests for subscription were forgotten: post Service::requests_forgotten to the shard.
    using OnForgotten = std::function<void(const io::UserName&, const std::vector<std::string>& contacts)>;
    void on_forgotten(OnForgotten on_forgotten) { on_forgotten_ = std::move(on_forgotten); }

    /// Errors of all: those of the store; "user-malformed" (not localpart@domain), "user-domain" (a domain without
    /// users), "user-password" (empty, too long, or not text), "user-exists", "user-unknown", "users-busy".
    void list(OnRows on_rows);
    /// How many stanzas are kept for each of these users, in their order. Errors: those of the store, "users-busy".
    using OnCounts = std::function<void(const Result<std::vector<std::uint64_t>>&)>;
    void waiting(std::vector<io::UserName> users, OnCounts on_counts);
    void show(std::string_view user, OnRow on_row);
    void add(std::string_view user, std::string_view password, OnUser on_user);
    void change_password(std::string_view user, std::string_view password, OnUser on_user);
    void remove(std::string_view user, OnUser on_user);
    /// Those who asked to see the user's presence and wait for an answer.
    void requests(std::string_view user, OnContacts on_contacts);
    /// Forgets such requests, one of them or (`contact` empty) all, without an answer. How many.
    void forget_requests(std::string_view user, std::string_view contact, OnCount on_count);

private:
    Directory(Options options, std::shared_ptr<io::UserStore> store)
        : options_{std::move(options)}, store_{std::move(store)} {}
    [[nodiscard]] Result<io::UserName> read_name(std::string_view user) const;
    using Verifiers = std::vector<io::StoredVerifier>;
    using Work = std::function<Result<void>(io::UserStore&)>;
    using Write = std::function<Result<void>(io::UserStore&, const Verifiers&)>;
    [[nodiscard]] static bool beside(const Options::Beside& where, std::function<void()> work,
                                     std::function<void()> then);
    /// `work` where the store is used; its end is answered with `name`.
    void use(io::UserName name, Work work, OnUser on_user);
    /// The verifiers of a password, and then `write` where the store is used.
    void hash(io::UserName name, std::string_view password, Write write, OnUser on_user);
    /// `on_user`, after who is logged in has been told.
    [[nodiscard]] OnUser telling(OnUser on_user);

    Options options_;
    std::shared_ptr<io::UserStore> store_;
    std::function<void(const io::UserName&)> on_changed_;
    OnForgotten on_forgotten_;
};

}  // namespace sallyport::im
