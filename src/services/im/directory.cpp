// Accounts by their addresses, and what is kept of their passwords.
#include "services/im/directory.h"

#include <algorithm>
#include <array>

#include "proto/c2s/sasl/scram.h"
#include "services/im/requests.h"

namespace sallyport::im {

namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::array<std::pair<Digest, std::string_view>, 2> hashes{
    {{Digest::sha1, "SHA-1"}, {Digest::sha256, "SHA-256"}}};

/// Of `only`, where that is not empty.
Result<void> read_requests(io::UserStore& store, const io::UserName& name, const std::string& only,
                           std::vector<io::StoredContact>& found) {
    auto stored = store.load(name);
    if (!stored) return stored.error();
    if (!*stored) return Error{"user-unknown", "no such user"};
    found = std::move((*stored)->contacts);
    std::erase_if(found, [&](const io::StoredContact& contact) {
        return contact.request.empty() || (!only.empty() && contact.jid != only);
    });
    return {};
}

/// No client sees a difference: the roster keeps its version.
Result<void> write_without(io::UserStore& store, const io::UserName& name,
                           const std::vector<io::StoredContact>& requests) {
    const auto stored = store.load(name);
    if (!stored) return stored.error();
    const std::uint64_t version = *stored ? (*stored)->roster_version : 0;
    for (const io::StoredContact& one : requests) {
        const io::StoredContact rest = without_request(one);
        const bool nobody = !rest.listed && rest.state == 0;
        auto done = nobody ? store.remove_contact(name, rest.jid, version) : store.put_contact(name, rest, version);
        if (!done) return done;
    }
    return {};
}

Error busy() { return {"users-busy", "the users' database is busy; try again"}; }

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
        return Error{"user-malformed", "a user must be localpart@domain"};
    }
    const auto& domains = options_.domains;
    if (std::find(domains.begin(), domains.end(), jid->domain()) == domains.end()) {
        return Error{"user-domain", jid->domain().text() + " has no users here; add it to [clients] domains"};
    }
    return io::UserName{jid->local(), jid->domain().text()};
}

bool Directory::beside(const Options::Beside& where, std::function<void()> work, std::function<void()> then) {
    if (where) return where(std::move(work), std::move(then));
    work();
    then();
    return true;
}

void Directory::use(io::UserName name, Work work, OnUser on_user) {
    auto outcome = std::make_shared<Result<void>>();
    const bool begun = beside(
        options_.disk, [outcome, store = store_, work = std::move(work)] { *outcome = work(*store); },
        [outcome, name, on_user] { *outcome ? on_user(name) : on_user(outcome->error()); });
    if (!begun) on_user(busy());
}

void Directory::hash(io::UserName name, std::string_view password, Write write, OnUser on_user) {
    auto prepared = c2s::sasl::prepare_password(password);
    if (!prepared) {
        return on_user(
            Error{"user-password",
                  "the password is empty, longer than 1023 bytes, or has characters that no client can send"});
    }
    std::vector<std::string> salts;
    for (std::size_t i = 0; i < hashes.size(); ++i) salts.push_back(options_.random_bytes(salt_bytes));
    const auto iterations =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(options_.limits.scram_iterations, 10'000'000));
    auto verifiers = std::make_shared<Verifiers>();
    const bool begun = beside(
        options_.hashing,
        [verifiers, iterations, password = std::move(*prepared), salts = std::move(salts)] {
            for (std::size_t i = 0; i < hashes.size(); ++i) {
                c2s::sasl::Verifier made = c2s::sasl::derive(hashes[i].first, password, salts[i], iterations);
                verifiers->push_back(
                    {std::string{hashes[i].second}, made.salt, made.iterations, made.stored_key, made.server_key});
            }
        },
        [this, verifiers, name, write = std::move(write), on_user] {
            use(
                name, [verifiers, write](io::UserStore& store) { return write(store, *verifiers); }, on_user);
        });
    if (!begun) on_user(busy());
}

