// One batch a turn goes to the store's thread and comes back answered. A batch is one transaction: when that fails, all
// of it has failed, and everybody in it is told so.
#include "services/im/storage.h"

#include <utility>

namespace sallyport::im {

Storage::Storage(io::Loop& data, io::Loop& disk, std::shared_ptr<io::UserStore> store)
    : data_{data},
      disk_{disk},
      store_{std::move(store)},
      secret_{store_->secret()},
      alive_{std::make_shared<bool>(true)} {}

Storage::~Storage() = default;

void Storage::run(Work work, OnDone on_done) {
    if (waiting_ >= most_waiting) {
        data_.defer([on_done = std::move(on_done)] {
            on_done(Error{"store-busy", "the users' database does not keep up; its disk is slow"});
        });
        return;
    }
    ++waiting_;
    asked_.push_back({std::move(work), std::move(on_done), {}});
    if (asked_.size() > 1) return;
    data_.defer([this, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) flush();
    });
}

void Storage::flush() {
    auto jobs = std::make_shared<std::vector<Job>>(std::exchange(asked_, {}));
    disk_.post([this, jobs, store = store_, &data = data_, alive = std::weak_ptr{alive_}]() mutable {
        perform(*store, *jobs);
        // Moved: what the answers hold must end on the thread that made it.
        data.post([this, jobs = std::move(jobs), alive] {
            if (alive.expired()) return;
            waiting_ -= jobs->size();
            for (const Job& job : *jobs) {
                job.on_done(job.outcome);
                if (alive.expired()) return;
            }
        });
    });
}

void Storage::perform(io::UserStore& store, std::vector<Job>& jobs) {
    const auto committed = store.together([&]() -> Result<void> {
        for (Job& job : jobs) {
            job.outcome = job.work(store);
            // What the store itself could not do undoes all; a refusal is an answer like another.
            if (!job.outcome && job.outcome.error().code.starts_with("store-")) return job.outcome;
        }
        return {};
    });
    if (committed) return;
    for (Job& job : jobs) job.outcome = committed;
}

void Storage::verifiers(const io::UserName& user, OnVerifiers on_verifiers) {
    using Found = Result<std::optional<std::vector<io::StoredVerifier>>>;
    auto found = std::make_shared<Found>(std::optional<std::vector<io::StoredVerifier>>{});
    run(
        [user, found](io::UserStore& store) -> Result<void> {
            *found = store.verifiers(user);
            if (!*found) return found->error();
            return {};
        },
        [found, on_verifiers = std::move(on_verifiers)](const Result<void>& done) {
            on_verifiers(done ? *found : Found{done.error()});
        });
}

void Storage::load(const io::UserName& user, OnUser on_user) {
    using Found = Result<std::optional<io::StoredUser>>;
    auto found = std::make_shared<Found>(std::optional<io::StoredUser>{});
    run(
        [user, found](io::UserStore& store) -> Result<void> {
            *found = store.load(user);
            if (!*found) return found->error();
            return {};
        },
        [found, on_user = std::move(on_user)](const Result<void>& done) {
            on_user(done ? std::move(*found) : Found{done.error()});
        });
}

void Storage::kept(const io::UserName& user, OnStanzas on_stanzas) {
    using Found = Result<std::vector<io::StoredStanza>>;
    auto found = std::make_shared<Found>(std::vector<io::StoredStanza>{});
    run(
        [user, found](io::UserStore& store) -> Result<void> {
            *found = store.kept(user);
            if (!*found) return found->error();
            return {};
        },
        [found, on_stanzas = std::move(on_stanzas)](const Result<void>& done) {
            on_stanzas(done ? std::move(*found) : Found{done.error()});
        });
}

void Storage::vcard(const io::UserName& user, OnText on_vcard) {
    using Found = Result<std::string>;
    auto found = std::make_shared<Found>(std::string{});
    run(
        [user, found](io::UserStore& store) -> Result<void> {
            *found = store.vcard(user);
            if (!*found) return found->error();
            return {};
        },
        [found, on_vcard = std::move(on_vcard)](const Result<void>& done) {
            on_vcard(done ? std::move(*found) : Found{done.error()});
        });
}

}  // namespace sallyport::im
