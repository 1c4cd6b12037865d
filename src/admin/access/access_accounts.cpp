// Accounts and tokens of the access desk.
#include <algorithm>

#include "admin/access/access_desk.h"
#include "admin/access/account_name.h"
#include "admin/access/totp.h"
#include "base/hash.h"
#include "base/join.h"
#include "io/store/verifier.h"

namespace sallyport::admin {

namespace {

Error name_malformed() { return {"account-malformed", "an account's name " + std::string{account_name_rule}}; }

constexpr std::size_t longest_token = 64;
constexpr std::string_view token_mark = "sp_";  // lets scanners of repositories find one that was committed

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

}  // namespace

Result<void> AccessDesk::judge_password(const std::string& password) {
    if (password.size() >= least_password && password.size() <= longest_password) return {};
    return Error{"account-password", "a password has 10 to 256 bytes"};
}

Result<io::AdminAccount> AccessDesk::known(const std::string& name) {
    auto account = store_.account(name);
    if (!account) return account.error();
    if (!*account) return Error{"account-unknown", "no such account: '" + name.substr(0, longest_name) + "'"};
    return std::move(**account);
}

void AccessDesk::put_password(const std::string& password, std::function<Result<void>(std::string verifier)> keep,
                              const OnDone& on_done) {
    if (const auto good = judge_password(password); !good) return on_done(good.error());
    auto verifier = std::make_shared<Result<std::string>>(Error{"verifier", "the password could not be hashed"});
    const bool begun = hashing_.run([verifier, password] { *verifier = io::make_verifier(password); },
                                    [verifier, keep = std::move(keep), on_done] {
                                        if (!*verifier) return on_done(verifier->error());
                                        on_done(keep(std::move(**verifier)));
                                    });
    if (!begun) on_done(Error{"login-busy", "too many sign-ins at once; try again"});
}

void AccessDesk::add(const std::string& name, Access role, const std::string& password, OnDone on_done) {
    if (!is_account_name(name)) return on_done(name_malformed());
    const auto keep = [this, name, role](std::string verifier) -> Result<void> {
        const auto all = store_.accounts();
        if (!all) return all.error();
        if (std::any_of(all->begin(), all->end(), [&](const auto& account) { return account.name == name; })) {
            return Error{"account-exists", "there is an account '" + name + "' already"};
        }
        if (all->size() >= options_.limits.accounts) {
            return Error{"limit-accounts", "the limit admin_accounts is reached"};
        }
        auto kept = store_.put({name, std::string{role_text(role)}, std::move(verifier), {}, loop_.wall(), {}});
        if (kept) log_.info("admin.account.added", {{"user", name}, {"role", std::string{role_text(role)}}});
        return kept;
    };
    put_password(password, keep, on_done);
}

void AccessDesk::change_password(const std::string& name, const std::string& password, OnDone on_done) {
    if (const auto account = known(name); !account) return on_done(account.error());
    const auto keep = [this, name](std::string verifier) -> Result<void> {
        auto account = known(name);
        if (!account) return account.error();
        account->verifier = std::move(verifier);
        if (auto kept = store_.put(*account); !kept) return kept;
        sessions_.close_of(name);
        log_.info("admin.account.password", {{"user", name}});
        return {};
    };
    put_password(password, keep, on_done);
}

Result<void> AccessDesk::set_language(const std::string& name, const std::string& language) {
    const auto is_part_of_tag = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    if (language.size() > longest_language || !std::all_of(language.begin(), language.end(), is_part_of_tag)) {
        return Error{"language-malformed", "a language is a tag such as en, es or pt-BR"};
    }
    auto account = known(name);
    if (!account) return account.error();
    account->language = language;
    return store_.put(*account);
}

std::string AccessDesk::language_of(const std::string& name) {
    const auto account = store_.account(name);
    return account && *account ? (*account)->language : std::string{};
}

Result<void> AccessDesk::set_role(const std::string& name, Access role) {
    auto account = known(name);
    if (!account) return account.error();
    account->role = role_text(role);
    if (auto kept = store_.put(*account); !kept) return kept;
    // Threat T79: a new id when privileges change.
    sessions_.close_of(name);
    return {};
}

Result<void> AccessDesk::remove(const std::string& name) {
    const auto removed = store_.remove(name);
    if (!removed) return removed.error();
    sessions_.close_of(name);
    used_codes_.erase(name);
    if (!*removed) return known(name).error();
    log_.info("admin.account.removed", {{"user", name}});
    return {};
}

Result<std::string> AccessDesk::begin_totp(const std::string& name) {
    auto account = known(name);
    if (!account) return account.error();
    const std::string secret = options_.random_bytes(totp_secret_bytes);
    const auto key = seal();
    if (!key) return key.error();
    auto sealed = (*key)->seal(secret, "totp " + name);
    if (!sealed) return sealed.error();
    account->totp = std::move(*sealed);
    account->code_step = 0;  // codes of another secret are other codes
    if (const auto kept = store_.put(*account); !kept) return kept.error();
    used_codes_.erase(name);
    sessions_.close_of(name);
    return secret;
}

Result<void> AccessDesk::end_totp(const std::string& name) {
    auto account = known(name);
    if (!account) return account.error();
    account->totp.clear();
    used_codes_.erase(name);
    return store_.put(*account);
}

Result<std::string> AccessDesk::add_token(const NewToken& wanted, const std::string& author) {
    if (!is_account_name(wanted.name))
        return Error{"token-malformed", "a token's name " + std::string{account_name_rule}};
    const auto all = store_.tokens();
    if (!all) return all.error();
    if (all->size() >= options_.limits.tokens) {
        return Error{"limit-tokens", "the limit admin_tokens is reached"};
    }
    std::string token = std::string{token_mark} + fresh_secret(options_.random_bytes);
    const std::string verbs = joined(wanted.verbs, " ");
    const WallTime now = loop_.wall();
    const auto added = store_.add({wanted.name, to_hex(sha256(token)), std::string{text(wanted.access)}, verbs, author,
                                   now, now + wanted.lifetime});
    if (!added && added.error().code == "store-conflict") {
        return Error{"token-exists", "there is a token '" + wanted.name + "' already"};
    }
    if (!added) return added.error();
    log_.info("admin.token.added",
              {{"token", wanted.name}, {"scope", std::string{text(wanted.access)}}, {"author", author}});
    return token;
}

Result<void> AccessDesk::remove_token(const std::string& name) {
    const auto removed = store_.remove_token(name);
    if (!removed) return removed.error();
    if (!*removed) return Error{"token-unknown", "no such token: '" + name.substr(0, longest_name) + "'"};
    log_.info("admin.token.removed", {{"token", name}});
    return {};
}

std::optional<Principal> AccessDesk::bearer_of(std::string_view token, const IpAddress& from) {
    const auto refused = [&]() -> std::optional<Principal> {
        addresses_.note(from, loop_.now());
        log_.write_for(log_source(from), LogLevel::warn, "admin.token.refused", {{"address", from.text()}});
        return std::nullopt;
    };
    if (token.size() > longest_token || !token.starts_with(token_mark)) return refused();
    const auto row = store_.token_of(to_hex(sha256(token)));
    if (!row || !*row || (*row)->expires <= loop_.wall()) return refused();
    const auto access = access_of((*row)->access);
    if (!access) return refused();
    return Principal{(*row)->name, "token " + (*row)->name, *access, words_of((*row)->verbs), {}};
}

}  // namespace sallyport::admin
