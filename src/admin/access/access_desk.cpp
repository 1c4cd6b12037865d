// Log-ins.
#include "admin/access/access_desk.h"

#include <algorithm>

#include "admin/access/totp.h"
#include "base/hash.h"
#include "io/store/verifier.h"

namespace sallyport::admin {

namespace {

constexpr std::size_t decoy_bytes = 32;
constexpr std::size_t longest_code = 16;

/// The same for a wrong name, a wrong password and a wrong code.
Error wrong_login() { return {"login-refused", "the name, the password or the code is wrong"}; }

std::int64_t unix_seconds(WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// A quarter is for neighbours; one stranger has a quarter at most.
DoorwayBounds bounds_of(const AdminLimits& limits) {
    const std::size_t quarter = std::max<std::size_t>(1, limits.pending_logins / 4);
    return {quarter, std::max<std::size_t>(1, limits.pending_logins - quarter), limits.pending_logins,
            DoorwayBounds{}.proven};
}

std::vector<IpNetwork> loopback() { return {*IpNetwork::parse("127.0.0.0/8"), *IpNetwork::parse("::1")}; }

}  // namespace

Result<std::unique_ptr<AccessDesk>> AccessDesk::open(Options options, io::Loop& loop, Logger log) {
    const std::string path = options.folder + "/admin.db";
    auto store = io::AdminStore::open(path);
    if (!store) store = io::AdminStore::stand_in(path, store.error());
    if (!store) return store.error();
    auto decoy = io::make_verifier(options.random_bytes(decoy_bytes));
    if (!decoy) return decoy.error();
    std::unique_ptr<AccessDesk> desk{new AccessDesk{std::move(options), std::move(*store), loop, log}};
    desk->decoy_ = std::move(*decoy);
    if (const auto key = desk->seal(); !key) desk->begin_trouble(key.error());
    if (desk->store_.obstacle()) desk->begin_trouble(*desk->store_.obstacle());
    desk->remember_addresses();
    return desk;
}

AccessDesk::AccessDesk(Options options, io::AdminStore store, io::Loop& loop, Logger log)
    : options_{std::move(options)},
      store_{std::move(store)},
      loop_{loop},
      log_{log},
      sessions_{options_.limits, loop, options_.random_bytes},
      addresses_{options_.limits.login_failures_per_minute},
      names_{options_.limits.login_failures_per_minute},
      doorway_{loopback(), bounds_of(options_.limits)},
      first_step_{unix_seconds(loop.wall()) / totp_step_seconds},
      hashing_{loop, options_.limits.pending_logins} {}

Result<const io::Seal*> AccessDesk::seal() {
    if (!seal_) {
        auto opened = io::Seal::open(options_.folder + "/secrets.key");
        if (!opened) return opened.error();
        seal_ = std::move(*opened);
    }
    return &*seal_;
}

void AccessDesk::begin_trouble(const Error& why) {
    const bool is_news = trouble_.empty();
    trouble_ = why.text;
    if (is_news && on_trouble_) on_trouble_();
}

Result<void> AccessDesk::retry() {
    if (trouble_.empty()) return {};
    auto done = store_.prove_writable();
    if (const auto key = seal(); done && !key) done = key.error();
    trouble_ = done ? std::string{} : done.error().text;
    return done;
}

void AccessDesk::log_in(const Login& login, std::function<void(Outcome)> on_outcome) {
    if (const Duration wait = wait_of(login); wait > Duration{}) {
        return on_outcome({{}, {}, {"login-throttled", "too many failed sign-ins; wait and try again"}, wait});
    }
    const auto account = store_.account(login.name);
    if (!account) return on_outcome({{}, {}, account.error(), {}});
    const std::string verifier = *account ? (*account)->verifier : decoy_;
    const auto place = enter(login);
    count(login);
    auto fits = std::make_shared<bool>(false);
    const bool begun =
        place &&
        hashing_.run(
            [fits, verifier, password = login.password] {
                *fits = io::verifies(verifier, std::string_view{password}.substr(0, longest_password));
            },
            [this, login, verifier, fits, place, on_outcome] { judge(login, verifier, *fits, *place, on_outcome); });
    if (begun) return;
    forgive(login);
    on_outcome({{}, {}, {"login-busy", "too many sign-ins at once; try again"}, std::chrono::seconds{1}});
}

Duration AccessDesk::wait_of(const Login& login) {
    const TimePoint now = loop_.now();
    const std::string name = login.name.substr(0, longest_name);
    // Strangers who guess at a name keep nobody out who comes from where he has been before.
    const bool known = doorway_.knows(login.from);
    const Duration of_name = known ? Duration{} : names_.wait(name, now);
    const Duration wait = std::max(addresses_.wait(login.from, known, now), of_name);
    if (wait > Duration{})
        log_.write_for(log_source(login.from), LogLevel::warn, "admin.login.throttled",
                       {{"user", name}, {"address", login.from.text()}});
    return wait;
}

std::shared_ptr<Doorway::Place> AccessDesk::enter(const Login& login) { return doorway_.enter(login.from); }

/// The audit tells: what is in it was asked by those who had logged in.
void AccessDesk::remember_addresses() {
    const auto addresses = store_.addresses_of("session.open", DoorwayBounds{}.proven);
    if (!addresses) return;
    for (auto text = addresses->rbegin(); text != addresses->rend(); ++text) {
        if (const auto address = IpAddress::parse(*text)) doorway_.remember(*address);
    }
}

/// Before the work, so that tries in parallel count too; a good one is taken back.
void AccessDesk::count(const Login& login) {
    addresses_.note(login.from, loop_.now());
    names_.note(login.name.substr(0, longest_name), loop_.now());
}

void AccessDesk::forgive(const Login& login) {
    addresses_.forgive(login.from);
    names_.forgive(login.name.substr(0, longest_name));
}

void AccessDesk::judge(const Login& login, const std::string& verifier, bool fits, Doorway::Place& place,
                       const std::function<void(Outcome)>& on_outcome) {
    // While it was hashed the account may have got another password, or gone.
    const auto account = store_.account(login.name);
    if (!account) return on_outcome({{}, {}, account.error(), {}});
    const bool good = fits && *account && (*account)->verifier == verifier && login.password.size() <= longest_password;
    if (!good) return refuse(login, wrong_login(), on_outcome);
    const auto role = role_of((*account)->role);
    if (!role) return refuse(login, wrong_login(), on_outcome);
    io::AdminAccount used = **account;
    const Error objection = judge_code(used, login.code);
    if (objection.code == "login-refused") return refuse(login, objection, on_outcome);
    forgive(login);
    if (!objection.code.empty()) return on_outcome({{}, {}, objection, {}});
    place.prove();
    used.last_login = loop_.wall();
    if (const auto kept = store_.put(used); !kept) {
        begin_trouble(kept.error());
        // Whoever has to look after a full disk is let in. A code counts once even so: one that was shown before this
        // process began may have been used, and only the disk would know.
        if (!used.totp.empty() && used.code_step <= first_step_) return on_outcome({{}, {}, kept.error(), {}});
    }
    Outcome outcome;
    outcome.role = *role;
    outcome.opened = sessions_.open(login.name, login.from, {.codes = !used.totp.empty()});
    log_.info("admin.login", {{"user", login.name},
                              {"address", login.from.text()},
                              {"session", std::to_string(outcome.opened->session.number)}});
    on_outcome(std::move(outcome));
}

void AccessDesk::tables(TableFills& all, std::size_t nodes) const {
    all.push_back({"admin.sessions", sessions_.size(), sessions_.most(nodes)});
    all.push_back({"admin.downloads", downloads_.size(), Downloads::most});
    all.push_back({"admin.used-codes", used_codes_.size(), options_.limits.accounts});
    all.push_back({"admin.failures", names_.size(), Failures::most_keys});
}

Error AccessDesk::judge_code(io::AdminAccount& account, const std::string& code) {
    if (account.totp.empty()) return {};
    if (code.empty()) return {"code-needed", "the authenticator code is required too"};
    if (code.size() > longest_code) return wrong_login();
    const auto key = seal();
    if (!key) return key.error();
    const auto secret = (*key)->unseal(account.totp, "totp " + account.name);
    if (!secret) return secret.error();
    std::uint64_t& used = used_codes_[account.name];
    used = std::max(used, static_cast<std::uint64_t>(account.code_step));
    const auto step = totp_step(*secret, code, unix_seconds(loop_.wall()), used);
    if (!step) return wrong_login();
    used = *step;
    account.code_step = static_cast<std::int64_t>(*step);
    return {};
}

void AccessDesk::refuse(const Login& login, Error error, const std::function<void(Outcome)>& on_outcome) {
    log_.write_for(log_source(login.from), LogLevel::warn, "admin.login.refused",
                   {{"user", login.name.substr(0, longest_name)}, {"address", login.from.text()}});
    on_outcome({{}, {}, std::move(error), {}});
}

/// Nobody who vouches knows more of an account than it knows itself: its role counts, and so does its authenticator.
Result<AccessDesk::TakenIn> AccessDesk::take_in(const Handed& handed) {
    auto account = store_.account(handed.name);
    if (!account) return account.error();
    const auto role = *account ? role_of((*account)->role) : std::nullopt;
    if (!role) return Error{"handover-account", "there is no account '" + handed.name + "' on this node; sign in"};
    if (!(*account)->totp.empty() && !handed.codes) {
        return Error{"handover-code", "this account requires an authenticator code here; sign in"};
    }
    (*account)->last_login = loop_.wall();
    // As at a log-in: whoever has to look after a full disk is let in.
    if (const auto kept = store_.put(**account); !kept) begin_trouble(kept.error());
    return TakenIn{
        sessions_.open(handed.name, handed.from, {handed.codes, handed.most, handed.by, handed.there, handed.until}),
        std::min(*role, handed.most)};
}

std::optional<Principal> AccessDesk::holder_of(std::string_view session_id) {
    const Session* session = sessions_.use(session_id);
    if (session == nullptr) return std::nullopt;
    const auto account = store_.account(session->name);
    if (!account || !*account) return std::nullopt;
    const auto role = role_of((*account)->role);
    if (!role) return std::nullopt;
    const Access access = std::min(*role, session->terms.most.value_or(Access::administer));
    return Principal{session->name, session->name, access, {}, std::string{session_id}};
}

void AccessDesk::record(io::AuditRow row) {
    row.time = loop_.wall();
    if (const auto kept = store_.record(row, options_.limits.audit_rows); !kept) {
        log_.error("admin.audit.lost", {{"verb", row.verb}, {"author", row.author}, {"why", kept.error().text}});
        begin_trouble(kept.error());
    }
}

}  // namespace sallyport::admin
