// Reading at the start, writing after each reading.
#include "services/history/history.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace sallyport::history {

namespace {

constexpr auto lock_wait = std::chrono::milliseconds{200};
constexpr auto pause_after_trouble = std::chrono::seconds{5};

std::int64_t unix_of(WallTime wall) {
    return std::chrono::duration_cast<std::chrono::seconds>(wall.time_since_epoch()).count();
}

io::StoredSlot stored(const Slot& slot) {
    const Ring& ring = rings[slot.ring];
    const std::int64_t place = slot.time / ring.step % ring.slots;
    return {static_cast<std::int64_t>(slot.subject.kind),
            slot.subject.name,
            static_cast<std::int64_t>(slot.ring),
            place,
            slot.time,
            slot.seconds,
            packed(slot.points)};
}

Slot restored(const io::StoredSlot& row) {
    return {static_cast<std::size_t>(row.ring),
            {static_cast<Kind>(row.kind), row.name},
            row.time,
            row.seconds,
            unpacked(row.figures)};
}

/// "12.25 1893456": quarters of activity, and the latest of them.
std::string text_of(const Roster::Rank& rank) {
    char text[64];
    const int size = std::snprintf(text, sizeof text, "%.2f %lld", rank.quarters, static_cast<long long>(rank.at));
    return {text, static_cast<std::size_t>(std::max(size, 0))};
}

Roster::Rank rank_of(std::string_view text) {
    Roster::Rank rank;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, rank.quarters);
    if (first.ptr < end) std::from_chars(first.ptr + 1, end, rank.at);
    return rank;
}

using ByTime = std::map<std::int64_t, Slot>;

/// What is asked for, on the thread of the disk. `fresh` is not on the disk yet, or newer than what is there.
Result<std::vector<Line>> answer(io::HistoryStore* store, const Question& question, const std::vector<Slot>& fresh) {
    const std::int64_t until = question.from + question.step * static_cast<std::int64_t>(question.points);
    std::map<Subject, ByTime> found;
    const auto read = [&](const Subject& subject) -> Result<void> {
        if (store == nullptr) return {};
        const auto ring = static_cast<std::int64_t>(question.ring), kind = static_cast<std::int64_t>(subject.kind);
        const bool all = subject.kind == Kind::rule && subject.name.empty();
        const auto rows = all ? store->read_all(ring, kind, question.from, until)
                              : store->read(ring, kind, subject.name, question.from, until);
        if (!rows) return rows.error();
        for (const io::StoredSlot& row : *rows) {
            Slot slot = restored(row);
            ByTime& slots = found[slot.subject];
            slots.insert_or_assign(slot.time, std::move(slot));
        }
        return {};
    };
    const Subject node{Kind::node, ""};
    if (const auto done = read(node); !done) return done.error();
    if (question.subject != node) {
        if (const auto done = read(question.subject); !done) return done.error();
    }
    for (const Slot& slot : fresh) found[slot.subject].insert_or_assign(slot.time, slot);
    found.try_emplace(question.subject);
    const ByTime& ran = found[node];
    std::vector<Line> lines;
    const auto all = figures(question.subject.kind);
    for (const auto& [subject, slots] : found) {
        if (subject.kind != question.subject.kind || (subject.kind == Kind::rule && subject.name.empty())) continue;
        auto columns = arranged(subject.kind, ran, slots, question.from, question.step, question.points);
        for (std::size_t i = 0; i < all.size(); ++i) {
            lines.push_back({&all[i], subject.kind == Kind::rule ? subject.name : "", std::move(columns[i])});
        }
    }
    return lines;
}

}  // namespace

History::History(Options options, io::Loop& loop, Logger log)
    : options_{std::move(options)}, loop_{loop}, log_{log}, roster_{static_cast<std::size_t>(options_.peers)} {
    open();
}

History::~History() {
    alive_.reset();
    // The thread beside has ended, perhaps between a write and its answer: written twice is written once.
    options_.disk = nullptr;
    if (is_writing_) take_back();
    is_writing_ = false;
    try_again_ = {};
    if (store_) write();
}

