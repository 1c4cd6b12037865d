// The users' database as the data thread sees it: work is handed to the store's thread and answered later, so that a
// slow disk delays no stanza. What was asked for in one turn is one transaction; it is answered once that is on the
// disk.
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

    /// `data` is the loop of the shard that asks and is answered; `disk` the loop on whose thread alone `store` is used
    /// (the node's control loop). Made and destroyed on the thread of `data`, or while it does not run.
    Storage(io::Loop& data, io::Loop& disk, std::shared_ptr<io::UserStore> store);
    ~Storage();
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;

    /// For the salts of users that do not exist; known from the start.
    [[nodiscard]] const std::string& secret() const { return secret_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    /// Reads or writes, in the order of the calls. Errors: those of the store, "store-busy".
    void run(Work work, OnDone on_done);

    using OnVerifiers = std::function<void(const Result<std::optional<std::vector<io::StoredVerifier>>>&)>;
    void verifiers(const io::UserName& user, OnVerifiers on_verifiers);
    using OnUser = std::function<void(Result<std::optional<io::StoredUser>>)>;
    void load(const io::UserName& user, OnUser on_user);
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
    void flush();
    static void perform(io::UserStore& store, std::vector<Job>& jobs);

    io::Loop& data_;
    io::Loop& disk_;
    std::shared_ptr<io::UserStore> store_;
    std::string secret_;
    std::vector<Job> asked_;
    std::size_t waiting_ = 0;
    std::shared_ptr<bool> alive_;
};

}  // namespace sallyport::im
