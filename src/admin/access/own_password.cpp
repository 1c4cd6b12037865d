// A person's own new password: the present one is proof, as at a log-in, and guarded like one (threat T79).
#include "admin/access/access_desk.h"
#include "io/store/verifier.h"

namespace sallyport::admin {

namespace {

Error wrong_password() { return {"password-refused", "the current password is wrong"}; }

}  // namespace

void AccessDesk::change_own_password(const Login& login, const std::string& session, const std::string& password,
                                     OnDone on_done) {
    if (const auto good = judge_password(password); !good) return on_done(good.error());
    if (password == login.password)
        return on_done(Error{"account-password", "the new password is the same as the current one"});
    if (wait_of(login) > Duration{}) {
        return on_done(Error{"login-throttled", "too many wrong passwords; wait a minute and try again"});
    }
    const auto account = store_.account(login.name);
    if (!account) return on_done(account.error());
    // As at a log-in, nobody learns which names there are.
    const std::string before = *account ? (*account)->verifier : decoy_;
    const auto place = enter(login);
    count(login);
    auto made = std::make_shared<Result<std::string>>(wrong_password());
    const bool begun =
        place &&
        hashing_.run(
            [made, before, present = login.password, password] {
                if (io::verifies(before, std::string_view{present}.substr(0, longest_password))) {
                    *made = io::make_verifier(password);
                }
            },
            [this, login, session, before, made, place, on_done] {
                auto kept = *made ? keep_own_password(login, session, before, std::move(**made)) : made->error();
                if (kept) forgive(login);
                if (!kept && kept.error().code == "password-refused") {
                    log_.write_for(log_source(login.from), LogLevel::warn, "admin.password.refused",
                                   {{"user", login.name.substr(0, longest_name)}, {"address", login.from.text()}});
                }
                on_done(std::move(kept));
            });
    if (begun) return;
    forgive(login);
    on_done(Error{"login-busy", "too many sign-ins at once; try again"});
}

Result<void> AccessDesk::keep_own_password(const Login& login, const std::string& session, const std::string& before,
                                           std::string verifier) {
    // While it was hashed the account may have got another password, or gone.
    auto account = store_.account(login.name);
    if (!account) return account.error();
    if (!*account || (*account)->verifier != before || login.password.size() > longest_password)
        return wrong_password();
    if (session.empty()) {
        if (Error objection = judge_code(**account, login.code); !objection.code.empty()) return objection;
    }
    (*account)->verifier = std::move(verifier);
    if (auto kept = store_.put(**account); !kept) return kept;
    sessions_.close_of(login.name, session);
    log_.info("admin.account.password", {{"user", login.name}});
    return {};
}

}  // namespace sallyport::admin
