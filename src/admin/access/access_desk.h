// Who may use a node's admin address: accounts of people and their log-ins, tokens of scripts, and the audit. Control
// thread only; passwords are hashed on a thread of their own. Threat T79: one answer and one effort for users that are
// there and that are not, bounded tries per address and per account, no lasting lock-out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/access/downloads.h"
#include "admin/access/roles.h"
#include "admin/access/sessions.h"
#include "base/address_failures.h"
#include "base/admin_limits.h"
#include "base/doorway.h"
#include "base/failures.h"
#include "base/log.h"
#include "base/result.h"
#include "base/tables.h"
#include "io/loop/work_thread.h"
#include "io/store/admin_store.h"
#include "io/store/seal.h"

namespace sallyport::admin {

class AccessDesk {
public:
    static constexpr std::size_t least_password = 10;
    static constexpr std::size_t longest_password = 256;
    static constexpr std::size_t longest_name = 64;
    static constexpr std::size_t longest_language = 16;

    struct Options {
        std::string folder;  ///< the node's data folder: admin.db, secrets.key
        AdminLimits limits;
        Sessions::RandomBytes random_bytes;
    };
    /// `loop` must outlive it. A database that cannot be written, or read, is trouble() and no error: where not even
    /// reading is possible there are no accounts, and nobody is let in. Errors: "verifier".
    static Result<std::unique_ptr<AccessDesk>> open(Options options, io::Loop& loop, Logger log);

    /// Why accounts and the audit cannot be written, or not even read; empty when all is well.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    /// Called when trouble begins.
    void on_trouble(std::function<void()> told) { on_trouble_ = std::move(told); }
    /// In trouble: tries again. Errors: why it goes on.
    [[nodiscard]] Result<void> retry();

    struct Login {
        std::string name, password, code;
        IpAddress from;
    };
    using OnDone = std::function<void(Result<void>)>;
    /// Errors of these: "account-malformed", "account-exists", "account-unknown", "account-password", "login-busy",
    /// "limit-accounts", and those of the store. All sessions of an account end with its password, its role and it.
    void add(const std::string& name, Access role, const std::string& password, OnDone on_done);
    void change_password(const std::string& name, const std::string& password, OnDone on_done);
    /// By whoever knows the present password, `login.password`; `session` is theirs and stays, the others end. Without
    /// a session an account that has codes wants one. Guarded as a log-in is. Errors: those of change_password but for
    /// "account-unknown"; "password-refused" and those of a log-in.
    void change_own_password(const Login& login, const std::string& session, const std::string& password,
                             OnDone on_done);
    /// The language of the pages for this account, a tag of BCP 47 such as "es"; empty: as the browser asks. Which
    /// there are is known to the pages. Errors: "account-unknown", "language-malformed", and those of the store.
    [[nodiscard]] Result<void> set_language(const std::string& name, const std::string& language);
    /// Empty: none was chosen, or there is no such account.
    [[nodiscard]] std::string language_of(const std::string& name);
    [[nodiscard]] Result<void> set_role(const std::string& name, Access role);
    [[nodiscard]] Result<void> remove(const std::string& name);
    /// A new secret, raw; codes are asked for from now on.
    [[nodiscard]] Result<std::string> begin_totp(const std::string& name);
    [[nodiscard]] Result<void> end_totp(const std::string& name);
    [[nodiscard]] Result<std::vector<io::AdminAccount>> accounts() { return store_.accounts(); }
    /// The thread that hashes passwords, for those who bound what they post there.
    [[nodiscard]] io::Loop& hashing() { return hashing_.loop(); }

    struct NewToken {
        std::string name;
        Access access = Access::read;
        std::vector<std::string> verbs;
        std::chrono::hours lifetime{};
    };
    /// The token, shown this once. Errors: "token-malformed", "token-exists", "limit-tokens", and those of the store.
    [[nodiscard]] Result<std::string> add_token(const NewToken& wanted, const std::string& author);
    /// Errors: "token-unknown".
    [[nodiscard]] Result<void> remove_token(const std::string& name);
    [[nodiscard]] Result<std::vector<io::AdminToken>> tokens() { return store_.tokens(); }