void History::open() {
    auto store = io::HistoryStore::open(options_.file, lock_wait);
    if (!store && store.error().code == "store-corrupt") {
        begin_anew(store.error());
        store = io::HistoryStore::open(options_.file, lock_wait);
    }
    if (!store) return in_trouble(store.error());
    store_ = std::make_shared<io::HistoryStore>(std::move(*store));
    if (const auto done = read(); !done) {
        store_.reset();
        in_trouble(done.error());
    }
}

void History::begin_anew(const Error& damage) {
    const std::string aside = options_.file + ".damaged";
    for (const char* part : {"", "-wal", "-shm"}) {
        std::error_code ignored;
        std::filesystem::rename(options_.file + part, aside + part, ignored);
    }
    log_.warn("history.damaged", {{"why", damage.text}, {"aside", aside}});
}

Result<void> History::read() {
    const auto peers = store_->subjects(static_cast<std::int64_t>(Kind::peer));
    if (!peers) return peers.error();
    for (const io::StoredSubject& peer : *peers) {
        if (!roster_.keeps(peer.name)) roster_.restore(peer.name, rank_of(peer.note));
        // Its bound was set lower.
        if (!roster_.keeps(peer.name)) waiting_.forgotten.insert(peer.name);
    }
    std::vector<Slot> begun;
    const std::int64_t now = unix_of(loop_.wall());
    for (std::size_t ring = 1; ring < rings.size(); ++ring) {
        const std::int64_t from = now - now % rings[ring].step;
        for (const Kind kind : {Kind::node, Kind::peer, Kind::rule}) {
            const auto rows = store_->read_all(static_cast<std::int64_t>(ring), static_cast<std::int64_t>(kind), from,
                                               from + rings[ring].step);
            if (!rows) return rows.error();
            for (const io::StoredSlot& row : *rows) begun.push_back(restored(row));
        }
    }
    roll_up_.go_on(begun);
    return {};
}

void History::take(Reading reading, const std::set<std::string>& named) {
    if (!is_sensible(reading.wall)) return;
    std::set<std::string> active;
    for (const auto& [peer, levels] : reading.peers) {
        if (levels[PeerFigure::streams_in] + levels[PeerFigure::streams_out] > 0) active.insert(peer);
    }
    const Roster::Settled settled = roster_.settle(active, named, unix_of(reading.wall));
    for (const std::string& peer : settled.forgotten) {
        handshakes_.erase(peer);
        roll_up_.forget(peer);
        std::erase_if(waiting_.slots, [&](const auto& one) {
            return std::get<Subject>(one.first) == Subject{Kind::peer, peer};
        });
        waiting_.changed.erase(peer);
        waiting_.forgotten.insert(peer);
    }
    waiting_.changed.insert(settled.changed.begin(), settled.changed.end());
    for (const auto& [peer, counts] : handshakes_) {
        PeerCounts& all = reading.counts[peer];
        all.handshakes_good += counts.handshakes_good;
        all.handshakes_failed += counts.handshakes_failed;
    }
    if (auto sample = sampler_.take(std::move(reading))) {
        std::erase_if(sample->peers, [&](const auto& one) { return !roster_.keeps(one.first); });
        for (Slot& slot : roll_up_.add(*sample)) {
            Key key{slot.time, slot.ring, slot.subject};
            waiting_.slots.insert_or_assign(std::move(key), std::move(slot));
        }
    }
    write();
}

void History::count_handshake(const std::string& peer, bool good) {
    if (!roster_.keeps(peer)) return;
    PeerCounts& counts = handshakes_[peer];
    ++(good ? counts.handshakes_good : counts.handshakes_failed);
}

io::HistoryBatch History::batch_of(const Writing& writing) const {
    io::HistoryBatch batch;
    const auto kind = static_cast<std::int64_t>(Kind::peer);
    for (const std::string& peer : writing.forgotten) batch.forgotten.push_back({kind, peer, {}});
    for (const std::string& peer : writing.changed) {
        const auto at = roster_.kept().find(peer);
        if (at != roster_.kept().end()) batch.notes.push_back({kind, peer, text_of(at->second)});
    }
    for (const auto& [key, slot] : writing.slots) batch.slots.push_back(stored(slot));
    return batch;
}

