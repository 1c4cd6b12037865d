// The users' database as the data thread sees it: work is handed to a thread of the store and answered later, so that a
// slow disk delays no stanza. Writes that were asked for in one turn are one transaction; it is answered once that is
// on the disk. What a log-in reads goes over a connection and a thread of its own: SQLite's write-ahead log lets it
// read while a write waits for the disk or for somebody's lock (docs/decisions/0014-nothing-waits.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/loop/loop.h"
#include "io/store/user_store.h"

namespace sallyport::im {

class Storage {
public:
    /// Jobs asked for and not yet answered; beyond it the answer is "store-busy".
    static constexpr std::size_t most_waiting = 10000;
    using Work = std::function<Result<void>(io::UserStore&)>;
    using OnDone = std::function<void(const Result<void>&)>;

    /// A connection, and the loop on whose thread alone it is used.
    struct Disk {
        io::Loop& loop;
        std::shared_ptr<io::UserStore> store;
    };
    /// `data` is the loop of the shard that asks and is answered. Made and destroyed on its thread, or while it does
    /// not run. The two may be one.
    Storage(io::Loop& data, Disk writing, Disk reading);
    ~Storage();
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;

    /// For the salts of users that do not exist; known from the start.
    [[nodiscard]] const std::string& secret() const { return secret_; }
    [[nodiscard]] std::size_t waiting() const { return writing_.waiting + reading_.waiting; }
    /// Reads or writes, in the order of the calls. Errors: those of the store, "store-busy".
    void run(Work work, OnDone on_done) { ask(writing_, std::move(work), std::move(on_done)); }

    // These two are read beside what is being written; who asks sees to it that nothing of the user's is.
    using OnVerifiers = std::function<void(const Result<std::optional<std::vector<io::StoredVerifier>>>&)>;
    void verifiers(const io::UserName& user, OnVerifiers on_verifiers);
    using OnUser = std::function<void(Result<std::optional<io::StoredUser>>)>;
    void load(const io::UserName& user, OnUser on_user);
    // In order with run().
    using OnStanzas = std::function<void(Result<std::vector<io::StoredStanza>>)>;
    void kept(const io::UserName& user, OnStanzas on_stanzas);
    using OnText = std::function<void(Result<std::string>)>;
    void vcard(const io::UserName& user, OnText on_vcard);

private:
    struct Job {
        Work work;
        OnDone on_done;
        Result<void> outcome;
    };
    struct Lane {
        Disk disk;
        bool writes = false;
        std::vector<Job> asked{};
        std::size_t waiting = 0;
    };
    void ask(Lane& lane, Work work, OnDone on_done);
    void flush(Lane& lane);
    static void perform(io::UserStore& store, std::vector<Job>& jobs);

    io::Loop& data_;
    std::string secret_;
    Lane writing_, reading_;
    std::shared_ptr<bool> alive_;
};

}  // namespace sallyport::im
