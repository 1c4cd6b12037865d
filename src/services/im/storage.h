// The users' database as the data thread sees it: work is handed to a thread of the store and answered later, so that a
// slow disk delays no stanza. One transaction is under way at a time: what is asked for meanwhile is the next one, and
// is answered once that is on the disk, so that nobody waits for more than two. What a log-in reads goes over a
// connection and a thread of its own: SQLite's write-ahead log lets it read while a write waits for the disk or for
// somebody's lock (docs/decisions/0014-nothing-waits.md).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop/loop.h"
#include "io/store/user_store.h"

namespace sallyport::im {

class Storage {
public:
    /// Jobs of each of the two connections, asked for and not yet answered; beyond it the answer is "store-busy".
    static constexpr std::size_t most_waiting = 10000;
    /// The database counts as well again when so long nothing has failed.
    static constexpr Duration recovery = std::chrono::seconds{60};
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
    ///
    /// Of this and of all the others: `payer` is who causes the work, a domain or a user; empty: who owns the account.
    /// Of what may wait a payer has as much as it leaves to others, so that a stranger does not keep users out; and all
    /// payers together leave the last quarter to those who own accounts, for one stranger may have many domains.
    void run(std::string_view payer, Work work, OnDone on_done) {
        ask(writing_, payer, std::move(work), std::move(on_done));
    }
    /// Called with the first error of the database, and with null when it is well again.
    using OnTrouble = std::function<void(const Error*)>;
    void on_trouble(OnTrouble on_trouble) { on_trouble_ = std::move(on_trouble); }

    // These two are read beside what is being written; who asks sees to it that nothing of the user's is.
    using OnVerifiers = std::function<void(const Result<std::optional<std::vector<io::StoredVerifier>>>&)>;
    void verifiers(const io::UserName& user, OnVerifiers on_verifiers);
    using OnUser = std::function<void(Result<std::optional<io::StoredUser>>)>;
    void load(const io::UserName& user, std::string_view payer, OnUser on_user);
    // In order with run().
    using OnPart = std::function<void(Result<io::KeptPart>)>;
    void kept(const io::UserName& user, std::set<std::int64_t> without, io::KeptBounds most, OnPart on_part);
    using OnText = std::function<void(Result<std::string>)>;
    void vcard(const io::UserName& user, std::string_view payer, OnText on_vcard);

private:
    struct Job {
        Work work;
        OnDone on_done;
        std::string payer;
        Result<void> outcome;
    };
    struct Lane {
        Disk disk;
        bool writes = false;
        bool under_way = false;  ///< a batch is with the disk's thread
        std::vector<Job> asked{};
        std::size_t waiting = 0;
        std::map<std::string, std::size_t, std::less<>> of_payers{};  ///< of those waiting; ordered (threat T63)
    };
    void ask(Lane& lane, std::string_view payer, Work work, OnDone on_done);
    void flush(Lane& lane);
    void answered(Lane& lane, const std::vector<Job>& jobs);
    void judge(const Result<void>& outcome);
    void look();
    static void perform(io::UserStore& store, std::vector<Job>& jobs);

    io::Loop& data_;
    std::string secret_;
    Lane writing_, reading_;
    OnTrouble on_trouble_;
    std::unique_ptr<io::Timer> timer_;
    TimePoint failed_at_{};
    bool in_trouble_ = false, worked_since_ = false;
    std::shared_ptr<bool> alive_;
};

}  // namespace sallyport::im
