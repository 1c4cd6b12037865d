// The administrators' database: accounts of people with verifiers of their passwords, tokens of scripts as hashes, and
// the audit: who changed or asked what. It knows names and text; what a role may do is the business of admin/access.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/store/database.h"

namespace sallyport::io {

struct AdminAccount {
    std::string name;
    std::string role;
    std::string verifier;  ///< io/store/verifier.h
    std::string totp;      ///< sealed; empty: a password is enough
    WallTime created{}, last_login{};
    std::int64_t code_step = 0;  ///< of the last code of the authenticator that was used: it is good once
    std::string language{};      ///< of the pages, a tag such as "es"; empty: as the browser asks
};

struct AdminToken {
    std::string name;
    std::string hash;  ///< SHA-256 in hex
    std::string access;
    std::string verbs;  ///< names with spaces between them; empty: all that the access allows
    std::string author;
    WallTime created{}, expires{};
};

struct AuditRow {
    std::int64_t number = 0;
    WallTime time{};
    std::string author, address, verb;
    std::string arguments;  ///< JSON, without secrets
    std::string outcome;    ///< "ok", or the code of the error
};

class AdminStore {
public:
    /// As Database::open_or_read(). Errors: those of Database.
    static Result<AdminStore> open(const std::string& path,
                                   std::chrono::milliseconds lock_wait = std::chrono::seconds{2});
    /// Without accounts, in place of one that cannot be used because of `obstacle`.
    static Result<AdminStore> stand_in(const std::string& path, const Error& obstacle);
    /// Why it can only be read, if so (Database::open_or_read).
    [[nodiscard]] const std::optional<Error>& obstacle() const { return database_.obstacle(); }
    /// Opens it for writing where it could only be read, and writes; errors: why nothing could be stored now.
    [[nodiscard]] Result<void> prove_writable();

    [[nodiscard]] Result<std::vector<AdminAccount>> accounts();
    [[nodiscard]] Result<std::optional<AdminAccount>> account(const std::string& name);
    /// Adds, or replaces all of it.
    [[nodiscard]] Result<void> put(const AdminAccount& account);
    /// False: there was none.
    [[nodiscard]] Result<bool> remove(const std::string& name);

    [[nodiscard]] Result<std::vector<AdminToken>> tokens();
    [[nodiscard]] Result<std::optional<AdminToken>> token_of(const std::string& hash);
    /// Errors: "store-conflict": one of that name is there.
    [[nodiscard]] Result<void> add(const AdminToken& token);
    [[nodiscard]] Result<bool> remove_token(const std::string& name);

    /// The oldest rows beyond `most` go: those of the row's author while he has more than a quarter, then any.
    [[nodiscard]] Result<void> record(const AuditRow& row, std::uint64_t most);
    /// Newest first; an empty author means all.
    [[nodiscard]] Result<std::vector<AuditRow>> audit(std::size_t limit, const std::string& author);
    /// From where `verb` was done with success, each address once, the `most` of the latest, latest first.
    [[nodiscard]] Result<std::vector<std::string>> addresses_of(const std::string& verb, std::size_t most);

private:
    explicit AdminStore(Database database) : database_{std::move(database)} {}
    /// Of the audit; an empty author means all.
    [[nodiscard]] Result<void> erase_oldest_rows(const std::string& author, std::int64_t rows);

    Database database_;
};

}  // namespace sallyport::io
