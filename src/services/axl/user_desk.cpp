// Basic authentication (RFC 7617) against scrypt verifiers.
#include "services/axl/user_desk.h"

#include <algorithm>

#include "base/hash.h"
#include "io/store/verifier.h"

namespace sallyport::axl {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_password = 256;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

Error malformed(std::string text) { return {"user-malformed", std::move(text)}; }

Result<void> judge_new(const std::string& name, std::string_view password) {
    const bool good_name = !name.empty() && name.size() <= longest_name && name.find(':') == std::string::npos &&
                           std::none_of(name.begin(), name.end(), is_control);
    if (!good_name) return malformed("a user's name has 1 to 64 characters and no colon");
    if (password.size() < UserDesk::least_password || password.size() > longest_password) {
        return malformed("a password has 8 to 256 characters");
    }
    if (std::any_of(password.begin(), password.end(), is_control)) {
        return malformed("a password has no control characters");
    }
    return {};
}

/// Cores run elsewhere, but the node itself is no stranger; any other address is known once somebody has proved
/// himself.
std::vector<IpNetwork> loopback() { return {*IpNetwork::parse("127.0.0.0/8"), *IpNetwork::parse("::1")}; }

}  // namespace

UserDesk::UserDesk(io::PresenceStore& store, io::Loop& loop, io::Loop& hashing, std::string random)
    : store_{store},
      loop_{loop},
      hashing_{hashing},
      random_{std::move(random)},
      doorway_{loopback(), {most_of_stranger, most_of_strangers, most_pending, DoorwayBounds{}.proven}},
      decoy_{io::make_verifier(random_).value_or(std::string{})} {}

void UserDesk::expect_from(std::vector<IpNetwork> networks) {
    const std::vector<IpNetwork> own = loopback();
    networks.insert(networks.end(), own.begin(), own.end());
    doorway_.replace_neighbours(std::move(networks));
}

Result<void> UserDesk::put(const std::string& name, std::string_view password) {
    if (auto good = judge_new(name, password); !good) return good;
    auto verifier = io::make_verifier(password);
    if (!verifier) return verifier.error();
    return store_.put_application_user({name, {std::string{axl_role}}, std::move(*verifier)});
}

void UserDesk::put(const std::string& name, const std::string& password, OnDone on_done) {
    if (auto good = judge_new(name, password); !good) return on_done(good);
    if (under_way() >= most_pending) {
        return on_done(Error{"login-busy", "too many passwords are being hashed; try again"});
    }
    new_ones_.emplace(++last_hash_, [this, name, on_done = std::move(on_done)](Result<std::string> verifier) {
        if (!verifier) return on_done(verifier.error());
        on_done(store_.put_application_user({name, {std::string{axl_role}}, std::move(*verifier)}));
    });
    hashing_.post([this, &home = loop_, alive = std::weak_ptr{alive_}, number = last_hash_, password] {
        home.post([this, alive, number, verifier = io::make_verifier(password)] {
            if (alive.expired()) return;
            const auto keep = std::move(new_ones_.extract(number).mapped());
            keep(verifier);
        });
    });
}

Result<void> UserDesk::remove(const std::string& name) {
    const auto removed = store_.remove_application_user(name);
    if (!removed) return removed.error();
    proved_.erase(name);
    if (!*removed) return Error{"user-unknown", "no such user: '" + name.substr(0, longest_name) + "'"};
    return {};
}

std::optional<UserDesk::Credentials> UserDesk::read(std::string_view authorization) {
    constexpr std::string_view scheme = "basic ";
    std::string decoded;
    const bool basic = authorization.size() <= longest_credentials && authorization.size() > scheme.size() &&
                       std::equal(scheme.begin(), scheme.end(), authorization.begin(),
                                  [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); }) &&
                       base64_decode(authorization.substr(scheme.size()), decoded);
    const std::size_t colon = basic ? decoded.find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    return Credentials{decoded.substr(0, colon), decoded.substr(colon + 1)};
}

Result<std::optional<io::ApplicationUser>> UserDesk::user(const std::string& name) {
    auto users = store_.application_users();
    if (!users) return users.error();
    for (io::ApplicationUser& one : *users) {
        if (one.name == name) return std::optional{std::move(one)};
    }
    return std::optional<io::ApplicationUser>{};
}

