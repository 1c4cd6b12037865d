// One batch a turn goes to the store's thread and comes back answered. A batch of writes is one transaction: when that
// fails, all of it has failed, and everybody in it is told so.
#include "services/im/storage.h"

#include <utility>

namespace sallyport::im {

Storage::Storage(io::Loop& data, Disk writing, Disk reading)
    : data_{data},
      secret_{writing.store->secret()},
      writing_{std::move(writing), true},
      reading_{std::move(reading), false},
      alive_{std::make_shared<bool>(true)} {}

Storage::~Storage() = default;

void Storage::ask(Lane& lane, Work work, OnDone on_done) {
    if (lane.waiting >= most_waiting) {
        data_.defer([on_done = std::move(on_done)] {
            on_done(Error{"store-busy", "the users' database does not keep up; its disk is slow"});
        });
        return;
    }
    ++lane.waiting;
    lane.asked.push_back({std::move(work), std::move(on_done), {}});
    if (lane.asked.size() > 1) return;
    data_.defer([this, &lane, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) flush(lane);
    });
}

void Storage::flush(Lane& lane) {
    auto jobs = std::make_shared<std::vector<Job>>(std::exchange(lane.asked, {}));
    lane.disk.loop.post([&lane, jobs, writes = lane.writes, store = lane.disk.store, &data = data_,
                         alive = std::weak_ptr{alive_}]() mutable {
        if (writes) {
            perform(*store, *jobs);
        } else {
            for (Job& job : *jobs) job.outcome = job.work(*store);
        }
        // Moved: what the answers hold must end on the thread that made it.
        data.post([&lane, jobs = std::move(jobs), alive] {
            if (alive.expired()) return;
            lane.waiting -= jobs->size();
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
    ask(
        reading_,
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
    ask(
        reading_,
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
