// Accounts by their addresses, and what is kept of their passwords.
#include "services/im/directory.h"

#include <algorithm>
#include <array>

#include "proto/c2s/sasl/scram.h"

namespace sallyport::im {

namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::array<std::pair<Digest, std::string_view>, 2> hashes{
    {{Digest::sha1, "SHA-1"}, {Digest::sha256, "SHA-256"}}};

}  // namespace

Result<std::unique_ptr<Directory>> Directory::open(Options options) {
    auto store = io::UserStore::open(options.path, options.random_bytes(32));
    if (!store) return store.error();
    auto shared = std::make_shared<io::UserStore>(std::move(*store));
    return std::unique_ptr<Directory>{new Directory{std::move(options), std::move(shared)}};
}

Result<io::UserName> Directory::read_name(std::string_view user) const {
    const auto jid = xmpp::Jid::parse(user);
    if (!jid || jid->local().empty() || !jid->resource().empty()) {
        return Error{"user-malformed", "a user is written localpart@domain"};
    }
    const auto& domains = options_.domains;
    if (std::find(domains.begin(), domains.end(), jid->domain()) == domains.end()) {
        return Error{"user-domain", jid->domain().text() + " has no users here; add it to [clients] domains"};
    }
    return io::UserName{jid->local(), jid->domain().text()};
}

Result<std::vector<io::StoredVerifier>> Directory::derive(std::string_view password) const {
    const auto prepared = c2s::sasl::prepare_password(password);
    if (!prepared) {
        return Error{"user-password",
                     "the password is empty, longer than 1023 bytes, or holds what no client can send"};
    }
    std::vector<io::StoredVerifier> all;
    const auto iterations =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(options_.limits.scram_iterations, 10'000'000));
    for (const auto& [digest, name] : hashes) {
        c2s::sasl::Verifier made = c2s::sasl::derive(digest, *prepared, options_.random_bytes(salt_bytes), iterations);
        all.push_back({std::string{name}, made.salt, made.iterations, made.stored_key, made.server_key});
    }
    return all;
}

Result<std::vector<io::UserRow>> Directory::list() { return store_->list(); }

Result<io::UserRow> Directory::show(std::string_view user) {
    const auto name = read_name(user);
    if (!name) return name.error();
    const auto rows = store_->list();
    if (!rows) return rows.error();
    for (const io::UserRow& row : *rows) {
        if (row.name == *name) return row;
    }
    return Error{"user-unknown", "there is no such user"};
}

Result<io::UserName> Directory::add(std::string_view user, std::string_view password) {
    auto name = read_name(user);
    if (!name) return name.error();
    const auto verifiers = derive(password);
    if (!verifiers) return verifiers.error();
    if (const auto added = store_->add(*name, *verifiers, options_.wall()); !added) return added.error();
    return name;
}

Result<io::UserName> Directory::change_password(std::string_view user, std::string_view password) {
    auto name = read_name(user);
    if (!name) return name.error();
    const auto verifiers = derive(password);
    if (!verifiers) return verifiers.error();
    if (const auto changed = store_->replace_verifiers(*name, *verifiers); !changed) return changed.error();
    if (on_changed_) on_changed_(*name);
    return name;
}

Result<io::UserName> Directory::remove(std::string_view user) {
    auto name = read_name(user);
    if (!name) return name.error();
    if (const auto removed = store_->remove(*name); !removed) return removed.error();
    if (on_changed_) on_changed_(*name);
    return name;
}

}  // namespace sallyport::im
