// One batch at a time goes to the store's thread and comes back answered; what is asked meanwhile is the next one. So a
// transaction that waits for the disk or for somebody's lock is waited for once, however much has gathered behind it. A
// batch of writes is one transaction: when that fails, all of it has failed, and everybody in it is told so.
#include "services/im/storage.h"

#include <utility>

namespace sallyport::im {

Storage::Storage(io::Loop& data, Disk writing, Disk reading)
    : data_{data},
      secret_{writing.store->secret()},
      writing_{std::move(writing), true},
      reading_{std::move(reading), false},
      timer_{data.timer([this] { look(); })},
      alive_{std::make_shared<bool>(true)} {}

Storage::~Storage() {
    // What waits behind the batch that is under way is written all the same, as that one is.
    if (!writing_.asked.empty()) flush(writing_);
}

void Storage::ask(Lane& lane, std::string_view payer, Work work, OnDone on_done) {
    const auto paid = lane.of_payers.find(payer);
    const std::size_t own = payer.empty() || paid == lane.of_payers.end() ? 0 : paid->second;
    const std::size_t most = payer.empty() ? most_waiting : most_waiting - most_waiting / 4;
    if (lane.waiting >= most || lane.waiting + own >= most_waiting) {
        const Error busy{"store-busy", "the disk of the users' database is too slow"};
        judge(busy);
        data_.defer([busy, on_done = std::move(on_done)] { on_done(busy); });
        return;
    }
    ++lane.waiting;
    if (paid != lane.of_payers.end()) {
        ++paid->second;
    } else if (!payer.empty()) {
        lane.of_payers.emplace(payer, 1);
    }
    lane.asked.push_back({std::move(work), std::move(on_done), std::string{payer}, {}});
    if (lane.under_way || lane.asked.size() > 1) return;
    data_.defer([this, &lane, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) flush(lane);
    });
}

void Storage::flush(Lane& lane) {
    lane.under_way = true;
    auto jobs = std::make_shared<std::vector<Job>>(std::exchange(lane.asked, {}));
    lane.disk.loop.post([this, &lane, jobs, writes = lane.writes, store = lane.disk.store, &data = data_,
                         alive = std::weak_ptr{alive_}]() mutable {
        if (writes) {
            perform(*store, *jobs);
        } else {
            for (Job& job : *jobs) job.outcome = job.work(*store);
        }
        // Moved: what the answers hold must end on the thread that made it.
        data.post([this, &lane, jobs = std::move(jobs), alive] {
            if (!alive.expired()) answered(lane, *jobs);
        });
    });
}

void Storage::answered(Lane& lane, const std::vector<Job>& jobs) {
    lane.under_way = false;
    if (!lane.asked.empty()) flush(lane);
    lane.waiting -= jobs.size();
    for (const Job& job : jobs) {
        const auto paid = lane.of_payers.find(job.payer);
        if (paid != lane.of_payers.end() && --paid->second == 0) lane.of_payers.erase(paid);
    }
    const std::weak_ptr alive{alive_};
    for (const Job& job : jobs) {
        judge(job.outcome);
        job.on_done(job.outcome);
        if (alive.expired()) return;
    }
}

/// A refusal of the store ("user-unknown", "offline-full") is an answer like another.
void Storage::judge(const Result<void>& outcome) {
    if (outcome || !outcome.error().code.starts_with("store-")) {
        worked_since_ = true;
        return;
    }
    failed_at_ = data_.now();
    worked_since_ = false;
    if (std::exchange(in_trouble_, true)) return;
    timer_->arm(failed_at_ + recovery);
    if (on_trouble_) on_trouble_(&outcome.error());
}

void Storage::look() {
    const TimePoint now = data_.now();
    if (now - failed_at_ < recovery) return timer_->arm(failed_at_ + recovery);
    // Nobody has asked since: nothing is known.
    if (!worked_since_) return timer_->arm(now + recovery);
    in_trouble_ = false;
    if (on_trouble_) on_trouble_(nullptr);
}

void Storage::perform(io::UserStore& store, std::vector<Job>& jobs) {
    const auto committed = store.together([&]() -> Result<void> {
        for (Job& job : jobs) {
            // What the store cannot do for one user undoes nothing of the others'; a refusal is an answer like another.
            const auto goes_on = store.apart([&]() -> Result<void> {
                job.outcome = job.work(store);
                return !job.outcome && job.outcome.error().code.starts_with("store-") ? job.outcome : Result<void>{};
            });
            if (!goes_on) return goes_on;
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
        reading_, {},
        [user, found](io::UserStore& store) -> Result<void> {
            *found = store.verifiers(user);
            if (!*found) return found->error();
            return {};
        },
        [found, on_verifiers = std::move(on_verifiers)](const Result<void>& done) {
            on_verifiers(done ? *found : Found{done.error()});
        });
}

void Storage::load(const io::UserName& user, std::string_view payer, OnUser on_user) {
    using Found = Result<std::optional<io::StoredUser>>;
    auto found = std::make_shared<Found>(std::optional<io::StoredUser>{});
    ask(
        reading_, payer,
        [user, found](io::UserStore& store) -> Result<void> {
            *found = store.load(user);
            if (!*found) return found->error();
            return {};
        },
        [found, on_user = std::move(on_user)](const Result<void>& done) {
            on_user(done ? std::move(*found) : Found{done.error()});
        });
}

void Storage::kept(const io::UserName& user, std::set<std::int64_t> without, io::KeptBounds most, OnPart on_part) {
    using Found = Result<io::KeptPart>;
    auto found = std::make_shared<Found>(io::KeptPart{});
    run(
        {},
        [user, without = std::move(without), most, found](io::UserStore& store) -> Result<void> {
            *found = store.kept(user, without, most);
            if (!*found) return found->error();
            return {};
        },
        [found, on_part = std::move(on_part)](const Result<void>& done) {
            on_part(done ? std::move(*found) : Found{done.error()});
        });
}

void Storage::vcard(const io::UserName& user, std::string_view payer, OnText on_vcard) {
    using Found = Result<std::string>;
    auto found = std::make_shared<Found>(std::string{});
    run(
        payer,
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
