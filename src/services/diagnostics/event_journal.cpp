// Numbers of events are those of the store, so that they go on after a restart.
#include "services/diagnostics/event_journal.h"

#include <algorithm>
#include <boost/json.hpp>

namespace sallyport::services {

namespace json = boost::json;

namespace {

constexpr auto write_interval = std::chrono::seconds{1};
constexpr auto pause_after_trouble = std::chrono::seconds{5};
constexpr auto loss_memory = std::chrono::seconds{5};
constexpr auto syslog_memory = std::chrono::seconds{30};
constexpr auto cleaning_interval = std::chrono::hours{1};
constexpr auto lock_wait = std::chrono::milliseconds{200};
constexpr std::size_t page_of_rows = 1000;

io::StoredEvent stored(const io::LogEvent& event) {
    json::object facts;
    for (const auto& [key, value] : event.facts) facts[key] = value;
    return {event.number,          event.time, event.level, std::string{text(event.module)}, event.event,
            json::serialize(facts)};
}

/// The module is one of ours; a row of a newer program may name another.
std::optional<io::LogEvent> restored(const io::StoredEvent& row) {
    io::LogEvent event;
    if (!log_module(row.module, event.module)) return std::nullopt;
    event.number = row.id;
    event.time = row.time;
    event.level = row.level;
    event.event = row.code;
    json::error_code problem;
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // rows of a version that cut values within a character
    const json::value facts = json::parse(row.facts, problem, {}, options);
    if (problem || !facts.is_object()) return event;
    for (const auto& fact : facts.as_object()) {
        if (!fact.value().is_string()) continue;
        const json::string& value = fact.value().as_string();
        event.facts.emplace_back(std::string{fact.key()}, std::string{value.data(), value.size()});
    }
    return event;
}

io::StoredAcknowledgement stored(const Alarm& alarm) {
    return {std::string{alarm.row().name},
            alarm.key,
            alarm.acknowledged,
            alarm.acknowledged_by,
            alarm.note,
            alarm.first,
            alarm.count};
}

/// A row of a newer program may name an alarm that is none here.
std::optional<Alarm> restored(const io::StoredAcknowledgement& row) {
    const AlarmRow* const known = find_alarm_row(row.code);
    if (known == nullptr) return std::nullopt;
    Alarm alarm;
    alarm.code = known->code;
    alarm.key = row.key;
    alarm.acknowledged = row.time;
    alarm.acknowledged_by = row.author;
    alarm.note = row.note;
    alarm.first = row.first;
    alarm.count = row.count;
    return alarm;
}

bool holds(const io::LogEvent& event, const std::string& text) {
    return std::any_of(event.facts.begin(), event.facts.end(),
                       [&](const auto& fact) { return fact.second.find(text) != std::string::npos; });
}

bool is_of(LogModule module, const std::vector<LogModule>& modules) {
    return modules.empty() || std::find(modules.begin(), modules.end(), module) != modules.end();
}

bool fits(const io::LogEvent& event, const EventSearch& search) {
    return is_of(event.module, search.modules) && event.level >= search.least_level &&
           event.event.starts_with(search.code_prefix) && event.time >= search.since && event.time <= search.until &&
           event.number > search.after && (search.before == 0 || event.number < search.before) &&
           (search.contains.empty() || holds(event, search.contains)) && (!search.passes || search.passes(event));
}

/// Rows older than `search.before` until there are `most` events, or so many rows were looked at that the rest has to
/// be asked for. What the database finds by `contains` may only look alike: a page of it may hold nothing that passes.
void read_on(io::EventStore& store, const EventSearch& search, std::size_t most, Result<EventsFound>& found) {
    io::EventQuery query;
    query.least_level = search.least_level;
    for (const LogModule module : search.modules) query.modules.emplace_back(text(module));
    query.code_prefix = search.code_prefix;
    query.contains = search.contains;
    query.since = search.since;
    query.until = search.until;
    query.after_id = search.after;
    query.before_id = search.before;
    query.limit = page_of_rows;
    std::vector<io::LogEvent>& events = found->events;
    for (std::size_t looked_at = 0;; looked_at += page_of_rows) {
        if (events.size() >= most || looked_at >= EventJournal::most_looked_at) {
            found->before = query.before_id;
            return;
        }
        const auto rows = store.query(query);
        if (!rows) {
            found = rows.error();
            return;
        }
        for (const io::StoredEvent& row : *rows) {
            query.before_id = row.id;
            auto event = restored(row);
            if (event && (!search.passes || search.passes(*event))) events.push_back(std::move(*event));
            if (events.size() >= most) break;
        }
        if (rows->size() < page_of_rows && (rows->empty() || query.before_id == rows->back().id)) return;
    }
}

}  // namespace

EventJournal::EventJournal(JournalOptions options, io::Loop& loop, io::NodeLog& log, AlarmBoard& alarms)
    : options_{std::move(options)}, loop_{loop}, log_{log}, alarms_{alarms}, timer_{loop.timer([this] { turn(); })} {
    if (!options_.syslog.empty()) {
        sender_ = std::make_shared<io::SyslogSender>(
            options_.syslog, [&log](std::uint64_t lines) { return log.syslog_loss_line(lines); });
        log_.send_events(sender_);
    }
    open();
    if (store_) log_.number_after(written_);
    timer_->arm(loop_.now() + write_interval);
}

EventJournal::~EventJournal() {
    alive_.reset();
    log_.send_events(nullptr);
    alarms_.remember({}, {});
    // The thread beside has ended, perhaps between a write and its answer.
    options_.disk = nullptr;
    writing_ = false;
    if (store_) {
        if (const auto newest = store_->newest()) written_ = std::max(written_, *newest);
    }
    write();
}

void EventJournal::open() {
    auto store = io::EventStore::open(options_.file, options_.rows, lock_wait);
    if (!store) {
        trouble_ = store.error().text;
        return;
    }
    const auto newest = store->newest();
    if (!newest) {
        trouble_ = newest.error().text;
        return;
    }
    const auto time = store->newest_time();
    if (!time) {
        trouble_ = time.error().text;
        return;
    }
    opened_ = loop_.now();
    newest_at_open_ = time->value_or(loop_.wall());
    // After trouble at the start the numbers in memory begin at 1 again: those on disk must not be taken twice.
    if (*newest > written_ && written_ == 0) written_ = *newest;
    store_ = std::make_shared<io::EventStore>(std::move(*store));
    if (auto reading = io::EventStore::open(options_.file, options_.rows, lock_wait)) {
        reading_ = std::make_shared<io::EventStore>(std::move(*reading));
    } else {
        trouble_ = reading.error().text;
    }
    remember_alarms();
}

void EventJournal::remember_alarms() {
    const auto rows = store_->acknowledgements();
    if (!rows) {
        trouble_ = rows.error().text;
        return;
    }
    std::vector<Alarm> known;
    for (const io::StoredAcknowledgement& row : *rows) {
        if (auto alarm = restored(row)) known.push_back(std::move(*alarm));
    }
    alarms_.remember(std::move(known),
                     {[this](const Alarm& alarm) {
                          beside([row = stored(alarm)](io::EventStore& store) { return store.keep(row); }, {});
                      },
                      [this](const Alarm& alarm) {
                          beside([name = std::string{alarm.row().name}, key = alarm.key](
                                     io::EventStore& store) { return store.forget_acknowledgement(name, key); },
                                 {});
                      }});
}

void EventJournal::beside(Work work, std::function<void(bool done)> then) {
    if (!store_) return;
    auto outcome = std::make_shared<Result<void>>();
    auto perform = [outcome, store = store_, work = std::move(work)] { *outcome = work(*store); };
    auto finish = [this, outcome, then = std::move(then), alive = std::weak_ptr{alive_}, waits = bool{options_.disk}] {
        if (waits && alive.expired()) return;
        if (!*outcome) trouble_ = outcome->error().text;
        if (then) then(outcome->has_value());
    };
    if (!options_.disk) {
        perform();
        finish();
    } else if (!options_.disk(perform, finish)) {
        *outcome = Error{"store-busy", options_.file + ": the disk is too slow"};
        finish();
    }
}

void EventJournal::write() {
    if (!store_ || writing_) return;
    std::vector<io::StoredEvent> batch;
    for (const io::LogEvent& event : log_.events(written_, io::NodeLog::events_kept)) batch.push_back(stored(event));
    if (batch.empty()) return;
    const std::uint64_t newest = batch.back().id;
    // The disk was away, or slow, for longer than memory holds.
    if (const std::uint64_t lost = batch.front().id - written_ - 1; lost > 0) {
        Logger{log_, LogModule::node}.warn("events.lost", {{"events", std::to_string(lost)}});
    }
    writing_ = true;
    beside([batch = std::move(batch)](io::EventStore& store) { return store.append(batch); },
           [this, newest](bool done) {
               writing_ = false;
               if (!done) return;
               trouble_.clear();
               written_ = newest;
           });
}

void EventJournal::turn() {
    timer_->arm(loop_.now() + write_interval);
    if (sender_) watch_syslog();
    watch_lines();
    alarms_.settle();
    if (loop_.now() < try_again_) return;
    if (!store_) {
        trouble_.clear();
        open();
        if (store_) log_.number_after(written_);
    }
    write();
    if (store_ && trouble_.empty() && loop_.now() >= next_cleaning_) {
        next_cleaning_ = loop_.now() + cleaning_interval;
        const WallTime before = sure_time() - std::chrono::hours{24} * options_.days;
        beside([before](io::EventStore& store) { return store.forget_before(before); }, {});
    }
    if (trouble_.empty()) return alarms_.lower(AlarmCode::events_store, options_.file);
    try_again_ = loop_.now() + pause_after_trouble;
    alarms_.raise_once(AlarmCode::events_store, options_.file, trouble_);
}

/// It is so late at least: a clock that was set ahead must not make everything old. What is kept for longer after a
/// rest of the node is bounded by the number of rows.
WallTime EventJournal::sure_time() const {
    const auto since = std::chrono::duration_cast<WallTime::duration>(loop_.now() - opened_);
    return std::min(loop_.wall(), newest_at_open_ + since);
}

/// Stands while the reader of the log is stuck and for a moment after lines were lost.
void EventJournal::watch_lines() {
    const io::LineWriter::State state = log_.lines();
    if (state.lost > lines_lost_) {
        lines_lost_ = state.lost;
        calm_after_ = loop_.now() + loss_memory;
    }
    if (state.stuck || loop_.now() < calm_after_) {
        alarms_.raise_once(AlarmCode::log_stuck, "standard error",
                           state.stuck ? "nobody reads it" : "its reader is too slow");
    } else {
        alarms_.lower(AlarmCode::log_stuck, "standard error");
    }
}

/// The alarm is itself a line for the receiver: if it went with the first one that is taken, a receiver that takes some
/// and refuses others would have it raised and lowered for ever.
void EventJournal::watch_syslog() {
    const TimePoint now = loop_.now();
    for (const io::SyslogSender::State& state : sender_->states()) {
        if (!state.trouble.empty()) {
            Watched& watched = receivers_[state.name];
            watched.calm_after = now + syslog_memory;
            if (alarms_.stands(AlarmCode::log_syslog, state.name) && now < watched.told + syslog_memory) continue;
            watched.told = now;
            alarms_.raise_once(AlarmCode::log_syslog, state.name, state.trouble);
        } else if (const auto at = receivers_.find(state.name);
                   at != receivers_.end() && now >= at->second.calm_after) {
            receivers_.erase(at);
            alarms_.lower(AlarmCode::log_syslog, state.name);
        }
    }
}

EventsFound EventJournal::find_in_memory(const EventSearch& search, std::size_t most, bool on_disk) {
    EventsFound found;
    const std::uint64_t after = on_disk ? std::max(search.after, written_) : search.after;
    for (io::LogEvent& event : log_.events(after, io::NodeLog::events_kept)) {
        if (fits(event, search)) found.events.push_back(std::move(event));
    }
    std::reverse(found.events.begin(), found.events.end());
    if (found.events.size() > most) found.events.resize(most);
    if (found.events.size() == most && most > 0) found.before = found.events.back().number;
    return found;
}

void EventJournal::find(EventSearch search, std::size_t most, const std::string& asker, OnFound on_found) {
    write();
    const bool on_disk = store_ && reading_ && trouble_.empty();
    EventsFound begun = find_in_memory(search, most, on_disk);
    if (!on_disk || begun.before != 0) return on_found(std::move(begun));
    std::size_t under_way = 0;
    for (const auto& [who, count] : searches_) under_way += count;
    const Error busy{"events-busy", "too many searches of the event log are in progress; try again"};
    const auto own = searches_.find(asker);
    if (under_way >= most_searches || (own != searches_.end() && own->second >= most_searches_of_one)) {
        return on_found(busy);
    }
    search.before = search.before == 0 ? written_ + 1 : std::min(search.before, written_ + 1);
    auto found = std::make_shared<Result<EventsFound>>(std::move(begun));
    auto work = [found, store = reading_, search = std::move(search), most] { read_on(*store, search, most, *found); };
    auto then = [this, found, asker, on_found, alive = std::weak_ptr{alive_}] {
        if (alive.expired()) return;
        search_ended(asker);
        on_found(std::move(*found));
    };
    ++searches_[asker];
    if (!options_.reading) {
        work();
        return then();
    }
    if (options_.reading(std::move(work), std::move(then))) return;
    search_ended(asker);
    on_found(busy);
}

void EventJournal::search_ended(const std::string& asker) {
    const auto at = searches_.find(asker);
    if (--at->second == 0) searches_.erase(at);
}

}  // namespace sallyport::services
