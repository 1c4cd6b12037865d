// What is kept for users: rows, and the sums that triggers keep of them, so that a look at the room costs the same
// however much there is.
#include <algorithm>

#include "io/store/user_store.h"

namespace sallyport::io {

namespace {

struct Held {
    std::uint64_t stanzas = 0, bytes = 0;
    Held& operator+=(const Held& other) {
        stanzas += other.stanzas;
        bytes += other.bytes;
        return *this;
    }
    Held& operator-=(const Held& other) {
        stanzas -= std::min(stanzas, other.stanzas);
        bytes -= std::min(bytes, other.bytes);
        return *this;
    }
    [[nodiscard]] bool leaves_room(std::size_t size, std::uint64_t most_stanzas, std::uint64_t most_bytes) const {
        return stanzas < most_stanzas && bytes + size <= most_bytes;
    }
};

/// `own`: of the payer; `strange`: of strangers; both are in `all`.
bool has_room(const KeptRoom& room, bool is_stranger, Held all, const Held& own, Held strange, std::size_t size) {
    if (!room.is_shared) return all.leaves_room(size, room.stanzas, room.bytes);
    if (is_stranger) {
        strange += own;
        return strange.leaves_room(size, room.of_strangers_stanzas, room.of_strangers_bytes);
    }
    // What was laid by for a client that did not come back may be more than that.
    all -= strange;
    all += {std::min(strange.stanzas, room.of_strangers_stanzas), std::min(strange.bytes, room.of_strangers_bytes)};
    all += own;
    return all.leaves_room(size, room.stanzas, room.bytes);
}

}  // namespace

Result<std::vector<std::uint64_t>> UserStore::waiting(const std::vector<UserName>& users) {
    std::vector<std::uint64_t> all;
    for (const UserName& user : users) {
        auto query = database_.prepare(
            "SELECT coalesce((SELECT stanzas FROM kept_sum WHERE user = user.id), 0) FROM user"
            " WHERE domain = ? AND local = ?");
        if (!query) return query.error();
        query->bind(1, user.domain);
        query->bind(2, user.local);
        const auto row = query->step();
        if (!row) return row.error();
        all.push_back(*row ? static_cast<std::uint64_t>(query->number(0)) : 0);
    }
    return all;
}

Result<std::int64_t> UserStore::keep(const UserName& user, const std::string& bytes, unsigned blame,
                                     const KeptFrom& from, const KeptRoom& room) {
    auto query = database_.prepare(
        "SELECT id, coalesce(kept_sum.stanzas, 0), coalesce(kept_sum.bytes, 0), coalesce(kept_share.stanzas, 0),"
        " coalesce(kept_share.bytes, 0), coalesce(strange_stanzas, 0), coalesce(strange_bytes, 0)"
        " FROM user LEFT JOIN kept_sum ON kept_sum.user = id"
        " LEFT JOIN kept_share ON kept_share.user = id AND payer = ? WHERE domain = ? AND local = ?");
    if (!query) return query.error();
    const auto found = query->bind(1, from.payer).bind(2, user.domain).bind(3, user.local).step();
    if (!found) return found.error();
    if (!*found) return unknown();
    const std::int64_t id = query->number(0);
    const auto held = [&](int at) {
        return Held{static_cast<std::uint64_t>(query->number(at)), static_cast<std::uint64_t>(query->number(at + 1))};
    };
    if (!has_room(room, from.is_stranger, held(1), held(3), held(5), bytes.size())) {
        return Error{"offline-full", "the storage for this user is full"};
    }
    auto insert = database_.prepare(
        "INSERT INTO kept (user, stanza, blame, payer, stranger) VALUES (?, ?, ?, ?, ?) RETURNING id");
    if (!insert) return insert.error();
    insert->bind(1, id).bind(2, bytes).bind(3, std::int64_t{blame}).bind(4, from.payer);
    if (const auto row = insert->bind(5, std::int64_t{from.is_stranger}).step(); !row) return row.error();
    const std::int64_t number = insert->number(0);
    if (const auto done = insert->run(); !done) return done.error();
    return number;
}

Result<KeptPart> UserStore::kept(const UserName& user, const std::set<std::int64_t>& without, KeptBounds most) {
    const auto id = require(user);
    if (!id) return id.error();
    // From the index alone: what is not wanted is not read.
    auto numbers = database_.prepare("SELECT id FROM kept WHERE user = ? ORDER BY id");
    if (!numbers) return numbers.error();
    auto query = database_.prepare("SELECT stanza, blame FROM kept WHERE id = ?");
    if (!query) return query.error();
    numbers->bind(1, *id);
    KeptPart part;
    for (std::uint64_t bytes = 0;;) {
        const auto next = numbers->step();
        if (!next) return next.error();
        if (!*next) return part;
        const std::int64_t number = numbers->number(0);
        if (without.contains(number)) continue;
        if (part.stanzas.size() >= most.stanzas || bytes >= most.bytes) {
            part.is_all = false;
            return part;
        }
        query->reset();
        if (const auto row = query->bind(1, number).step(); !row) return row.error();
        part.stanzas.push_back({number, query->text(0), static_cast<unsigned>(query->number(1))});
        bytes += part.stanzas.back().bytes.size();
    }
}

Result<void> UserStore::blame(const UserName& user, const std::vector<Blamed>& stanzas) {
    const auto id = require(user);
    if (!id) return id.error();
    for (const Blamed& one : stanzas) {
        auto update = database_.prepare("UPDATE kept SET blame = ? WHERE user = ? AND id = ?");
        if (!update) return update.error();
        if (auto done = update->bind(1, std::int64_t{one.blame}).bind(2, *id).bind(3, one.number).run(); !done)
            return done;
    }
    return {};
}

Result<void> UserStore::forget(const UserName& user, const std::vector<std::int64_t>& numbers) {
    const auto id = require(user);
    if (!id) return id.error();
    auto erase = database_.prepare("DELETE FROM kept WHERE user = ? AND id = ?");
    if (!erase) return erase.error();
    for (const std::int64_t number : numbers) {
        if (auto erased = erase->bind(1, *id).bind(2, number).run(); !erased) return erased;
        erase->reset();
    }
    return {};
}

}  // namespace sallyport::io