/// Bound to the verifier: a new password makes it worthless.
std::string UserDesk::mark_of(const std::string& verifier, std::string_view password) const {
    return hmac_sha256(random_, verifier + '\0' + std::string{password});
}

std::optional<UserDesk::Verdict> UserDesk::judge(const IpAddress& from, std::string_view authorization) {
    const TimePoint now = loop_.now();
    if (failures_.wait(from, doorway_.knows(from), now) > Duration{}) return Verdict{Judgement::throttled, {}};
    // A first request without credentials is how clients learn that they are wanted: it costs nothing.
    if (authorization.empty()) return Verdict{Judgement::bad, {}};
    const auto given = read(authorization);
    if (!given || given->password.size() > longest_password) {
        failures_.note(from, now);
        return Verdict{Judgement::bad, given ? given->user.substr(0, longest_name) : std::string{}};
    }
    const auto known = user(given->user);
    if (!known) return Verdict{Judgement::trouble, given->user.substr(0, longest_name)};
    const auto before = proved_.find(given->user);
    const bool same = *known && before != proved_.end() &&
                      equal_constant_time(before->second, mark_of((*known)->verifier, given->password));
    if (!same) return std::nullopt;
    good_at_ = now;
    const auto& roles = (*known)->roles;
    const bool has_role = std::find(roles.begin(), roles.end(), axl_role) != roles.end();
    if (!has_role) failures_.note(from, now);
    return Verdict{has_role ? Judgement::good : Judgement::bad, given->user};
}

void UserDesk::prove(const IpAddress& from, std::string_view authorization, OnVerdict on_verdict) {
    auto given = read(authorization).value_or(Credentials{});
    auto place = doorway_.enter(from);
    if (!place || under_way() >= most_pending) {
        return on_verdict({Judgement::busy, given.user.substr(0, longest_name)});
    }
    const auto known = user(given.user);
    if (!known) return on_verdict({Judgement::trouble, given.user.substr(0, longest_name)});
    // Before the work, so that tries in parallel count too; a good one is taken back.
    failures_.note(from, loop_.now());
    // As much work as for a user who exists: the time says nothing about names.
    const std::string verifier = *known ? (*known)->verifier : decoy_;
    hashing_.post([this, &home = loop_, alive = std::weak_ptr{alive_}, number = ++last_hash_, verifier,
                   password = given.password] {
        home.post([this, alive, number, fits = io::verifies(verifier, password)] {
            if (!alive.expired()) proved(number, fits);
        });
    });
    proofs_.emplace(last_hash_, Proof{std::move(place), std::move(on_verdict), from, std::move(given), verifier});
}

void UserDesk::proved(std::uint64_t number, bool fits) {
    const Proof proof = std::move(proofs_.extract(number).mapped());
    const Judgement judgement = judge_proved(proof, fits);
    if (judgement == Judgement::good) {
        failures_.forgive(proof.from);
        good_at_ = loop_.now();
        proof.place->prove();
    }
    proof.on_verdict({judgement, proof.given.user.substr(0, longest_name)});
}

Judgement UserDesk::judge_proved(const Proof& proof, bool fits) {
    // While it was hashed the user may have got another password, or gone.
    const auto known = user(proof.given.user);
    if (!known) return Judgement::trouble;
    if (!fits || !*known || (*known)->verifier != proof.verifier) return Judgement::bad;
    if (proved_.size() >= most_remembered && !proved_.contains(proof.given.user)) proved_.erase(proved_.begin());
    proved_[proof.given.user] = mark_of(proof.verifier, proof.given.password);
    const auto& roles = (*known)->roles;
    return std::find(roles.begin(), roles.end(), axl_role) != roles.end() ? Judgement::good : Judgement::bad;
}

void UserDesk::tables(TableFills& all) const {
    all.push_back({"axl.proved", proved_.size(), most_remembered});
    all.push_back({"axl.hashing", under_way(), most_pending});
}

bool UserDesk::refused_lately() const {
    return failures_.latest() > std::max(loop_.now() - Failures::window, good_at_);
}

}  // namespace sallyport::axl
