// The users' database: accounts with their salted verifiers, contacts, stanzas kept for absent users, vCards. It knows
// names and text; what a contact's state or a stanza means is the business of proto/c2s and services/im.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/store/database.h"

namespace sallyport::io {

/// One account: a prepared localpart and a domain.
struct UserName {
    std::string local, domain;
    auto operator<=>(const UserName&) const = default;
};

/// What proves a password without being one (RFC 5802 3): raw bytes.
struct StoredVerifier {
    std::string hash;  ///< "SHA-1", "SHA-256"
    std::string salt;
    std::uint32_t iterations = 0;
    std::string stored_key, server_key;
    bool operator==(const StoredVerifier&) const = default;
};

/// One entry of a roster, or a subscription request without one.
struct StoredContact {
    std::string jid, name;
    std::vector<std::string> groups;
    std::int64_t state = 0;  ///< c2s::Subscription
    bool listed = false;     ///< shown to clients; false: only a request waits
    std::string request;     ///< the stanza that asks, while it waits for an answer
    bool operator==(const StoredContact&) const = default;
};

struct StoredUser {
    std::uint64_t roster_version = 0;
    bool has_vcard = false;
    std::vector<StoredContact> contacts;
};

struct StoredStanza {
    std::int64_t number = 0;
    std::string bytes;
    unsigned blame = 0;  ///< for streams that ended when it was on its way
};

/// How much of what is kept is wanted at a time; both from 1 on.
struct KeptBounds {
    std::uint64_t stanzas = 0, bytes = 0;
};
/// Whose a kept stanza is.
struct KeptFrom {
    std::string payer;         ///< shares the user's room with the others
    bool is_stranger = false;  ///< to the user
};
/// What one user may have on the disk.
struct KeptRoom {
    std::uint64_t stanzas = 0, bytes = 0;
    /// A payer may use as much as it leaves free to others, and all strangers together half of that, which they share
    /// in the same way. Off: the sums alone bound it.
    bool is_shared = true;
    std::uint64_t of_strangers_stanzas = 0, of_strangers_bytes = 0;
};
struct KeptPart {
    std::vector<StoredStanza> stanzas;
    bool is_all = true;
};

struct UserRow {
    UserName name;
    WallTime created{};
    std::uint64_t contacts = 0, waiting = 0;
};

class UserStore {
public:
    /// `secret` is kept as the server's secret when there is none yet. As Database::open_or_read(). Errors: those of
    /// Database.
    static Result<UserStore> open(const std::string& path, const std::string& secret,
                                  std::chrono::milliseconds lock_wait = std::chrono::seconds{2});

    /// Why it can only be read, if so (Database::open_or_read).
    [[nodiscard]] const std::optional<Error>& obstacle() const { return database_.obstacle(); }
    /// Opens it for writing where it could only be read, and writes what is there already. Errors: those of any change.
    [[nodiscard]] Result<void> prove_writable();

    /// For the salts of users that do not exist.
    [[nodiscard]] const std::string& secret() const { return secret_; }
    /// All of `work` is on the disk when this returns without an error, or nothing of it.
    [[nodiscard]] Result<void> together(const std::function<Result<void>()>& work);
    /// Within together(): what `work` did is undone when it returns an error, and nothing else. An error: the database
    /// has undone the whole transaction.
    [[nodiscard]] Result<void> apart(const std::function<Result<void>()>& work);

    /// Errors: "user-exists".
    [[nodiscard]] Result<void> add(const UserName& user, const std::vector<StoredVerifier>& verifiers, WallTime now);
    /// Errors: "user-unknown".
    [[nodiscard]] Result<void> replace_verifiers(const UserName& user, const std::vector<StoredVerifier>& verifiers);
    /// With all that is kept for it. Errors: "user-unknown".
    [[nodiscard]] Result<void> remove(const UserName& user);
    [[nodiscard]] Result<std::vector<UserRow>> list();
    /// How many stanzas are kept for each of them; 0 for who does not exist. One look-up each, however much is kept.
    [[nodiscard]] Result<std::vector<std::uint64_t>> waiting(const std::vector<UserName>& users);
    /// Nothing: no such user.
    [[nodiscard]] Result<std::optional<std::vector<StoredVerifier>>> verifiers(const UserName& user);
    [[nodiscard]] Result<std::optional<StoredUser>> load(const UserName& user);

    /// Errors of the rest: "user-unknown" too.
    [[nodiscard]] Result<void> put_contact(const UserName& user, const StoredContact& contact, std::uint64_t version);
    [[nodiscard]] Result<void> remove_contact(const UserName& user, const std::string& jid, std::uint64_t version);
    [[nodiscard]] Result<std::string> vcard(const UserName& user);
    /// Empty: none any longer.
    [[nodiscard]] Result<void> put_vcard(const UserName& user, const std::string& vcard);
    /// The number it is kept under; it costs the same however much is kept, and by however many. Errors: "offline-full"
    /// when there is no room for it.
    [[nodiscard]] Result<std::int64_t> keep(const UserName& user, const std::string& bytes, unsigned blame,
                                            const KeptFrom& from, const KeptRoom& room);
    /// The oldest of what is kept for the user and not in `without`: the first, and more until `most` is reached.
    [[nodiscard]] Result<KeptPart> kept(const UserName& user, const std::set<std::int64_t>& without, KeptBounds most);
    struct Blamed {
        std::int64_t number = 0;
        unsigned blame = 0;
    };
    [[nodiscard]] Result<void> blame(const UserName& user, const std::vector<Blamed>& stanzas);
    [[nodiscard]] Result<void> forget(const UserName& user, const std::vector<std::int64_t>& numbers);

private:
    UserStore(Database database, std::string secret) : database_{std::move(database)}, secret_{std::move(secret)} {}
    [[nodiscard]] static Error unknown();
    [[nodiscard]] Result<void> keep_secret();
    [[nodiscard]] Result<std::optional<std::int64_t>> find(const UserName& user);
    [[nodiscard]] Result<std::int64_t> require(const UserName& user);
    [[nodiscard]] Result<void> write_verifiers(std::int64_t id, const std::vector<StoredVerifier>& verifiers);
    [[nodiscard]] Result<void> set_version(std::int64_t id, std::uint64_t version);

    Database database_;
    std::string secret_;
};

}  // namespace sallyport::io