void Directory::list(OnRows on_rows) {
    auto rows = std::make_shared<Result<std::vector<io::UserRow>>>(std::vector<io::UserRow>{});
    const bool begun = beside(
        options_.disk, [rows, store = store_] { *rows = store->list(); }, [rows, on_rows] { on_rows(*rows); });
    if (!begun) on_rows(busy());
}

void Directory::waiting(std::vector<io::UserName> users, OnCounts on_counts) {
    auto counts = std::make_shared<Result<std::vector<std::uint64_t>>>(std::vector<std::uint64_t>{});
    const bool begun = beside(
        options_.disk, [counts, store = store_, users = std::move(users)] { *counts = store->waiting(users); },
        [counts, on_counts] { on_counts(*counts); });
    if (!begun) on_counts(busy());
}

void Directory::show(std::string_view user, OnRow on_row) {
    const auto name = read_name(user);
    if (!name) return on_row(name.error());
    list([name = *name, on_row = std::move(on_row)](const Result<std::vector<io::UserRow>>& rows) {
        if (!rows) return on_row(rows.error());
        for (const io::UserRow& row : *rows) {
            if (row.name == name) return on_row(row);
        }
        on_row(Error{"user-unknown", "no such user"});
    });
}

void Directory::add(std::string_view user, std::string_view password, OnUser on_user) {
    auto name = read_name(user);
    if (!name) return on_user(name.error());
    const auto write = [name = *name, now = options_.wall()](io::UserStore& store, const Verifiers& verifiers) {
        return store.add(name, verifiers, now);
    };
    hash(std::move(*name), password, write, std::move(on_user));
}

void Directory::change_password(std::string_view user, std::string_view password, OnUser on_user) {
    auto name = read_name(user);
    if (!name) return on_user(name.error());
    const auto write = [name = *name](io::UserStore& store, const Verifiers& verifiers) {
        return store.replace_verifiers(name, verifiers);
    };
    hash(std::move(*name), password, write, telling(std::move(on_user)));
}

void Directory::remove(std::string_view user, OnUser on_user) {
    auto name = read_name(user);
    if (!name) return on_user(name.error());
    const auto work = [name = *name](io::UserStore& store) { return store.remove(name); };
    use(std::move(*name), work, telling(std::move(on_user)));
}

Directory::OnUser Directory::telling(OnUser on_user) {
    return [this, on_user = std::move(on_user)](const Result<io::UserName>& done) {
        if (done && on_changed_) on_changed_(*done);
        on_user(done);
    };
}

void Directory::requests(std::string_view user, OnContacts on_contacts) {
    auto name = read_name(user);
    if (!name) return on_contacts(name.error());
    auto found = std::make_shared<std::vector<io::StoredContact>>();
    const auto work = [found, name = *name](io::UserStore& store) { return read_requests(store, name, {}, *found); };
    use(std::move(*name), work, [found, on_contacts = std::move(on_contacts)](const Result<io::UserName>& done) {
        done ? on_contacts(*found) : on_contacts(done.error());
    });
}

void Directory::forget_requests(std::string_view user, std::string_view contact, OnCount on_count) {
    auto name = read_name(user);
    if (!name) return on_count(name.error());
    const auto only = contact.empty() ? Result<xmpp::Jid>{xmpp::Jid{}} : xmpp::Jid::parse(contact);
    if (!only) return on_count(Error{"user-malformed", "the requester must be localpart@domain"});
    auto found = std::make_shared<std::vector<io::StoredContact>>();
    const auto work = [found, name = *name,
                       only = contact.empty() ? std::string{} : only->text()](io::UserStore& store) -> Result<void> {
        if (auto read = read_requests(store, name, only, *found); !read) return read;
        return store.together([&] { return write_without(store, name, *found); });
    };
    use(std::move(*name), work, [this, found, on_count = std::move(on_count)](const Result<io::UserName>& done) {
        if (!done) return on_count(done.error());
        std::vector<std::string> forgotten;
        for (const io::StoredContact& one : *found) forgotten.push_back(one.jid);
        if (on_forgotten_ && !forgotten.empty()) on_forgotten_(*done, forgotten);
        on_count(static_cast<std::uint64_t>(forgotten.size()));
    });
}

}  // namespace sallyport::im
