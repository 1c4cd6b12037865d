// Application users of the AXL service: adding them, and judging who asks. A wrong password costs the address from
// which it came: after a few, everything from there is turned away for a while, before any password is looked at. What
// has been proved once is remembered, so a core that asks again and again costs one hash. Passwords are hashed on a
// thread of their own (docs/decisions/0013-hashing-thread.md), few at once, with room of its own for addresses from
// which somebody has proved himself. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address_failures.h"
#include "base/doorway.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "base/tables.h"
#include "io/loop/loop.h"
#include "io/store/presence_store.h"

namespace sallyport::axl {

inline constexpr std::string_view axl_role = "Standard AXL API Access";

enum class Judgement : std::uint8_t {
    good,
    bad,        ///< no, unknown or wrong credentials, or the role is missing
    throttled,  ///< not looked at
    busy,       ///< not looked at: too many passwords are being hashed
    trouble,    ///< the users cannot be read
};

class UserDesk {
public:
    static constexpr std::size_t least_password = 8;
    static constexpr std::size_t most_failures = 5;  ///< of one address within a minute; of a /48 eight times as many
    /// Passwords that are being hashed: of all, of strangers, of one stranger. One /48 has half of the strangers' room.
    static constexpr std::size_t most_remembered = 256;  ///< whose password need not be hashed again
    static constexpr std::size_t most_pending = 8, most_of_strangers = 6, most_of_stranger = 2;
    static constexpr std::size_t longest_credentials = 1024;

    /// All of them must outlive the desk. `hashing` is the loop of another thread, where passwords are hashed; it must
    /// not outlive `loop`. `random` is a secret of this process, 32 bytes.
    UserDesk(io::PresenceStore& store, io::Loop& loop, io::Loop& hashing, std::string random);

    /// Where cores connect from, as the operator says: they are no strangers, also before the first has proved himself.
    void expect_from(std::vector<IpNetwork> networks);

    using OnDone = std::function<void(Result<void>)>;
    /// Adds, or gives a new password, and hashes it here: for a node that starts. Errors: "user-malformed", and those
    /// of the store.
    [[nodiscard]] Result<void> put(const std::string& name, std::string_view password);
    /// The same, but it is hashed on the other thread. Errors: "login-busy" too.
    void put(const std::string& name, const std::string& password, OnDone on_done);
    /// Errors: "user-unknown", and those of the store.
    [[nodiscard]] Result<void> remove(const std::string& name);
    [[nodiscard]] Result<std::vector<io::ApplicationUser>> list() { return store_.application_users(); }

    /// Whether credentials were refused within a minute, and none accepted since.
    [[nodiscard]] bool refused_lately() const;

    void tables(TableFills& all) const;

    struct Verdict {
        Judgement judgement = Judgement::bad;
        std::string user;  ///< as claimed, for the log; empty: none
    };
    /// `authorization` is the header's value (RFC 7617). Nothing: the password has to be hashed; ask prove().
    [[nodiscard]] std::optional<Verdict> judge(const IpAddress& from, std::string_view authorization);
    using OnVerdict = std::function<void(const Verdict&)>;
    /// For what judge() does not know; tells at once only that too much is under way.
    void prove(const IpAddress& from, std::string_view authorization, OnVerdict on_verdict);

private:
    struct Credentials {
        std::string user, password;
    };
    struct Proof {
        std::unique_ptr<Doorway::Place> place;
        OnVerdict on_verdict;
        IpAddress from;
        Credentials given;
        std::string verifier;
    };
    [[nodiscard]] static std::optional<Credentials> read(std::string_view authorization);
    [[nodiscard]] Result<std::optional<io::ApplicationUser>> user(const std::string& name);
    [[nodiscard]] std::size_t under_way() const { return proofs_.size() + new_ones_.size(); }
    [[nodiscard]] std::string mark_of(const std::string& verifier, std::string_view password) const;
    void proved(std::uint64_t number, bool fits);
    [[nodiscard]] Judgement judge_proved(const Proof& proof, bool fits);

    io::PresenceStore& store_;
    io::Loop& loop_;
    io::Loop& hashing_;
    std::string random_;
    Doorway doorway_;  ///< of those whose passwords are being hashed
    AddressFailures failures_{most_failures};
    TimePoint good_at_{};                        ///< of the latest login
    std::map<std::string, std::string> proved_;  ///< user -> keyed digest of what was verified last
    std::string decoy_;                          ///< a verifier that nobody's password fits
    // What is being hashed; nothing of it but strings leaves the thread.
    std::map<std::uint64_t, Proof> proofs_;
    std::map<std::uint64_t, std::function<void(Result<std::string>)>> new_ones_;
    std::uint64_t last_hash_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sallyport::axl