void History::write() {
    drop_oldest();
    if (is_writing_ || loop_.now() < try_again_) return;
    if (!store_) open();
    if (!store_ || waiting_.empty()) return;
    writing_ = std::exchange(waiting_, {});
    is_writing_ = true;
    auto outcome = std::make_shared<Result<void>>();
    auto work = [outcome, store = store_, batch = batch_of(writing_)] { *outcome = store->put(batch); };
    if (!options_.disk) {
        work();
        return written(*outcome);
    }
    auto then = [this, outcome, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) written(*outcome);
    };
    if (!options_.disk(std::move(work), std::move(then))) {
        written(Error{"store-busy", options_.file + ": the disk is too slow"});
    }
}

void History::written(const Result<void>& outcome) {
    is_writing_ = false;
    if (outcome) {
        writing_ = {};
        trouble_.clear();
        return;
    }
    take_back();
    in_trouble(outcome.error());
}

/// What could not be written waits again; what came meanwhile is newer.
void History::take_back() {
    waiting_.slots.merge(writing_.slots);
    for (const std::string& peer : writing_.forgotten) waiting_.forgotten.insert(peer);
    for (const std::string& peer : writing_.changed) {
        if (roster_.keeps(peer)) waiting_.changed.insert(peer);
    }
    std::erase_if(waiting_.slots, [&](const auto& one) {
        const Subject& subject = std::get<Subject>(one.first);
        return subject.kind == Kind::peer && !roster_.keeps(subject.name);
    });
    writing_ = {};
    drop_oldest();
}

void History::drop_oldest() {
    while (waiting_.slots.size() > most_waiting) {
        waiting_.slots.erase(waiting_.slots.begin());
        ++lost_;
    }
    // Names only: they are on the roster, or were; the disk is told of so many at most.
    while (waiting_.forgotten.size() > most_waiting) waiting_.forgotten.erase(waiting_.forgotten.begin());
}

void History::in_trouble(const Error& why) {
    try_again_ = loop_.now() + pause_after_trouble;
    if (trouble_ != why.text) log_.warn("history.unwritten", {{"why", why.text}});
    trouble_ = why.text;
    if (lost_ == lost_told_) return;
    log_.warn("history.lost", {{"slots", std::to_string(lost_ - lost_told_)}});
    lost_told_ = lost_;
}

void History::find(const Question& question, OnFound on_found) {
    std::vector<Slot> fresh;
    const auto wanted = [&](const Slot& slot) {
        const Subject& own = question.subject;
        return slot.ring == question.ring &&
               (slot.subject.kind == Kind::node || slot.subject == own ||
                (own.kind == Kind::rule && own.name.empty() && slot.subject.kind == Kind::rule)) &&
               slot.time >= question.from &&
               slot.time < question.from + question.step * static_cast<std::int64_t>(question.points);
    };
    for (const Slots* slots : {&writing_.slots, &waiting_.slots}) {
        for (const auto& [key, slot] : *slots) {
            if (wanted(slot)) fresh.push_back(slot);
        }
    }
    auto found = std::make_shared<Result<std::vector<Line>>>(std::vector<Line>{});
    auto work = [found, store = store_, question, fresh = std::move(fresh)] {
        *found = answer(store.get(), question, fresh);
    };
    if (!options_.disk) {
        work();
        return on_found(std::move(*found));
    }
    auto then = [found, on_found, alive = std::weak_ptr{alive_}] {
        if (!alive.expired()) on_found(std::move(*found));
    };
    if (options_.disk(std::move(work), std::move(then))) return;
    on_found(Error{"history-busy", "too many reads of the history wait for the disk; try again"});
}

TableFills History::tables() const {
    return {{"history.peers", roster_.kept().size(), roster_.most()},
            {"history.waiting", waiting_.slots.size() + writing_.slots.size(), most_waiting}};
}

}  // namespace sallyport::history