    struct Outcome {
        std::optional<Sessions::Opened> opened;
        Access role = Access::read;
        Error error;             ///< "login-refused", "code-needed", "login-throttled", "login-busy", "accounts-none"
        Duration retry_after{};  ///< with the last two but one
    };
    void log_in(const Login& login, std::function<void(Outcome)> on_outcome);

    /// Somebody for whom another node vouches.
    struct Handed {
        std::string name;            ///< an account of both: accounts do not travel
        Access most = Access::read;  ///< at most this here
        bool codes = false;          ///< a code was shown there
        std::string by, there;       ///< the node, and its name for the session there
        WallTime until{};            ///< end of that session
        IpAddress from;
    };
    struct TakenIn {
        Sessions::Opened opened;
        Access role = Access::read;
    };
    /// A session, without a password. Errors: "handover-account" (there is none of that name), "handover-code" (it has
    /// an authenticator, and no code was shown), and those of the store.
    [[nodiscard]] Result<TakenIn> take_in(const Handed& handed);
    /// Something was refused that came from there: it counts as a failed sign-in of the address.
    void note_refused(const IpAddress& from) { addresses_.note(from, loop_.now()); }

    /// Who holds the session; nobody: none, or its account is gone.
    [[nodiscard]] std::optional<Principal> holder_of(std::string_view session_id);
    [[nodiscard]] Sessions& sessions() { return sessions_; }
    /// Who shows the token; nobody: none, expired. A refused one counts against the address.
    [[nodiscard]] std::optional<Principal> bearer_of(std::string_view token, const IpAddress& from);
    /// How long an address has to wait after too many refusals; zero: it need not.
    [[nodiscard]] Duration wait_of(const IpAddress& from) {
        return addresses_.wait(from, doorway_.knows(from), loop_.now());
    }

    [[nodiscard]] Downloads& downloads() { return downloads_; }
    /// `nodes`: those of the file that may vouch for somebody.
    void tables(TableFills& all, std::size_t nodes) const;
    /// Trouble with it is logged; what was done stays done.
    void record(io::AuditRow row);
    [[nodiscard]] Result<std::vector<io::AuditRow>> audit(std::size_t limit, const std::string& author) {
        return store_.audit(limit, author);
    }

private:
    AccessDesk(Options options, io::AdminStore store, io::Loop& loop, Logger log);
    void begin_trouble(const Error& why);
    [[nodiscard]] Result<const io::Seal*> seal();
    /// Hashes, then lets `keep` write it.
    void put_password(const std::string& password, std::function<Result<void>(std::string verifier)> keep,
                      const OnDone& on_done);
    /// How long this name, or this address, has to wait; zero: it may try.
    [[nodiscard]] Duration wait_of(const Login& login);
    /// Room for one more password to be hashed for `login`; null: there is none. Strangers leave a quarter to those who
    /// come from where somebody has logged in before, and to the node itself.
    [[nodiscard]] std::shared_ptr<Doorway::Place> enter(const Login& login);
    /// Where somebody has logged in before this process.
    void remember_addresses();
    void count(const Login& login);
    void forgive(const Login& login);
    [[nodiscard]] Result<void> keep_own_password(const Login& login, const std::string& session,
                                                 const std::string& before, std::string verifier);
    [[nodiscard]] static Result<void> judge_password(const std::string& password);
    [[nodiscard]] Result<io::AdminAccount> known(const std::string& name);
    void judge(const Login& login, const std::string& verifier, bool fits, Doorway::Place& place,
               const std::function<void(Outcome)>& on_outcome);
    [[nodiscard]] Error judge_code(io::AdminAccount& account, const std::string& code);
    void refuse(const Login& login, Error error, const std::function<void(Outcome)>& on_outcome);

    Options options_;
    io::AdminStore store_;
    std::optional<io::Seal> seal_;  ///< none: its key could be neither read nor made
    io::Loop& loop_;
    Logger log_;
    Sessions sessions_;
    AddressFailures addresses_;
    Failures names_;
    Doorway doorway_;
    Downloads downloads_;
    std::int64_t first_step_;                          ///< of codes, when this began
    std::map<std::string, std::uint64_t> used_codes_;  ///< account -> the last step whose code was used
    std::string decoy_;                                ///< a verifier that nobody's password fits
    std::string trouble_;
    std::function<void()> on_trouble_;
    io::WorkThread hashing_;
};

}  // namespace sallyport::admin
